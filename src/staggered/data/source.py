"""Where data come from: a frame, a dict of columns or a file becomes a pandas frame that knows its rows."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import DataError, listing
from ..value import IntArray
from .files import TOP, read_file, require_header_first

_KINDS = "a pandas, polars or pyarrow table, a dict of columns, or the path of a csv, xlsx or parquet file"


@dataclass(frozen=True, slots=True)
class Table:
    """The asked-for columns of some data.

    Parameters
    ----------
    frame : DataFrame
        One column per name, nothing else.
    rows : array (n,)
        Row of each record in a spreadsheet whose header is row 1.
    notes : tuple of str
        What was done to open the data, in sentences.
    """

    frame: pd.DataFrame
    rows: IntArray
    notes: tuple[str, ...] = ()


def open_table(data: object, columns: Sequence[str], names: Sequence[str] = ()) -> Table:
    """Take the asked-for columns out of whatever was handed in.

    Parameters
    ----------
    data : DataFrame, table, mapping or path
        pandas, polars or pyarrow; a dict of columns; a csv, xlsx or parquet file.
    columns : sequence of str
        Columns that must be there.
    names : sequence of str
        Those of them that hold names: read as text from a csv file, so that 007 stays 007.

    Raises
    ------
    DataError
        No such file or kind of file, no rows, a column that is absent or there twice.

    Examples
    --------
    >>> open_table({"council": ["Leeds", "Kent"], "year": [2021, 2021]}, ["council"]).rows
    array([2, 3])
    """
    if isinstance(data, (str, os.PathLike)):
        frame, notes = read_file(Path(data), columns, names)
    else:
        frame, notes = _to_pandas(data, columns), ()
    if isinstance(frame.columns, pd.MultiIndex):
        raise DataError(
            f"The frame has {frame.columns.nlevels} rows of column names.",
            "A column must be found by one name.",
            "Join them into one, for example frame.columns = ['_'.join(names) for names in frame.columns].",
        )
    headed = frame.set_axis([str(name).removeprefix("\ufeff").strip() for name in frame.columns], axis="columns")
    _require_columns(headed, columns)
    wanted = headed[list(columns)]
    rows = np.arange(2, len(wanted) + 2)
    blank = wanted.isna().all(axis="columns").to_numpy()
    if blank.any():
        wanted, rows = wanted[~blank], rows[~blank]
        # Trailing blank rows are how spreadsheets end; others are worth a word.
        inside = np.flatnonzero(blank) + 2
        inside = inside[inside < rows.max(initial=0)]
        if len(inside):
            notes = (*notes, f"Left out {_count(len(inside), 'blank row')}: {listing([*inside])}.")
    if not len(wanted):
        raise DataError(
            "The data hold no rows.",
            "There is nothing to analyse.",
            "Check that the right file or sheet was given and that it was saved with its data.",
        )
    return Table(wanted.reset_index(drop=True), rows, notes)


def _to_pandas(data: object, columns: Sequence[str]) -> pd.DataFrame:
    """Give a frame of any library as a pandas one, importing no library that is not there already."""
    polars, arrow = sys.modules.get("polars"), sys.modules.get("pyarrow")
    if isinstance(data, pd.DataFrame):
        absent = set(columns) - set(map(str, data.columns))
        return data.reset_index() if absent & set(map(str, data.index.names)) else data
    if polars is not None and isinstance(data, (polars.DataFrame, polars.LazyFrame)):
        eager = data.collect() if isinstance(data, polars.LazyFrame) else data
        return pd.DataFrame({name: eager.get_column(name).to_numpy() for name in eager.columns})
    if arrow is not None and isinstance(data, (arrow.Table, arrow.RecordBatch)):
        converted: pd.DataFrame = data.to_pandas()
        return converted
    if isinstance(data, Mapping):
        return _from_mapping(data)
    raise DataError(
        f"The data are of type {type(data).__name__}.",
        "Columns cannot be found in it by name.",
        f"Give {_KINDS}.",
    )


def _from_mapping(data: Mapping[object, object]) -> pd.DataFrame:
    lengths = {
        name: len(column)
        for name, column in data.items()
        if isinstance(column, (Sequence, np.ndarray, pd.Series, pd.Index)) and not isinstance(column, str)
    }
    single = [name for name in data if name not in lengths]
    if single or len(set(lengths.values())) > 1:
        told = [f"{name} has {length}" for name, length in lengths.items()] + [
            f"{name} is a single value" for name in single
        ]
        raise DataError(
            f"The columns are not equally long: {listing(told)}.",
            "Values of one row could not be told from those of another.",
            "Give one value per row in every column.",
        )
    return pd.DataFrame(
        {
            name: np.asarray(column) if isinstance(column, (pd.Series, pd.Index)) else column
            for name, column in data.items()
        }
    )


def _require_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    present = list(frame.columns)
    twice = [name for name in columns if present.count(name) > 1]
    if twice:
        raise DataError(
            f"The column {listing([repr(name) for name in twice])} is there more than once.",
            "Which of them is meant cannot be known.",
            "Rename or delete the one that is not meant.",
        )
    absent = [name for name in columns if name not in present]
    if not absent:
        return
    require_header_first([present, *frame.head(TOP).itertuples(index=False)], columns)
    told = [f"no column {name!r}{_nearest(name, present)}" for name in absent]
    raise DataError(
        f"There is {listing(told)}.",
        f"The columns are {listing([repr(name) for name in present], most=20)}.",
        "Write the name as it stands in the first row of the data.",
    )


def _nearest(name: str, present: Sequence[str]) -> str:
    folded = {other.casefold(): other for other in reversed(present)}
    near = get_close_matches(name.casefold(), folded, n=1)
    return f" (nearest: {folded[near[0]]!r})" if near else ""


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
