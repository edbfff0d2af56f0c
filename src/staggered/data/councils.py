"""Names of councils: blank ones and two spellings of one are refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
import pandas as pd

from ..errors import DataError, listing
from ..value import BoolArray, IntArray
from .source import Table

# Marks that come and go between spellings of one name; & is a word.
_MARKS = str.maketrans({**dict.fromkeys("-_.,'’`/()\u00a0", " "), "&": " and "})
# Words that say what kind of council it is: Leeds is Leeds City Council.
_KINDS = frozenset({
    "the", "of", "and", "council", "city", "county", "borough", "district", "metropolitan", "unitary", "authority",
    "royal", "mbc", "cc", "bc", "lbc", "la",
})  # fmt: skip
_AREAS = frozenset({
    "all", "all councils", "all las", "average", "mean", "national", "sum", "grand total", "england", "wales",
    "england and wales", "united kingdom", "north east", "north west", "yorkshire and the humber",
    "yorkshire and humber", "east midlands", "west midlands", "east of england", "london", "inner london",
    "outer london", "south east", "south west",
})  # fmt: skip
_ALIKE = 0.88
_BETWEEN = "\x1f"
_MOST_COMPARED = 400


@dataclass(frozen=True, slots=True)
class Councils:
    """The clusters of some data, in the order of their first rows.

    Parameters
    ----------
    names : tuple of str
        Each cluster once.
    codes : array (n,)
        Which cluster each record belongs to.
    rows : array (n,)
        Spreadsheet row of each record.
    """

    names: tuple[str, ...]
    codes: IntArray
    rows: IntArray

    def say(self, k: int) -> str:
        """Name the cluster and the spreadsheet row of a record."""
        return f"{who(self.names[self.codes[k]])} (row {self.rows[k]})"


def to_councils(table: Table, column: str) -> Councils:
    """Clusters of a column of names.

    Raises
    ------
    DataError
        A blank name, or two spellings of one name.
    """
    codes, found = pd.factorize(table.frame[column])
    values = found.tolist()
    if pd.api.types.is_integer_dtype(found.dtype):
        # No name is blank or spelled twice among whole numbers, of which there may be a million.
        return Councils(tuple(map(str, values)), np.asarray(codes, dtype=np.int64), table.rows)
    # The same number as a number and as text is one spelling; Leeds with and without a space are two.
    spelled, spellings = pd.factorize(
        np.array([value if isinstance(value, str) else text_of(value) for value in values], dtype=object)
    )
    blank = np.append([not spelling.strip() for spelling in spellings[spelled]], True)[codes].astype(bool)
    if blank.any():
        raise DataError(
            f"The column {column!r} is blank in row {listing([*table.rows[blank]])}.",
            "A row without a name belongs to nobody; merged cells, totals and footnotes are the usual causes.",
            "Fill the name in on every row, or delete the row.",
        )
    codes = np.asarray(spelled[codes], dtype=np.int64)
    _refuse_two_spellings(spellings.tolist(), codes, table.rows, column)
    return Councils(tuple(spelling.strip() for spelling in spellings), codes, table.rows)


def text_of(value: object) -> str:
    """Give a value as text: a whole number without decimal point, a day without midnight, a blank as nothing.

    Examples
    --------
    >>> text_of(7.0), text_of(" Leeds "), text_of(None)
    ('7', 'Leeds', '')
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else str(int(value)) if float(value).is_integer() else str(value)
    return str(value).strip().removesuffix(" 00:00:00")


def who(name: str) -> str:
    """Name a cluster in a sentence; a bare number is said to be a council.

    Examples
    --------
    >>> who("Leeds"), who("17")
    ('Leeds', 'council 17')
    """
    return f"council {name}" if name.isdigit() else name


def told(positions: IntArray, say: Callable[[int], str], most: int = 5) -> str:
    """Say the first of many places in a sentence, with the count of the rest.

    Examples
    --------
    >>> told(np.arange(7), str, most=2)
    '0, 1 and 5 more'
    """
    # Only those that are shown are put into words: a column can be wrong a million times over.
    return listing([*map(say, map(int, positions[:most])), *[""] * max(0, len(positions) - most)], most)


def misspelt(names: Sequence[str], present: BoolArray) -> list[tuple[str, str]]:
    """Pairs of names that differ in a letter or two and never have an outcome in the same period.

    Parameters
    ----------
    names : sequence of str
        Clusters.
    present : array (clusters, periods)
        Where each has an outcome.
    """
    gappy = [k for k in np.flatnonzero(~present.all(axis=1)).tolist() if not names[k].isdigit()]
    if len(gappy) > _MOST_COMPARED:
        return []
    pairs = [
        (first, second)
        for k, first in enumerate(gappy)
        for second in gappy[k + 1 :]
        if not (present[first] & present[second]).any()
    ]
    return [(names[first], names[second]) for first, second in pairs if _alike(names[first], names[second])]


def of_an_area(names: Sequence[str]) -> list[str]:
    """Names that stand for a total, a country or a region, and not for a council.

    Examples
    --------
    >>> of_an_area(["Leeds", "England", "TOTAL", "South East"])
    ['England', 'TOTAL', 'South East']
    """
    return [name for name in names if _plain(name) in _AREAS or _plain(name).startswith("total")]


def _alike(first: str, second: str) -> bool:
    # Codes such as E06000061 and E06000062 are meant to differ in a digit.
    if [letter for letter in first if letter.isdigit()] != [letter for letter in second if letter.isdigit()]:
        return False
    bare = [" ".join(word for word in _plain(name).split() if word not in _KINDS) for name in (first, second)]
    if bare[0] and bare[0] == bare[1]:
        return True
    return SequenceMatcher(None, first.casefold(), second.casefold()).ratio() >= _ALIKE


def _plain(name: str) -> str:
    """Spelling without case, spaces, marks and the order of "Bristol, City of"."""
    head, comma, tail = name.partition(",")
    text = f"{tail} {head}" if comma else name
    plain = " ".join(text.translate(_MARKS).casefold().split())
    return name.strip() if plain.replace(" ", "").isdigit() else plain


def _refuse_two_spellings(spellings: Sequence[str], codes: IntArray, rows: IntArray, column: str) -> None:
    if _plainly_different(spellings):
        return
    plain, meant = pd.factorize(np.array([_plain(name) for name in spellings], dtype=object))
    if len(meant) == len(spellings):
        return
    groups = [np.flatnonzero(plain == k).tolist() for k in np.flatnonzero(np.bincount(plain) > 1)]
    said = [
        " and ".join(f"{spellings[k]!r} (first in row {rows[np.argmax(codes == k)]})" for k in group)
        for group in groups
    ]
    raise DataError(
        f"The column {column!r} spells one name in more than one way: {listing(said)}.",
        "Read as they stand they would be different councils, each with half its history.",
        "Use one spelling throughout.",
    )


def _plainly_different(spellings: Sequence[str]) -> bool:
    """Whether names differ even in their letters and digits alone: one pass over all of them, for long lists."""
    together = _BETWEEN.join(spellings).casefold().replace("&", "and")
    bare = re.sub(rf"[^\w{_BETWEEN}]|_", "", together).split(_BETWEEN)
    return "," not in together and len(set(bare)) == len(spellings)
