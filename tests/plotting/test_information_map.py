"""The information map: every figure that of its cell, what cannot be spared marked, gaps hatched."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import staggered as sg


def plan(design: sg.Design) -> sg.Plan:
    return sg.Plan(
        design=design,
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Nested(icc=0.05, cac=0.8),
        effect=sg.Constant(0.3),
    )


def test_cells_carry_the_growth_of_the_variance():
    found = sg.information(plan(sg.stepped(["Leeds", "Kent", "Bath", "Hull"], steps=4, size=20)))
    axes = sg.plot(found, Figure())
    said = [float(text.get_text()) for text in axes.texts]
    assert said == [pytest.approx(100 * (ratio - 1), abs=0.051) for ratio in found.ratio.ravel()]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Leeds", "Kent", "Bath", "Hull"]


def test_gaps_are_hatched_and_what_cannot_be_spared_is_marked():
    design = sg.Design([[0, 1, 1], [0, 0, 1], [0, np.nan, 1]], size=30)
    found = sg.information(plan(design))
    axes = sg.plot(found, Figure())
    hatched = [patch for patch in axes.patches if isinstance(patch, Rectangle) and patch.get_hatch()]
    assert len(hatched) == np.isnan(found.ratio).sum() == 1
    assert sum(text.get_text() == "all" for text in axes.texts) == np.isinf(found.ratio).sum() == 2
    assert {text.get_text() for text in axes.get_legend().get_texts()} == {"not observed", "all: no effect without it"}


def test_without_each_council_in_turn_the_largest_loss_comes_first():
    found = sg.information(plan(sg.stepped(6, steps=3, size=[10, 20, 30, 40, 50, 200])), "clusters")
    axes = sg.plot(found, Figure())
    lengths = [bar.get_width() for bar in axes.patches]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] == pytest.approx(100 * (found.ratio.max() - 1))
    assert axes.texts[0].get_text() == f"power {100 * found.powers[found.ratio.argmax()]:.0f}%"


def test_periods_stay_in_their_order():
    found = sg.information(plan(sg.stepped(6, steps=3, size=20)), "periods")
    axes = sg.plot(found, Figure())
    assert [label.get_text() for label in axes.get_yticklabels()] == ["1", "2", "3", "4"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx(list(100 * (found.ratio - 1)))
