"""Extended two-way fixed effects on a curve: parallel ratios of counts, or parallel odds of shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...data.frame import Frame
from ...data.panel import Panel
from ...errors import DataError, IdentificationError, listing
from ...kernel.least_squares import determined_operator
from ...kernel.patterns import Patterns, spread_sum
from ...kernel.point import Point
from ...value import BoolArray, FloatArray, IntArray
from ..linear import counting
from .aggregate import summarise
from .quasi_likelihood import Curve, mean_of, quasi_likelihood, slope_of
from .saturated import cell_members, cohort_cells, lone_members
from .saturated_rule import horizon, lost_note, nothing_left, set_aside

_ASSUMED = {
    "poisson": "Without treatment the cohorts' ratios, not their differences, are taken to have stayed as they were.",
    "binomial": "Without treatment the cohorts' odds ratios, not their differences, are taken to have stayed as "
    "they were.",
}
_WHOLE = 1e-9


@dataclass(frozen=True, slots=True)
class CohortTable:
    """Means by cohort and period, with what each cluster adds to them.

    Parameters
    ----------
    patterns : Patterns
        One for each cohort.
    start : array (cohorts,)
    exposure : array (clusters, periods)
        Number of people behind a count; ones where the outcome is a rate or a share. 0 where not in use.
    weight : array (clusters, periods)
        0 where not in use.
    rate : array (cohorts, periods)
        Outcome per unit of exposure.
    mass : array (cohorts, periods)
        Weight times exposure; 0 where nobody is observed.
    """

    patterns: Patterns
    start: FloatArray
    exposure: FloatArray
    weight: FloatArray
    rate: FloatArray
    mass: FloatArray

    @property
    def people(self) -> FloatArray:
        """Average exposure, (cohorts, periods): what turns a rate into the outcome's own scale."""
        heads = self.patterns.mass
        return np.asarray(np.divide(self.mass, heads, out=np.zeros_like(heads), where=heads > 0))

    def residuals(self, fitted: FloatArray, outcome: FloatArray) -> FloatArray:
        """Weight times (outcome − exposure · fitted rate), (clusters, periods), for fitted (cohorts, periods)."""
        return np.asarray(self.weight * (outcome - self.exposure * fitted[self.patterns.group]))


