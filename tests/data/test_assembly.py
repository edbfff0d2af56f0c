"""Sizes, weights, labels and covariates on their way into a panel."""

from collections.abc import Callable

import numpy as np
import pytest

import staggered as sg

Build = Callable[..., dict[str, list[object]]]
NAMED = {"cluster": "council", "period": "year", "outcome": "starts", "start": "go_live"}
SIZES: list[object] = [10.0 + k for k in range(12)]


def with_value(values: list[object], *, at: int, value: object) -> list[object]:
    return [*values[:at], value, *values[at + 1 :]]


@pytest.mark.parametrize(
    ("role", "value", "said"),
    [
        ("size", 0, "'n' is not above 0: 0 for Leeds in 2020 (row 4)"),
        ("size", -5, "'n' is not above 0: -5 for Leeds in 2020 (row 4)"),
        ("size", None, "'n' is blank for Leeds in 2020 (row 4)"),
        ("size", "c", "The size 'n' is not a number in 1 row: 'c' (confidential"),
        ("size", np.inf, "The size 'n' is infinite for Leeds in 2020 (row 4)"),
        ("weights", 0, "The weight 'n' is not above 0: 0 for Leeds in 2020 (row 4)"),
        ("weights", -1, "not given a weight of 0"),
        ("covariates", None, "The covariate 'n' is blank for Leeds in 2020 (row 4)"),
        ("covariates", "low", "'low' (rounds to 0 but is not 0) for Leeds in 2020 (row 4)"),
        ("keep", 5, "Leeds has 10 in 2018 (row 2) and 11 in 2019 (row 3)"),
        ("strata", None, "Leeds has 10 in 2018 (row 2) and 11 in 2019 (row 3)"),
    ],
)
def test_what_stands_beside_an_outcome_must_be_usable(columns: Build, role: str, value: object, said: str) -> None:
    with pytest.raises(sg.DataError) as caught:
        sg.read(columns(n=with_value(SIZES, at=2, value=value)), **NAMED, **{role: "n"})
    assert said in str(caught.value)


def test_strata_may_be_blank_only_where_a_council_never_goes_live(columns: Build) -> None:
    panel = sg.read(columns(s=["high"] * 4 + ["low"] * 4 + [None] * 4), **NAMED, strata="s")
    assert panel.design.strata == ("high", "low", "no stratum")
    with pytest.raises(sg.DataError, match=r"'s' is blank for Kent \(row 6\)\."):
        sg.read(columns(s=["high"] * 4 + [None] * 8), **NAMED, strata="s")
    with pytest.raises(sg.DataError, match=r"'s' is blank for Bath \(row 10\)\."):
        sg.read(columns(s=["high"] * 8 + [""] * 4), **NAMED, keep=["s"])
    with pytest.raises(sg.DataError, match=r"Leeds has high in 2018 \(row 2\) and blank in 2019 \(row 3\)"):
        sg.read(columns(s=["high"] + [None] * 7 + ["low"] * 4), **NAMED, strata="s")


@pytest.mark.parametrize("role", ["size", "weights", "covariates"])
def test_beside_a_gap_nothing_need_stand(columns: Build, role: str) -> None:
    data = columns(n=with_value(SIZES, at=2, value=None))
    data["starts"][2] = None
    panel = sg.read(data, **NAMED, **{role: "n"})
    assert len(panel.y) == 11


def test_a_whole_council_without_outcomes_is_named(columns: Build) -> None:
    data = columns()
    data["starts"][4:8] = [None] * 4
    with pytest.raises(sg.DataError, match=r"in any period for Kent \(from row 6\)"):
        sg.read(data, **NAMED)


def test_people_without_an_outcome_do_not_count(columns: Build) -> None:
    data = columns()
    data = {name: column * 2 for name, column in data.items()}
    data["starts"][0] = None
    panel = sg.read(data, **NAMED, rows="people", weights="size")
    assert panel.design.size[0].tolist() == [1, 2, 2, 2]
    assert panel.outcome[0, 0] == data["starts"][12]
    assert panel.within is not None
    assert panel.within[1].tolist() == [0, 0, 0, 0]


def test_the_design_keeps_the_schedule_of_gaps_and_the_dates(columns: Build) -> None:
    data = columns(go_live=["2018-10-01"] * 4 + ["2020-04-01"] * 4 + [None] * 4)
    data["starts"][1] = None
    panel = sg.read(data, **NAMED, year_ends="03-31")
    assert panel.design.treatment[0].tolist() == [0, 1, 1, 1]
    assert not panel.frame.used[0, 1]
    assert panel.design.dates is not None
    assert panel.design.dates.astype(str).tolist()[3] == ["2020-04-01", "2021-03-31"]
    assert panel.design.midpoints[1] - panel.design.midpoints[0] == 365
