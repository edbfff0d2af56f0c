"""From go-live to schedule, at every edge of a period."""

import numpy as np
import pandas as pd
import pytest

from staggered.data.adoption import coded, to_schedule
from staggered.data.calendar import to_grid
from staggered.data.councils import to_councils
from staggered.data.source import Table
from staggered.errors import DataError

YEARS = (2019, 2020, 2021)


def schedule(
    *starts: object,
    periods: tuple[object, ...] = YEARS,
    year_ends: str | None = None,
    adopt: str = "any",
    partial: str = "treated",
) -> tuple[list[list[float]], tuple[str, ...]]:
    """Schedules of councils A, B, ... with one go-live each."""
    names = [chr(ord("A") + k) for k in range(len(starts))]
    frame = pd.DataFrame(
        {
            "council": np.repeat(names, len(periods)),
            "period": list(periods) * len(names),
            "start": np.repeat(np.array(starts, dtype=object), len(periods)),
        }
    )
    table = Table(frame, np.arange(2, len(frame) + 2))
    grid, calendar = to_grid(table, "period", to_councils(table, "council"), year_ends)
    treatment, notes = to_schedule(table.frame["start"], "start", grid, calendar, adopt, partial)
    return treatment.tolist(), notes


def refusal(*starts: object, periods: tuple[object, ...] = YEARS, year_ends: str | None = None) -> str:
    with pytest.raises(DataError) as caught:
        schedule(*starts, periods=periods, year_ends=year_ends)
    assert len(str(caught.value).splitlines()) == 3
    return str(caught.value)


@pytest.mark.parametrize(
    ("day", "any_", "half", "full"),
    [
        ("2019-04-01", [0, 1, 1], [0, 1, 1], [0, 1, 1]),
        ("2019-04-02", [0, 1, 1], [0, 1, 1], [0, 0, 1]),
        ("2019-09-30", [0, 1, 1], [0, 1, 1], [0, 0, 1]),
        ("2019-10-01", [0, 1, 1], [0, 1, 1], [0, 0, 1]),
        ("2019-10-02", [0, 1, 1], [0, 0, 1], [0, 0, 1]),
        ("2020-03-31", [0, 1, 1], [0, 0, 1], [0, 0, 1]),
        ("2018-04-01", [1, 1, 1], [1, 1, 1], [1, 1, 1]),
        ("2021-03-31", [0, 0, 1], [0, 0, 0], [0, 0, 0]),
        ("2021-04-01", [0, 0, 0], [0, 0, 0], [0, 0, 0]),
    ],
)
def test_the_year_of_a_go_live(day: str, any_: list[int], half: list[int], full: list[int]) -> None:
    # The year to 31 March 2020 has 366 days: on 1 October 2019, 183 of them are left.
    found = [schedule(day, None, year_ends="03-31", adopt=adopt)[0][0] for adopt in ("any", "half", "full")]
    assert found == [any_, half, full]


@pytest.mark.parametrize("adopt", ["any", "half", "full"])
def test_the_period_itself_blank_or_as_a_share_whatever_counts_as_adoption(adopt: str) -> None:
    blank, share = (
        schedule("2020-01-01", None, year_ends="03-31", adopt=adopt, partial=how)[0][0] for how in ("blank", "fraction")
    )
    assert np.array_equal(blank, [0, np.nan, 1], equal_nan=True)
    assert share == [0, 91 / 366, 1]


def test_coding_of_shares() -> None:
    share = np.array([[0, 0.5, 1], [0, 0, 0.25], [1, 1, 1], [0, 0, 0]])
    assert coded(share, "half", "treated").tolist() == [[0, 1, 1], [0, 0, 0], [1, 1, 1], [0, 0, 0]]
    assert coded(share, "full", "treated").tolist() == [[0, 0, 1], [0, 0, 0], [1, 1, 1], [0, 0, 0]]
    assert coded(share, "full", "fraction").tolist() == share.tolist()


@pytest.mark.parametrize("never", [None, "", "  ", np.nan, np.inf, "inf", "never", "Never", "NA", 0, "0", pd.NaT])
def test_never(never: object) -> None:
    assert schedule(2020, never)[0] == [[0, 1, 1], [0, 0, 0]]


