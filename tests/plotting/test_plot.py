"""sg.plot: every result its picture; anything else an error that says what has one."""

import io

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import staggered as sg

DESIGN = sg.stepped(clusters=["a", "b", "c", "d", "e", "f"], steps=3, size=40)
PLAN = sg.Plan(
    design=DESIGN, outcome=sg.Outcome(sd=1.0), covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(0.4)
)
PANEL = sg.simulate(PLAN, seed=2)
ESTIMATE = sg.Imputation().fit(PANEL, sg.Jackknife())
RESULTS = {
    "design": DESIGN,
    "plan": PLAN,
    "allocation": sg.allocate(DESIGN, seed=1),
    "power": sg.power(PLAN),
    "detectable": sg.detectable(PLAN),
    "line": sg.grid(PLAN, icc=[0.01, 0.05]),
    "map": sg.grid(PLAN, icc=[0.01, 0.05], cac=[0.5, 1.0]),
    "panel": PANEL,
    "estimate": ESTIMATE,
    "estimates": [ESTIMATE, sg.Twfe().fit(PANEL, sg.Jackknife())],
    "events": sg.GroupTime(by="event").fit(PANEL, sg.Jackknife()),
    "cells": sg.GroupTime(by="cell").rule(PANEL.frame),
    "rule": sg.Twfe().rule(PANEL.frame),
}


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_has_a_picture(name):
    figure = Figure()
    axes = sg.plot(RESULTS[name], ax=figure)
    assert isinstance(axes, Axes)
    assert axes.figure is figure
    figure.savefig(io.BytesIO(), format="png")
    assert axes.has_data() or axes.patches


def test_the_picture_belongs_to_the_result():
    assert "power" in sg.plot(RESULTS["power"], ax=Figure()).get_ylabel()
    assert "since go-live" in sg.plot(RESULTS["events"], ax=Figure()).get_xlabel()
    assert len(sg.plot(RESULTS["estimates"], ax=Figure()).get_yticklabels()) == 2
    assert "council" in sg.plot(RESULTS["cells"], ax=Figure()).get_yticklabels()[0].get_text()


@pytest.mark.parametrize("wrong", [3, "a design", [], [1, 2], {"a": 1}])
def test_what_has_no_picture_is_an_error_in_three_lines(wrong):
    with pytest.raises(sg.DataError) as error:
        sg.plot(wrong)
    assert len(str(error.value).splitlines()) == 3
