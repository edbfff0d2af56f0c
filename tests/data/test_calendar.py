"""Periods in their order, and the one that nobody has."""

import numpy as np
import pandas as pd
import pytest

from staggered.data.calendar import to_grid
from staggered.data.councils import to_councils
from staggered.data.grid import Grid
from staggered.data.source import Table
from staggered.errors import DataError


def grid(*periods: object, names: tuple[str, ...] = ("Leeds",), year_ends: str | None = None) -> Grid:
    """Lay out the same periods for each council."""
    records = len(periods) * len(names)
    frame = pd.DataFrame({"council": np.repeat(names, len(periods)), "period": pd.Series(list(periods) * len(names))})
    table = Table(frame, np.arange(2, records + 2))
    return to_grid(table, "period", to_councils(table, "council"), year_ends)[0]


def refusal(*periods: object) -> str:
    with pytest.raises(DataError) as caught:
        grid(*periods)
    assert len(str(caught.value).splitlines()) == 3
    return str(caught.value)


@pytest.mark.parametrize(
    ("periods", "labels", "order"),
    [
        ((2021, 2019, 2020), (2019, 2020, 2021), [2, 0, 1]),
        ((2021.0, 2019.0, 2020.0), (2019, 2020, 2021), [2, 0, 1]),
        (("2021", "2019", "2020"), (2019, 2020, 2021), [2, 0, 1]),
        (("T10", "T9", "T11"), ("T9", "T10", "T11"), [1, 0, 2]),
        (("2021-Q1", "2020-Q4"), ("2020-Q4", "2021-Q1"), [1, 0]),
        (("Jan 2021", "Dec 2020"), ("Dec 2020", "Jan 2021"), [1, 0]),
        (("13/02/2021", "13/01/2021"), ("2021-01-13", "2021-02-13"), [1, 0]),
        ((20210213, 20210113), ("2021-01-13", "2021-02-13"), [1, 0]),
        ((pd.Timestamp("2021-02-01"), pd.Timestamp("2021-01-01")), ("2021-01-01", "2021-02-01"), [1, 0]),
        ((pd.Period("2021-02", "M"), pd.Period("2021-01", "M")), ("2021-01", "2021-02"), [1, 0]),
        ((0, -1, 1), (-1, 0, 1), [1, 0, 2]),
        ((2010, 2014, 2012), (2010, 2012, 2014), [0, 2, 1]),
        (("2020/21", "2019-20"), ("2019-20", "2020/21"), [1, 0]),
    ],
)
def test_periods_are_put_in_order(periods: tuple[object, ...], labels: tuple[object, ...], order: list[int]) -> None:
    found = grid(*periods)
    assert found.periods == labels
    assert found.cell.tolist() == order


def test_one_period_written_in_two_ways_is_one_period() -> None:
    found = grid("2020-Q4", "2021-Q1", "2021 Q1")
    assert found.periods == ("2020-Q4", "2021-Q1")
    assert found.cell.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("periods", "absent", "before", "after"),
    [
        ((1, 2, 3, 5), "4", "period 3 (row 4)", "period 5 (row 5)"),
        ((1, 4, 5), "2 and 3", "period 1 (row 2)", "period 4 (row 3)"),
        ((1, 2, 12), "3, 4, 5, 6, 7 and 4 more", "period 2 (row 3)", "period 12 (row 4)"),
        ((2018, 2019, 2021), "2020", "2019 (row 3)", "2021 (row 4)"),
        ((2010, 2012, 2016), "2014", "2012 (row 3)", "2016 (row 4)"),
        (("2018-19", "2019-20", "2021-22"), "2020-21", "2019-20 (row 3)", "2021-22 (row 4)"),
        (("2020-Q3", "2020-Q4", "2021-Q2"), "2021-Q1", "2020-Q4 (row 3)", "2021-Q2 (row 4)"),
        (("2020-11", "2020-12", "2021-02"), "2021-01", "2020-12 (row 3)", "2021-02 (row 4)"),
        (("T1", "T2", "T4"), "T3", "T2 (row 3)", "T4 (row 4)"),
        (("2021-01-01", "2021-04-01", "2021-10-01"), "2021-07-01", "2021-04-01 (row 3)", "2021-10-01 (row 4)"),
        (("2020-12-31", "2021-01-07", "2021-01-21"), "2021-01-14", "2021-01-07 (row 3)", "2021-01-21 (row 4)"),
        ((1, 2, 1_000_000), "3, 4, 5, 6, 7 and 999992 more", "period 2 (row 3)", "period 1000000 (row 4)"),
    ],
)
def test_an_absent_period_is_named(periods: tuple[object, ...], absent: str, before: str, after: str) -> None:
    assert f"No council has period {absent}; Leeds, for one, goes from {before} to {after}." in refusal(*periods)


def test_what_one_council_lacks_another_may_have() -> None:
    frame = pd.DataFrame({"council": ["Leeds", "Leeds", "Kent", "Kent"], "period": [1, 3, 2, 3]})
    table = Table(frame, np.arange(2, 6))
    assert to_grid(table, "period", to_councils(table, "council"), None)[0].periods == (1, 2, 3)


def test_steps_of_a_real_rollout_are_unequal_and_allowed() -> None:
    steps = ("2020-03-01", "2020-09-01", "2021-02-01", "2021-06-28")
    assert grid(*steps).periods == steps


@pytest.mark.parametrize(
    ("periods", "said"),
    [
        ((2020, None, 2021), "'period' is blank for Leeds (row 3)"),
        ((2020, "", " "), "'period' is blank for Leeds (row 3) and Leeds (row 4)"),
        (("before", "after"), "'before' for Leeds (row 2) and 'after' for Leeds (row 3)"),
        ((2020, 2021, "Total"), "cannot be known: 'Total' for Leeds (row 4)."),
        ((2020, 2021.5, 2022), "cannot be known: '2021.5' for Leeds (row 3)."),
        (("Year", 2020, 2021), "second row of headers"),
        (("2020", "2021", "2021-Q3"), "cannot be known: '2021-Q3' for Leeds (row 4)."),
        (("03/04/2021", "04/05/2021"), "could mean two days"),
        (("2021-02-30", "2021-03-30"), "no calendar has"),
        ((44197, 44228, 44256), "dates as numbers: 44197 (2021-01-01) for Leeds (row 2)"),
    ],
)
def test_periods_that_cannot_be_put_in_order(periods: tuple[object, ...], said: str) -> None:
    assert said in refusal(*periods)


def test_days_of_single_events_are_no_periods() -> None:
    days = np.datetime64("2021-01-01") + np.cumsum(np.tile([1, 5, 2, 11, 3], 20))
    assert "100 dates at no regular distance" in refusal(*days.astype(str))