def nonlinear_point(panel: Panel, family: Curve, by: str, controls: Literal["notyet", "never"]) -> Point:
    """Effects of a pooled quasi-likelihood fit with cohort, period and treated-cell coefficients.

        E[Y | cohort g, t] = G(β_g + γ_t + δ_gt),    τ_gt = Ȳ_gt − G(β̂_g + γ̂_t)

    With the canonical link the treated cells fit exactly, so the untreated ones settle β and γ.

    Parameters
    ----------
    controls : {"notyet", "never"}
        As in `Extended`.
    """
    never = controls == "never"
    panel.frame.require_absorbing("Extended")
    frame, notes = set_aside(panel.frame, never)
    outcome = np.where(frame.used, panel.outcome, 0.0)
    _require_range(frame, outcome, family)
    table, counted = _table_of(frame, outcome, family)
    start = np.where(table.start >= horizon(frame), np.inf, table.start) if never else table.start
    cells, baseless = cohort_cells(table.patterns, start, leads=never)
    free = np.zeros(table.mass.shape, dtype=bool)
    for cohort, period in cells:
        free[start == cohort, period] = True
    fit = _fitted(frame, table, family, free)
    known: BoolArray = fit.known[np.searchsorted(table.start, cells[:, 0]), cells[:, 1]]
    after = cells[:, 1] >= cells[:, 0]
    if not (known & after).any():
        raise nothing_left()
    kept, lost = cells[known], cells[~known & after]
    members = cell_members(table.patterns, start, kept)
    sizes = np.einsum("kgt,gt->k", members, table.patterns.mass)
    summary = summarise(frame.design, kept, sizes, by, np.concatenate([baseless, lost]))
    row = np.searchsorted(table.start, kept[:, 0])
    effects = table.people[row, kept[:, 1]] * (table.rate - fit.fitted)[row, kept[:, 1]]
    scores = _cell_scores(table, fit, row, kept[:, 1], outcome)
    return Point(
        terms=summary.terms,
        values=summary.weights @ effects,
        scores=summary.weights @ scores,
        lone=lone_members(table.patterns, members, summary.weights),
        estimand=counting(summary.estimand, frame),
        notes=(*notes, _ASSUMED[family], *counted, *_gap_note(frame, table.patterns.group), *lost_note(frame, lost)),
        headed=summary.headed,
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    """Fitted untreated rates (cohorts, periods), which are determined, and how they answer to the data.

    `columns` (cohorts, periods, p) are the model's, `slope` (cohorts, periods) the curve's, `inverse` (p, p) the
    inverse information, `reference` which cells the fit rests on.
    """

    fitted: FloatArray
    known: BoolArray
    columns: FloatArray
    slope: FloatArray
    inverse: FloatArray
    reference: BoolArray


def _table_of(frame: Frame, outcome: FloatArray, family: Curve) -> tuple[CohortTable, tuple[str, ...]]:
    assert frame.weights is not None
    used, size = frame.used, np.nan_to_num(frame.design.size)
    counts = family == "poisson" and _are_counts(frame, outcome)
    exposure = np.where(used, size if counts else 1.0, 0.0)
    weight = np.where(used, frame.weights, 0.0)
    start, group = np.unique(frame.design.start, return_inverse=True)
    heads = _by_cohort(group, weight)
    patterns = Patterns(
        group=group,
        share=np.ones(len(group)),
        first=np.array([int(np.argmax(group == g)) for g in range(len(start))]),
        count=np.bincount(group[used.any(axis=1)], minlength=len(start)),
        treatment=(np.arange(used.shape[1]) >= start[:, None]).astype(float),
        used=heads > 0,
        mass=heads,
    )
    mass = _by_cohort(group, weight * exposure)
    rate = np.divide(_by_cohort(group, weight * outcome), mass, out=np.zeros_like(mass), where=mass > 0)
    note = ("Whole numbers were taken as counts, with the number of people as exposure.",) if counts else ()
    return CohortTable(patterns, start, exposure, weight, rate, mass), note


def _by_cohort(group: IntArray, values: FloatArray) -> FloatArray:
    """Sums over each cohort's clusters, (cohorts, periods)."""
    return spread_sum(group, np.ones(len(group)), int(group.max()) + 1, values)


def _are_counts(frame: Frame, outcome: FloatArray) -> bool:
    """Whether the outcome counts people out of sizes that differ."""
    inside, size = outcome[frame.used], frame.design.size[frame.used]
    whole = np.abs(inside - np.round(inside)).max(initial=0.0) < _WHOLE
    return bool(whole and np.isfinite(size).all() and np.ptp(size) > 0)


def _require_range(frame: Frame, outcome: FloatArray, family: Curve) -> None:
    """Refuse outcomes that the curve cannot reach."""
    wrong = frame.used & ((outcome < 0) | ((outcome > 1) if family == "binomial" else False))
    if wrong.any():
        design = frame.design
        named = [f"{design.clusters[i]} in {design.periods[t]} ({outcome[i, t]:g})" for i, t in np.argwhere(wrong)]
        allowed = "between 0 and 1" if family == "binomial" else "0 or more"
        raise DataError(
            f"The outcome is not {allowed} for {listing(named)}.",
            f"Extended(family={family!r}) fits a curve that stays there.",
            "Read counts out of a size with per=1, which makes shares of them, or use family='gaussian'."
            if family == "binomial"
            else "Read the counts or rates themselves, not their logarithms, or use family='gaussian'.",
        )


def _fitted(frame: Frame, table: CohortTable, family: Curve, free: BoolArray) -> _Fit:
    """Fit cohort and period levels on the cells that have no coefficient of their own."""
    count, periods = table.mass.shape
    reference = (table.mass > 0) & ~free
    cohorts = np.broadcast_to(np.eye(count)[:, None, :], (count, periods, count))
    dummies = np.broadcast_to(np.eye(periods), (count, periods, periods))
    columns = np.concatenate([cohorts, dummies], axis=2)
    _require_levels(frame, table, family, reference)
    fit = quasi_likelihood(family, columns[reference], table.rate[reference], table.mass[reference])
    fitted = mean_of(family, columns @ fit.coefficients)
    # A cell's own prediction is determined when its row lies in the span of the reference rows.
    operator, _ = determined_operator(columns, reference.astype(float))
    projected = np.einsum("pgt,gtq->pq", operator, columns * reference[:, :, None])
    known = np.abs(columns @ projected - columns).max(axis=2) < 1e-7
    return _Fit(fitted, np.asarray(known), columns, slope_of(family, fitted), fit.inverse, reference)


def _require_levels(frame: Frame, table: CohortTable, family: Curve, reference: BoolArray) -> None:
    """Refuse cohorts and periods whose untreated cells hold nothing but zeros, or nothing but ones.

    Raises
    ------
    IdentificationError
        Naming them.
    """
    if not reference.any():
        raise nothing_left()
    total, mass = (np.where(reference, grid, 0.0) for grid in (table.rate * table.mass, table.mass))
    named = []
    for axis in (1, 0):
        sums, sizes = total.sum(axis=axis), mass.sum(axis=axis)
        flat = (sizes > 0) & ((sums <= 0) | ((sums >= sizes) if family == "binomial" else False))
        for k in np.flatnonzero(flat):
            named.append(f"period {frame.design.periods[k]}" if axis == 0 else _cohort_words(frame, table.start[k]))
    if named:
        raise IdentificationError(
            f"Every untreated cell has the same extreme value in {listing(named)}.",
            "Where nothing was ever counted (or everyone was), a ratio has no level to start from.",
            "Merge sparse periods, leave those councils out, or use family='gaussian'.",
        )


def _cohort_words(frame: Frame, start: float) -> str:
    return f"cohort {frame.design.periods[int(start)]}" if np.isfinite(start) else "the never-treated"


def _cell_scores(table: CohortTable, fit: _Fit, row: IntArray, period: IntArray, outcome: FloatArray) -> FloatArray:
    """Contribution of each cluster to each cell's effect, (cells, clusters).

    own residual from the cell's mean, less  n̄ μ' x' H⁻¹ Σ_t x_t w_t (y_t − n_t μ_t)  over reference cells
    """
    group, heads = table.patterns.group, table.patterns.mass
    reference = np.where(fit.reference[group], table.residuals(fit.fitted, outcome), 0.0)
    own = table.residuals(table.rate, outcome)
    columns = fit.columns[row, period]
    scale = table.people[row, period] * fit.slope[row, period]
    loading = (columns * scale[:, None]) @ fit.inverse
    cohorts = len(table.start)
    gradient = reference @ loading[:, cohorts:].T + reference.sum(axis=1)[:, None] * loading[:, :cohorts].T[group]
    return np.asarray(np.where(group == row[:, None], own.T[period] / heads[row, period][:, None], 0.0) - gradient.T)


def _gap_note(frame: Frame, group: IntArray) -> tuple[str, ...]:
    """Say that gaps change who makes up a cohort."""
    some = np.broadcast_to(frame.seen[:, None], frame.used.shape)
    seen, whole = (_by_cohort(group, cells.astype(float)) for cells in (frame.used, some))
    broken = (seen < whole)[group] & (seen > 0)[group] & some & ~frame.used
    gaps = np.flatnonzero(broken.any(axis=1))
    if not len(gaps):
        return ()
    names = listing([frame.design.clusters[k] for k in gaps])
    return (f"Gaps of {names} change who makes up their cohort from period to period.",)
