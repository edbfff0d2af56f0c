"""The event study: every event its point and interval, hollow where there is none."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import staggered as sg
from staggered.plotting.canvas import PAPER
from staggered.plotting.event_study import event_study
from staggered.results.estimate import Term
from staggered.results.uncertainty import Sampling

VALUES = np.array([0.5, -0.1, 0.2, 0.3])
VARIANCE = np.array([0.01, 0.04, 0.09, np.nan])


@pytest.fixture
def estimate():
    terms = (Term("overall"), *(Term(f"event {e}", event=e) for e in (-2, 0, 1)))
    return sg.Estimate(
        terms, VALUES, Sampling(np.diag(VARIANCE), np.full(4, np.inf)), "an estimator", "an inference", headed=True
    )


def points(axes):
    return [line for line in axes.lines if line.get_marker() == "o"]


def test_points_are_the_estimates_and_the_overall_row_is_left_out(estimate):
    axes = event_study(estimate, Figure())
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in points(axes)] == [(-2, -0.1), (0, 0.2), (1, 0.3)]


def test_intervals_are_those_of_the_estimate(estimate):
    axes = event_study(estimate, Figure())
    low, high = estimate.interval()
    drawn = {
        line.get_xdata()[0]: tuple(line.get_ydata())
        for line in axes.lines
        if len(line.get_xdata()) == 2 and line.get_xdata()[0] in (-2, 0, 1)
    }
    assert drawn == {-2: (low[0], high[0]), 0: (low[1], high[1])}


def test_a_point_without_an_interval_is_hollow(estimate):
    assert [line.get_markerfacecolor() == PAPER for line in points(event_study(estimate, Figure()))] == [
        False,
        False,
        True,
    ]


def test_who_stands_behind_a_point_is_written_above_it(estimate):
    axes = event_study(estimate, Figure(), councils={-2: 7, 0: 9, 1: 1}, period="year")
    assert [text.get_text() for text in axes.texts] == ["7", "9", "1"]
    assert axes.get_xlabel().startswith("years since go-live")
