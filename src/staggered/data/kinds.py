"""Kinds of period: numbers, years, split years, quarters, months and dates, each read from text to a count."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..value import IntArray

_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_YEAR = r"((?:19|20)\d\d|2100)"
_SPLIT = rf"{_YEAR}\s*[-/–]?\s*(\d\d\d\d|\d\d)"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME = rf"({'|'.join(_MONTHS)})[a-z]*"


@dataclass(frozen=True, slots=True)
class Kind:
    """A way of naming periods.

    Parameters
    ----------
    name : str
        "number", "year", "split year", "quarter", "split quarter", "month" or "date".
    read : callable
        Position of a text in the endless sequence of such periods; None when it is no such text.
    write : callable
        The text of a position.
    """

    name: str
    read: Callable[[str], int | None]
    write: Callable[[int], str]

    def read_all(self, texts: Sequence[str]) -> IntArray | None:
        """Positions of all the texts; None when one of them is not of this kind."""
        found = [self.read(text) for text in texts]
        known = [position for position in found if position is not None]
        return np.array(known, dtype=np.int64) if len(known) == len(found) else None


def spreadsheet_day(number: int) -> str:
    """Day that a spreadsheet would mean by a number, if that lies in 1982 to 2064; "" otherwise.

    Examples
    --------
    >>> spreadsheet_day(44228), spreadsheet_day(2021)
    ('2021-02-01', '')
    """
    # What a date becomes when a spreadsheet forgets that it is one.
    return str(np.datetime64("1899-12-30", "D") + np.timedelta64(number, "D")) if 30_000 <= number < 60_000 else ""


def _number(text: str) -> int | None:
    match = re.fullmatch(r"(-?\d{1,7})(?:\.0+)?", text)
    return int(match[1]) if match else None


def _year(text: str) -> int | None:
    number = _number(text)
    return number if number is not None and _FIRST_YEAR <= number <= _LAST_YEAR else None


def _split_year(text: str) -> int | None:
    """Count 2020-21, 2020/2021 and 202021 by the year in which they end."""
    match = re.fullmatch(_SPLIT, text)
    return _end_of_split(match[1], match[2]) if match else None


def _end_of_split(first: str, second: str) -> int | None:
    end = int(first) + 1
    return end if str(end).endswith(second) else None


def _quarter(text: str) -> int | None:
    match = re.fullmatch(rf"{_YEAR}[\s-]*Q([1-4])", text, re.IGNORECASE)
    if match:
        return int(match[1]) * 4 + int(match[2]) - 1
    match = re.fullmatch(rf"Q([1-4])[\s-]*{_YEAR}", text, re.IGNORECASE)
    return int(match[2]) * 4 + int(match[1]) - 1 if match else None


def _split_quarter(text: str) -> int | None:
    match = re.fullmatch(rf"{_SPLIT}[\s-]*Q([1-4])", text, re.IGNORECASE)
    if match:
        end, quarter = _end_of_split(match[1], match[2]), match[3]
    else:
        match = re.fullmatch(rf"Q([1-4])[\s-]*{_SPLIT}", text, re.IGNORECASE)
        if not match:
            return None
        end, quarter = _end_of_split(match[2], match[3]), match[1]
    return None if end is None else end * 4 + int(quarter) - 1


def _month(text: str) -> int | None:
    plain = text.casefold()
    if match := re.fullmatch(rf"{_YEAR}(?:[-/\s]?m?)(\d{{1,2}})", plain):
        year, month = int(match[1]), int(match[2])
    elif match := re.fullmatch(rf"(\d{{1,2}})[/-]{_YEAR}", plain):
        year, month = int(match[2]), int(match[1])
    elif match := re.fullmatch(rf"{_MONTH_NAME}[-\s]+(\d\d\d\d|\d\d)", plain):
        year, month = int(match[2]) + (2000 if len(match[2]) == 2 else 0), _MONTHS.index(match[1]) + 1
    elif match := re.fullmatch(rf"{_YEAR}[-\s]+{_MONTH_NAME}", plain):
        year, month = int(match[1]), _MONTHS.index(match[2]) + 1
    else:
        return None
    return year * 12 + month - 1 if 1 <= month <= 12 else None


def _write_split(end: int) -> str:
    return f"{end - 1}-{end % 100:02d}"


NUMBER = Kind("number", _number, str)
YEAR = Kind("year", _year, str)
SPLIT_YEAR = Kind("split year", _split_year, _write_split)
QUARTER = Kind("quarter", _quarter, lambda k: f"{k // 4}-Q{k % 4 + 1}")
SPLIT_QUARTER = Kind("split quarter", _split_quarter, lambda k: f"{_write_split(k // 4)} Q{k % 4 + 1}")
MONTH = Kind("month", _month, lambda k: f"{k // 12}-{k % 12 + 1:02d}")
DATE = Kind("date", lambda text: None, lambda day: str(np.datetime64(day, "D")))

# In this order: 2010-11 is a split year if all of a column may be, and 202104 is a month before it is a number.
KINDS = (YEAR, SPLIT_YEAR, QUARTER, SPLIT_QUARTER, MONTH, NUMBER)


def kind_of(texts: Sequence[str]) -> Kind | None:
    """Kind that all of some texts are of, words before a number allowed when they are the same throughout.

    Examples
    --------
    >>> kind_of(["2020-21", "2021-22"]).name, kind_of(["Wave 1", "Wave 2"]).name, kind_of(["before", "after"])
    ('split year', 'number', None)
    """
    for kind in KINDS:
        if kind.read_all(texts) is not None:
            return kind
    matches = [re.fullmatch(r"(.*?\D)(\d+)", text, re.DOTALL) for text in texts]
    words = {match[1].strip().casefold() if match else "" for match in matches}
    if len(words) != 1 or "" in words:
        return None
    first = next(match[1] for match in matches if match)
    return _after(first, kind_of([match[2] for match in matches if match]) or NUMBER)


def _after(words: str, kind: Kind) -> Kind:
    """Give the same kind of period with words before it, which may be left out."""

    def read(text: str) -> int | None:
        head = text[: len(words)]
        return kind.read(text[len(words) :].strip() if head.strip().casefold() == words.strip().casefold() else text)

    return Kind(kind.name, read, lambda k: f"{words}{kind.write(k)}")
