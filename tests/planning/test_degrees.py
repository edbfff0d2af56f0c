"""Degrees of freedom by every name, and what is said of them."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.errors import DesignError

PLAN = sg.Plan(
    design=sg.Design([[0, 1, 1], [0, 1, 1], [0, 0, 1], [0, np.nan, 1], [0, 0, 0], [0, 0, 0]], size=20),
    outcome=sg.Outcome(sd=1.0),
    covariance=sg.Nested(icc=0.05, cac=0.8),
    effect=sg.Constant(0.5),
)

FOUR = replace(PLAN, design=sg.stepped(4, steps=4, size=20))


@pytest.mark.parametrize(
    ("df", "expected"),
    [
        (None, 4),
        ("normal", np.inf),
        ("clusters-2", 4),
        ("clusters-periods-1", 6 - 3 - 1),
        ("cells", 17 - 4),
        ("between-within", 6 - 4),
        (7, 7),
        (3.5, 3.5),
        (np.inf, np.inf),
    ],
)
def test_every_name(df, expected):
    found = sg.power(PLAN, df=df)
    assert found.df == expected
    said = "Normal distribution" if np.isinf(expected) else f"t with {expected:g} degrees of freedom"
    assert said in found.text()


def test_below_forty_clusters_the_default_is_clusters_less_two_and_says_so():
    for clusters, expected in ((39, 37), (40, np.inf)):
        plan = replace(PLAN, design=sg.stepped(clusters, steps=3, size=20))
        found = sg.power(plan)
        assert found.df == expected
        assert ("fewer than 40 clusters" in found.text()) == (clusters < 40)


@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger"])
def test_model_based_ones_need_the_plan_itself(df):
    complete = replace(PLAN, design=sg.stepped(9, steps=3, size=20))
    assert 0 < sg.power(complete, df=df).df < 9 * 4 * 20
    with pytest.raises(DesignError, match="not available here"):
        sg.grid(complete, icc=[0.01], df=df)


def test_the_central_t_is_narrower_in_its_promise():
    central, noncentral = (sg.power(PLAN, noncentral=one).power for one in (False, True))
    assert central != noncentral


@pytest.mark.parametrize(
    ("plan", "df", "says"),
    [
        (FOUR, "clusters-periods-1", "gives -2 degrees of freedom for 4 clusters"),
        (PLAN, "clusters", "df is 'clusters'"),
        (PLAN, 0, "gives 0 degrees"),
        (PLAN, float("nan"), "gives nan degrees"),
        (replace(PLAN, design=sg.Design([[0, 1], [0, 0]], size=20)), None, "2 clusters leave 0 degrees"),
    ],
)  # fmt: skip
def test_those_that_are_not_positive_teach(plan, df, says):
    with pytest.raises(DesignError, match=says) as caught:
        sg.power(plan, df=df)
    assert len(str(caught.value).splitlines()) == 3
