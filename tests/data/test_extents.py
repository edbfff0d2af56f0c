"""From which day to which a period runs."""

import numpy as np
import pytest

from staggered.data.extents import YearStart, step_of, to_extents
from staggered.data.kinds import DATE, MONTH, NUMBER, QUARTER, SPLIT_QUARTER, SPLIT_YEAR, YEAR, Kind
from staggered.errors import DataError


def positions(kind: Kind, *texts: str) -> np.ndarray:
    if kind is DATE:
        return np.array(texts, dtype="datetime64[D]").astype(np.int64)
    return np.array([kind.read(text) for text in texts], dtype=np.int64)


def days(kind: Kind, *texts: str, year_ends: str | None = None) -> list[list[str]]:
    return to_extents(kind, positions(kind, *texts), year_ends).days.astype(str).tolist()


@pytest.mark.parametrize(
    ("kind", "text", "year_ends", "first", "last"),
    [
        (YEAR, "2021", "03-31", "2020-04-01", "2021-03-31"),
        (YEAR, "2021", "08-31", "2020-09-01", "2021-08-31"),
        (YEAR, "2021", "12-31", "2021-01-01", "2021-12-31"),
        (YEAR, "2021", "04-05", "2020-04-06", "2021-04-05"),
        (YEAR, "2020", "02-28", "2019-03-01", "2020-02-29"),
        (SPLIT_YEAR, "2020-21", "03-31", "2020-04-01", "2021-03-31"),
        (SPLIT_YEAR, "2020/21", "07-31", "2020-08-01", "2021-07-31"),
        (QUARTER, "2021-Q3", None, "2021-07-01", "2021-09-30"),
        (QUARTER, "2021-Q3", "03-31", "2020-10-01", "2020-12-31"),
        (QUARTER, "2021-Q1", "12-31", "2021-01-01", "2021-03-31"),
        (SPLIT_QUARTER, "2020-21 Q4", "03-31", "2021-01-01", "2021-03-31"),
        (MONTH, "2020-02", None, "2020-02-01", "2020-02-29"),
    ],
)
def test_periods_with_known_days(kind: Kind, text: str, year_ends: str | None, first: str, last: str) -> None:
    assert days(kind, text, year_ends=year_ends) == [[first, last]]


@pytest.mark.parametrize(
    ("kind", "text"), [(YEAR, "2021"), (SPLIT_YEAR, "2020-21"), (SPLIT_QUARTER, "2020-21 Q1"), (NUMBER, "3")]
)
def test_periods_whose_days_nobody_knows_say_what_would_settle_it(kind: Kind, text: str) -> None:
    extents = to_extents(kind, positions(kind, text), None)
    assert extents.known is None
    assert ("year_ends" in extents.unknown) is (kind is not NUMBER)


def test_a_quarter_without_a_year_end_is_said_to_be_one_of_the_calendar() -> None:
    assert (
        "2021-Q3 is read as a quarter of the calendar year"
        in to_extents(QUARTER, positions(QUARTER, "2021-Q3"), None).note
    )


@pytest.mark.parametrize(
    ("texts", "last"),
    [
        (["2021-01-01", "2021-02-01", "2021-03-01"], "2021-03-31"),
        (["2020-04-06", "2020-07-06"], "2020-10-05"),
        (["2019-04-01", "2020-04-01"], "2021-03-31"),
        (["2021-01-04", "2021-01-11", "2021-01-18"], "2021-01-24"),
    ],
)
def test_dates_are_first_days_and_a_regular_sequence_has_a_last_one(texts: list[str], last: str) -> None:
    found = days(DATE, *texts)
    assert [first for first, _ in found] == texts
    assert found[-1][1] == last
    # One ends on the day before the next begins.
    day = np.timedelta64(1, "D")
    assert [np.datetime64(end) + day for _, end in found[:-1]] == [np.datetime64(text) for text in texts[1:]]


def test_steps_of_unequal_length_have_no_known_end() -> None:
    extents = to_extents(DATE, positions(DATE, "2020-03-01", "2020-09-01", "2021-02-01", "2021-06-28"), None)
    assert extents.days[:3].astype(str).tolist() == [
        ["2020-03-01", "2020-08-31"],
        ["2020-09-01", "2021-01-31"],
        ["2021-02-01", "2021-06-27"],
    ]
    assert np.isnat(extents.days[3, 1])
    assert extents.known is None
    assert "unequally long" in extents.unknown


def test_last_days_of_months_are_taken_for_neither_end_unless_a_year_ends_there() -> None:
    snapshots = positions(DATE, "2020-03-31", "2021-03-31")
    assert to_extents(DATE, snapshots, None).known is None
    assert "may end a period or begin one" in to_extents(DATE, snapshots, None).unknown
    year = to_extents(DATE, snapshots, "03-31")
    assert year.days.astype(str).tolist() == [["2019-04-01", "2020-03-31"], ["2020-04-01", "2021-03-31"]]
    assert "the year that ends on that day" in year.note


@pytest.mark.parametrize(
    ("kind", "text", "year_ends", "said"),
    [
        (MONTH, "2021-07", "03-31", "the periods are months"),
        (NUMBER, "3", "03-31", "the periods are numbers"),
        (DATE, "2021-04-01", "03-31", "the periods are dates such as 2021-04-01"),
    ],
)
def test_a_year_end_that_says_nothing_is_refused(kind: Kind, text: str, year_ends: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        days(kind, text, year_ends=year_ends)


@pytest.mark.parametrize("text", ["31-03", "March", "3-31", "02-30", "02-29", "2021-03-31", "", "03-29"])
def test_what_is_no_last_day_of_a_year(text: str) -> None:
    with pytest.raises(DataError, match="is not the last day of a year"):
        YearStart.after(text)


@pytest.mark.parametrize(
    ("texts", "step"),
    [
        (["2021-01-01", "2021-02-01", "2021-04-01"], (1, "month")),
        (["2021-01-01", "2021-04-01", "2022-01-01"], (3, "month")),
        (["2021-01-04", "2021-01-11", "2021-01-25"], (7, "day")),
        (["2020-03-01", "2020-09-01", "2021-02-01", "2021-06-28"], (0, "")),
        (["2021-01-01", "2021-02-01", "2022-03-01", "2023-09-01"], (0, "")),
        (["2021-01-01"], (0, "")),
    ],
)
def test_the_regular_distance_of_dates(texts: list[str], step: tuple[int, str]) -> None:
    assert step_of(positions(DATE, *texts)) == step
