"""The best design for a budget: never dearer, never beaten by brute force, and where theory puts it."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.errors import DesignError
from staggered.planning.search import Costs, best_designs

PLAN = sg.Plan(
    design=sg.stepped(24, steps=4, size=20),
    outcome=sg.Outcome(sd=1.0),
    covariance=sg.Nested(icc=0.05, cac=0.8),
    effect=sg.Constant(0.2),
)


def test_the_winner_beats_every_staircase_tried_by_hand():
    found = best_designs(PLAN, 48, clusters=16, periods=5, shapes=["staircase"], df="normal", keep=3)
    powers = {}
    for steps in range(1, 5):
        for before in range(1, 6 - steps):
            for after in range(1, 7 - steps - before):
                clusters = min(16, 48 // (before + after))
                if clusters >= steps:
                    design = sg.staircase(clusters, steps, 20, before=before, after=after)
                    try:
                        powers[steps, before, after] = sg.power(replace(PLAN, design=design), df="normal").power
                    except sg.StaggeredError:
                        assert steps == 1
    best = max(powers, key=powers.__getitem__)
    assert found.powers[0] == pytest.approx(powers[best], rel=1e-10)
    assert f"{best[0]} steps, {best[1]} before and {best[2]} after" in found.names[0] or np.isclose(
        found.powers[0], found.powers[1]
    )


@pytest.mark.parametrize("costs", [Costs(), Costs(period=2.0, council=30.0, person=0.05)])
def test_nothing_is_dearer_than_the_budget_and_every_shape_is_shown(costs):
    found = best_designs(PLAN, 300, costs=costs, clusters=20, periods=5)
    assert {name.split(",")[0] for name in found.names} == {"stepped", "hybrid", "staircase", "parallel"}
    clusters = np.array([int(name.split(", ")[1].split()[0]) for name in found.names])
    spent = costs.period * found.council_periods + costs.council * clusters + costs.person * found.people
    assert (spent <= 300 + 1e-9).all()
    assert (np.diff(found.powers) <= 1e-12).all()
    assert len(found.names) == 8


def test_more_money_never_shows_less():
    powers = [best_designs(PLAN, budget, clusters=20, periods=5, df="normal").powers[0] for budget in (40, 60, 80, 100)]
    assert (np.diff(powers) >= -1e-12).all()


@pytest.mark.parametrize("icc", [0.01, 0.05, 0.2])
def test_the_best_hybrid_steps_with_about_the_share_that_theory_gives(icc):
    """Girling and Hemming (2016): with many steps the best share that steps is R, the correlation of a mean's parts."""
    size, periods = 10, 13
    plan = replace(PLAN, covariance=sg.Exchangeable(icc=icc), design=sg.stepped(40, steps=4, size=size))
    shares = np.arange(0, 41, 2) / 40
    powers = [
        sg.power(replace(plan, design=sg.hybrid(40, periods - 1, size, stepped=share)), df="normal").power
        for share in shares
        if share == 0 or 40 * share >= periods - 1
    ]
    kept = [share for share in shares if share == 0 or 40 * share >= periods - 1]
    best = kept[int(np.argmax(powers))]
    theory = periods * size * icc / (1 + (periods * size - 1) * icc)
    assert best == pytest.approx(theory, abs=0.12)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"budget": 0}, "The budget is 0"),
        ({"budget": 2}, "A budget of 2 pays for no design"),
        ({"budget": 50, "shapes": ["ladder"]}, "ladder is no shape"),
        ({"budget": 50, "shapes": []}, "No shape was named"),
        ({"budget": 50, "plan": replace(PLAN, effect=sg.Constant(0.0))}, "effect is 0"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_three_lines(change, says):
    with pytest.raises(DesignError, match=says) as caught:
        best_designs(change.pop("plan", PLAN), **change)
    assert len(str(caught.value).splitlines()) == 3


def test_costs_must_cost_something():
    with pytest.raises(DesignError, match="The costs are 0, 0 and 0"):
        Costs(period=0.0)
