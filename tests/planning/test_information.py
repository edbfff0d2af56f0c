"""Information content against the plan solved again without each part."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.errors import DesignError

PLANS = {
    "unequal councils": sg.Plan(
        design=sg.stepped(6, steps=3, size=[10, 20, 30, 40, 80, 200], baseline=1, after=1),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Nested(icc=0.05, cac=0.8),
        effect=sg.Constant(0.3),
    ),
    "gaps, decay, by-cell risks": sg.Plan(
        design=sg.Design([[0, 0, 1, 1], [0, np.nan, 1, 1], [0, 0, 0, 1], [0, 1, 1, np.nan], [0, 0, 0, 0]], size=40),
        outcome=sg.Outcome("binomial", baseline=0.2, variance="by-cell"),
        covariance=sg.Decay(icc=0.03, cac=0.7),
        effect=sg.Constant(0.1),
    ),
    "alike": sg.Plan(
        design=sg.stepped(12, steps=4, size=20),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Exchangeable(icc=0.1),
        effect=sg.Constant(0.2),
    ),
}


def without(plan: sg.Plan, treatment: np.ndarray) -> float:
    """Variance with some cells blank; clusters and periods that nobody is left in are taken out (not under decay)."""
    rows, columns = ~np.isnan(treatment).all(axis=1), ~np.isnan(treatment).all(axis=0)
    kept = treatment[rows][:, columns]
    design = sg.Design(kept, plan.design.size[rows][:, columns])
    try:
        return float(sg.power(replace(plan, design=design), df="normal").se ** 2)
    except sg.IdentificationError:
        return np.inf


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_cells_are_worth_what_the_plan_loses_without_them(plan: sg.Plan) -> None:
    whole, found = sg.power(plan).se ** 2, sg.information(plan).ratio
    for (row, column), ratio in np.ndenumerate(found):
        blank = plan.design.treatment.copy()
        if np.isnan(blank[row, column]):
            assert np.isnan(ratio)
            continue
        blank[row, column] = np.nan
        assert ratio == pytest.approx(without(plan, blank) / whole, rel=1e-8)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_councils_are_worth_what_the_plan_loses_without_them(plan: sg.Plan) -> None:
    whole, found = sg.power(plan).se ** 2, sg.information(plan, "clusters")
    for row, ratio in enumerate(found.ratio):
        blank = plan.design.treatment.copy()
        blank[row] = np.nan
        assert ratio == pytest.approx(without(plan, blank) / whole, rel=1e-8)
    left = len(found.clusters) - 1
    first = sg.power(plan, df=left - 2.0)
    assert found.powers.max() <= first.power + 1e-12


def test_a_lost_council_is_tested_with_the_degrees_of_freedom_of_those_that_are_left() -> None:
    plan = PLANS["unequal councils"]
    found = sg.information(plan, "clusters")
    last = replace(plan, design=sg.Design(plan.design.treatment[:-1], plan.design.size[:-1]))
    assert found.powers[-1] == pytest.approx(sg.power(last).power, rel=1e-9)


@pytest.mark.parametrize("name", ["unequal councils", "alike"])
def test_periods_are_worth_what_the_plan_loses_without_them(name: str) -> None:
    plan = PLANS[name]
    whole, found = sg.power(plan).se ** 2, sg.information(plan, "periods").ratio
    for column, ratio in enumerate(found):
        blank = plan.design.treatment.copy()
        blank[:, column] = np.nan
        assert ratio == pytest.approx(without(plan, blank) / whole, rel=1e-8)


def test_what_cannot_be_spared_is_infinite_and_said() -> None:
    plan = replace(PLANS["alike"], design=sg.Design([[0, 1, 1], [0, 0, 1]], size=20))
    found = sg.information(plan, df="normal")
    assert np.isinf(found.ratio[:, 1]).all()
    assert np.isnan(found.powers[:, 1]).all()
    assert "no effect could be estimated" in found.text()


def test_the_table_begins_with_what_is_missed_most() -> None:
    table = sg.information(PLANS["unequal councils"]).table()
    assert (np.diff(table["variance_ratio"]) <= 0).all()
    assert table["variance_ratio"].iloc[-1] >= 1 - 1e-9


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(DesignError, match="what is 'rows'"):
        sg.information(PLANS["alike"], "rows")  # type: ignore[arg-type]
