"""Numbers needed: the smallest that reaches the target, and the ceiling where none does."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.errors import DesignError

PLAN = sg.Plan(
    design=sg.stepped(4, steps=4, size=30),
    outcome=sg.Outcome(sd=1.0),
    covariance=sg.Nested(icc=0.05, cac=0.8),
    effect=sg.Constant(0.25),
)


@pytest.mark.parametrize("df", [None, "normal"])
@pytest.mark.parametrize("target", [0.7, 0.9])
@pytest.mark.parametrize("estimator", [None, sg.Imputation()])
def test_clusters_are_the_fewest_whole_rounds_that_reach_the_target(df, target, estimator):
    plan = replace(PLAN, design=sg.stepped(3, steps=3, size=30, after=1)) if estimator else PLAN
    found = sg.needed(plan, target, df=df, estimator=estimator)
    schedules = len(plan.design.clusters)

    def reached(clusters):
        design = sg.Design(np.tile(plan.design.treatment, (clusters // schedules, 1)), size=30)
        return sg.power(replace(plan, design=design), estimator, df=df).power

    assert found.needed % schedules == 0
    assert reached(found.needed) >= target
    assert reached(found.needed) == pytest.approx(found.power, rel=1e-9)
    assert reached(found.needed - schedules) < target


def test_people_are_the_fewest_that_reach_the_target():
    plan = replace(PLAN, design=sg.stepped(12, steps=4, size=np.arange(10, 34, 2)))
    found = sg.needed(plan, what="size")
    of = [sg.grid(plan, size=[people]).power for people in (found.needed - 1, found.needed)]
    assert of[0] < 0.8 <= of[1]


def test_periods_are_added_at_the_end():
    plan = replace(PLAN, design=sg.hybrid(16, steps=3, size=20, stepped=0.5), effect=sg.Constant(0.25))
    found = sg.needed(plan, what="periods", df="normal")
    assert found.needed > 4
    treatment = plan.design.treatment
    longer = [
        replace(plan, design=sg.Design(np.hstack([treatment, np.repeat(treatment[:, -1:], more, axis=1)]), 20))
        for more in (found.needed - 5, found.needed - 4)
    ]
    powers = [sg.power(one, df="normal").power for one in longer]
    assert powers[0] < 0.8 <= powers[1]
    assert powers[1] == pytest.approx(found.power)


def test_what_is_enough_already_stays():
    assert sg.needed(replace(PLAN, effect=sg.Constant(3.0)), what="periods").needed == 5
    assert sg.needed(replace(PLAN, effect=sg.Constant(30.0)), what="size", df="normal").needed == 1


@pytest.mark.parametrize(
    ("plan", "options", "says"),
    [
        (replace(PLAN, effect=sg.Constant(0.05)), {"what": "size"}, r"No number of people .* stays at \d+\.\d%"),
        (replace(PLAN, effect=sg.Constant(0.01)), {"what": "periods"}, r"No number of periods .* 120 more give \d"),
        (replace(PLAN, effect=sg.Constant(1e-9)), {}, r"10,000,000 clusters would not .* they give \d+\.\d%"),
        (replace(PLAN, effect=sg.Constant(0.0)), {}, "The plan's effect is 0"),
        (PLAN, {"what": "councils"}, "what is 'councils'"),
        (PLAN, {"power": 0.03}, "not above alpha"),
        (PLAN, {"power": 80}, "power is 80"),
        (replace(PLAN, design=sg.Design([[0, 1], [0, 1], [0, 1]])), {}, "cannot be told apart"),
        (PLAN.design, {}, "is no plan"),
    ],
)  # fmt: skip
def test_what_cannot_be_reached_is_said_in_three_lines_with_its_ceiling(plan, options, says):
    with pytest.raises(sg.StaggeredError, match=says) as caught:
        sg.needed(plan, **options)
    assert len(str(caught.value).splitlines()) == 3
    assert isinstance(caught.value, DesignError | sg.IdentificationError)
