"""Files as councils keep them."""

import datetime
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import staggered as sg
from staggered.data.files import read_file

NAMED = {"cluster": "council", "period": "year", "outcome": "starts", "start": "go_live"}
ROWS = [
    ["council", "year", "starts", "go_live"],
    ["Leeds", 2020, 12, 2021],
    ["Leeds", 2021, 13, 2021],
    ["Kent", 2020, 14, None],
    ["Kent", 2021, 15, None],
]
TEXT = "\n".join(",".join("" if value is None else str(value) for value in row) for row in ROWS) + "\n"
Write = Callable[..., Path]


@pytest.fixture
def book(tmp_path: Path) -> Write:
    """Write sheets of rows into a workbook."""

    def write(**sheets: list[list[object]]) -> Path:
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for title, rows in sheets.items():
            sheet = workbook.create_sheet(title)
            for row in rows:
                sheet.append(row)
        workbook.save(tmp_path / "data.xlsx")
        return tmp_path / "data.xlsx"

    return write


@pytest.fixture
def text(tmp_path: Path) -> Write:
    """Write text with an encoding."""

    def write(content: str, encoding: str = "utf-8", name: str = "data.csv") -> Path:
        (tmp_path / name).write_bytes(content.encode(encoding))
        return tmp_path / name

    return write


def refusal(path: Path) -> str:
    with pytest.raises(sg.DataError) as caught:
        sg.read(path, **NAMED)
    assert len(str(caught.value).splitlines()) == 3
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_csv_of_every_encoding_and_delimiter_gives_the_same_panel(
    text: Write, encoding: str, delimiter: str, ends: str
) -> None:
    path = text(TEXT.replace(",", delimiter).replace("\n", ends), encoding)
    assert sg.read(path, **NAMED).outcome.tolist() == [[12, 13], [14, 15]]


def test_an_old_windows_file_keeps_its_accents_and_says_so(text: Write) -> None:
    panel = sg.read(text(TEXT.replace("Kent", "Môn £"), "cp1252"), **NAMED)
    assert panel.design.clusters == ("Leeds", "Môn £")
    assert "data.csv is not UTF-8 and was read as Windows-1252." in panel.notes


def test_names_keep_their_leading_zeros(text: Write) -> None:
    panel = sg.read(text(TEXT.replace("Leeds", "007").replace("Kent", "08")), **NAMED)
    assert panel.design.clusters == ("007", "08")


def test_a_quoted_comma_belongs_to_its_number_or_name(text: Write) -> None:
    panel = sg.read(text(TEXT.replace("12", '"1,012"').replace("Kent", '"Bristol, City of"')), **NAMED)
    assert panel.design.clusters == ("Leeds", "Bristol, City of")
    assert panel.outcome[0, 0] == 1012
    assert any("'1,012'" in note and "thousands separator" in note for note in panel.notes)


def test_only_an_empty_field_is_a_blank(text: Write) -> None:
    panel = sg.read(text(TEXT.replace("Kent", "NA").replace("14", "NA")), **NAMED)
    assert panel.design.clusters == ("Leeds", "NA")
    assert panel.frame.used.tolist() == [[True, True], [False, True]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("council,year,starts,go_live\n", "hold no rows"),
        (TEXT.replace("Kent,2020,14", "Kent,2020,1,014"), "more fields in row 4 than the 4 columns"),
        (TEXT.replace("\n", ",1\n").replace("go_live,1", "go_live"), "more fields in its rows"),
        (TEXT.replace("go_live", "starts"), "has 'starts' more than once"),
        ("Children starting to be looked after\n,,,\n" + TEXT, "stand in row 3"),
        ("Children starting to be looked after,,,\n,,,\n" + TEXT, "stand in row 3"),
        (TEXT.replace("go_live\n", "go_live\n,,number per year,\n"), "'council' is blank in row 2"),
        (TEXT.replace("go_live\n", "go_live\nname,year,number,date\n"), "'year' for name (row 2)"),
        (TEXT + "Source: DfE,,,\n", "'year' is blank for Source: DfE (row 6)"),
    ],
)
def test_what_is_wrong_with_a_text_file_is_said(text: Write, content: str, said: str) -> None:
    assert said in refusal(text(content))


