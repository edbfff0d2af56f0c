"""The course: averages in which every cluster counts alike, and the highest line named."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import staggered as sg
from staggered.plotting.course import course


@pytest.fixture
def panel():
    design = sg.Design(
        [[0, 1, 1], [0, 0, 1], [0, 0, 0]], clusters=["Bath", "Kent", "Leeds"], periods=[2019, 2020, 2021]
    )
    return sg.Panel(sg.Frame(design), np.array([[1.0, 2.0, 9.0], [3.0, 4.0, 5.0], [7.0, 7.5, 8.0]]), name="referrals")


def test_thick_lines_are_the_averages(panel):
    axes = course(panel, Figure())
    thick = {line.get_label(): line.get_ydata() for line in axes.lines if line.get_linewidth() > 2}
    assert thick["average of the 2 that go live"] == pytest.approx([2.0, 3.0, 7.0])
    assert thick["average of the 1 that never do"] == pytest.approx([7.0, 7.5, 8.0])


def test_each_treated_cluster_has_its_line_and_the_highest_its_name(panel):
    axes = course(panel, Figure())
    assert [text.get_text() for text in axes.texts] == ["Bath"]
    assert axes.get_ylabel() == "referrals"


def test_other_values_take_the_place_of_the_panels_own(panel):
    axes = course(panel, Figure(), values=10 * panel.outcome, label="")
    top = max(line.get_ydata().max() for line in axes.lines)
    assert top == 90
    assert axes.get_ylabel() == ""
