"""The same columns, whatever they come in."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import staggered as sg
from staggered.data.source import open_table

Columns = dict[str, list[object]]
Build = Callable[..., Columns]

DATA = {
    "council": ["Leeds", "Leeds", "Kent", "Kent"],
    "year": [2020, 2021, 2020, 2021],
    "starts": [12.0, 13.0, None, 15.0],
    "go_live": [2021, 2021, None, None],
}
NAMED = {"cluster": "council", "period": "year", "outcome": "starts", "start": "go_live"}


def opened(data: object, *columns: str) -> pd.DataFrame:
    return open_table(data, columns or ("council", "year")).frame


@pytest.mark.parametrize(
    "make",
    [
        dict,
        pd.DataFrame,
        lambda data: pd.DataFrame(data).convert_dtypes(),
        lambda data: pd.DataFrame(data).astype({"council": "category"}),
        lambda data: pd.DataFrame(data).set_index(["council", "year"]),
        pl.DataFrame,
        pl.LazyFrame,
        lambda data: pl.DataFrame(data).with_columns(pl.col("council").cast(pl.Categorical)),
        pa.table,
        lambda data: pa.table(data).to_batches()[0],
        lambda data: {name: np.array(column, dtype=object) for name, column in data.items()},
        lambda data: {name: pd.Series(column, index=[9, 8, 7, 6]) for name, column in data.items()},
        lambda data: {name: tuple(column) for name, column in data.items()},
    ],
)
def test_every_kind_of_table_gives_the_same_panel(make: Callable[[Columns], object]) -> None:
    assert sg.read(make(DATA), **NAMED) == sg.read(DATA, **NAMED)


@pytest.mark.parametrize(
    "kind", ["datetime64[s]", "datetime64[ns, Europe/London]", "date32[day][pyarrow]", "polars", "object"]
)
def test_dates_of_every_kind_are_the_same_days(kind: str) -> None:
    days = ["2021-01-01", "2021-04-01", "2021-01-01", "2021-04-01"]
    go_live = ["2021-02-15", "2021-02-15", None, None]
    data = {"council": DATA["council"], "starts": [1, 2, 3, 4]}
    if kind == "polars":
        table: object = pl.DataFrame(data | {"year": days, "go_live": go_live}).with_columns(
            pl.col("year").str.to_date(), pl.col("go_live").str.to_datetime()
        )
    elif kind == "object":
        dates = {
            "year": [pd.Timestamp(day).date() for day in days],
            "go_live": [day and pd.Timestamp(day) for day in go_live],
        }
        table = data | {name: np.array(column, dtype=object) for name, column in dates.items()}
    else:
        table = pd.DataFrame(data | {"year": pd.to_datetime(days), "go_live": pd.to_datetime(go_live)})
        columns = ["year", "go_live"]
        table[columns] = (
            table[columns].apply(lambda day: day.dt.tz_localize("Europe/London"))
            if "London" in kind
            else table[columns].astype(kind)
        )
    panel = sg.read(table, **NAMED, partial="fraction")
    assert panel.design.periods == ("2021-01-01", "2021-04-01")
    assert panel.design.treatment.tolist() == [[45 / 90, 1], [0, 0]]


def test_polars_and_pyarrow_are_not_loaded_unless_given() -> None:
    code = f"import sys, staggered as sg\nsg.read({DATA!r}, **{NAMED!r})\nprint('polars' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_was_handed_in_is_left_alone() -> None:
    frame = pd.DataFrame(DATA)
    before = frame.copy()
    sg.read(frame, **NAMED)
    pd.testing.assert_frame_equal(frame, before)


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    frame = pd.DataFrame(DATA, index=[50, 40, 30, 20])
    assert open_table(frame, ["council"]).rows.tolist() == [2, 3, 4, 5]


def test_blank_rows_keep_the_count_and_are_said_when_they_stand_between() -> None:
    table = open_table(
        {"council": ["Leeds", None, "Kent", None], "year": [2020, None, 2021, None]}, ["council", "year"]
    )
    assert table.rows.tolist() == [2, 4]
    assert table.notes == ("Left out 1 blank row: 3.",)


def test_names_are_found_in_spite_of_spaces_and_a_byte_order_mark() -> None:
    assert list(opened({"\ufeffcouncil": ["Leeds"], " year ": [2021]}).columns) == ["council", "year"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"Council": ["Leeds"], "year": [2021]}, "no column 'council' (nearest: 'Council')"),
        ({"councli": ["Leeds"], "year": [2021]}, "no column 'council' (nearest: 'councli')"),
        ({"population": ["Leeds"]}, "no column 'council' and no column 'year'"),
        (pd.DataFrame([["Leeds", 2021, 5]], columns=["council", "year", "year"]), "'year' is there more than once"),
        ({"council": ["Leeds"], "year": [2020, 2021]}, "not equally long: council has 1 and year has 2"),
        ({"council": "Leeds", "year": [2020, 2021]}, "council is a single value"),
        ({"council": [], "year": []}, "hold no rows"),
        (pd.DataFrame({"council": [None], "year": [None]}), "hold no rows"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "2 rows of column names"),
        ([("Leeds", 2021)], "of type list"),
        (
            pd.DataFrame([["council", "year"], ["Leeds", 2021]], columns=["Table 1", ""]),
            "'council' and 'year' stand in row 2",
        ),
    ],
)
def test_what_cannot_be_opened_says_why(data: object, said: str) -> None:
    with pytest.raises(sg.DataError) as caught:
        opened(data)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 3


def test_a_path_may_be_text_or_a_path(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    pd.DataFrame(DATA).to_csv(path, index=False)
    assert sg.read(path, **NAMED) == sg.read(str(path), **NAMED)
