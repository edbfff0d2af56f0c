"""From go-live to schedule: which periods of a council are treated when it adopts inside one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..design.dates import to_dates
from ..errors import DataError, DesignError, listing
from ..value import BoolArray, DateArray, FloatArray, IntArray
from .calendar import Calendar, dashed, looks_like_a_date
from .councils import text_of, told, who
from .grid import Grid, when
from .kinds import NUMBER, spreadsheet_day

_NEVER = {"", "inf", "infinity", "never", "never treated", "nan", "na", "<na>", "nat", "null", "none"}
_NO_TIME = np.iinfo(np.int64).max
_CODED = {
    "any": "counts as treated when any of it is",
    "half": "counts as treated when at least half of it is",
    "full": "counts as treated when all of it is",
    "blank": "is left out as a transition",
    "fraction": "is coded as the share of it that is treated",
}


@dataclass(frozen=True, slots=True)
class GoLives:
    """The different go-lives of a column, the last of them standing for never.

    Parameters
    ----------
    said : tuple of str
        How each is written.
    times : array (starts,)
        Position among the periods' kind or day; the largest number for never.
    share : array (starts, periods)
        Share of each period that is treated.
    early, late : array (starts,)
        Whether it lies before the first or after the last period.
    dated : bool
        Whether they are days rather than periods.
    """

    said: tuple[str, ...]
    times: IntArray
    share: FloatArray
    early: BoolArray
    late: BoolArray
    dated: bool


def to_schedule(
    column: pd.Series, name: str, grid: Grid, calendar: Calendar, adopt: str, partial: str
) -> tuple[FloatArray, tuple[str, ...]]:
    """Treatment of each cell from a column of go-lives, and what the reader must know of it.

    Parameters
    ----------
    column : Series (n,)
        First treated period or date of the record's cluster; blank, infinite or "never" for never.
    adopt, partial : str
        See `coded`.

    Returns
    -------
    treatment : array (clusters, periods)
    notes : tuple of str

    Raises
    ------
    DataError
        Two go-lives for one cluster, one before the first period, one that is neither a period nor a
        date, or a date against periods whose days are not known.
    """
    codes, found = pd.factorize(column)
    places = _first_places(codes, len(found), grid)
    lives = _to_go_lives(list(found), places, name, calendar)
    first = grid.constant(
        lives.times[codes],
        lambda k: lives.said[codes[k]],
        "One council has two go-lives",
        why=f"A council goes live once, and {name!r} says when; one that stops again needs treated= instead.",
        fix="Write the same go-live on every row of a council, or blank on every row if it never went live.",
    )
    own = codes[first]

    def say(council: int) -> str:
        row = grid.councils.rows[first[council]]
        return f"{who(grid.councils.names[council])} ({lives.said[own[council]]}, row {row})"

    early = np.flatnonzero(lives.early[own])
    if len(early):
        raise DataError(
            f"The go-live lies before the first period, {calendar.labels[0]}, for {told(early, say)}.",
            "Such a council is never seen without treatment, and a mistyped year looks the same.",
            f"Correct it, leave the council out, or write {calendar.labels[0]} if it was treated from the start.",
        )
    notes = [
        *([calendar.extents.note] if lives.dated and calendar.extents.note else []),
        *_zeros(lives, own),
        *_lates(lives, own, say, calendar),
        *_insides(lives, own, say, calendar, partial if partial != "treated" else adopt),
    ]
    return coded(lives.share, adopt, partial)[own], tuple(notes)


def coded(share: FloatArray, adopt: str, partial: str) -> FloatArray:
    """Treatment of each period from the share of it that is treated.

    Parameters
    ----------
    share : array (starts, periods)
        From 0 to 1.
    adopt : {"any", "half", "full"}
        How much of a period must be treated for it to count as treated.
    partial : {"treated", "blank", "fraction"}
        Whether the period of a go-live is coded as `adopt` says, left unobserved, or coded as its share.

    Examples
    --------
    >>> share = np.array([[0, 0.4, 1]])
    >>> coded(share, "any", "treated"), coded(share, "half", "treated"), coded(share, "any", "blank")
    (array([[0., 1., 1.]]), array([[0., 0., 1.]]), array([[ 0., nan,  1.]]))
    """
    counts = {"any": share > 0, "half": share >= 0.5, "full": share >= 1}[adopt].astype(float)
    if partial == "treated":
        return counts
    inside = (share > 0) & (share < 1)
    return np.where(inside, np.nan if partial == "blank" else share, counts)


def _first_places(codes: IntArray, count: int, grid: Grid) -> list[str]:
    first = np.zeros(count, dtype=np.int64)
    seen = np.flatnonzero(codes >= 0)[::-1]
    first[codes[seen]] = seen
    return [grid.councils.say(int(k)) for k in first]


def _to_go_lives(values: Sequence[object], places: Sequence[str], name: str, calendar: Calendar) -> GoLives:
    texts = [text_of(value) for value in values]
    zero_is_never = calendar.kind.name in {"number", "year"} and calendar.positions[0] > 0
    live = [k for k, text in enumerate(texts) if text.casefold() not in _NEVER and not (zero_is_never and text == "0")]
    times = np.full(len(texts) + 1, _NO_TIME)
    share = np.zeros((len(texts) + 1, len(calendar.labels)))
    early, late = np.zeros((2, len(texts) + 1), dtype=bool)
    dated = False
    if live:
        written, where = [texts[k] for k in live], [places[k] for k in live]
        read = [_position(text, calendar) for text in written]
        if None not in read:
            times[live] = [position for position in read if position is not None]
            _refuse_spreadsheet_days(written, where, name, calendar)
            share[live] = times[live][:, None] <= calendar.positions
            early[live], late[live] = times[live] < calendar.positions[0], times[live] > calendar.positions[-1]
        else:
            dated = True
            days = _days([values[k] for k in live], written, where, name, calendar)
            times[live] = days.astype(np.int64)
            share[live] = _shares(days, calendar.extents.days)
            early[live], late[live] = days < calendar.extents.days[0, 0], days > calendar.extents.days[-1, 1]
    return GoLives((*[text or "blank" for text in texts], "blank"), times, share, early, late, dated)


def _position(text: str, calendar: Calendar) -> int | None:
    """Position of a go-live that is written as a period."""
    position = calendar.kind.read(text)
    # Years far from any period, such as 9999 for never, are still years.
    return NUMBER.read(text) if position is None and calendar.kind.name == "year" else position


def _days(
    values: Sequence[object], texts: Sequence[str], places: Sequence[str], name: str, calendar: Calendar
) -> DateArray:
    """Days of go-lives that are not written as periods."""
    _refuse_spreadsheet_days(texts, places, name, calendar)
    as_period = [k for k, text in enumerate(texts) if _position(text, calendar) is not None]
    neither = [k for k, text in enumerate(texts) if k not in as_period and not looks_like_a_date(dashed(text))]
    if neither:
        raise DataError(
            f"{name!r} holds what is neither a period nor a date: "
            f"{listing([f'{texts[k]!r} for {places[k]}' for k in neither])}.",
            "Without the go-live nobody knows which periods are treated.",
            f"Write a period as in these data ({calendar.labels[0]}) or a date (2021-02-01); blank is never.",
        )
    if as_period:
        k, other = as_period[0], next(j for j in range(len(texts)) if j not in as_period)
        raise DataError(
            f"{name!r} is written in two ways: {texts[k]} for {places[k]} and {texts[other]} for {places[other]}.",
            "A period and a date inside a period do not mean the same.",
            "Write all of them as periods, or all as dates.",
        )
    try:
        days = to_dates([dashed(value) for value in values], places)
    except DesignError as error:
        raise DataError(
            f"In the go-live {name!r}, {error.what}", error.why, f"{error.fix} Leave the cell blank for never."
        ) from error
    begins, last = calendar.extents.days[:, 0], calendar.extents.days[-1, 1]
    beyond = [k for k, day in enumerate(days) if np.isnat(begins[0]) or (np.isnat(last) and day > begins[-1])]
    if beyond:
        raise DataError(
            f"{name!r} holds dates, but which days the periods {listing([*calendar.labels])} cover is not known: "
            f"{listing([f'{texts[k]} for {places[k]}' for k in beyond])}.",
            "A go-live set against the wrong twelve months moves the council by a period.",
            calendar.extents.unknown,
        )
    return days


def _shares(days: DateArray, extents: DateArray) -> FloatArray:
    """Share of each period, (starts, periods), that lies on or after each day."""
    begins = extents[:, 0]
    # The last of unequal periods has no known end, and no go-live falls inside it.
    ends = np.where(np.isnat(extents[:, 1]), begins, extents[:, 1])
    treated = (ends - np.maximum(days[:, None], begins)).astype(np.int64) + 1
    return np.asarray(np.maximum(treated, 0) / ((ends - begins).astype(np.int64) + 1))


def _refuse_spreadsheet_days(texts: Sequence[str], places: Sequence[str], name: str, calendar: Calendar) -> None:
    """Refuse day counts such as 44228, which would otherwise be years far in the future."""
    days = [spreadsheet_day(number) if (number := NUMBER.read(text)) is not None else "" for text in texts]
    if calendar.kind is NUMBER and spreadsheet_day(int(calendar.positions[-1])):
        return
    said = [
        f"{text} for {place} (which would be {day})"
        for text, place, day in zip(texts, places, days, strict=True)
        if day
    ]
    if said:
        raise DataError(
            f"{name!r} holds dates as numbers: {listing(said)}.",
            "Spreadsheets count days from 1900, and such a number is no year.",
            "Format the column as a date (2021-02-01) and save the file again.",
        )


def _zeros(lives: GoLives, own: IntArray) -> list[str]:
    zero = [
        k
        for k, (text, time) in enumerate(zip(lives.said, lives.times, strict=True))
        if text == "0" and time == _NO_TIME
    ]
    count = int(np.isin(own, zero).sum()) if zero else 0
    return [f"A go-live of 0 is read as never ({count:,} {'council' if count == 1 else 'councils'})."] if zero else []


def _lates(lives: GoLives, own: IntArray, say: Callable[[int], str], calendar: Calendar) -> list[str]:
    late = np.flatnonzero(lives.late[own])
    if not len(late):
        return []
    return [f"After the last period, {calendar.labels[-1]}, and so untreated within these data: {told(late, say)}."]


def _insides(lives: GoLives, own: IntArray, say: Callable[[int], str], calendar: Calendar, rule: str) -> list[str]:
    inside = (lives.share > 0) & (lives.share < 1)
    found = np.flatnonzero(inside[own].any(axis=1))
    if not len(found):
        return []

    def say_share(council: int) -> str:
        period = int(inside[own[council]].argmax())
        return f"{say(council)}: {lives.share[own[council], period]:.0%} of {when(calendar.labels[period])}"

    return [f"A period in which a council goes live {_CODED[rule]}: {told(found, say_share, 20)}."]
