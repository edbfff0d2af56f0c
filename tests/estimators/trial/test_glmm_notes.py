"""Movement of councils that a model has no room for is said before any number."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import staggered as sg
from staggered.estimators.trial.glmm_model import fitted
from staggered.estimators.trial.glmm_notes import movement

PLAN = sg.Plan(
    design=sg.stepped(clusters=12, steps=4, size=400),
    outcome=sg.Outcome("binomial", baseline=0.1, link="logit"),
    covariance=sg.Exchangeable(icc=0.01),
)
pytestmark = pytest.mark.filterwarnings("ignore::staggered.errors.ConvergenceWarning")


def nine_councils() -> sg.Panel:
    table = pd.read_csv("examples/nine_councils.csv")
    return sg.read(
        table, cluster="council", period="year", outcome="starting_to_be_looked_after", start="go_live",
        size="children_0_17", year_ends="03-31",
    )  # fmt: skip


def test_a_model_without_room_for_movement_says_so_before_its_numbers() -> None:
    """Published yearly counts move by far more than Poisson noise: its interval leaves out no effect, wrongly."""
    panel = nine_councils()
    narrow = sg.Glmm("poisson").fit(panel)
    assert narrow.interval()[1] < 0
    assert narrow.text().startswith("Council-periods vary 5")
    assert "nothing should be concluded" in narrow.alerts[0]
    for wide in (sg.Glmm("poisson", "nested").fit(panel), sg.Glmm("negbinomial").fit(panel)):
        assert wide.alerts == ()
        assert wide.interval()[0] < 0 < wide.interval()[1]


def test_pearsons_statistic_is_the_one_of_the_formula() -> None:
    panel = sg.simulate(PLAN, seed=3)
    model, fit = fitted(panel, sg.Glmm("binomial", "fixed").choices())
    risk = 1 / (1 + np.exp(-fit.point.eta[0].reshape(panel.outcome.shape)))
    size = panel.design.size
    squares = (size * (panel.outcome - risk)) ** 2 / (size * risk * (1 - risk))
    times, _ = movement(model, fit)
    # Twelve councils, four further periods and the effect.
    assert times == pytest.approx(squares.sum() / (60 - 17), rel=1e-8)


def test_without_movement_it_keeps_quiet_and_with_it_does_not() -> None:
    moving = replace(PLAN, covariance=sg.Nested(icc=0.02, cac=0.5))
    alarms = {
        name: sum(bool(sg.Glmm("binomial").fit(sg.simulate(plan, seed=seed)).alerts) for seed in range(20))
        for name, plan in (("still", PLAN), ("moving", moving))
    }
    assert alarms["still"] <= 2
    assert alarms["moving"] >= 18


def test_inferences_that_know_of_movement_need_no_alert() -> None:
    panel = sg.simulate(replace(PLAN, covariance=sg.Nested(icc=0.02, cac=0.5)), seed=1)
    assert sg.Glmm("binomial").fit(panel).alerts
    assert sg.Glmm("binomial").fit(panel, sg.Jackknife()).alerts == ()
    assert sg.Glmm("binomial", "fixed").fit(panel).alerts == ()


def test_counts_without_dispersion_are_said_to_have_none() -> None:
    plan = sg.Plan(
        design=sg.stepped(clusters=8, steps=4, size=200),
        outcome=sg.Outcome("poisson", baseline=0.2),
        covariance=sg.Exchangeable(icc=0.01),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sg.StaggeredWarning)
        fit = sg.Glmm("negbinomial").fit(sg.simulate(plan, seed=3))
    assert any("No dispersion of counts beyond chance was found." in note for note in fit.notes)
