"""Randomisation inference over the allocations that the scheme allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..allocation.allocate import Allocation
from ..allocation.seeds import Seed
from ..data.panel import Panel
from ..errors import DataError, IdentificationError
from ..kernel.point import Point
from ..kernel.protocols import LinearEstimator, PointEstimator, has_settled_rule
from ..kernel.rule import Rule
from ..results.estimate import Estimate
from ..results.studentised import Studentised
from ..results.uncertainty import Reference
from ..value import FloatArray, IntArray, Value
from .assemble import assembled, rule_of
from .design_based import DesignBased
from .reallocations import Reallocations, reallocations, require_measured, uses_blanks, with_strata
from .regrouped import Regrouping, regrouped_of, studentised


@dataclass(frozen=True, slots=True, eq=False)
class Permutation(Value):
    """Compare the estimate with those under every other allocation that could have been drawn.

    Exact whatever the outcomes' distribution when the order was in fact drawn at random within the
    strata; where it was not, it shows how unusual the estimate is among swapped dates, no more.

    Parameters
    ----------
    draws : int
        Re-allocations drawn at random; all of them, exactly, when the scheme allows no more than draws + 1.
    seed : int, SeedSequence or Generator
        For the draws.
    strata : sequence of str or str, optional
        A stratum per cluster, or the name of a kept label; the design's own when absent.
    allowed : Allocation, optional
        The allocation as drawn: its own set of allowed orders is used. Clusters outside it keep their schedules.
    interval : bool
        Whether to invert the test for an interval.
    studentised : bool
        Whether to compare ratios of estimate to standard error (Neyman's, from the spread within groups that
        start together): right in large samples also for the average effect, not only for no effect at all.

    Raises
    ------
    IdentificationError
        A scheme that allows only one allocation; studentised with a cluster that starts alone.
    DataError
        Cells that were not measured because the actual schedule left them out, although another would not have.

    References
    ----------
    Fay and Shaw (2010), section 6; Thompson and others (2018), Statistics in Medicine 37:2487.

    Examples
    --------
    >>> import staggered as sg
    >>> panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=5, steps=5), outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> round(sg.Twfe().fit(panel, sg.Permutation()).p_value * 120) in range(1, 121)
    True
    """

    draws: int = 9999
    seed: Seed = 1
    strata: Sequence[str] | str | None = None
    allowed: Allocation | None = None
    interval: bool = True
    studentised: bool = False

    def __post_init__(self) -> None:
        if self.strata is not None and self.allowed is not None:
            raise DataError(
                "Permutation was given both strata and allowed.",
                "The allocation has its own strata.",
                "Give one of the two.",
            )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        how = " (studentised)" if self.studentised else ""
        return f"randomisation inference over the allowed allocations{how}"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Thompson JA, Davey C, Fielding K, Hargreaves JR, Hayes RJ (2018). Robust analysis of stepped "
            "wedge trials using cluster-level summaries within periods. Statistics in Medicine "
            "37:2487-2500.",
        )

    def estimate(self, estimator: PointEstimator, panel: Panel) -> Estimate:
        """Estimate under the actual allocation and under the others."""
        panel = with_strata(panel, self.strata)
        others = reallocations(panel.design, self.draws, self.seed, self.allowed)
        require_measured(panel, others.orders)
        if self.studentised:
            return self._by_ratios(estimator, panel, others)
        point = estimator.point(panel)
        slope = None
        own_slope = np.full(len(point.values), np.nan)
        inverts = self.interval and not uses_blanks(panel, others.orders)
        if has_settled_rule(estimator):
            rule = estimator.rule(panel.frame)
            effect = np.nan_to_num(panel.design.treatment)
            own_slope = rule.estimate(effect)
            if exchangeable_rows(panel, rule):
                null, slope = _by_product(rule, panel.outcome, effect, others.orders)
            else:
                null, slope = _by_solving(estimator, panel, rule, effect, others.orders)
        elif isinstance(estimator, Regrouping) and estimator.regroups(panel):
            null = estimator.regrouped(panel, others.orders).numerator[0, 1:]
        else:
            null = _by_fitting(estimator, panel, point, others.orders)
        reference = Reference(null, slope if inverts else None, own_slope, others.exact)
        notes = allocation_notes(others, reference, point.values, inverts or not self.interval)
        if inverts and slope is None:
            notes = (
                *notes,
                "No interval is given: the weights look at the outcomes, so the test cannot be inverted.",
            )
        return assembled(estimator, panel, point, reference, self, notes)

    def _by_ratios(self, estimator: PointEstimator, panel: Panel, others: Reallocations) -> Estimate:
        """Compare ratios of estimate to standard error."""
        rule = rule_of(estimator, panel, self.name)
        if regrouped_of(rule).alone:
            raise IdentificationError(
                "A studentised test was asked for where a cluster starts alone in its stratum.",
                "It divides by the spread within groups that start together, and one cluster has none.",
                "Use Permutation() as it is, or Jackknife().",
            )
        if has_settled_rule(estimator) and exchangeable_rows(panel, rule):
            point = Point.of(rule, panel.outcome)
            ratios = studentised(rule, panel.outcome, np.nan_to_num(panel.design.treatment), others.orders)
        elif isinstance(estimator, Regrouping) and estimator.regroups(panel):
            point, ratios = Point.of(rule, panel.outcome), estimator.regrouped(panel, others.orders)
        else:
            point, ratios = _ratios_by_fitting(estimator, panel, others.orders)
        reference = Reference(ratios.numerator[0, 1:], None, np.ones(len(point.values)), others.exact)
        notes = allocation_notes(others, reference, point.values, True)
        return assembled(estimator, panel, point, ratios, self, notes)


def _ratios_by_fitting(estimator: PointEstimator, panel: Panel, orders: IntArray) -> tuple[Point, Studentised]:
    """The point, and ratios under each order with the estimator and its design-based variance found again."""
    fit = DesignBased().estimate
    actual = fit(estimator, panel)
    place = {term.label: k for k, term in enumerate(actual.terms)}
    numerator = np.full((2, 1 + len(orders), len(place)), np.nan)
    square = np.full((3, 1 + len(orders), len(place)), np.nan)
    numerator[0, 0], square[0, 0] = actual.values, actual.uncertainty.se() ** 2
    for r, order in enumerate(orders):
        try:
            other = fit(estimator, replace(panel, frame=panel.frame.dealt(order)))
        except IdentificationError:
            continue
        for term, value, se in zip(other.terms, other.values, other.uncertainty.se(), strict=True):
            if term.label in place:
                numerator[0, 1 + r, place[term.label]], square[0, 1 + r, place[term.label]] = value, se**2
    # Without the outcome's part in the weights the ratios' dependence on the effect is not known.
    return estimator.point(panel), Studentised(numerator, square)


def exchangeable_rows(panel: Panel, rule: Rule) -> bool:
    """Whether clusters differ in nothing but their schedules, so that re-allocating only permutes the weights."""
    frame = panel.frame
    assert frame.present is not None and frame.weights is not None
    alike = frame.present.all() and (frame.weights == frame.weights[0]).all() and not frame.covariates
    sized = rule.working is None or (frame.design.size == frame.design.size[0]).all()
    return bool(alike and sized and (frame.used == frame.design.observed).all())


def _by_product(rule: Rule, outcome: FloatArray, effect: FloatArray, orders: IntArray) -> tuple[FloatArray, FloatArray]:
    """Estimates under each order as sums of one small table: schedule × cluster."""
    weights = rule.by_cluster()
    clusters = np.arange(orders.shape[1])
    results = []
    for grid in (outcome, effect):
        table = np.einsum("kap,bp->kab", weights, grid)
        results.append(np.stack([row[orders, clusters].sum(axis=1) for row in table], axis=1))
    return results[0], results[1]


def _by_solving(
    estimator: LinearEstimator, panel: Panel, rule: Rule, effect: FloatArray, orders: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Estimates under each order with the rule solved again, for clusters that differ in size or gaps."""
    place = {term.label: k for k, term in enumerate(rule.terms)}
    null = np.full((len(orders), len(rule.terms)), np.nan)
    slope = null.copy()
    grids = np.stack([np.nan_to_num(panel.outcome), effect])
    solved: dict[bytes, int] = {}
    for r, order in enumerate(orders):
        before = solved.setdefault(panel.design.treatment[order].tobytes(), r)
        if before < r:
            null[r], slope[r] = null[before], slope[before]
            continue
        try:
            other = estimator.rule(panel.frame.dealt(order))
        except IdentificationError:
            continue
        both = np.tensordot(other.by_cluster(), grids, axes=([1, 2], [1, 2]))
        for term, (value, unit) in zip(other.terms, both.tolist(), strict=True):
            if term.label in place:
                null[r, place[term.label]], slope[r, place[term.label]] = value, unit
    return null, slope


