"""Roth and Sant'Anna's efficient estimator for rollouts whose order was drawn at random."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ...data.frame import Frame
from ...data.panel import Panel
from ...errors import DesignError, IdentificationError, listing
from ...inference.design_based import DesignBased
from ...inference.regrouped import Regrouped, chunks
from ...kernel.patterns import Patterns, strata_codes
from ...kernel.point import Point
from ...kernel.protocols import Inference
from ...kernel.rule import Rule
from ...results.studentised import Studentised
from ...value import BoolArray, FloatArray, IntArray
from ..fitting import Fitting
from ..linear import counting, require_by
from .aggregate import BY, Summary, summarise
from .efficient_fit import Adjusted, adjusted_of, excess_variance
from .randomised import Differences, Groups, differences_of, groups_of, lent, spread_of


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Efficient(Fitting):
    """Differences between cohorts, adjusted for their differences before go-live as much as pays.

        θ̂ = θ̂₀ − β (pre-period difference),   β* = Cov(X̂, θ̂₀) / Var(X̂)

    β = 0 compares levels, β = 1 changes (Callaway–Sant'Anna with not-yet-treated comparisons, or Sun–Abraham
    with the last cohort alone), and the optimal β lies where the variance is smallest. Right when the order of
    going live was drawn at random, within strata if the design has some; clusters with gaps are left out.

    Parameters
    ----------
    by : {"overall", "event", "cohort", "calendar", "cell"}
    beta : {"optimal"} or float
    controls : {"notyet", "last"}
        Who is compared with: clusters not treated yet, or only the last to start (or never treated).

    Raises
    ------
    IdentificationError
        No cohort has a comparison, or no cluster is observed throughout.

    References
    ----------
    Roth and Sant'Anna (2023), Journal of Political Economy Microeconomics 1:669.

    Examples
    --------
    >>> import staggered as sg
    >>> panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=12, steps=3), outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> sg.Efficient(beta=1).point(panel).values.round(6) == sg.GroupTime().point(panel).values.round(6)
    array([ True])
    """

    by: Literal["overall", "event", "cohort", "calendar", "cell"] = "overall"
    beta: Literal["optimal"] | float = "optimal"
    controls: Literal["notyet", "last"] = "notyet"

    def __post_init__(self) -> None:
        require_by(self.by, BY, "Efficient")
        if isinstance(self.beta, str) and self.beta != "optimal":
            raise DesignError(
                f"Efficient was given beta={self.beta!r}.",
                "It is how much of the pre-period difference is taken off.",
                'Use "optimal", 1, 0, or a number in between.',
            )
        if self.controls not in ("notyet", "last"):
            raise DesignError(
                f"Efficient was given controls={self.controls!r}.",
                "It says who is compared with.",
                'Use "notyet" or "last".',
            )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        beta = "optimal" if self.beta == "optimal" else f"{self.beta:g}"
        return f"efficient rollout estimator (Roth–Sant'Anna, beta {beta})"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Roth J, Sant'Anna PHC (2023). Efficient estimation for staggered rollout designs. "
            "Journal of Political Economy Microeconomics 1:669-709.",
        )

    @property
    def large_sample(self) -> Inference:
        """The design-based variance of the paper."""
        return DesignBased()

    @property
    def linear(self) -> bool:
        """Values are weighted sums of outcomes once β is settled."""
        return True

    def point(self, panel: Panel) -> Point:
        """Values on this panel."""
        return Point.of(self.rule_at(panel), panel.outcome)

    def rule_at(self, panel: Panel) -> Rule:
        """Weights with β settled on this panel."""
        plan = self._plan(panel.frame)
        outcome = np.where(plan.frame.used, panel.outcome, 0.0)
        means = plan.groups.means(outcome)
        beta = self._beta(plan, outcome, means)
        return _rule(plan, plan.adjusted.weights(beta), self._beta_note(beta, plan.summary))

    def rule_under(self, frame: Frame, blocks: FloatArray) -> Rule:
        """Weights with β settled at the covariance of each cluster's outcomes, (clusters, periods, periods)."""
        plan = self._plan(frame)
        beta = np.full(len(plan.summary.terms), np.nan if self.beta == "optimal" else float(self.beta))
        if self.beta == "optimal":
            groups = plan.groups
            spread = [(groups.share[rows, None, None] ** 2 * blocks[rows]).sum(axis=0) for rows in groups.rows()]
            beta = plan.adjusted.optimal(np.array(spread))
        return _rule(plan, plan.adjusted.weights(beta), ())

    def regroups(self, panel: Panel) -> bool:
        """Whether clusters differ in nothing but their schedules, with two or more starting together."""
        frame = panel.frame
        assert frame.weights is not None
        return bool(frame.used.all() and np.ptp(frame.weights) == 0 and (self._plan(frame).groups.count > 1).all())

    def regrouped(self, panel: Panel, orders: IntArray) -> Studentised:
        """Estimates with β settled anew, and Neyman's variances, under the actual order and all others."""
        plan = self._plan(panel.frame)
        groups = Regrouped(plan.groups.of, plan.groups.count)
        every = np.vstack([np.arange(orders.shape[1]), orders])
        numerator = np.zeros((2, len(every), len(plan.summary.terms)))
        square = np.full((3, len(every), len(plan.summary.terms)), np.nan)
        at = 0
        for some in chunks(every):
            members, rows = groups.members(some), slice(at, at + len(some))
            for k, (plain, before) in enumerate(zip(plan.adjusted.plain, plan.adjusted.before, strict=True)):
                own, past = (groups.values(weights, panel.outcome, members) for weights in (plain, before))
                variance, joint = groups.covariance(past, past), groups.covariance(own, past)
                beta = np.divide(joint, variance, out=np.zeros(len(some)), where=variance > 0)
                if self.beta != "optimal":
                    beta = np.full(len(some), float(self.beta))
                numerator[0, rows, k] = groups.mean(own) - beta * groups.mean(past)
                square[0, rows, k] = groups.covariance(own, own) - 2 * beta * joint + beta**2 * variance
            at += len(some)
        return Studentised(numerator, square)

    def _plan(self, frame: Frame) -> _Plan:
        frame.require_absorbing("Efficient")
        frame, kept, notes = _complete(frame)
        design = frame.design
        assert frame.weights is not None
        groups = groups_of(design.start, strata_codes(design.strata), frame.weights.mean(axis=1), kept)
        periods = design.treatment.shape[1]
        found = differences_of(groups, periods, last_only=self.controls == "last", leads=self.by in ("event", "cell"))
        if not (found.cells[:, 1] >= found.cells[:, 0]).any():
            raise IdentificationError(
                "No cohort can be compared with anyone.",
                "Every comparison needs clusters that are still in control, in the same stratum if there are strata.",
                "Add clusters that start later or never, or join strata.",
            )
        summary = summarise(design, found.cells, found.sizes, self.by, found.lost)
        return _Plan(frame, groups, found, summary, adjusted_of(summary, found, periods), notes)

    def _beta(self, plan: _Plan, outcome: FloatArray, means: FloatArray) -> FloatArray:
        if self.beta != "optimal":
            return np.full(len(plan.summary.terms), float(self.beta))
        spread = spread_of(plan.groups, outcome, means)
        if (plan.groups.count < 2).any():
            effect = np.nan_to_num(
                np.tensordot(plan.adjusted.weights(np.ones(len(plan.adjusted.plain))), means, axes=2)
            )
            treated = np.nan_to_num(plan.frame.design.treatment)
            spread = lent(plan.groups, spread, outcome - effect[0] * treated)
        return plan.adjusted.optimal(spread / plan.groups.count[:, None, None])

    def _beta_note(self, beta: FloatArray, summary: Summary) -> tuple[str, ...]:
        if self.beta != "optimal":
            return ()
        return (
            f"{beta[0]:.2f} of the pre-period difference was taken off ({summary.terms[0].label}): "
            "the share that makes the variance smallest, estimated from these data.",
        )


