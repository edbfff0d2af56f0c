"""Grids and tornados: every row the power of its own plan, asked alone."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.errors import DesignError
from staggered.planning.tornado import tornado

PLAN = sg.Plan(
    design=sg.stepped(12, steps=4, size=[10, 20, 30, 40, 50, 60, 10, 20, 30, 40, 50, 60]),
    outcome=sg.Outcome(sd=1.0),
    covariance=sg.Nested(icc=0.05, cac=0.8, iac=0.2),
    effect=sg.Ramp(0.4, over=2),
)
CHANGING = replace(PLAN, effect=sg.ByExposure([0.1, 0.2]))
IN_SDS = replace(PLAN, covariance=sg.Nested.from_sd(between=0.1, within=0.1))


def test_every_row_is_the_power_of_its_own_plan():
    found = sg.grid(PLAN, icc=[0.01, 0.1], cac=[0.5, 1.0], iac=[0.0, 0.5], size=[20, 70], effect=[0.2, -0.5])
    assert len(found.powers) == 32
    for row in range(0, 32, 5):
        icc, cac, iac, size, effect = (found.inputs[name][row] for name in ("icc", "cac", "iac", "size", "effect"))
        alone = sg.Plan(
            design=replace(PLAN.design, size=PLAN.design.size * size / 35),
            outcome=PLAN.outcome,
            covariance=sg.Nested(icc=icc, cac=cac, iac=iac),
            effect=sg.Ramp(effect, over=2),
        )
        by_itself = sg.power(alone)
        assert found.powers[row] == pytest.approx(by_itself.power, rel=1e-10)
        assert found.errors[row] == pytest.approx(by_itself.se, rel=1e-10)
        assert found.effects[row] == pytest.approx(by_itself.effect, rel=1e-10)


def test_clusters_are_more_of_the_plans_own_mix():
    found = sg.grid(PLAN, clusters=[12, 24, 48])
    twice = replace(PLAN, design=sg.Design(np.tile(PLAN.design.treatment, (2, 1)), np.tile(PLAN.design.size, (2, 1))))
    assert found.powers[0] == pytest.approx(sg.power(PLAN).power, rel=1e-10)
    assert found.powers[1] == pytest.approx(sg.power(twice).power, rel=1e-10)
    assert found.degrees.tolist() == [10, 22, np.inf]
    assert "clusters − 2" in found.text()
    assert "Normal distribution" in found.text()


def test_a_tornado_is_the_grid_one_assumption_at_a_time():
    ranges = {"icc": (0.01, 0.1), "size": (20, 80), "sd": (0.9, 1.2), "clusters": (10, 14), "effect": (0.3, 0.5)}
    found = tornado(PLAN, ranges)
    table = found.table().set_index("assumption")
    assert (np.diff(table["swing"]) <= 1e-12).all()
    assert table.loc["size", "planned"] == 35
    assert table.loc["icc", "power_from"] == pytest.approx(sg.grid(PLAN, icc=[0.01]).power)
    wider = replace(PLAN, outcome=sg.Outcome(sd=1.2))
    assert table.loc["sd", "power_to"] == pytest.approx(sg.power(wider).power, rel=1e-12)
    assert found.names[0] in found.text().split("most with ")[1].split(":")[0]
    assert found.to_dict()["power"] == pytest.approx(sg.power(PLAN).power)


def test_a_plan_without_cac_has_one_of_one():
    plan = replace(PLAN, covariance=sg.Exchangeable(icc=0.05))
    assert tornado(plan, {"cac": (0.5, 1.0)}).own.tolist() == [1.0]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: sg.grid(PLAN), "grid was given nothing to vary"),
        (lambda: sg.grid(PLAN, icc=[]), "grid was given nothing to vary"),
        (lambda: sg.grid(PLAN, size=[0]), "size is 0"),
        (lambda: sg.grid(PLAN, clusters=[-1]), "clusters is -1"),
        (lambda: sg.grid(CHANGING, effect=[0.1]), "ByExposure, which has no single"),
        (lambda: tornado(PLAN, {}), "no range"),
        (lambda: tornado(PLAN, {"budget": (1, 2)}), "budget cannot be varied"),
        (lambda: tornado(PLAN, {"icc": (0.1,)}), "range of icc has 1"),
        (lambda: tornado(PLAN, {"baseline": (0.1, 0.2)}), "has no baseline"),
        (lambda: tornado(IN_SDS, {"icc": (0.1, 0.2)}), "both icc and variance"),
    ],
)  # fmt: skip
def test_what_cannot_be_varied_is_refused_in_three_lines(make, says):
    with pytest.raises(DesignError, match=says) as caught:
        make()
    assert len(str(caught.value).splitlines()) == 3
