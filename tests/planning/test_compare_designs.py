"""Designs side by side: every number is that of the verb that is asked alone, and the burden is counted."""

import json

import numpy as np
import pytest

import staggered as sg
from staggered.planning.compare_designs import burden


def plan(design, effect=0.2, **options):
    return sg.Plan(
        design=design,
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Nested(icc=0.05, cac=0.8),
        effect=sg.Constant(effect),
        **options,
    )


WEDGE = plan(sg.stepped(12, steps=4, size=20))
STAIRCASE = plan(sg.staircase(12, steps=4, size=20))
PLANS = {"wedge": WEDGE, "staircase": STAIRCASE}


def test_every_number_is_that_of_the_verb_asked_alone():
    table = sg.compare_designs(PLANS, alpha=0.01, df="normal", target=0.9).table().set_index("design")
    for name, one in PLANS.items():
        alone = sg.power(one, alpha=0.01, df="normal")
        assert table.loc[name, "power"] == alone.power
        assert table.loc[name, "std_error"] == alone.se
        assert table.loc[name, "df"] == np.inf
        assert table.loc[name, "detectable"] == sg.detectable(one, 0.9, alpha=0.01, df="normal").needed


def test_an_estimator_that_weighs_differently_is_compared_like_any_other():
    told = sg.compare_designs(PLANS, estimator=sg.WithinPeriod())
    assert told.powers[0] == sg.power(WEDGE, sg.WithinPeriod()).power < sg.power(WEDGE).power


def test_degrees_of_freedom_of_each_by_its_name():
    told = sg.compare_designs(PLANS, df={"wedge": "normal"})
    assert told.degrees.tolist() == [np.inf, 10.0]
    assert "wedge: Normal distribution, as asked." in told.text()


def test_the_burden_is_counted_on_cells_that_are_observed():
    # 12 clusters of 20 people, each seen once before and once after its crossing.
    assert burden(STAIRCASE.design, 100.0)[:3] == (24, 12, 480)
    told = sg.compare_designs(PLANS, cost_per_period=100.0)
    assert told.table()["cost"].tolist() == [6000.0, 2400.0]
    assert told.smallest_p.tolist() == [1 / 369600, 1 / 369600]
    assert "cost" not in sg.compare_designs(PLANS).table()
    assert "months" not in told.table()


def test_months_are_known_where_the_design_has_dates():
    design = sg.rollout({"Leeds": "2024-05-01", "Kent": "2024-09-01", "Bath": "2024-11-01"},
                        start="2024-01-01", end="2024-12-31", size=40)  # fmt: skip
    assert sg.compare_designs({"dated": plan(design)}).table()["months"].round(1).tolist() == [12.0]


def test_the_words_name_the_best_the_cheapest_and_what_a_permutation_test_cannot_do():
    told = sg.compare_designs({**PLANS, "pair": plan(sg.parallel(4, size=20))}).text()
    assert "wedge has the highest power, 40.3%; pair has the lowest, 8.3%. None of them reaches 80%." in told
    assert "pair needs the fewest council-periods, 16" in told
    assert "pair: so few allocations exist that a permutation test can never give p ≤ 0.05." in told
    assert "pair: t with 2 degrees of freedom" in told


def test_those_that_reach_the_target_are_named():
    told = sg.compare_designs({"large": plan(WEDGE.design, 0.5), "small": WEDGE})
    assert "80% is reached by large." in told.text()


def test_without_an_effect_the_detectable_one_is_compared():
    told = sg.compare_designs({name: plan(one.design, 0.0) for name, one in PLANS.items()})
    assert np.allclose(told.powers, 0.05)
    assert "their power is alpha. wedge detects the smallest effect with 80% power: 0.328." in told.text()


def test_it_is_a_value_that_can_be_written_down():
    told = sg.compare_designs(PLANS)
    assert told == sg.compare_designs(PLANS)
    assert json.loads(json.dumps(told.to_dict()))["rows"][1]["design"] == "staircase"


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        ({}, {}, "no plan"),
        ({"a": WEDGE.design}, {}, "a is a Design and not a plan"),
        (PLANS, {"cost_per_period": -1.0}, "cost_per_period is -1"),
        ({"tiny": plan(sg.parallel(2))}, {}, "tiny: 2 clusters leave 0 degrees of freedom"),
    ],
)
def test_what_cannot_be_compared_is_said_in_three_lines(given, options, words):
    with pytest.raises(sg.DesignError, match=words) as error:
        sg.compare_designs(given, **options)
    assert len(str(error.value).splitlines()) == 3
