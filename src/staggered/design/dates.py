"""Dates as councils write them: ISO or day first, never guessed when they could mean two days."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

import numpy as np

from ..errors import DesignError, listing
from ..value import DateArray

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ][\d:.+Z-]*)?")
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?: [\d:]*)?")


def to_dates(values: Sequence[object], names: Sequence[object]) -> DateArray:
    """Dates of a column, `names` saying whose each one is; blank (None, nan, "") becomes NaT.

    Day-first dates are read as such when at least one of the column cannot be month first
    (25/12/2021) and none cannot be day first; a column that could be either is refused.

    Raises
    ------
    DesignError
        A text that is no date, or a column whose dates could be read two ways.

    Examples
    --------
    >>> to_dates(["2021-02-01", "", "25/12/2021"], ["Leeds", "Kent", "Bath"])
    array(['2021-02-01',        'NaT', '2021-12-25'], dtype='datetime64[D]')
    """
    slashed: dict[int, tuple[int, int, int]] = {}
    found = np.full(len(values), np.datetime64("NaT", "D"))
    for k, value in enumerate(values):
        if _blank(value):
            continue
        if isinstance(value, np.datetime64):
            found[k] = value.astype("datetime64[D]")
        elif isinstance(value, (datetime.date, datetime.datetime)):
            found[k] = np.datetime64(value.strftime("%Y-%m-%d"), "D")
        elif match := _ISO.fullmatch(str(value).strip()):
            year, month, day = map(int, match.groups())
            found[k] = _calendar(year, month, day, value, names[k])
        elif match := _SLASHED.fullmatch(str(value).strip()):
            first, second, year = map(int, match.groups())
            slashed[k] = (first, second, year)
        else:
            raise DesignError(
                f"{names[k]!s} has {value!r} where a date belongs.",
                "Without the day of go-live nobody knows which periods are treated.",
                "Write dates as 2021-02-01 (year, month, day) or 25/12/2021.",
            )
    _refuse_ambiguous(slashed, values, names)
    for k, (day, month, year) in slashed.items():
        found[k] = _calendar(year, month, day, values[k], names[k])
    return found


def to_date(value: object, name: str) -> np.datetime64:
    """One date that must be there."""
    date: np.datetime64 = to_dates([value], [name])[0]
    if np.isnat(date):
        raise DesignError(
            f"{name} is blank.",
            "The window of a rollout needs its first and last day.",
            "Give a date, such as 2020-03-01.",
        )
    return date


def _blank(value: object) -> bool:
    if value is None:
        return True
    if isinstance(value, (float, np.floating)) and not np.isfinite(value):
        return True
    if isinstance(value, np.datetime64) and np.isnat(value):
        return True
    return str(value).strip() in {"", "nan", "NaT", "NaN", "None", "inf", "never", "Never"}


def _refuse_ambiguous(
    slashed: dict[int, tuple[int, int, int]], values: Sequence[object], names: Sequence[object]
) -> None:
    """Refuse dates such as 03/04/2021 unless another of the column settles the order."""
    month_first = [k for k, (_, second, _) in slashed.items() if second > 12]
    if month_first:
        k = month_first[0]
        raise DesignError(
            f"{names[k]!s} has {values[k]!r}, whose second number cannot be a month.",
            "Dates here are day first (25/12/2021) or ISO (2021-12-25); month-first dates would be read wrongly.",
            "Write it as year-month-day, such as 2021-12-25.",
        )
    unsettled = [k for k, (first, second, _) in slashed.items() if first <= 12 and first != second]
    settled = any(first > 12 for first, _, _ in slashed.values())
    if unsettled and not settled:
        k = unsettled[0]
        raise DesignError(
            f"{listing([names[j] for j in unsettled])} has {values[k]!r}, which could mean two days.",
            "A go-live read in the wrong month moves a council to the wrong step.",
            "Write it as year-month-day, such as 2021-04-03.",
        )


def _calendar(year: int, month: int, day: int, value: object, name: object) -> np.datetime64:
    try:
        return np.datetime64(datetime.date(year, month, day), "D")
    except ValueError:
        raise DesignError(
            f"{name!s} has {value!r}, a day that no calendar has.",
            "Without the day of go-live nobody knows which periods are treated.",
            "Correct the date.",
        ) from None
