"""Where each row of the data belongs: its council, its period and its place in the spreadsheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import DataError, listing
from ..value import BoolArray, FloatArray, IntArray
from .councils import Councils, told, who

_YEARS = (1900, 2100)


@dataclass(frozen=True, slots=True)
class Grid:
    """Records laid out on clusters by periods.

    Parameters
    ----------
    councils : Councils
        Whose each record is.
    periods : tuple
        Labels of the periods, in order.
    cell : array (n,)
        Cell of each record, counted cluster by cluster.
    """

    councils: Councils
    periods: tuple[object, ...]
    cell: IntArray

    @property
    def shape(self) -> tuple[int, int]:
        """Number of clusters and of periods."""
        return len(self.councils.names), len(self.periods)

    def place(self, values: FloatArray) -> FloatArray:
        """Values of one record per cell on the grid, (clusters, periods); nan where there is none."""
        placed = np.full(self.shape[0] * self.shape[1], np.nan)
        placed[self.cell] = values
        return placed.reshape(self.shape)

    def counts(self) -> IntArray:
        """Records of each cell, (clusters, periods)."""
        return np.bincount(self.cell, minlength=self.shape[0] * self.shape[1]).reshape(self.shape)

    def spreadsheet(self) -> IntArray:
        """Give the first spreadsheet row of each cell, (clusters, periods); 0 where there is none."""
        found = np.zeros(self.shape[0] * self.shape[1], dtype=np.int64)
        found[self.cell[::-1]] = self.councils.rows[::-1]
        return found.reshape(self.shape)

    def say(self, k: int) -> str:
        """Name cluster, period and spreadsheet row of a record."""
        return f"{who(self.councils.names[self.councils.codes[k]])} in {self.place_of(k)}"

    def place_of(self, k: int) -> str:
        """Name period and spreadsheet row of a record."""
        return f"{when(self.periods[self.cell[k] % len(self.periods)])} (row {self.councils.rows[k]})"

    def constant(self, keys: IntArray, shown: Callable[[int], str], problem: str, *, why: str, fix: str) -> IntArray:
        """First record of each cluster, whose key all its other records must share.

        Parameters
        ----------
        keys : array (n,)
            What each record says, as a number.
        shown : callable
            The same in words, given the position of a record.
        problem : str
            What it means that a cluster says two things.

        Raises
        ------
        DataError
            Naming each cluster that says two things, with periods and rows.
        """
        councils = self.councils
        first = np.zeros(len(councils.names), dtype=np.int64)
        first[councils.codes[::-1]] = np.arange(len(keys))[::-1]
        differs = np.flatnonzero(keys != keys[first][councils.codes])
        if not len(differs):
            return first
        _, one_each = np.unique(councils.codes[differs], return_index=True)

        def say(k: int) -> str:
            other = first[councils.codes[k]]
            named = who(councils.names[councils.codes[k]])
            return f"{named} has {shown(other)} in {self.place_of(other)} and {shown(k)} in {self.place_of(k)}"

        raise DataError(f"{problem}: {told(differs[one_each], say)}.", why, fix)


def when(label: object) -> str:
    """Name a period in a sentence; a bare number that is no year is said to be a period.

    Examples
    --------
    >>> when(2021), when(4), when("2021-Q3")
    ('2021', 'period 4', '2021-Q3')
    """
    return f"period {label}" if isinstance(label, int) and not _YEARS[0] <= label <= _YEARS[1] else str(label)


def require_once(grid: Grid) -> None:
    """Refuse a cluster that stands twice in a period.

    Raises
    ------
    DataError
        Naming each with its rows.
    """
    counts = grid.counts().ravel()
    twice = np.flatnonzero(counts > 1)
    if not len(twice):
        return

    def say(cell: int) -> str:
        rows = grid.councils.rows[grid.cell == cell]
        council, period = divmod(cell, len(grid.periods))
        return f"{who(grid.councils.names[council])} in {when(grid.periods[period])} (rows {listing([*rows])})"

    raise DataError(
        f"A council stands more than once in a period: {told(twice, say)}.",
        "Each council-period has one outcome, and which of these it is cannot be known.",
        "Keep one row of each, add the parts up first, or say rows='people' if a row is a person.",
    )


def gaps(grid: Grid, present: BoolArray) -> str:
    """Say which cells have no outcome and where in the spreadsheet that shows; "" when none is missing."""
    missing = np.argwhere(~present)
    if not len(missing):
        return ""
    spreadsheet = grid.spreadsheet()

    def say(k: int) -> str:
        council, period = missing[k]
        own, before = spreadsheet[council, period], spreadsheet[council, :period]
        where = (
            f"blank in row {own}" if own else f"no row after row {before[before > 0][-1]}" if before.any() else "no row"
        )
        return f"{who(grid.councils.names[council])} in {when(grid.periods[period])} ({where})"

    touched = int((~present).any(axis=1).sum())
    said = told(np.arange(len(missing)), say)
    return (
        f"{len(missing):,} of {present.size:,} council-periods {'has' if len(missing) == 1 else 'have'} no outcome, "
        f"in {touched:,} of {present.shape[0]:,} councils: {said}. "
        "They are left out, not filled in; add the missing rows or values if they exist."
    )
