"""The power curve: through the plan's own point, at alpha where nothing happens."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import staggered as sg
from staggered.plotting.power_curve import power_curve
from staggered.plotting.scale import PercentagePoints

PLAN = sg.Plan(
    design=sg.stepped(clusters=12, steps=4, size=300),
    outcome=sg.Outcome("binomial", baseline=0.07),
    covariance=sg.Nested(icc=0.005, cac=0.8),
    effect=sg.Constant(-0.02),
)


def test_it_runs_from_alpha_through_the_power_of_the_plan():
    power = sg.power(PLAN)
    axes = power_curve(power, Figure(), scale=PercentagePoints())
    x, y = axes.lines[0].get_data()
    assert y[x == 0] == pytest.approx(0.05)
    assert np.interp(-power.effect, -x, y) == pytest.approx(power.power, abs=2e-4)
    assert axes.lines[1].get_xdata()[0] == power.effect
    assert axes.texts[0].get_text() == f"−2.00: {100 * power.power:.0f}%"


def test_one_varying_input_is_a_line_through_its_powers():
    grid = sg.grid(PLAN, icc=[0.001, 0.005, 0.01])
    axes = power_curve(grid, Figure())
    x, y = axes.lines[0].get_data()
    assert list(x) == [0.001, 0.005, 0.01]
    assert y == pytest.approx(grid.powers)
    assert "ICC" in axes.get_xlabel()


def test_terms_stand_side_by_side_under_their_names():
    found = sg.power(PLAN, sg.Gls(PLAN.covariance, by="event"))
    axes = power_curve(found, Figure())
    assert list(axes.lines[0].get_ydata()) == pytest.approx(found.powers)
    assert [label.get_text() for label in axes.get_xticklabels()] == list(found.inputs["term"])


def test_clusters_are_drawn_as_numbers():
    axes = sg.plot(sg.grid(PLAN, clusters=[8, 12, 16]), Figure())
    assert list(axes.lines[0].get_xdata()) == [8, 12, 16]
    assert axes.get_xlabel() == "clusters"


def test_three_assumptions_at_once_have_no_picture():
    found = sg.grid(PLAN, icc=[0.001, 0.005], cac=[0.5, 0.8], size=[200, 300])
    with pytest.raises(sg.DataError, match="icc, cac and size"):
        sg.plot(found, Figure())
