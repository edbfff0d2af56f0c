"""Files as councils keep them: csv in any of the usual encodings, xlsx with its sheets, parquet."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from ..errors import DataError, listing

_TEXT = {".csv", ".tsv", ".txt"}
_WORKBOOK = {".xlsx", ".xlsm"}
_DELIMITERS = (",", ";", "\t", "|")
# How far down a header is looked for.
TOP = 20
Opened = tuple[pd.DataFrame, tuple[str, ...]]


def read_file(path: Path, columns: Sequence[str], names: Sequence[str] = ()) -> Opened:
    """Open a file by its ending: the frame as it stands, and what had to be done to open it.

    Raises
    ------
    DataError
        A file that is absent, empty, damaged or of another kind.
    """
    if not path.is_file():
        raise DataError(
            f"There is no file {str(path)!r}.",
            f"The folder looked in is {str(path.absolute().parent)!r}.",
            "Check the spelling and the folder, or give the whole path.",
        )
    ending = path.suffix.lower()
    if path.stat().st_size == 0:
        raise DataError(
            f"The file {path.name} is empty.", "There is nothing to analyse.", "Save it again with its data."
        )
    if ending in _TEXT:
        return _read_text(path, columns, names)
    if ending in _WORKBOOK:
        return _read_workbook(path, columns)
    if ending == ".parquet":
        return _read_parquet(path), ()
    raise DataError(
        f"The file {path.name} ends in {ending or 'nothing'!r}.",
        "Files that can be read end in .csv, .tsv, .txt, .xlsx, .xlsm or .parquet.",
        "Open it in Excel and save it as .xlsx or as CSV UTF-8.",
    )


def require_header_first(records: Iterable[Iterable[object]], columns: Sequence[str]) -> None:
    """Refuse a header that stands below other rows.

    Parameters
    ----------
    records : iterable of rows
        What stands at the top, from row 1.
    columns : sequence of str
        Names that the header has.

    Raises
    ------
    DataError
        Naming the row in which they stand.
    """
    for row, record in enumerate(records, start=1):
        if set(columns) <= {str(value).strip() for value in record}:
            if row == 1:
                return
            named = listing([repr(name) for name in columns])
            raise DataError(
                f"Row 1 does not hold the column names; {named} stand in row {row}.",
                "Titles above the header, or a header of two rows, leave columns without their names.",
                "Delete the rows above, so that one row of column names comes first.",
            )


def _read_text(path: Path, columns: Sequence[str], names: Sequence[str]) -> Opened:
    """Read delimited text; nothing but an empty field is taken for a blank."""
    text, notes = _decoded(path)
    if not text.strip():
        raise DataError(
            f"The file {path.name} is empty.", "There is nothing to analyse.", "Save it again with its data."
        )
    # Titles above the header hold no delimiter as a rule.
    telling = next((line for line in io.StringIO(text) if any(mark in line for mark in _DELIMITERS)), "")
    delimiter = max(_DELIMITERS, key=telling.count)
    records = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), TOP))
    require_header_first(records, columns)
    header = records[0]
    twice = [name for name, times in Counter(field.strip() for field in header).items() if times > 1 and name]
    if twice:
        raise DataError(
            f"The header of {path.name} has {listing([repr(name) for name in twice])} more than once.",
            "Which of them is meant cannot be known.",
            "Give every column its own name.",
        )
    try:
        with warnings.catch_warnings():
            # Rows that are all longer than the header would lose their last fields with no more than a warning.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(text),
                sep=delimiter,
                dtype=dict.fromkeys([field for field in header if field.strip() in names], "str"),
                keep_default_na=False,
                na_values=[""],
                skip_blank_lines=False,
                index_col=False,
                low_memory=False,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"row {line[1]}" if line else "its rows"
        raise DataError(
            f"{path.name} has more fields in {where} than the {len(header)} columns of its header.",
            "Every value after it lands in the wrong column; a comma inside a number or a name is the usual cause.",
            "Mend it, or open the file in Excel and save it as .xlsx.",
        ) from error
    return frame, notes


def _decoded(path: Path) -> tuple[str, tuple[str, ...]]:
    raw = path.read_bytes()
    if raw.startswith(b"PK\x03\x04") or raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(
            f"The file {path.name} is a workbook, not text.",
            "Its ending was changed without changing what is inside.",
            "Open it in Excel and save it as .xlsx or as CSV UTF-8.",
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16"), ()
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        # What Excel on Windows writes as "CSV (comma delimited)".
        return raw.decode("cp1252", errors="replace"), (f"{path.name} is not UTF-8 and was read as Windows-1252.",)


def _read_workbook(path: Path, columns: Sequence[str]) -> Opened:
    """Read the one sheet whose first row names the columns."""
    try:
        with warnings.catch_warnings():
            # openpyxl remarks on styles and validation lists that it does not carry over; they hold no data.
            warnings.simplefilter("ignore", UserWarning)
            book = openpyxl.load_workbook(path, data_only=True)
            sheets = {sheet.title: _sheet(sheet) for sheet in book.worksheets}
    except (zipfile.BadZipFile, InvalidFileException, KeyError, OSError) as error:
        raise DataError(
            f"The file {path.name} cannot be opened as a workbook.",
            "It is damaged, protected by a password, or of an older kind.",
            "Open it in Excel, remove the password, and save it as .xlsx.",
        ) from error
    full = [title for title, frame in sheets.items() if set(columns) <= {str(name).strip() for name in frame.columns}]
    if len(full) > 1:
        raise DataError(
            f"The sheets {listing([repr(title) for title in full])} of {path.name} all have the columns asked for.",
            "Which of them is meant cannot be known.",
            "Save the one that is meant as a file of its own.",
        )
    title = full[0] if full else next(title for title in sheets)
    notes = (f"Read the sheet {title!r} of {path.name}.",) if len(sheets) > 1 else ()
    return sheets[title], notes


def _sheet(sheet: Worksheet) -> pd.DataFrame:
    """Give a sheet as a frame, errors such as #N/A as the text that stands in the cell."""
    rows = list(sheet.iter_rows(values_only=True))
    if not rows:
        return pd.DataFrame()
    return pd.DataFrame(rows[1:], columns=pd.Index(["" if name is None else name for name in rows[0]], dtype=object))


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except ImportError as error:
        raise DataError(
            f"Reading {path.name} needs the package pyarrow, which is not installed.",
            "Parquet files are opened with it.",
            "Install staggered[parquet], or save the data as csv.",
        ) from error
    except (ValueError, OSError) as error:
        raise DataError(
            f"The file {path.name} cannot be opened as parquet.",
            "It is damaged or of another kind.",
            "Save it again, or as csv.",
        ) from error