def _by_fitting(estimator: PointEstimator, panel: Panel, point: Point, orders: IntArray) -> FloatArray:
    """Estimates under each order, the estimator fitted again."""
    place = {term.label: k for k, term in enumerate(point.terms)}
    null = np.full((len(orders), len(point.terms)), np.nan)
    for r, order in enumerate(orders):
        try:
            other = estimator.point(replace(panel, frame=panel.frame.dealt(order)))
        except IdentificationError:
            continue
        for term, value in zip(other.terms, other.values, strict=True):
            if term.label in place:
                null[r, place[term.label]] = value
    return null


def allocation_notes(
    others: Reallocations, reference: Reference, values: FloatArray, complete: bool
) -> tuple[str, ...]:
    """Say how many allocations there are, how small a p-value they allow, and what is missing."""
    total = len(others.orders) + 1
    if others.exact:
        notes = [
            f"All {total} allowed allocations were used; no p-value below {1 / total:.3g} (1/{total}) is possible."
        ]
    else:
        count = f"{others.count:,}" if others.count < 10**15 else f"{others.count:.3g}"
        notes = [
            f"{total - 1:,} of {count} allowed allocations were drawn at random; "
            f"no p-value below {1 / total:.2g} is possible."
        ]
    tied = round(float(np.nan_to_num(reference.attainable_p(values))[0]) * total)
    if tied > 1 and others.exact:
        notes.append(f"{tied} of them tie as the farthest from no effect, so here the floor is {tied / total:.3g}.")
    unknown = int((np.isnan(reference.null) & np.isfinite(values)).any(axis=1).sum())
    if unknown:
        notes.append(f"Under {unknown} of them something cannot be estimated; those count as far from no effect.")
    if not complete:
        notes.append(
            "No interval is given: other allocations use cells that the actual schedule left blank, "
            "in which nobody knows how much of an effect there was."
        )
    return tuple(notes)
