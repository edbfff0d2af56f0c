"""Weights: every cell its weight, treated cells that count backwards marked."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import staggered as sg
from staggered.plotting.weights import weights


def test_the_picture_holds_the_weights_of_the_rule():
    design = sg.Design([[0, 0, 1], [0, 1, 1]], clusters=["late", "early"])
    rule = sg.Twfe().rule(sg.Frame(design))
    axes = weights(rule, Figure())
    drawn = np.asarray(axes.collections[0].get_array()).reshape(2, 3)
    assert drawn == pytest.approx(rule.by_cluster()[0][[1, 0]])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["early", "late"]


def test_treated_cells_with_a_negative_weight_are_crossed():
    design = sg.Design([[0, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1]])
    rule = sg.Twfe().rule(sg.Frame(design))
    backwards = (rule.by_cluster()[0] < 0) & (design.treatment > 0)
    assert backwards.any()
    crosses = [text for text in weights(rule, Figure()).texts if "×" in text.get_text()]
    assert len(crosses) == backwards.sum()


def test_cells_not_in_use_stay_empty():
    design = sg.Design([[0, np.nan, 1], [0, 0, 0], [0, 0, 1]])
    drawn = weights(sg.Twfe().rule(sg.Frame(design)), Figure()).collections[0].get_array()
    assert np.ma.getmaskarray(drawn).sum() == 1
