"""The periods of a panel in their order, and which of them no council has."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..design.dates import to_dates
from ..errors import DataError, DesignError, listing
from ..value import IntArray
from .councils import Councils, text_of, told, who
from .extents import Extents, month_of, step_of, to_extents
from .grid import Grid, when
from .kinds import DATE, KINDS, NUMBER, Kind, kind_of, spreadsheet_day
from .source import Table

_MOST_IRREGULAR = 60
_SHOWN = 5
_DATELIKE = re.compile(r"\d{4}-\d\d?-\d\d?.*|\d\d?[/.]\d\d?[/.]\d{4}.*")


@dataclass(frozen=True, slots=True)
class Calendar:
    """The periods of a panel in order.

    Parameters
    ----------
    kind : Kind
        How the periods are named.
    positions : array (periods,)
        Where each stands in the sequence of its kind; days since 1970 for dates.
    labels : tuple
        What each is called: a number for numbers and years, else a text.
    extents : Extents
        First and last day of each.
    """

    kind: Kind
    positions: IntArray
    labels: tuple[object, ...]
    extents: Extents


def to_grid(table: Table, column: str, councils: Councils, year_ends: str | None) -> tuple[Grid, Calendar]:
    """Lay records out on clusters by the periods of a column.

    Raises
    ------
    DataError
        A blank period, periods whose order cannot be known, a period that no council has.
    """
    codes, found = pd.factorize(table.frame[column])
    blank = np.append([not text_of(value) for value in found], True)[codes].astype(bool)
    if blank.any():
        raise DataError(
            f"The period {column!r} is blank for {told(np.flatnonzero(blank), councils.say)}.",
            "An outcome without its period belongs nowhere; totals and footnotes are the usual causes.",
            "Fill the period in on every row, or delete the row.",
        )
    first = np.zeros(len(found), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    calendar, order = _to_calendar(list(found), [councils.say(int(k)) for k in first], column, year_ends)
    grid = Grid(councils, calendar.labels, councils.codes * len(calendar.labels) + order[codes])
    _require_no_absent_period(calendar, grid)
    return grid, calendar


def _to_calendar(
    values: Sequence[object], places: Sequence[str], column: str, year_ends: str | None
) -> tuple[Calendar, IntArray]:
    """Calendar of the different values of a column, and the place of each value in it."""
    texts = [text_of(value) for value in values]
    kind = kind_of(texts)
    every = kind.read_all(texts) if kind is not None else None
    if kind is None or every is None:
        kind, every = DATE, _days(values, texts, places, column)
    if kind is NUMBER and all(spreadsheet_day(number) for number in every.tolist()):
        raise DataError(
            f"{column!r} holds dates as numbers: {texts[0]} ({spreadsheet_day(every[0])}) for {places[0]}.",
            "Spreadsheets count days from 1900, and such numbers are no periods.",
            "Format the column as a date (2021-02-01) and save the file again.",
        )
    positions, where, order = np.unique(every, return_index=True, return_inverse=True)
    labels: tuple[object, ...] = tuple(texts[k] for k in where)
    if kind is DATE:
        labels = tuple(map(kind.write, positions.tolist()))
    elif kind.write is str:
        labels = tuple(positions.tolist())
    return Calendar(kind, positions, labels, to_extents(kind, positions, year_ends)), np.asarray(order, dtype=np.int64)


def looks_like_a_date(text: str) -> bool:
    """Whether a text has the form of a date, ISO or with slashes."""
    return bool(_DATELIKE.fullmatch(text))


def dashed(value: Any) -> Any:
    """Give 20210401, as databases write the first of April, with its dashes; anything else as it is."""
    text = text_of(value)
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if re.fullmatch(r"\d{8}", text) else value


def _days(values: Sequence[object], texts: Sequence[str], places: Sequence[str], column: str) -> IntArray:
    """Days of a column of dates; an error that says what a period may look like when they are none."""
    written = [dashed(value) for value in values]
    datelike = [looks_like_a_date(text_of(value)) for value in written]
    if not all(datelike):
        raise _no_order(texts, places, column, datelike)
    try:
        return to_dates(written, places).astype(np.int64)
    except DesignError as error:
        raise DataError(
            f"In the period {column!r}, {error.what}",
            "A period read wrongly moves its outcomes to another time.",
            error.fix,
        ) from error


def _no_order(texts: Sequence[str], places: Sequence[str], column: str, datelike: Sequence[bool]) -> DataError:
    """Name the periods that are unlike most of the others."""
    by_kind = [[kind.read(text) is not None for text in texts] for kind in KINDS]
    usual = max([*by_kind, list(datelike)], key=sum)
    odd = [k for k, alike in enumerate(usual) if not alike or 2 * sum(usual) < len(texts)]
    headers = odd == [0] and places[0].endswith("(row 2)")
    said = listing([f"{texts[k]!r} for {places[k]}" for k in odd])
    return DataError(
        f"The order of the periods in {column!r} cannot be known: {said}.",
        "It looks like a second row of headers or of units."
        if headers
        else "Which period comes before which decides what is compared with what.",
        "Delete row 2, so that the data begin below one row of column names."
        if headers
        else "Write all of them as years (2021, 2020-21), quarters (2021-Q3), months (2021-07), dates or numbers.",
    )


def _require_no_absent_period(calendar: Calendar, grid: Grid) -> None:
    """Refuse an otherwise regular sequence of periods in which one is absent for everybody."""
    counted, step, write = _sequence(calendar)
    holes = np.flatnonzero(np.diff(counted) > step) if step else np.array([], dtype=np.int64)
    if not len(holes):
        return
    absent = [
        write(count)
        for hole in holes[:_SHOWN]
        for count in range(counted[hole] + step, counted[hole + 1], step)[:_SHOWN]
    ][:_SHOWN]
    unsaid = int((np.diff(counted)[holes] // step - 1).sum()) - len(absent)
    spreadsheet, hole = grid.spreadsheet(), holes[0]
    both = np.flatnonzero((spreadsheet[:, hole] > 0) & (spreadsheet[:, hole + 1] > 0))
    seen = [
        f"; {who(grid.councils.names[k])}, for one, goes "
        f"from {when(calendar.labels[hole])} (row {spreadsheet[k, hole]}) "
        f"to {when(calendar.labels[hole + 1])} (row {spreadsheet[k, hole + 1]})"
        for k in both[:1]
    ]
    raise DataError(
        f"No council has period {listing([*absent, *[''] * unsaid])}{''.join(seen)}.",
        "Estimators would step over it unseen and count every later exposure one period short.",
        "Add its rows. If the periods really are unequally long, number them 1, 2, 3 in their order.",
    )


def _sequence(calendar: Calendar) -> tuple[IntArray, int, Callable[[int], str]]:
    """Periods as counts, how far apart they should be (0 for irregular dates), and what a count is called."""
    positions, write = calendar.positions, calendar.kind.write
    if len(positions) < 2:
        return positions, 0, write
    if calendar.kind is not DATE:
        return positions, int(np.gcd.reduce(np.diff(positions))), write
    step, unit = step_of(positions)
    if unit == "month":
        day = str(calendar.labels[0])[-2:]
        return month_of(positions), step, lambda count: f"{count // 12}-{count % 12 + 1:02d}-{day}"
    if not unit and len(positions) > _MOST_IRREGULAR:
        raise DataError(
            f"The periods are {len(positions):,} dates at no regular distance, the first of them {calendar.labels[0]}.",
            "They look like the days of single events, and a period holds more than one day.",
            "Add a column with the month, quarter or year of each, and name it as period.",
        )
    return positions, step, write
