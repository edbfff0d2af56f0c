"""Treatment as it stands in a column, and treatment that goes back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..design.design import Design
from ..errors import DataError
from ..value import BoolArray, FloatArray
from .councils import text_of, told, who
from .grid import Grid, when
from .numbers import to_numbers

_WORDS = {"true": 1.0, "yes": 1.0, "y": 1.0, "false": 0.0, "no": 0.0, "n": 0.0}


def to_treatment(column: pd.Series, name: str, grid: Grid) -> tuple[FloatArray, tuple[str, ...]]:
    """Treatment of each cell, (clusters, periods), from a column of 0, 1 or fractions.

    A blank leaves the cell unobserved by the design. Where a council has no row, its treatment is
    filled in only if the rows before and after it agree.

    Raises
    ------
    DataError
        A value outside 0 to 1, or people of one council-period who differ.
    """
    codes, found = pd.factorize(column)
    notes: tuple[str, ...] = ()
    words = [text_of(value).casefold() for value in found]
    if words and set(words) <= _WORDS.keys():
        values = np.append([_WORDS[word] for word in words], np.nan)[codes]
    else:
        values, notes = to_numbers(column, name, grid, "treatment")
    outside = np.flatnonzero((values < 0) | (values > 1))
    if len(outside):
        said = told(outside, lambda k: f"{values[k]:g} for {grid.say(k)}")
        raise DataError(
            f"The treatment {name!r} lies outside 0 to 1: {said}.",
            "0 is control, 1 is treated, a fraction is partly treated.",
            "Correct it; a column of go-live periods is named as start= instead.",
        )
    placed = grid.place(values)
    differ = np.flatnonzero(
        ~((values == placed.ravel()[grid.cell]) | (np.isnan(values) & np.isnan(placed.ravel()[grid.cell])))
    )
    if len(differ):
        raise DataError(
            f"The treatment {name!r} differs between the people of {told(differ, grid.say)}.",
            "Whether a council-period is treated is one fact about all its people.",
            "Give them one value, or the share of the period that is treated.",
        )
    no_row = grid.counts() == 0
    filled = _between(placed, no_row) if no_row.any() else placed
    blank = int((np.isnan(placed) & ~no_row).sum())
    blanks = (
        (f"Left out as not observed, because {name!r} is blank: {blank:,} of {placed.size:,} cells.",) if blank else ()
    )
    return filled, (*notes, *blanks)


def goes_back(design: Design, grid: Grid) -> str:
    """Say which councils go back from treated to control, with periods and rows; "" when none does."""
    turns = design.reversals()
    back = np.flatnonzero(turns[:, 0] >= 0)
    if not len(back):
        return ""
    rows = grid.spreadsheet()

    def say(council: int) -> str:
        treated, control = (f"{when(design.periods[k])} (row {rows[council, k]})" for k in turns[council])
        return f"{who(design.clusters[council])} goes back from treated in {treated} to control in {control}"

    return told(back, say)


def _between(placed: FloatArray, no_row: BoolArray) -> FloatArray:
    """Fill cells without a row where the treatment before and after is the same, or can only be 0 or 1.

    Before a first 0 it was 0, and after a last 1 it stays 1; everything else is left unknown.
    """
    columns, width = np.arange(placed.shape[1]), placed.shape[1]
    before = np.maximum.accumulate(np.where(no_row, -1, columns), axis=1)
    after = np.minimum.accumulate(np.where(no_row, width, columns)[:, ::-1], axis=1)[:, ::-1]
    earlier = np.where(before >= 0, np.take_along_axis(placed, np.maximum(before, 0), axis=1), 0.0)
    later = np.where(after < width, np.take_along_axis(placed, np.minimum(after, width - 1), axis=1), 1.0)
    return np.where(no_row, np.where(earlier == later, earlier, np.nan), placed)
