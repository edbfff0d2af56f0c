"""From which day to which a period runs, where that can be known."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..value import DateArray, IntArray
from .kinds import DATE, Kind

_DAY = np.timedelta64(1, "D")
_YEAR_ZERO = 1970 * 12
_MONTHS_OF = {"year": 12, "split year": 12, "quarter": 3, "split quarter": 3, "month": 1}


@dataclass(frozen=True, slots=True)
class Extents:
    """First and last day of each period.

    Parameters
    ----------
    days : array (periods, 2)
        NaT where not known.
    unknown : str
        Why some are not known and what would settle it; "" when all are.
    note : str
        How the periods were understood, where that could be asked.
    """

    days: DateArray
    unknown: str = ""
    note: str = ""

    @property
    def known(self) -> DateArray | None:
        """First and last day of each period; None unless all of them are known."""
        return None if np.isnat(self.days).any() else self.days


@dataclass(frozen=True, slots=True)
class YearStart:
    """First day of years that are named by the year in which they end.

    Examples
    --------
    >>> YearStart.after("03-31")
    YearStart(month=4, day=1)
    """

    month: int
    day: int

    @classmethod
    def after(cls, year_ends: str) -> YearStart:
        """Read the last day of the year, such as "03-31".

        Raises
        ------
        DataError
            A text that is no month and day.
        """
        try:
            last = np.datetime64(f"2001-{year_ends}", "D") if re.fullmatch(r"\d\d-\d\d", year_ends) else None
        except ValueError:
            last = None
        _, month, day = map(int, str(last + _DAY).split("-")) if last is not None else (0, 0, 0)
        if not 1 <= day <= 28:
            raise DataError(
                f"year_ends={year_ends!r} is not the last day of a year.",
                "It is month and day, and decides which twelve months a bare year means.",
                'Write "03-31" for years ending 31 March, "08-31" for school years, "12-31" for calendar years.',
            )
        return cls(month, day)

    def months(self, years: IntArray) -> IntArray:
        """Month, counted from year 0, in which each year begins."""
        before = 0 if (self.month, self.day) == (1, 1) else 1
        return np.asarray((years - before) * 12 + self.month - 1)


def to_extents(kind: Kind, positions: IntArray, year_ends: str | None) -> Extents:
    """First and last days of periods of a kind.

    Raises
    ------
    DataError
        `year_ends` for periods to which it says nothing.

    Examples
    --------
    >>> from staggered.data.kinds import YEAR
    >>> to_extents(YEAR, np.array([2021]), "03-31").days
    array([['2020-04-01', '2021-03-31']], dtype='datetime64[D]')
    """
    start = YearStart.after(year_ends) if year_ends is not None else None
    if kind is DATE:
        return _of_dates(positions) if start is None else _of_last_days(positions, start)
    if kind.name in {"number", "month"}:
        if start is not None:
            raise DataError(
                f"year_ends={year_ends!r} was given, but the periods are {kind.name}s.",
                "It says which twelve months a bare year means.",
                "Leave it out.",
            )
        if kind.name == "month":
            return Extents(_stretches(positions, 1, 1))
        return Extents(
            _nowhere(positions), "Numbered periods have no dates: give the number of the first treated period as start."
        )
    if start is not None:
        length = _MONTHS_OF[kind.name]
        begins = start.months(positions // (12 // length)) + positions % (12 // length) * length
        return Extents(_stretches(begins, start.day, length))
    last = kind.write(int(positions[-1]))
    if kind.name == "quarter":
        return Extents(
            _stretches(positions * 3, 1, 3),
            "",
            f"{last} is read as a quarter of the calendar year; year_ends= says otherwise.",
        )
    return Extents(
        _nowhere(positions),
        f'{last} may end in March, August or December: say year_ends="03-31" if it ends on 31 March.',
    )


def step_of(positions: IntArray) -> tuple[int, str]:
    """Regular distance between dates with its unit, "month" or "day"; (0, "") when there is none.

    Examples
    --------
    >>> step_of(np.array(["2021-01-01", "2021-04-01", "2021-07-01"], dtype="datetime64[D]").astype(int))
    (3, 'month')
    """
    if len(positions) < 2:
        return 0, ""
    of_month = _day_of_month(positions)
    if (of_month == of_month[0]).all() and of_month[0] <= 28 and (step := _regular(np.diff(month_of(positions)))):
        return step, "month"
    step = _regular(np.diff(positions))
    return step, "day" if step else ""


def month_of(positions: IntArray) -> IntArray:
    """Month of each day, counted from year 0."""
    return np.asarray(positions.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + _YEAR_ZERO)


def _day_of_month(positions: IntArray) -> IntArray:
    days = positions.astype("datetime64[D]")
    return np.asarray((days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1)


def _regular(distances: IntArray) -> int:
    """Shortest distance when all are multiples of it and at least half are it; else 0."""
    shortest = int(distances.min())
    return shortest if not (distances % shortest).any() and (distances == shortest).mean() >= 0.5 else 0


def _of_dates(positions: IntArray) -> Extents:
    """Periods named by their first days: each ends where the next begins."""
    begins = positions.astype("datetime64[D]")
    if (_day_of_month(positions + 1) == 1).all():
        return Extents(
            _nowhere(positions),
            f"{begins[-1]} may end a period or begin one: give first days, or bare years with year_ends=.",
        )
    step, unit = step_of(positions)
    if unit == "month":
        return Extents(_stretches(month_of(positions), int(_day_of_month(positions)[0]), step))
    last = begins[-1] + np.timedelta64(step - 1, "D") if unit else np.datetime64("NaT", "D")
    days = np.column_stack([begins, np.append(begins[1:] - _DAY, last)])
    return Extents(
        days,
        ""
        if unit
        else "The periods are unequally long and the end of the last is not known: give a first day as start.",
    )


def _of_last_days(positions: IntArray, start: YearStart) -> Extents:
    """Years named by their last days, as in "on 31 March 2021"."""
    lasts = positions.astype("datetime64[D]")
    days = _stretches(start.months(lasts.astype("datetime64[Y]").astype(np.int64) + 1970), start.day, 12)
    if (days[:, 1] != lasts).any():
        raise DataError(
            f"year_ends was given, but the periods are dates such as {lasts[-1]}.",
            "Dates are the first days of their periods, unless all of them are the last day of such a year.",
            "Leave year_ends out, or name the periods by bare years.",
        )
    return Extents(days, "", f"{lasts[-1]} is read as the year that ends on that day.")


def _nowhere(positions: IntArray) -> DateArray:
    return np.full((len(positions), 2), np.datetime64("NaT", "D"))


def _stretches(months: IntArray, day: int, length: int) -> DateArray:
    """First and last days of stretches of whole months, each beginning on a day of a month counted from year 0."""
    first_days = [(months + more - _YEAR_ZERO).astype("datetime64[M]").astype("datetime64[D]") for more in (0, length)]
    days = np.column_stack([first_days[0].astype(np.int64), first_days[1].astype(np.int64) - 1]) + day - 1
    return days.astype("datetime64[D]")
