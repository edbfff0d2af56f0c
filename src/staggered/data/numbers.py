"""Numbers as they stand in official files: suppression symbols are named, never turned into a number or a gap."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ..errors import DataError, listing
from ..value import BoolArray, FloatArray, IntArray
from .councils import told
from .grid import Grid

# Words that statistical programs write for a missing value.
_BLANK = {"", "NA", "NaN", "nan", "<NA>", "NULL", "null", "None"}
_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_FIRST_ROW = 2
_SHOWN = 4

# Symbols of the Department for Education and its predecessors, and what spreadsheets leave behind.
_SYMBOLS = {
    "c": "confidential: a number hidden to protect children",
    "z": "not applicable, for example a council that did not exist that year",
    "x": "not available; until 2017 a hidden count of 1 to 5",
    "u": "too unreliable to publish",
    "low": "rounds to 0 but is not 0",
    "k": "rounds to 0 but is not 0",
    ":": "not available",
    "~": "rounds to 0 but is not 0",
    "..": "not available",
    ".": "missing, as Stata and SAS write it",
    "-": "not available, or none",
    "*": "a number hidden to protect children",
    "n/a": "not available or not applicable",
    "#multivalue": "several values in one cell",
}
_PATTERNS = (
    (re.compile(r"[<≤]\s*=?\s*\d+"), "a small count hidden to protect children"),
    (re.compile(r"#.*"), "an error of the spreadsheet"),
    (re.compile(r".*%"), "a percentage: 12% could be 12 or 0.12"),
    (re.compile(r"[£$€].*"), "an amount with its currency"),
    (re.compile(r"-?\d+,\d+"), "a comma that is no thousands separator"),
    (re.compile(r"-?[\d\s]+"), "a number with spaces in it"),
)


def to_numbers(column: pd.Series, name: str, grid: Grid, role: str) -> tuple[FloatArray, tuple[str, ...]]:
    """Numbers of a column, nan where it is blank, and a note on what had to be read with care.

    Parameters
    ----------
    column : Series (n,)
        What stands in the data.
    name, role : str
        What the column is called, and what it is there for ("outcome", "size").

    Raises
    ------
    DataError
        Values that are no number, or infinite, each with council, period and row.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise DataError(
            f"The {role} {name!r} holds dates.",
            f"The {role} must be a number.",
            f"Name the column that holds the {role}; Excel turns entries such as 1-2 into dates, so check there too.",
        )
    notes: tuple[str, ...] = ()
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=float, na_value=np.nan)
    else:
        values, notes = _from_text(column, name, grid, role)
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise DataError(
            f"The {role} {name!r} is infinite for {told(infinite, grid.say)}.",
            "Dividing by 0 or the logarithm of 0 leaves such values, and no average survives them.",
            "Mend the calculation, or leave the cell blank so that it is counted as a gap.",
        )
    return values, notes


def require_filled(values: FloatArray, needed: BoolArray, grid: Grid, problem: str, *, why: str, fix: str) -> None:
    """Refuse blanks where a number is needed.

    Raises
    ------
    DataError
        Naming council, period and row of each.
    """
    blank = np.flatnonzero(np.isnan(values) & needed)
    if len(blank):
        raise DataError(f"{problem} for {told(blank, grid.say)}.", why, fix)


def _from_text(column: pd.Series, name: str, grid: Grid, role: str) -> tuple[FloatArray, tuple[str, ...]]:
    """Read text: plain numbers, blanks, and thousands separators where nothing else can be meant."""
    codes, found = pd.factorize(column)
    texts = [str(value).strip() for value in found]
    numbers = (
        pd.to_numeric(pd.Series(found.astype(object)), errors="coerce").to_numpy(dtype=float, na_value=np.nan).copy()
    )
    unread = np.array([k for k in np.flatnonzero(np.isnan(numbers)) if texts[k] not in _BLANK], dtype=np.int64)
    grouped = [k for k in unread if _THOUSANDS.fullmatch(texts[k])]
    wrong = np.setdiff1d(unread, grouped)
    if len(wrong):
        # One decimal comma shows that the others may be decimal commas too.
        raise _not_numbers(wrong, [str(value) for value in found], codes, name, grid, role)
    for k in grouped:
        numbers[k] = float(texts[k].replace(",", ""))
    note = (
        (f"Read the comma in {listing([repr(texts[k]) for k in grouped], 3)} of {name!r} as a thousands separator.",)
        if grouped
        else ()
    )
    return np.append(numbers, np.nan)[codes], note


def _not_numbers(wrong: IntArray, texts: list[str], codes: IntArray, name: str, grid: Grid, role: str) -> DataError:
    """Say every kind of entry that is no number, what it means and where it stands."""
    places = [np.flatnonzero(codes == k) for k in wrong[:_SHOWN]]
    total = int(np.isin(codes, wrong).sum())
    rows = grid.councils.rows
    if total == 1 and rows[places[0][0]] == _FIRST_ROW:
        return DataError(
            f"The {role} {name!r} is {texts[wrong[0]]!r} in row 2, where the first number belongs.",
            "It looks like a second row of headers or a row of units.",
            "Delete it, so that the data begin below one row of column names.",
        )
    said = [
        f"{texts[k]!r}{_meaning(texts[k])} for {told(place, grid.say, 3)}"
        for k, place in zip(wrong, places, strict=False)
    ]
    rest = f"; and {len(wrong) - _SHOWN} more kinds of entry" if len(wrong) > _SHOWN else ""
    return DataError(
        f"The {role} {name!r} is not a number in {total:,} row{'s' if total > 1 else ''}: {'; '.join(said)}{rest}.",
        "A hidden or unreadable number is not 0, and leaving it out unsaid would shift the result.",
        "Put the number in, add periods or areas up until nothing is hidden, or blank the cell to count it as a gap.",
    )


def _meaning(text: str) -> str:
    plain = text.strip().casefold()
    for pattern, meaning in _PATTERNS:
        if plain not in _SYMBOLS and pattern.fullmatch(plain):
            return f" ({meaning})"
    return f" ({_SYMBOLS[plain]})" if plain in _SYMBOLS else ""
