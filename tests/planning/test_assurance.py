"""Assurance: power averaged by hand, and the priors it takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from staggered.design.design import Design
from staggered.design.shapes import stepped
from staggered.errors import DesignError
from staggered.estimators.did.imputation import Imputation
from staggered.estimators.linear import Linear
from staggered.estimators.trial.gls import Gls
from staggered.inference.cluster import Cluster
from staggered.inference.jackknife import Jackknife
from staggered.model.covariance import Nested
from staggered.model.effect import Constant
from staggered.model.outcome import Outcome
from staggered.model.plan import Plan
from staggered.planning.assurance import assurance
from staggered.planning.correlation import estimate_correlation
from staggered.planning.power import power
from staggered.planning.simulate import simulate

PLAN = Plan(
    design=stepped(clusters=12, steps=4, size=40),
    outcome=Outcome(sd=1.0),
    covariance=Nested(icc=0.05, cac=0.8),
    effect=Constant(0.3),
)


@pytest.mark.parametrize("estimator", [None, Imputation()])
def test_it_is_the_average_of_power_over_the_draws(estimator: Linear | None) -> None:
    result = assurance(
        PLAN, estimator=estimator, effect=stats.norm(0.3, 0.1), icc=stats.beta(2, 30), cac=[0.5, 0.8], draws=60, seed=3
    )
    by_hand = []
    for effect, icc, cac in zip(result.inputs["effect"], result.inputs["icc"], result.inputs["cac"], strict=True):
        one = replace(PLAN, covariance=Nested(icc=icc, cac=cac), effect=Constant(effect))
        by_hand.append(power(one, estimator).power)
    assert result.power == pytest.approx(by_hand, rel=1e-9)
    assert result.expected == pytest.approx(np.mean(by_hand))
    assert result.enough == np.mean(np.array(by_hand) >= 0.8)


def test_a_point_prior_gives_power_itself() -> None:
    result = assurance(PLAN, effect=0.3, draws=5)
    assert result.power == pytest.approx(np.full(5, power(PLAN).power), rel=1e-12)


def test_arrays_of_one_length_are_joint_draws() -> None:
    icc = np.linspace(0.01, 0.2, 50)
    result = assurance(PLAN, icc=icc, cac=1 - icc, draws=400)
    assert result.inputs["cac"] == pytest.approx(1 - result.inputs["icc"])


def test_a_history_feeds_it() -> None:
    past = Plan(
        design=Design(np.zeros((20, 8)), size=100),
        outcome=Outcome("binomial", baseline=0.3),
        covariance=Nested(icc=0.05, cac=0.8),
    )
    found = estimate_correlation(simulate(past, seed=1), "nested", family="binomial")
    plan = replace(PLAN, outcome=Outcome("binomial", baseline=0.3), effect=Constant(-0.12))
    result = assurance(plan, correlation=found)
    at_estimate = power(replace(plan, covariance=found.covariance())).power
    assert abs(result.expected - at_estimate) < 0.15
    assert result.power.std() > 0.01
    assert set(result.inputs) == {"icc", "cac"}


def test_the_words_hold_the_numbers() -> None:
    result = assurance(PLAN, effect=stats.norm(0.3, 0.1), seed=2)
    assert f"{100 * result.expected:.0f}% chance" in result.text()
    assert f"is {100 * result.enough:.0f}%." in result.text()
    assert result == assurance(PLAN, effect=stats.norm(0.3, 0.1), seed=2)


def test_what_cannot_be_averaged_is_refused() -> None:
    with pytest.raises(DesignError, match="nothing that is unknown"):
        assurance(PLAN)
    with pytest.raises(DesignError, match="draws of icc are outside"):
        assurance(PLAN, icc=stats.norm(0.05, 0.1))
    with pytest.raises(DesignError, match="draws of effect are outside"):
        assurance(PLAN, effect=float("nan"))


def test_fewer_people_than_planned_are_averaged_over() -> None:
    result = assurance(PLAN, size=stats.uniform(0.5, 0.5), icc=0.05, draws=40, seed=2)
    by_hand = [power(replace(PLAN, design=replace(PLAN.design, size=40 * k))).power for k in result.inputs["size"]]
    assert result.power == pytest.approx(by_hand, rel=1e-9)
    assert result.expected < power(PLAN).power
    alone = assurance(PLAN, size=[0.5, 1.0], draws=10)
    assert set(alone.power.round(6)) == {round(power(PLAN).power, 6), round(by_half(), 6)}
    with pytest.raises(DesignError, match="draws of size"):
        assurance(PLAN, size=stats.norm(0.1, 1))


def by_half() -> float:
    return power(replace(PLAN, design=replace(PLAN.design, size=20))).power


def test_the_analysis_itself_is_run_at_each_draw() -> None:
    """At a single draw it is simulated power; over draws it is their mean, whatever the formula thinks."""
    one = assurance(PLAN, effect=0.25, inference=Jackknife(), simulate=4000, draws=1, seed=3)
    own = power(PLAN, Gls(PLAN.covariance), simulate=4000, inference=Jackknife(), seed=9, truth=_smaller(0.25))
    assert abs(one.expected - own.power) < 3 * np.sqrt(2) * own.mcse
    spread = assurance(PLAN, effect=stats.norm(0.25, 0.1), icc=stats.beta(2, 30), inference=Cluster("CR2"), draws=50)
    formula = assurance(PLAN, effect=stats.norm(0.25, 0.1), icc=stats.beta(2, 30), draws=50)
    assert spread.inputs["effect"] == pytest.approx(formula.inputs["effect"])
    assert np.corrcoef(spread.power, formula.power)[0, 1] > 0.9
    assert "simulated data sets at each draw" in spread.text()
    with pytest.raises(DesignError, match="not available for this estimator"):
        assurance(PLAN, effect=0.25, inference=Cluster("CR0"), draws=2)


def _smaller(effect: float) -> Plan:
    return replace(PLAN, effect=Constant(effect))