def test_a_zero_is_said_to_be_never_and_is_a_period_among_zeros() -> None:
    assert schedule(2020, 0, 0)[1] == ("A go-live of 0 is read as never (2 councils).",)
    assert schedule(0, 1, None, periods=(-1, 0, 1))[0] == [[0, 1, 1], [0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    ("periods", "start", "found"),
    [
        (("2020-Q3", "2020-Q4", "2021-Q1"), "2020 Q4", [0, 1, 1]),
        (("2020-Q3", "2020-Q4", "2021-Q1"), "2020-11-15", [0, 1, 1]),
        (("2019-20", "2020-21", "2021-22"), "2020/21", [0, 1, 1]),
        (("2020-11", "2020-12", "2021-01"), "Dec 2020", [0, 1, 1]),
        (("2020-11", "2020-12", "2021-01"), pd.Timestamp("2020-12-31"), [0, 1, 1]),
        (("T1", "T2", "T3"), 2, [0, 1, 1]),
        (("T1", "T2", "T3"), "t2", [0, 1, 1]),
        ((1, 2, 3), 2.0, [0, 1, 1]),
        ((2010, 2012, 2014), 2011, [0, 1, 1]),
        (("2020-11-01", "2020-12-01", "2021-01-01"), "2020-12-01", [0, 1, 1]),
        (("2020-11-01", "2020-12-01", "2021-01-01"), "20201215", [0, 1, 1]),
        (("2020-03-01", "2020-09-01", "2021-02-01", "2021-06-28"), "2021-06-28", [0, 0, 0, 1]),
        (("2020-03-01", "2020-09-01", "2021-02-01", "2021-06-28"), "2021-02-15", [0, 0, 1, 1]),
        ((1, 2, 3), 9999, [0, 0, 0]),
        (YEARS, 9999, [0, 0, 0]),
    ],
)
def test_go_lives_as_periods_and_as_dates(periods: tuple[object, ...], start: object, found: list[int]) -> None:
    assert schedule(start, None, periods=periods)[0][0] == found


def test_what_is_said_of_go_lives_inside_and_after_the_data() -> None:
    treatment, notes = schedule("2019-12-01", "2022-05-01", None, year_ends="03-31", adopt="half")
    assert treatment == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert notes == (
        "After the last period, 2021, and so untreated within these data: B (2022-05-01, row 5).",
        "A period in which a council goes live counts as treated when at least half of it is: "
        "A (2019-12-01, row 2): 33% of 2020.",
    )


def test_calendar_quarters_are_mentioned_only_when_days_were_set_against_them() -> None:
    quarters = ("2020-Q3", "2020-Q4")
    assert any("calendar year" in note for note in schedule("2020-11-15", None, periods=quarters)[1])
    assert schedule("2020-Q4", None, periods=quarters)[1] == ()


@pytest.mark.parametrize(
    ("starts", "periods", "said"),
    [
        ((2018, None), YEARS, "before the first period, 2019, for A (2018, row 2)"),
        ((-99, None), YEARS, "before the first period, 2019, for A (-99, row 2)"),
        ((44228, None), YEARS, "44228 for A (row 2) (which would be 2021-02-01)"),
        ((44228, None), ("2020-Q3", "2020-Q4"), "44228 for A (row 2) (which would be 2021-02-01)"),
        ((44228, None), (1, 2, 3), "44228 for A (row 2) (which would be 2021-02-01)"),
        (("2020-06-01", None), YEARS, 'say year_ends="03-31"'),
        (("2020-06-01", None), (1, 2, 3), "Numbered periods have no dates"),
        (("2020-06-01", None), ("2019-20", "2020-21"), 'say year_ends="03-31"'),
        ((2020, "2020-06-01"), YEARS, "written in two ways: 2020 for A (row 2) and 2020-06-01 for B (row 5)"),
        (("soon", None), YEARS, "neither a period nor a date: 'soon' for A (row 2)"),
        (("tbc", "2020-13-01"), YEARS, "neither a period nor a date: 'tbc' for A (row 2)"),
        ((2020, None), ("2020-Q3", "2020-Q4"), "neither a period nor a date: '2020' for A (row 2)"),
        (("2021-07-28", None), ("2020-03-01", "2020-09-01", "2021-02-01", "2021-06-28"), "unequally long"),
        (("2020-06-01", None), ("2019-03-31", "2020-03-31", "2021-03-31"), "may end a period or begin one"),
    ],
)
def test_go_lives_that_cannot_be_placed(starts: tuple[object, ...], periods: tuple[object, ...], said: str) -> None:
    assert said in refusal(*starts, periods=periods)


@pytest.mark.parametrize(
    ("day", "said"),
    [("03/04/2020", "could mean two days"), ("2020-02-30", "no calendar has"), ("12/25/2020", "cannot be a month")],
)
def test_dates_that_cannot_be_read(day: str, said: str) -> None:
    text = refusal(day, None, year_ends="03-31")
    assert said in text
    assert "A (row 2)" in text


def test_day_first_dates_are_read_when_one_of_them_settles_the_order() -> None:
    assert schedule("25/03/2020", "03/04/2020", None, year_ends="03-31")[0] == [[0, 1, 1], [0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    ("one", "other"),
    [("2020-06-01", "2020-07-01"), ("2020-06-01", ""), ("", "2020-06-01"), (2019, 2020), (2020, np.inf)],
)
def test_two_go_lives_of_one_council_are_refused(one: object, other: object) -> None:
    frame = pd.DataFrame(
        {
            "council": ["A"] * 3 + ["B"] * 3,
            "period": YEARS * 2,
            "start": np.array([None] * 3 + [one, other, one], dtype=object),
        }
    )
    table = Table(frame, np.arange(2, 8))
    grid, calendar = to_grid(table, "period", to_councils(table, "council"), "03-31")
    with pytest.raises(DataError) as caught:
        to_schedule(table.frame["start"], "start", grid, calendar, "any", "treated")
    assert f"B has {one or 'blank'} in 2019 (row 5) and {other or 'blank'} in 2020 (row 6)" in str(caught.value)


def test_one_go_live_written_in_two_ways_is_one_go_live() -> None:
    frame = pd.DataFrame(
        {
            "council": ["A"] * 3 + ["B"] * 3,
            "period": YEARS * 2,
            "start": ["2020-06-25", "25/06/2020", "2020-06-25"] + [None] * 3,
        }
    )
    table = Table(frame, np.arange(2, 8))
    grid, calendar = to_grid(table, "period", to_councils(table, "council"), "03-31")
    assert to_schedule(table.frame["start"], "start", grid, calendar, "any", "treated")[0].tolist() == [
        [0, 0, 1],
        [0, 0, 0],
    ]
