"""Rollouts from real dates: the published schedules, unequal periods, and dates that mean two things."""

from __future__ import annotations

import numpy as np
import pytest

from staggered.design.dates import to_dates
from staggered.design.rollout import rollout
from staggered.errors import DesignError

FAMILY_SAFEGUARDING = {
    "Walsall": "2020-09-01",
    "Lancashire": "2021-02-01",
    "Telford & Wrekin": "2021-06-28",
    "Wandsworth": "2022-01-24",
    "Swindon": "2022-05-24",
}


def test_family_safeguarding_has_the_published_period_lengths() -> None:
    design = rollout(FAMILY_SAFEGUARDING, start="2020-03-01", end="2022-11-24", rate=30)
    assert design.size[0].tolist() == [184, 153, 147, 210, 120, 185]
    assert design.start.tolist() == [1, 2, 3, 4, 5]
    assert design.periods[3] == "2021-06-28"


def test_readiness_strata_allow_twelve_allocations() -> None:
    strata = dict(zip(FAMILY_SAFEGUARDING, ["high", "high", "low", "low", "low"], strict=True))
    design = rollout(FAMILY_SAFEGUARDING, start="2020-03-01", end="2022-11-24", strata=strata)
    assert design.allocations() == 12


def test_rates_and_sizes_by_council() -> None:
    go_live = {"A": "2020-01-31", "B": "2020-03-01"}
    by_rate = rollout(go_live, start="2020-01-01", end="2020-03-30", rate={"A": 30, "B": 60})
    assert by_rate.size.tolist() == [[30, 30, 30], [60, 60, 60]]
    by_size = rollout(go_live, start="2020-01-01", end="2020-03-30", size={"A": 5, "B": 7})
    assert by_size.size.tolist() == [[5, 5, 5], [7, 7, 7]]


def test_calendar_periods_are_treated_from_the_first_with_any_treated_day() -> None:
    design = rollout({"A": "2020-05-15"}, start="2020-01-01", end="2020-12-31", period="quarter", never=["B"])
    assert design.treatment.tolist() == [[0, 1, 1, 1], [0, 0, 0, 0]]
    assert design.dates is not None
    assert design.dates[1].astype(str).tolist() == ["2020-04-01", "2020-06-30"]
    years = rollout({"A": "2021-05-15"}, start="2019-04-01", end="2022-03-31", period="year")
    assert years.dates is not None
    assert years.dates[:, 0].astype(str).tolist() == ["2019-04-01", "2020-04-01", "2021-04-01"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"go_live": {"A": "2025-01-01"}}, "A goes live on 2025-01-01, outside the window"),
        ({"go_live": {"A": ""}}, "A has no go-live date"),
        ({"go_live": {"A": "soon"}}, "'soon' where a date belongs"),
        ({"go_live": {"A": "03/04/2020"}}, "could mean two days"),
        ({"go_live": {"A": "2020-02-30"}}, "a day that no calendar has"),
        ({"go_live": {"A": "04/25/2020"}}, "cannot be a month"),
        ({"go_live": {"A": "2020-06-01"}, "never": ["A"]}, "also listed under never"),
        ({"go_live": {"A": "2020-06-01"}, "size": 1, "rate": 1}, "Both size and rate"),
        ({"go_live": {"A": "2020-06-01"}, "rate": {"B": 3}}, "No size for A"),
        ({"go_live": {"A": "2020-06-01"}, "rate": {"A": 3, "B": 3}}, "unknown B"),
        ({"go_live": {"A": "2020-06-01"}, "end": "2019-01-01"}, "ends (2019-01-01) before it begins"),
        ({"go_live": {"A": ("2020-06-01", "2020-03-01")}}, "A has an earliest go-live after its latest"),
        ({"go_live": {"A": ("2020-06-01", "2021-03-01")}}, "A goes live on 2021-03-01, outside the window"),
        ({"go_live": {"A": ["2020-06-01"]}}, "a list that is not two go-live dates"),
    ],
)
def test_what_a_rollout_refuses(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(DesignError) as caught:
        rollout(**{"start": "2020-01-01", "end": "2020-12-31", **arguments})  # type: ignore[arg-type]
    assert said in caught.value.what
    assert len(str(caught.value).splitlines()) == 3


def test_one_day_above_twelve_settles_a_column_of_day_first_dates() -> None:
    found = to_dates(["03/04/2021", "25/12/2021", None, np.datetime64("2020-01-01")], list("abcd"))
    assert found.astype(str).tolist() == ["2021-04-03", "2021-12-25", "NaT", "2020-01-01"]


def test_a_go_live_known_within_an_interval_leaves_out_what_nobody_knows() -> None:
    between = {"Leeds": ("2012-06-01", "2013-10-31"), "Kent": "2013-05-01", "Bath": ("2012-05-01", "2012-06-30")}
    design = rollout(between, start="2011-04-01", end="2015-03-31", period="year", never=["Hull"])
    expected = [[0, np.nan, 1, 1], [0, 0, 1, 1], [0, 1, 1, 1], [0, 0, 0, 0]]
    np.testing.assert_array_equal(design.treatment, expected)
    steps = rollout({"Leeds": ("2012-06-01", "2013-10-31")}, start="2011-04-01", end="2015-03-31", never=["Hull"])
    np.testing.assert_array_equal(steps.treatment, [[0, np.nan, 1], [0, 0, 0]])
    assert steps.periods == ("2011-04-01", "2012-06-01", "2013-10-31")


WALSALL = {"Walsall": "2020-09-01", "Swindon": "2021-02-01"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"period": "week"}, "period is 'week'"),
        ({"strata": {"Walsall": "high"}}, "No stratum for Swindon"),
        ({"strata": {"Walsall": "high", "Swindon": "low", "Kent": "low"}}, "unknown Kent"),
        ({"size": "many"}, "holds text"),
    ],
)
def test_what_a_rollout_cannot_be_is_said(asked: dict[str, object], said: str) -> None:
    with pytest.raises(DesignError, match=said) as caught:
        rollout(WALSALL, start="2020-03-01", end="2021-06-30", **asked)
    assert len(str(caught.value).splitlines()) == 3


def test_one_council_that_never_goes_live_may_be_named_alone() -> None:
    design = rollout(WALSALL, start="2020-03-01", end="2021-06-30", never="Leeds")
    assert design.clusters == ("Walsall", "Swindon", "Leeds")
