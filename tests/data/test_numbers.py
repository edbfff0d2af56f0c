"""Numbers of official files: what is a number, what is a blank, and what is refused by name."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from staggered.data.councils import Councils
from staggered.data.grid import Grid
from staggered.data.numbers import require_filled, to_numbers
from staggered.errors import DataError


def grid(count: int) -> Grid:
    """One council over `count` years, from row 2."""
    councils = Councils(("Leeds",), np.zeros(count, dtype=np.int64), np.arange(2, count + 2))
    return Grid(councils, tuple(range(2018, 2018 + count)), np.arange(count))


def read(*values: object, dtype: str | None = None) -> np.ndarray:
    return to_numbers(pd.Series(list(values), dtype=dtype), "starts", grid(len(values)), "outcome")[0]


def refusal(*values: object) -> str:
    with pytest.raises(DataError) as caught:
        read(*values)
    assert len(str(caught.value).splitlines()) == 3
    return str(caught.value)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ((1, 2, 3), None),
        ((1.0, 2.0, 3.0), "float32"),
        (("1", " 2 ", "3.0"), None),
        (("1", 2, 3.0), "object"),
        ((1, 2, 3), "Int64"),
        ((1, 2, 3), "category"),
        (("1", "2", "3e0"), "category"),
        ((Decimal(1), Decimal(2), Decimal(3)), "object"),
    ],
)
def test_numbers_in_every_guise(values: tuple[object, ...], dtype: str | None) -> None:
    found = read(*values, dtype=dtype)
    assert found.dtype == np.float64
    assert found.tolist() == [1, 2, 3]


def test_truth_is_one_and_falsehood_zero() -> None:
    assert read(True, False).tolist() == [1, 0]
    assert read(True, None, dtype="boolean")[0] == 1


@pytest.mark.parametrize("blank", ["", " ", "NA", "NaN", "NULL", "None", None, np.nan, pd.NA])
def test_blanks(blank: object) -> None:
    assert np.isnan(read("5", blank, dtype="object")).tolist() == [False, True]


@pytest.mark.parametrize(("text", "number"), [("1,234", 1234), ("12,345,678", 12345678), ("-1,234.5", -1234.5)])
def test_thousands_separators_where_nothing_else_can_be_meant(text: str, number: float) -> None:
    values, notes = to_numbers(pd.Series([text, "7"]), "starts", grid(2), "outcome")
    assert values.tolist() == [number, 7]
    assert notes == (f"Read the comma in {text!r} of 'starts' as a thousands separator.",)


@pytest.mark.parametrize("text", ["0,123", "1,23", "12,5", "1234,567", "1,234,56"])
def test_a_comma_that_may_be_a_decimal_one_is_refused(text: str) -> None:
    assert repr(text) in refusal("7", text)
    # And puts every other comma in doubt.
    assert repr(text) in refusal("1,234", text)


@pytest.mark.parametrize(
    ("symbol", "meaning"),
    [
        ("<5", "a small count hidden"),
        ("≤ 5", "a small count hidden"),
        ("c", "confidential"),
        ("C", "confidential"),
        ("z", "not applicable"),
        ("x", "until 2017 a hidden count of 1 to 5"),
        ("u", "too unreliable"),
        ("low", "rounds to 0 but is not 0"),
        (":", "not available"),
        ("..", "not available"),
        ("~", "rounds to 0"),
        ("*", "hidden to protect"),
        ("N/A", "not available or not applicable"),
        ("#VALUE!", "an error of the spreadsheet"),
        ("#MULTIVALUE", "several values in one cell"),
        ("12%", "could be 12 or 0.12"),
        ("£1,200", "with its currency"),
        ("1 200", "with spaces"),
        ("2021-02-01", ""),
        ("5 children", ""),
    ],
)
def test_symbols_are_named_with_their_meaning_and_place(symbol: str, meaning: str) -> None:
    text = refusal("7", symbol, "8")
    assert f"not a number in 1 row: {symbol!r}" in text
    assert meaning in text
    assert "for Leeds in 2019 (row 3)" in text


def test_every_kind_of_symbol_is_listed_with_its_places() -> None:
    text = refusal("c", "1", "c", "<5", "c", "c", "z", "x", "u", "low")
    assert "not a number in 9 rows" in text
    assert "Leeds in 2018 (row 2), Leeds in 2020 (row 4), Leeds in 2022 (row 6) and 1 more" in text
    assert "'<5' (a small count hidden to protect children) for Leeds in 2021 (row 5)" in text
    assert "and 2 more kinds of entry" in text


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinity_is_refused(value: float) -> None:
    assert "infinite for Leeds in 2019 (row 3)" in refusal(7.0, value)
    assert "infinite for Leeds in 2019 (row 3)" in refusal("7", "inf")


def test_a_row_of_units_below_the_header_is_recognised() -> None:
    assert "second row of headers" in refusal("number", "7", "8")
    assert "second row of headers" not in refusal("7", "number", "8")


def test_dates_are_not_numbers() -> None:
    assert "holds dates" in refusal(pd.Timestamp("2021-02-01"))


def test_blanks_are_refused_only_where_a_number_is_needed() -> None:
    values = np.array([1, np.nan, np.nan])
    require_filled(values, np.array([True, False, False]), grid(3), "The size is blank", why="why", fix="fix")
    with pytest.raises(DataError, match=r"The size is blank for Leeds in 2020 \(row 4\)\."):
        require_filled(values, np.array([True, False, True]), grid(3), "The size is blank", why="why", fix="fix")
