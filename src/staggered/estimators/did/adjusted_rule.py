"""Group-time effects adjusted for covariates, as a rule: every cluster its own pattern."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...data.frame import Frame
from ...errors import listing
from ...kernel.patterns import Patterns
from ...value import BoolArray, FloatArray, IntArray
from .adjusted import Adjustment, Method, adjustment_of, complete, covariates_at
from .adjusted_levels import LevelAdjustment, level_adjustment_of
from .aggregate import Summary
from .comparisons import Comparisons


@dataclass(frozen=True, slots=True)
class AdjustedCell:
    """One cell with its adjustment.

    Parameters
    ----------
    rows : array (n,)
        Clusters that take part; with levels, those of the period and then those of the base.
    after : array (n,) of bool
        Which rows belong to the period; all of them where changes are compared.
    adjustment : Adjustment or LevelAdjustment
    """

    rows: IntArray
    after: BoolArray
    adjustment: Adjustment | LevelAdjustment


@dataclass(frozen=True, slots=True)
class AdjustedScores:
    """Influence functions of covariate-adjusted cells, summed to terms.

    Parameters
    ----------
    comparisons : Comparisons
    cells : tuple of AdjustedCell
    summary : Summary
    start : array (clusters,)
    unit : array (clusters,)
        Each cluster's weight in its cohort's share.
    sampled : bool
        Whether the cohorts' shares count as sampled.
    """

    comparisons: Comparisons
    cells: tuple[AdjustedCell, ...]
    summary: Summary
    start: FloatArray
    unit: FloatArray
    sampled: bool

    def scores(self, patterns: Patterns, outcome: FloatArray) -> FloatArray:
        """Contribution of each cluster to each term, (k, clusters)."""
        result = np.zeros((len(self.summary.terms), len(outcome)))
        for k, cell in enumerate(self.cells):
            _, period = self.comparisons.cells[k]
            base = self.comparisons.base[k]
            if period == base:
                continue
            own = np.zeros(len(outcome))
            if isinstance(cell.adjustment, Adjustment):
                own[cell.rows] = cell.adjustment.scores(outcome[cell.rows, period] - outcome[cell.rows, base])
            else:
                values = np.where(cell.after, outcome[cell.rows, period], outcome[cell.rows, base])
                np.add.at(own, cell.rows, cell.adjustment.scores(values))
            column = self.summary.weights[:, k]
            which = np.flatnonzero(column != 0)
            result[which] += column[which, None] * own
        if self.sampled:
            cohorts = np.unique(self.comparisons.cells[:, 0])
            member = self.start[:, None] == cohorts[None, :]
            result += self.summary.share_slopes(self.comparisons.effects(outcome)) @ member.T * self.unit
        return result


def adjusted_cells(
    frame: Frame, patterns: Patterns, found: Comparisons, method: Method, *, levels: bool
) -> tuple[Comparisons, tuple[AdjustedCell, ...], tuple[str, ...]]:
    """Adjust every comparison; those that cannot be are taken out, with a note.

    Parameters
    ----------
    found : Comparisons
        On patterns that are the clusters themselves.
    """
    names, covariates = list(frame.covariates), stacked_covariates(frame)
    cells: list[AdjustedCell] = []
    kept: list[int] = []
    failed: list[tuple[int, str]] = []
    trimmed: list[int] = []
    parts, base_parts = np.zeros(found.parts.shape), np.zeros(found.parts.shape)
    settled: dict[Hashable, tuple[AdjustedCell, FloatArray] | str] = {}
    for k, key in enumerate(comparison_keys(patterns, found, covariates, levels=levels)):
        if key not in settled:
            made = _adjusted_cell(patterns, found, k, covariates, method, levels=levels)
            settled[key] = made if isinstance(made, str) else (made, made.adjustment.weights())
        one = settled[key]
        if isinstance(one, str):
            failed.append((k, one))
            continue
        cell, weights = one
        kept.append(k)
        cells.append(cell)
        if levels:
            np.add.at(parts[k], cell.rows[cell.after], weights[cell.after])
            np.add.at(base_parts[k], cell.rows[~cell.after], -weights[~cell.after])
        else:
            parts[k, cell.rows] = base_parts[k, cell.rows] = weights
        trimmed.append(_trimmed(cell))
    left = replace(
        found, cells=found.cells[kept], base=found.base[kept], parts=parts[kept], base_parts=base_parts[kept]
    )
    left = replace(left, unmatched=(*found.unmatched, *_treated(found, failed)))
    return left, tuple(cells), _notes(frame, found, failed, trimmed, names)


def stacked_covariates(frame: Frame) -> FloatArray:
    """All covariates of a frame, (covariates, clusters, periods)."""
    return np.stack([np.asarray(grid, dtype=float) for grid in frame.covariates.values()])


def comparison_keys(
    patterns: Patterns, found: Comparisons, covariates: FloatArray, *, levels: bool
) -> Iterator[Hashable]:
    """What settles each cell's adjustment: those with the same key are compared with the same in the same way.

    Parameters
    ----------
    covariates : array (covariates, clusters, periods)
    """
    first: dict[bytes, int] = {}
    # What does not change over time need not be fitted again.
    alike = [first.setdefault(covariates[:, :, t].tobytes(), t) for t in range(covariates.shape[2])]
    for k, period in enumerate(found.cells[:, 1].tolist()):
        base, parts, base_parts = int(found.base[k]), found.parts[k], found.base_parts[k]
        # With levels the covariates and weights of both periods play a part.
        at = (alike[period], alike[base]) if levels else alike[min(period, base)]
        # The parts do not tell how the two sides' weights compare.
        grids = [parts, base_parts, np.where(base_parts != 0, patterns.mass[:, base], 0.0)]
        if levels:
            grids.append(np.where(parts != 0, patterns.mass[:, period], 0.0))
        yield at, *(grid.tobytes() for grid in grids)


def taking_part(
    patterns: Patterns, found: Comparisons, k: int, covariates: FloatArray, *, levels: bool
) -> tuple[IntArray, BoolArray, BoolArray, FloatArray, FloatArray]:
    """Clusters of a cell whose covariates are known; which rows are after and treated, their covariates and weights.

    With levels those of the period come first, then those of the base; else all rows count as after.
    """
    period, base = int(found.cells[k, 1]), int(found.base[k])
    if not levels:
        design = covariates_at(covariates, min(period, base))
        rows = np.flatnonzero((found.parts[k] != 0) & complete(design))
        return rows, np.ones(len(rows), dtype=bool), found.parts[k, rows] > 0, design[rows], patterns.mass[rows, base]
    both = []
    for column, parts in ((period, found.parts[k]), (base, found.base_parts[k])):
        design = covariates_at(covariates, column)
        rows = np.flatnonzero((parts != 0) & complete(design))
        both.append((rows, parts[rows] > 0, design[rows], patterns.mass[rows, column]))
    rows, treated, designs, weight = (np.concatenate(column) for column in zip(*both, strict=True))
    return rows, np.arange(len(rows)) < len(both[0][0]), treated, designs, weight


def _adjusted_cell(
    patterns: Patterns, found: Comparisons, k: int, covariates: FloatArray, method: Method, *, levels: bool
) -> AdjustedCell | str:
    rows, after, treated, design, weight = taking_part(patterns, found, k, covariates, levels=levels)
    for side in (treated, ~treated):
        if not (side & after).any() or (levels and not (side & ~after).any()):
            return "the covariates are missing throughout one side of it"
    made: Adjustment | LevelAdjustment | str
    if levels:
        made = level_adjustment_of(method, treated, after, design, weight)
    else:
        made = adjustment_of(method, treated, design, weight)
    return made if isinstance(made, str) else AdjustedCell(rows, after, made)


def _treated(found: Comparisons, failed: list[tuple[int, str]]) -> list[tuple[int, int]]:
    cells = [(int(found.cells[k, 0]), int(found.cells[k, 1])) for k, _ in failed]
    return [(cohort, period) for cohort, period in cells if period >= cohort]


def _trimmed(cell: AdjustedCell) -> int:
    propensity = cell.adjustment.propensity
    return 0 if propensity is None else int((~propensity.kept).sum())


def _notes(
    frame: Frame, found: Comparisons, failed: list[tuple[int, str]], trimmed: list[int], names: list[str]
) -> tuple[str, ...]:
    """Say what was adjusted for, what could not be, and who was trimmed."""
    periods = frame.design.periods
    notes = [f"Adjusted for {listing(names)} as of the earlier of the two periods compared."]
    for reason in dict.fromkeys(why for _, why in failed):
        cells = [found.cells[k] for k, why in failed if why == reason]
        named = listing([f"cohort {periods[g]} in {periods[t]}" for g, t in cells])
        notes.append(f"Not estimable, because {reason}: {named}.")
    if sum(trimmed):
        notes.append(
            f"Comparison clusters trimmed, because their propensity is 0.995 or more: {max(trimmed)} in one cell "
            f"({sum(trimmed)} over all cells)."
        )
    return tuple(notes)


def lone_treated(cells: tuple[AdjustedCell, ...], summary: Summary, clusters: int) -> BoolArray:
    """Clusters that are the only treated one of a cell that a term rests on, (k, clusters)."""
    found = np.zeros((len(summary.terms), clusters), dtype=bool)
    for k, cell in enumerate(cells):
        who = np.unique(cell.rows[cell.adjustment.treated])
        if len(who) == 1:
            found[np.nan_to_num(summary.weights[:, k]) != 0, who[0]] = True
    return found
