"""Attained power: each allocation's power is the power of the plan with that allocation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from staggered.allocation.allocate import allocate
from staggered.design.design import Design
from staggered.design.shapes import stepped
from staggered.errors import DesignError, IdentificationError
from staggered.model.covariance import Covariance, Decay, Exchangeable, Nested, RandomTreatment
from staggered.model.effect import Constant, Ramp
from staggered.model.outcome import Outcome
from staggered.model.plan import Plan
from staggered.planning.attained import attained
from staggered.planning.power import power

SIZES = [10, 25, 60, 90, 300, 700]


def _plan(covariance: Covariance, design: Design | None = None) -> Plan:
    design = design or stepped(clusters=6, steps=3, size=SIZES)
    return Plan(design=design, outcome=Outcome(sd=1.0), covariance=covariance, effect=Constant(0.3))


@pytest.mark.parametrize(
    "covariance",
    [
        Exchangeable(icc=0.02),
        Nested(icc=0.05, cac=0.7),
        Decay(icc=0.05, cac=0.8),
        RandomTreatment(Nested(icc=0.05, cac=0.7), share=0.5),
    ],
)
@pytest.mark.parametrize("transition", [0, 1])
def test_every_allocation_has_the_power_of_its_own_plan(covariance: Covariance, transition: int) -> None:
    plan = _plan(covariance, stepped(clusters=6, steps=3, size=SIZES, transition=transition, after=1))
    result = attained(plan, df="normal")
    assert len(result.power) == plan.design.allocations() == 90
    for order, value, error in list(zip(result.orders, result.power, result.se, strict=True))[::7]:
        one = replace(plan, design=replace(plan.design, treatment=plan.design.treatment[order]))
        assert power(one, df="normal").power == pytest.approx(value, rel=1e-9)
        assert power(one, df="normal").se == pytest.approx(error, rel=1e-9)


def test_equal_councils_have_one_power() -> None:
    plan = _plan(Nested(icc=0.05, cac=0.7), stepped(clusters=6, steps=3, size=50))
    assert np.ptp(attained(plan).power) < 1e-12


def test_a_sample_is_repeatable_and_said_to_be_one() -> None:
    plan = _plan(Nested(icc=0.05, cac=0.7))
    first, second = attained(plan, allocations=40, seed=3), attained(plan, allocations=40, seed=3)
    assert first == second
    assert not first.complete
    assert "40 allocations drawn at random" in first.text()
    assert attained(plan, allocations=40, seed=4) != first


def test_constraints_narrow_the_spread() -> None:
    plan = _plan(Nested(icc=0.05, cac=0.7))
    drawn = allocate(
        plan.design, seed=1, balance={"size": dict(zip(plan.design.clusters, SIZES, strict=True))}, keep=0.2
    )
    constrained = attained(plan, allowed=drawn)
    assert len(constrained.power) == drawn.count
    assert constrained.worst > attained(plan).worst


def test_the_summary_adds_up() -> None:
    result = attained(_plan(Nested(icc=0.05, cac=0.7)), target=0.6)
    assert result.below == np.mean(result.power < 0.6)
    assert result.worst == result.power.min() == result.table()["power"].iloc[0]
    assert set(result.order(0).values()) == {2, 3, 4}
    assert f"{100 * result.below:.0f}% of them fall short of 60%" in result.text()


def test_what_cannot_be_asked_is_refused() -> None:
    plan = _plan(Nested(icc=0.05, cac=0.7))
    with pytest.raises(IdentificationError, match="differs between cells"):
        attained(replace(plan, effect=Ramp(0.3)))
    with pytest.raises(DesignError, match="At least one"):
        attained(plan, allocations=0)
    with pytest.raises(DesignError, match="another design"):
        attained(plan, allowed=allocate(stepped(clusters=6, steps=3), seed=1))


def test_equal_councils_make_no_order_better_than_another() -> None:
    alike = attained(_plan(Nested(icc=0.05, cac=0.8), stepped(clusters=6, steps=3, size=50)))
    assert "the same whoever draws which step" in alike.text()
    assert "highest" in attained(_plan(Nested(icc=0.05, cac=0.8))).text()
