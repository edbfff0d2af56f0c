"""Neyman's variance: what the draw of the order alone makes of the estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from ..data.panel import Panel
from ..kernel.patterns import Patterns, strata_codes
from ..kernel.point import Point
from ..kernel.protocols import PointEstimator
from ..kernel.rule import Influence, Rule
from ..results.estimate import Estimate
from ..results.uncertainty import Sampling
from ..value import FloatArray, IntArray, Value
from .assemble import assembled, rule_of

_NEGLIGIBLE = 1e-9


@runtime_checkable
class Refined(Influence, Protocol):
    """Scores that know how much of Neyman's variance is in excess."""

    def excess(self, patterns: Patterns, outcome: FloatArray) -> FloatArray:
        """Covariance to take off, (k, k)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class DesignBased(Value):
    """Variance over the random draw of who starts when: the spread within each group that starts together.

        V = Σ_g n_g/(n_g − 1) Σ_{i in g} (s_i − s̄_g)²

    with s_i each cluster's contribution. It is an upper bound when effects differ between clusters. Groups are
    those of one stratum that start together; a group of one borrows the spread of the others' outcomes, and
    where every group is one, the spread of all outcomes once the estimated effect is taken off.

    Parameters
    ----------
    refined : bool
        Whether to take off the part that outcomes before go-live show to be in excess (`Efficient` knows it);
        where that would leave nothing, the bound stands.

    References
    ----------
    Neyman (1923); Roth and Sant'Anna (2023), Journal of Political Economy Microeconomics 1:669.

    Examples
    --------
    >>> import staggered as sg
    >>> panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=48, steps=3), outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> sg.Efficient().fit(panel, sg.DesignBased()).se < sg.Efficient(beta=0).fit(panel, sg.DesignBased()).se
    True
    """

    refined: bool = True

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "design-based variance (Neyman)"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Roth J, Sant'Anna PHC (2023). Efficient estimation for staggered rollout designs. Journal of "
            "Political Economy Microeconomics 1:669-709.",
        )

    def estimate(self, estimator: PointEstimator, panel: Panel) -> Estimate:
        """Estimate with this variance."""
        rule = rule_of(estimator, panel, self.name)
        point = Point.of(rule, panel.outcome)
        group, count = _groups(rule)
        covariance, by_group = _within(rule, panel.outcome, group, count)
        borrowed, free, note = _borrowed(rule, panel.outcome, point.values, group, count)
        covariance = covariance + borrowed
        degrees = _degrees(by_group, count, np.diag(borrowed), free)
        if self.refined and isinstance(rule.influence, Refined) and not note:
            covariance = _less(covariance, rule.influence.excess(rule.patterns, rule.filled(panel.outcome)))
        return assembled(estimator, panel, point, Sampling(covariance, degrees), self, note)


def _groups(rule: Rule) -> tuple[IntArray, IntArray]:
    """Group of each cluster (−1 without data) and the groups' sizes: one stratum, one start."""
    design = rule.frame.design
    kept = rule.frame.seen
    starts, rank = np.unique(design.start[kept], return_inverse=True)
    key = strata_codes(design.strata)[kept] * len(starts) + rank
    _, within, count = np.unique(key, return_inverse=True, return_counts=True)
    group = np.full(len(kept), -1)
    group[kept] = within.ravel()
    return group, count


def _within(rule: Rule, outcome: FloatArray, group: IntArray, count: IntArray) -> tuple[FloatArray, FloatArray]:
    """Σ_g n/(n−1) Σ (s − s̄)(s − s̄)', (k, k), over groups of two or more, and its diagonal by group, (groups, k)."""
    scores = rule.scores(outcome)
    covariance = np.zeros((len(scores), len(scores)))
    by_group = np.zeros((len(count), len(scores)))
    order = np.argsort(group, kind="stable")
    order = order[np.searchsorted(group[order], 0) :]
    for g, rows in enumerate(np.split(order, np.cumsum(count)[:-1])):
        if len(rows) > 1:
            own = scores[:, rows]
            own = own - own.mean(axis=1, keepdims=True)
            each = len(rows) / (len(rows) - 1) * (own @ own.T)
            covariance += each
            by_group[g] = np.diag(each)
    return covariance, by_group


