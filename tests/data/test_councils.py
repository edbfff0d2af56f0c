"""Names of councils."""

import numpy as np
import pandas as pd
import pytest

from staggered.data.councils import misspelt, of_an_area, to_councils, told
from staggered.data.source import Table
from staggered.errors import DataError


def table(*names: object, dtype: str | None = None) -> Table:
    return Table(pd.DataFrame({"council": pd.Series(list(names), dtype=dtype)}), np.arange(2, len(names) + 2))


def refusal(*names: object) -> str:
    with pytest.raises(DataError) as caught:
        to_councils(table(*names), "council")
    assert len(str(caught.value).splitlines()) == 3
    return str(caught.value)


@pytest.mark.parametrize(
    ("names", "dtype", "found"),
    [
        (("Leeds", "Kent", "Leeds"), None, ("Leeds", "Kent")),
        ((17, 5, 17), None, ("17", "5")),
        ((17.0, 5.0, 17.0), None, ("17", "5")),
        ((17, "5", "17"), "object", ("17", "5")),
        (("Leeds ", " Kent", "Leeds "), None, ("Leeds", "Kent")),
        (("Leeds", "Kent", "Leeds"), "category", ("Leeds", "Kent")),
        (("-1", "1", "-1"), None, ("-1", "1")),
        (("1-2", "1-1", "1-2"), None, ("1-2", "1-1")),
        (("1-1", "11", "1-1"), None, ("1-1", "11")),
        (("Area 1-1", "Area 11", "Area 1-1"), None, ("Area 1-1", "Area 11")),
        (("E06000061", "E06000062", "E06000061"), None, ("E06000061", "E06000062")),
    ],
)
def test_names_in_the_order_of_their_first_rows(
    names: tuple[object, ...], dtype: str | None, found: tuple[str, str]
) -> None:
    councils = to_councils(table(*names, dtype=dtype), "council")
    assert councils.names == found
    assert councils.codes.tolist() == [0, 1, 0]
    assert councils.say(1).endswith("(row 3)")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Telford & Wrekin", "Telford and Wrekin"),
        ("Leeds", "leeds"),
        ("LEEDS", "Leeds"),
        ("Leeds", "Leeds "),
        ("Stoke-on-Trent", "Stoke on Trent"),
        ("St. Helens", "St Helens"),
        ("King's Lynn", "King’s Lynn"),
        ("Bristol, City of", "City of Bristol"),
        ("North  Yorkshire", "North Yorkshire"),
        ("North\u00a0Yorkshire", "North Yorkshire"),
        ("Redcar & Cleveland", "Redcar And Cleveland"),
    ],
)
def test_two_spellings_are_refused_and_both_are_named(first: str, second: str) -> None:
    text = refusal(first, first, "Bath", second)
    assert f"{first!r} (first in row 2) and {second!r} (first in row 5)" in text


def test_all_spelled_twice_are_listed() -> None:
    text = refusal("Leeds", "leeds", "Kent", "KENT", "Kent ")
    assert "'Leeds' (first in row 2) and 'leeds' (first in row 3)" in text
    assert "'Kent' (first in row 4) and 'KENT' (first in row 5) and 'Kent ' (first in row 6)" in text


@pytest.mark.parametrize("blank", [None, np.nan, "", "  "])
def test_blank_names_are_refused_with_their_rows(blank: object) -> None:
    assert "blank in row 3 and 5" in refusal("Leeds", blank, "Kent", blank)


def test_a_long_list_of_wrong_places_is_counted_not_written_out() -> None:
    assert told(np.arange(1_000_000), lambda k: f"row {k}", 2) == "row 0, row 1 and 999998 more"
    assert told(np.array([3]), lambda k: f"row {k}") == "row 3"


def test_a_misspelt_name_shows_by_never_standing_beside_its_twin() -> None:
    present = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1]], dtype=bool)
    assert misspelt(["Warrington", "Warringon", "Leeds", "Warringtun"], present) == [("Warrington", "Warringon")]
    assert misspelt(["Warrington", "Rochdale", "Leeds", "Kent"], present) == []
    # Codes are meant to be alike, and a council that was split is not one that was misspelt.
    assert misspelt(["E06000061", "E06000062", "Leeds", "Kent"], present) == []
    assert misspelt(["Northamptonshire", "North Northamptonshire", "Leeds", "Kent"], present) == []


def test_one_name_with_and_without_its_kind_of_council_may_be_one() -> None:
    present = np.array([[True, False], [False, True], [False, True], [True, True]])
    names = ("Leeds", "Leeds City Council", "Leicestershire", "Leicester")
    assert misspelt(names, present) == [("Leeds", "Leeds City Council")]


def test_totals_countries_and_regions_are_no_councils() -> None:
    names = [
        "Leeds",
        "TOTAL",
        "Total (all)",
        "Yorkshire & The Humber",
        "Southend-on-Sea",
        "England",
        "London Road team",
    ]
    assert of_an_area(names) == ["TOTAL", "Total (all)", "Yorkshire & The Humber", "England"]
