"""The jackknife: the estimator solved again without each cluster in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.frame import Frame
from ..data.panel import Panel
from ..errors import IdentificationError, listing
from ..kernel.patterns import patterns_of
from ..kernel.point import Point
from ..kernel.protocols import LeavingOut, LinearEstimator, PointEstimator, has_rule, has_settled_rule
from ..kernel.rule import Rule
from ..results.estimate import Estimate, Term
from ..results.uncertainty import Sampling
from ..value import FloatArray, IntArray, Value
from .assemble import assembled
from .sides import fewest_on_a_side, lopsided

_FEWEST = 3
_NEGLIGIBLE = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Jackknife(Value):
    """Delete-one-cluster jackknife, centred at the estimate: (C−1)/C Σ (θ_−i − θ)², t with C − 1 df.

    C counts the clusters on which a term puts weight: those that it leaves out say nothing about it.
    It stays honest where a cohort holds one council, and errs on the cautious side. Where fewer than six
    clusters stand on one side of the comparison and at least four times as many in all, the spread is that of
    these few, and so df is their number less one.

    Raises
    ------
    IdentificationError
        Fewer than 3 clusters.

    References
    ----------
    MacKinnon, Nielsen and Webb (2023), Journal of Applied Econometrics 38:671 (CV3).

    Examples
    --------
    >>> import staggered as sg
    >>> panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=6, steps=3), outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> sg.Twfe().fit(panel, sg.Jackknife()).df
    5.0
    """

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "jackknife over clusters"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "MacKinnon JG, Nielsen MØ, Webb MD (2023). Fast and reliable jackknife and bootstrap methods "
            "for cluster-robust inference. Journal of Applied Econometrics 38:671-694.",
        )

    def estimate(self, estimator: PointEstimator, panel: Panel) -> Estimate:
        """Estimate, then solve again without each cluster."""
        if has_rule(estimator):
            rule = estimator.rule_at(panel)
            point = Point.of(rule, panel.outcome)
            clusters = clusters_behind(rule)
        else:
            point = estimator.point(panel)
            clusters = np.full(len(point.values), float(panel.frame.seen.sum()))
        if clusters.max() < _FEWEST:
            raise IdentificationError(
                f"The jackknife was asked for where the estimate rests on {clusters.max():.0f} clusters.",
                "It leaves out one at a time, and a single cluster has nobody to be compared with.",
                f"Bring at least {_FEWEST} clusters together; with fewer no standard error can be had from the data.",
            )
        without, gone = leave_one_out(estimator, panel, point.terms, point.values)
        difference = (without - point.values) * np.sqrt((clusters - 1) / clusters)
        covariance = difference.T @ difference
        degrees = np.where(np.isnan(np.diag(covariance)), np.nan, degrees_of_freedom(panel.frame, clusters))
        notes = (*_few_note(panel.frame), *_gone_note(gone))
        return assembled(estimator, panel, point, Sampling(covariance, degrees), self, notes)


def degrees_of_freedom(frame: Frame, clusters: FloatArray) -> FloatArray:
    """Clusters behind each term less one, (k,); those on the smaller side less one, where few stand against many."""
    if not lopsided(frame):
        return clusters - 1.0
    return np.minimum(clusters - 1.0, max(fewest_on_a_side(frame) - 1.0, 1.0))


def _few_note(frame: Frame) -> tuple[str, ...]:
    """Say whose spread it is, where few stand against many."""
    if not lopsided(frame):
        return ()
    return (
        f"Only {fewest_on_a_side(frame)} of {int(frame.seen.sum())} councils stand on one side of the comparison. How "
        "much such councils differ is known from these alone, so the degrees of freedom are theirs, less one.",
    )


def clusters_behind(rule: Rule) -> FloatArray:
    """How many clusters each term puts weight on, (k,); those it leaves out say nothing about its spread."""
    by_pattern = np.nan_to_num(np.abs(rule.weights)).max(axis=2)
    weight = by_pattern[:, rule.patterns.group] * rule.patterns.share
    behind = (weight > _NEGLIGIBLE * weight.max(axis=1, keepdims=True)).sum(axis=1)
    return np.asarray(np.maximum(behind, 1), dtype=float)


def leave_one_out(
    estimator: PointEstimator, panel: Panel, terms: tuple[Term, ...], values: FloatArray
) -> tuple[FloatArray, dict[str, list[str]]]:
    """Estimates without each cluster, (clusters, k), and who leaves which term without any, by term.

    A term that cannot be estimated even with everyone stays nan and is not blamed on anybody; a cluster
    without data changes nothing.
    """
    names = panel.design.clusters
    estimates = np.tile(values, (len(names), 1))
    rows = np.flatnonzero(panel.frame.seen)
    if isinstance(estimator, LeavingOut):
        rows = _solve_together(estimator, panel, terms, rows, estimates)
    if has_settled_rule(estimator) and len(rows):
        _solve_by_kind(estimator, panel, terms, rows, estimates)
    else:
        _fit_one_by_one(estimator, panel, terms, rows, estimates)
    lost = np.isnan(estimates) & np.isfinite(values)
    gone = {
        terms[k].label: [names[row] for row in np.flatnonzero(lost[:, k])] for k in np.flatnonzero(lost.any(axis=0))
    }
    return estimates, gone


def _solve_together(
    estimator: LeavingOut, panel: Panel, terms: tuple[Term, ...], rows: IntArray, estimates: FloatArray
) -> IntArray:
    """Fill in the estimates without each cluster that the estimator can solve with the others; those that remain."""
    solved = []
    for row, found, values in estimator.without_each_of(panel, rows):
        estimates[row] = np.nan
        _place(found, values[None], terms, estimates, np.array([row]))
        solved.append(row)
    return np.setdiff1d(rows, solved)


def _solve_by_kind(
    estimator: LinearEstimator, panel: Panel, terms: tuple[Term, ...], rows: IntArray, estimates: FloatArray
) -> None:
    """Fill in the estimates without each cluster, solving once for clusters that are alike.

    Without cluster j the weights are those without its like i, the two having changed places:
    θ_−j = θ_−i + w·(y_i − y_j), where w are the weights that the rule without i gives to each like of i.
    """
    outcome = np.where(panel.frame.used, panel.outcome, 0.0)
    for alike in _alike(estimator, panel, rows):
        one = int(alike[0])
        estimates[alike] = np.nan
        try:
            rule = estimator.rule(panel.frame.without(one))
        except IdentificationError:
            continue
        found = np.tile(rule.estimate(outcome), (len(alike), 1))
        if len(alike) > 1:
            own = rule.weights[:, rule.patterns.group[alike[1]]] * rule.patterns.share[alike[1]]
            found += (outcome[one] - outcome[alike]) @ own.T
        _place(rule.terms, found, terms, estimates, alike)


def _alike(estimator: LinearEstimator, panel: Panel, rows: IntArray) -> list[IntArray]:
    """Clusters with data that nothing but their outcomes sets apart: in the frame, or in the rule's eyes."""
    _, in_frame = patterns_of(panel.frame).kinds()
    _, in_rule = estimator.rule(panel.frame).patterns.kinds()
    both = in_frame[rows] * (in_rule.max() + 1) + in_rule[rows]
    order = np.argsort(both, kind="stable")
    return list(np.split(rows[order], np.flatnonzero(np.diff(both[order])) + 1))


