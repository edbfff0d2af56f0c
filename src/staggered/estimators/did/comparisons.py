"""Who is compared with whom: each cohort's change between two periods against clusters still in control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...kernel.patterns import Patterns
from ...value import BoolArray, FloatArray, IntArray

Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Comparisons:
    """What can be compared, and the treated cells (cohort, period) that cannot, by reason.

    Parameters
    ----------
    cells : array (cells, 2)
        Period indices of the cohort's start and of the cell.
    base : array (cells,)
        Period from which the change is taken.
    parts, base_parts : array (cells, patterns)
        Weights on the patterns' means in the period, and (with the sign turned) in the base: the cohort's sum to
        1, the pooled comparison's to −1. They are the same where each cluster's own change is taken.
    baseless : tuple of cells
        The cohort has no period before treatment (anticipation counted).
    unmatched : tuple of cells
        Nobody in control is observed both then and in the base period.
    unpaired : tuple of cells
        Nobody of the cohort itself is.
    """

    cells: IntArray
    base: IntArray
    parts: FloatArray
    base_parts: FloatArray
    baseless: tuple[Cell, ...] = ()
    unmatched: tuple[Cell, ...] = ()
    unpaired: tuple[Cell, ...] = ()

    @property
    def lost(self) -> IntArray:
        """Treated cells that cannot be estimated, (cells, 2)."""
        return np.array([*self.baseless, *self.unmatched, *self.unpaired], dtype=np.int64).reshape(-1, 2)

    @property
    def after(self) -> BoolArray:
        """Which cells are treated."""
        return np.asarray(self.cells[:, 1] >= self.cells[:, 0])

    def weights(self, rows: FloatArray, periods: int) -> FloatArray:
        """Weights on the patterns' means, (k, patterns, periods), of the combinations `rows` (k, cells)."""
        result = np.zeros((len(rows), self.parts.shape[1], periods))
        for column, parts in ((self.cells[:, 1], self.parts), (self.base, -self.base_parts)):
            for period in np.unique(column):
                here = column == period
                result[:, :, period] += rows[:, here] @ parts[here]
        return result

    def effects(self, means: FloatArray) -> FloatArray:
        """Effect in each cell, (cells,)."""
        then, before = means[:, self.cells[:, 1]].T, means[:, self.base].T
        return np.asarray((self.parts * then).sum(axis=1) - (self.base_parts * before).sum(axis=1))

    def centres(self, means: FloatArray, pooled: FloatArray | None) -> FloatArray:
        """What each pattern would contribute to each cell at the means of its side, (cells, patterns).

        Parameters
        ----------
        pooled : array (cells, cells) or None
            Averages the cells' means first.
        """
        centres = np.zeros(self.parts.shape)
        moves = (self.cells[:, 1] != self.base)[:, None]
        for column, parts, sign in ((self.cells[:, 1], self.parts, 1.0), (self.base, self.base_parts, -1.0)):
            values = means[:, column].T
            for side in (np.maximum(parts, 0.0), np.minimum(parts, 0.0)):
                average = (side * values).sum(axis=1) / side.sum(axis=1)
                centres += sign * moves * side * (average if pooled is None else pooled @ average)[:, None]
        return centres

    def lone(self, patterns: Patterns, rows: FloatArray) -> BoolArray:
        """Clusters that are alone on their side of a comparison that a combination rests on, (k, clusters)."""
        found = np.zeros((len(rows), len(patterns.group)), dtype=bool)
        moves = self.cells[:, 1] != self.base
        for parts in (self.parts, self.base_parts):
            for side in (parts > 0, parts < 0):
                alone = moves & ((side * patterns.count).sum(axis=1) == 1)
                for cell in np.flatnonzero(alone):
                    found[np.nan_to_num(rows[:, cell]) != 0, patterns.first[side[cell]][0]] = True
        return found


def comparisons_of(
    patterns: Patterns,
    start: FloatArray,
    *,
    controls: Literal["notyet", "never"],
    anticipation: int,
    universal: bool,
    levels: bool = False,
) -> Comparisons:
    """Find every cell that can be estimated, and the treated cells that cannot.

    Parameters
    ----------
    patterns : Patterns
    start : array (patterns,)
        Index of the first treated period; inf for never.
    controls, anticipation
        As in `GroupTime`.
    universal : bool
        Whether cells before treatment have the same base as those after.
    levels : bool
        Whether whoever is observed then is compared with whoever is observed in the base (repeated
        cross-sections), instead of each cluster's own change.
    """
    tables: list[tuple[IntArray, IntArray, FloatArray, FloatArray]] = []
    baseless: list[Cell] = []
    unmatched: list[Cell] = []
    unpaired: list[Cell] = []
    used, mass = patterns.used.T, patterns.mass.T
    for cohort in np.unique(start[np.isfinite(start)]).astype(int).tolist():
        own = start == cohort
        period = np.flatnonzero(used[:, own].any(axis=1))
        # Through a blank transition the base is the last period observed before it.
        before = period[period < cohort - anticipation]
        if not len(before):
            baseless += [(cohort, t) for t in period[period >= cohort].tolist()]
            continue
        base = np.where((period >= cohort - anticipation) | universal, before[-1], period - 1)
        then, past = used[period] & (base >= 0)[:, None], used[base]
        if not levels:
            then = past = then & past
        control = in_control(start, controls, np.maximum(period, base)[:, None] + anticipation) & ~own
        paired = (then & own).any(axis=1) & (past & own).any(axis=1)
        matched = paired & (then & control).any(axis=1) & (past & control).any(axis=1)
        for column, why in ((paired & ~matched, unmatched), (~paired, unpaired)):
            why += [(cohort, t) for t in period[column & (period >= cohort)].tolist()]
        period, base, then, past, control = (one[matched] for one in (period, base, then, past, control))
        cells = np.column_stack([np.full(len(period), cohort), period])
        weight = mass[period if levels else base]
        tables.append(
            (
                cells,
                base,
                parts_of(weight, then & own, then & control),
                parts_of(mass[base], past & own, past & control),
            )
        )
    empty = np.zeros((0, len(start)))
    return Comparisons(
        cells=np.concatenate([np.zeros((0, 2), dtype=np.int64), *(cells for cells, *_ in tables)]),
        base=np.concatenate([np.zeros(0, dtype=np.int64), *(base for _, base, *_ in tables)]),
        parts=np.concatenate([empty, *(parts for *_, parts, _ in tables)]),
        base_parts=np.concatenate([empty, *(base_parts for *_, base_parts in tables)]),
        baseless=tuple(baseless),
        unmatched=tuple(unmatched),
        unpaired=tuple(unpaired),
    )


def in_control(start: FloatArray, controls: str, last: IntArray) -> BoolArray:
    """Patterns that serve as comparison up to the period `last` (cells, 1), (cells, patterns)."""
    never = np.isinf(start)[None, :] & np.ones(last.shape, dtype=bool)
    return never if controls == "never" else np.asarray(start > last)


def parts_of(mass: FloatArray, treated: BoolArray, control: BoolArray) -> FloatArray:
    """Weights of the treated patterns, summing to 1, and of the control patterns, summing to −1, (cells, patterns)."""
    own, other = mass * treated, mass * control
    return np.asarray(own / own.sum(axis=1, keepdims=True) - other / other.sum(axis=1, keepdims=True))