def _borrowed(
    rule: Rule, outcome: FloatArray, values: FloatArray, group: IntArray, count: IntArray
) -> tuple[FloatArray, float, tuple[str, ...]]:
    """Variance of clusters that are alone in their group, (k, k), its degrees of freedom, and a note."""
    lone = np.flatnonzero(np.asarray((group >= 0) & (count == 1)[group]))
    weights = rule.weights[:, rule.patterns.group[lone]] * rule.patterns.share[lone][:, None]
    resting = np.asarray((np.nan_to_num(weights) != 0).any(axis=(0, 2)))
    lone, weights = lone[resting], weights[:, resting]
    terms = len(values)
    if not len(lone):
        return np.zeros((terms, terms)), np.inf, ()
    lenders, residuals, free, how = _lenders(rule, outcome, values, group, count)
    if free < 1:
        return np.full((terms, terms), np.nan), np.nan, ("No design-based variance: nobody has a spread to lend.",)
    lent = np.einsum("kip,jp->kij", weights, residuals[lenders])
    names = "One council starts alone" if len(lone) == 1 else f"{len(lone)} councils start alone in their group"
    note = f"{names}, so the spread is not their own: {how}."
    return np.einsum("kij,mij->km", lent, lent) / free, free, (note,)


def _lenders(
    rule: Rule, outcome: FloatArray, values: FloatArray, group: IntArray, count: IntArray
) -> tuple[IntArray, FloatArray, float, str]:
    """Who lends, their deviations (clusters, periods), the degrees of freedom, and how it is said."""
    used = rule.frame.used
    filled = np.where(used, outcome, 0.0)
    whole = np.asarray(used.all(axis=1))
    pooled = np.asarray(whole & (group >= 0) & (count > 1)[group])
    if pooled.any():
        residuals = _deviations(filled, np.where(pooled, group, -1))
        groups = len(np.unique(group[pooled]))
        return (
            np.flatnonzero(pooled),
            residuals,
            float(pooled.sum() - groups),
            "it is pooled from groups of two or more",
        )
    effect = float(values[0]) if np.isfinite(values[0]) else 0.0
    treated = np.nan_to_num(rule.frame.design.treatment)
    residuals = _deviations(filled - effect * treated, np.where(whole, 0, -1))
    how = "it is that of all councils once the estimated effect, taken as constant, is taken off"
    return np.flatnonzero(whole), residuals, float(whole.sum() - 1), how


def _deviations(outcome: FloatArray, group: IntArray) -> FloatArray:
    """Outcomes less their group's mean in each period; group −1 left at 0."""
    result = np.zeros_like(outcome)
    for g in np.unique(group[group >= 0]):
        rows = group == g
        result[rows] = outcome[rows] - outcome[rows].mean(axis=0)
    return result


def _degrees(by_group: FloatArray, count: IntArray, borrowed: FloatArray, free: float) -> FloatArray:
    """Welch and Satterthwaite: (Σ V)² / Σ V²/f over groups and what was borrowed."""
    total = by_group.sum(axis=0) + borrowed
    squares = (by_group**2 / np.maximum(count - 1, 1)[:, None]).sum(axis=0)
    if np.isfinite(free):
        squares = squares + borrowed**2 / free
    return np.asarray(np.divide(total**2, squares, out=np.full(len(total), np.nan), where=squares > 0))


def _less(covariance: FloatArray, excess: FloatArray) -> FloatArray:
    """Take the excess off; none of it where nothing would be left, as the bound itself then says more."""
    kept = (np.diag(excess) < (1 - _NEGLIGIBLE) * np.diag(covariance)).astype(float)
    return np.asarray(covariance - kept[:, None] * excess * kept[None, :])