def test_blank_lines_do_not_move_the_row_numbers(text: Write) -> None:
    assert "Kent in 2021 (row 7)" in refusal(text(TEXT.replace("Kent,2020", "\n\nKent,2020").replace("15", "c")))


def test_a_workbook_gives_the_same_panel(book: Write) -> None:
    assert sg.read(book(Data=ROWS), **NAMED).outcome.tolist() == [[12, 13], [14, 15]]


def test_dates_of_a_workbook_are_dates(book: Write) -> None:
    day = datetime.datetime(2020, 9, 1)
    rows = [[*row[:3], day if k in (1, 2) else row[3]] for k, row in enumerate(ROWS)]
    panel = sg.read(book(Data=rows), **NAMED, year_ends="03-31")
    assert panel.design.treatment.tolist() == [[0, 1], [0, 0]]


def test_the_sheet_with_the_columns_is_found_and_named(book: Write) -> None:
    panel = sg.read(book(Cover=[["Returns 2021"], ["Prepared by the team"]], Data=ROWS, Notes=[["Nothing"]]), **NAMED)
    assert "Read the sheet 'Data' of data.xlsx." in panel.notes


def test_two_sheets_with_the_columns_are_refused(book: Write) -> None:
    assert "The sheets 'Draft' and 'Final' of data.xlsx all have" in refusal(book(Draft=ROWS, Final=ROWS))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({(3, 2): "#VALUE!"}, "'#VALUE!' (an error of the spreadsheet) for Kent in 2020 (row 4)"),
        ({(2, 0): None, (4, 0): None}, "blank in row 3 and 5"),
        ({(1, 1): "2020.", (1, 2): "number"}, "'2020.' for Leeds (row 2)"),
        ({(1, 2): "number"}, "second row of headers"),
        ({(1, 2): "c", (2, 2): "1 200"}, "'1 200' (a number with spaces in it) for Leeds in 2021 (row 3)"),
    ],
)
def test_what_is_wrong_with_a_sheet_is_said(book: Write, change: dict[tuple[int, int], object], said: str) -> None:
    rows = [[change.get((k, j), value) for j, value in enumerate(row)] for k, row in enumerate(ROWS)]
    assert said in refusal(book(Data=rows))


def test_blank_rows_at_the_end_of_a_sheet_are_nothing(book: Write) -> None:
    panel = sg.read(book(Data=[*ROWS, [None] * 4, [None] * 4]), **NAMED)
    assert panel.notes[0] == "Read 4 rows: 2 councils by 2 periods, 2020 to 2021."
    assert not any("blank row" in note for note in panel.notes)


def test_parquet_gives_the_same_panel(tmp_path: Path) -> None:
    pd.DataFrame(ROWS[1:], columns=ROWS[0]).to_parquet(tmp_path / "data.parquet")
    assert sg.read(tmp_path / "data.parquet", **NAMED).outcome.tolist() == [[12, 13], [14, 15]]


def test_a_file_that_is_absent_or_of_another_kind_is_refused(tmp_path: Path, text: Write) -> None:
    assert "There is no file" in refusal(tmp_path / "data.csv")
    assert "There is no file" in refusal(tmp_path)
    for name, said in {
        "data.docx": "ends in '.docx'",
        "data.xlsx": "cannot be opened as a workbook",
        "data": "ends in 'nothing'",
    }.items():
        assert said in refusal(text(TEXT, name=name))
    assert "cannot be opened as parquet" in refusal(text(TEXT, name="data.parquet"))


def test_a_workbook_that_was_renamed_is_refused(book: Write, tmp_path: Path) -> None:
    book(Data=ROWS).rename(tmp_path / "data.csv")
    assert "is a workbook, not text" in refusal(tmp_path / "data.csv")


def test_a_frame_comes_with_what_was_done_to_open_it(text: Write) -> None:
    frame, notes = read_file(text(TEXT), ["council"], ["council"])
    assert list(frame.columns) == ROWS[0]
    assert notes == ()