@dataclass(frozen=True, slots=True)
class RandomisedScores:
    """Deviations from the group's mean, and what the history before go-live says of their variance.

    Parameters
    ----------
    weights : array (k, patterns, periods)
    plain : array (k, groups, periods)
        Weights of the unadjusted differences.
    groups : Groups
    """

    weights: FloatArray
    plain: FloatArray
    groups: Groups

    def scores(self, patterns: Patterns, outcome: FloatArray) -> FloatArray:
        """Contribution of each cluster to each term, (k, clusters)."""
        means = patterns.means(outcome)
        return patterns.products(self.weights, outcome, -np.einsum("kgt,gt->kg", self.weights, means))

    def excess(self, patterns: Patterns, outcome: FloatArray) -> FloatArray:
        """Part of Neyman's variance that the outcomes before go-live show to be in excess, (k, k)."""
        spread = spread_of(self.groups, outcome, self.groups.means(outcome))
        return excess_variance(self.plain, self.groups, spread)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Everything that is settled before the outcome is looked at."""

    frame: Frame
    groups: Groups
    found: Differences
    summary: Summary
    adjusted: Adjusted
    notes: tuple[str, ...]


def _complete(frame: Frame) -> tuple[Frame, BoolArray, tuple[str, ...]]:
    """Keep clusters observed throughout that have a period before treatment; say who is left out."""
    used, design = frame.used, frame.design
    gaps = used.any(axis=1) & ~used.all(axis=1)
    early = used.all(axis=1) & (design.start == 0)
    kept = used.all(axis=1) & ~early
    if not kept.any():
        raise IdentificationError(
            "No cluster is observed in every period with one before its treatment.",
            "The efficient estimator weighs whole histories against each other.",
            "Use Imputation() or GroupTime(), which keep clusters with gaps.",
        )
    notes = []
    for out, why in ((gaps, "not observed in every period"), (early, "treated from the first period")):
        if out.any():
            names = listing([design.clusters[k] for k in np.flatnonzero(out)])
            notes.append(f"Left out, because {why}: {names}.")
    return replace(frame, present=used & kept[:, None]), kept, tuple(notes)


def _rule(plan: _Plan, weights: FloatArray, notes: tuple[str, ...]) -> Rule:
    """The rule on patterns that are the groups; clusters that take no part form one of their own."""
    frame, groups = plan.frame, plan.groups
    patterns = _patterns(frame, groups)
    extra = len(patterns.first) - len(groups.start)
    periods = weights.shape[2]
    padded = np.concatenate([weights, np.zeros((len(weights), extra, periods))], axis=1)
    identity = np.eye(periods)
    return Rule(
        terms=plan.summary.terms,
        weights=padded,
        frame=frame,
        patterns=patterns,
        fitted=patterns.used[:, :, None] * identity,
        solve=np.broadcast_to(identity[:, None, :], (periods, len(patterns.first), periods)),
        family=np.arange(len(patterns.first)),
        influence=RandomisedScores(padded, plan.adjusted.plain, groups),
        lone=_lone(groups, weights),
        estimand=counting(plan.summary.estimand, frame),
        notes=(*plan.notes, *notes),
        headed=plan.summary.headed,
    )


def _patterns(frame: Frame, groups: Groups) -> Patterns:
    out = groups.of < 0
    group: IntArray = np.where(out, len(groups.start), groups.of)
    count = np.bincount(group)
    first = np.array([np.argmax(group == g) for g in range(len(count))])
    share = np.where(out, 1 / max(out.sum(), 1), groups.share)
    used = frame.used[first]
    weight = np.append(groups.weight, 0.0)[: len(count)]
    treatment = np.where(used, np.nan_to_num(frame.design.treatment[first]), 0.0)
    return Patterns(group, share, first, count, treatment, used, used * weight[:, None])


def _lone(groups: Groups, weights: FloatArray) -> BoolArray:
    """Clusters that are alone in a group on which a term puts weight, (k, clusters)."""
    alone = (groups.count == 1)[groups.of] & (groups.of >= 0)
    rests = (np.nan_to_num(weights) != 0).any(axis=2)
    return np.asarray(rests[:, groups.of] & alone)