def _fit_one_by_one(
    estimator: PointEstimator, panel: Panel, terms: tuple[Term, ...], rows: IntArray, estimates: FloatArray
) -> None:
    """Fill in the estimates without each cluster."""
    for row in rows.tolist():
        estimates[row] = np.nan
        try:
            point = estimator.point(panel.without(row))
        except IdentificationError:
            continue
        _place(point.terms, point.values[None], terms, estimates, np.array([row]))


def _place(
    found: tuple[Term, ...], numbers: FloatArray, terms: tuple[Term, ...], estimates: FloatArray, rows: IntArray
) -> None:
    """Put numbers (rows, found) where their terms stand."""
    place = {term.label: k for k, term in enumerate(terms)}
    both = [(a, place[term.label]) for a, term in enumerate(found) if term.label in place]
    source, target = [a for a, _ in both], [b for _, b in both]
    estimates[rows[:, None], target] = numbers[:, source]


def _gone_note(gone: dict[str, list[str]]) -> tuple[str, ...]:
    """Say which standard errors are missing and on whom it depends."""
    if not gone:
        return ()
    needed = listing(list(dict.fromkeys(name for names in gone.values() for name in names)))
    return (
        f"No standard error for {listing(list(gone))}: without {needed} in turn nothing is left to estimate it from.",
    )
