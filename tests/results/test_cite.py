"""The papers behind a result."""

from __future__ import annotations

import pytest

import staggered as sg

PLAN = sg.Plan(
    design=sg.stepped(clusters=8, steps=4, size=30),
    outcome=sg.Outcome(sd=1.0),
    covariance=sg.RandomTreatment(sg.Decay(icc=0.05, cac=0.8), sd=0.1),
    effect=sg.Constant(0.3),
)


def test_an_estimate_cites_its_estimator_and_then_its_inference() -> None:
    panel = sg.simulate(PLAN, seed=1)
    estimator, inference = sg.Twfe(), sg.Cluster("CR2")
    assert sg.cite(estimator.fit(panel, inference)) == (*estimator.references, *inference.references)


def test_a_paper_is_named_once() -> None:
    found = sg.cite(sg.Efficient(beta=1).fit(sg.simulate(PLAN, seed=1), sg.DesignBased()))
    assert len(found) == len(set(found))


def test_power_cites_the_structure_under_a_random_treatment_effect() -> None:
    found = sg.cite(sg.power(PLAN))
    assert [paper.split(" ")[0] for paper in found] == ["Hussey", "Kasza"]


def test_people_who_are_followed_and_another_estimator_add_their_papers() -> None:
    plan = sg.Plan(
        design=PLAN.design, outcome=PLAN.outcome, covariance=sg.Nested(icc=0.05, cac=0.8, iac=0.3), effect=PLAN.effect
    )
    found = sg.cite(sg.power(plan, sg.SunAbraham()))
    assert [paper.split(" ")[0] for paper in found] == ["Hussey", "Hooper", "Li", "Sun"]


def test_simulated_power_cites_both_methods() -> None:
    found = sg.cite(sg.power(PLAN, sg.Twfe(), simulate=50, inference=sg.Jackknife(), seed=1))
    assert {*sg.Twfe().references, *sg.Jackknife().references} <= set(found)


def test_a_grid_and_attained_power_cite_their_formula() -> None:
    nested = sg.Plan(
        design=PLAN.design, outcome=PLAN.outcome, covariance=sg.Nested(icc=0.05, cac=0.8), effect=PLAN.effect
    )
    for result in (sg.grid(nested, icc=[0.01, 0.05]), sg.attained(PLAN, allocations=20), sg.information(PLAN)):
        assert sg.cite(result)[0].startswith("Hussey")


def test_what_has_no_papers_is_refused() -> None:
    with pytest.raises(sg.DataError, match="of type str"):
        sg.cite("Twfe")
