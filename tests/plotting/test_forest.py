"""The forest: estimates side by side, in figures too, and a word where there is no interval."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import staggered as sg
from staggered.plotting.canvas import PAPER
from staggered.plotting.forest import forest
from staggered.plotting.scale import PercentChange
from staggered.results.estimate import Term
from staggered.results.uncertainty import Reference, Sampling


def estimate(value, uncertainty):
    return sg.Estimate((Term("overall"),), np.array([value]), uncertainty, "estimator", "inference")


@pytest.fixture
def three():
    few = Reference(np.array([[0.3], [-0.4]]), np.zeros((2, 1)), np.ones(1), True)
    return [
        estimate(0.1, Sampling(np.array([[0.01]]), np.array([np.inf]))),
        estimate(0.2, Sampling(np.array([[np.nan]]), np.array([np.nan]))),
        estimate(-0.1, few),
    ]


def test_rows_are_labelled_and_written_out(three):
    axes = forest(three, Figure(), scale=PercentChange(), labels=["a", "b", "c"])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert [text.get_text() for text in axes.texts] == [
        "+10.5%  (−9.2% to +34.4%)",
        "+22.1%  (no standard error)",
        "−9.5%  (no interval)",
    ]


def test_hollow_points_have_no_interval(three):
    axes = forest(three, Figure())
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in points] == [0.1, 0.2, -0.1]
    assert [line.get_markerfacecolor() == PAPER for line in points] == [False, True, True]


def test_groups_have_one_heading_each(three):
    axes = forest(three, Figure(), labels=["a", "b", "c"], groups=["x", "x", "y"])
    said = [text.get_text() for text in axes.texts]
    assert said.count("x") == said.count("y") == 1
    places = axes.get_yticks()
    assert places[2] - places[1] > places[1] - places[0]


def test_zero_is_always_in_sight():
    axes = forest([estimate(2.0, Sampling(np.array([[0.01]]), np.array([np.inf])))], Figure())
    low, high = axes.get_xlim()
    assert low < 0 < high
