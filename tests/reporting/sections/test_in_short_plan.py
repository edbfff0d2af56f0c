"""In short, for a plan: the range of its power, never one number; its smallest effect; its orders."""

import numpy as np
import pytest

import staggered as sg
from staggered.reporting.material import gather
from staggered.reporting.sections.in_short_plan import in_short_plan, range_sentence
from tests.reporting.reading import ROOT, words


def said(name):
    material = gather(sg.load(ROOT / "designs" / f"{name}.toml"), None, "protocol")
    return " ".join(block.text for block in in_short_plan(material).blocks)


def test_the_range_of_power_comes_first(trees, plan):
    text = words(trees["plan"], "in-short")
    powers = plan.study.grid().powers
    assert f"runs from {round(100 * powers.min())}% to {round(100 * powers.max())}%" in text
    assert "runs from 14% to 71%" in text
    assert "In none of the 30 settings looked at does it reach 80%" in text


def test_the_smallest_effect_is_that_of_the_plan_in_children_too(trees, plan):
    smallest = abs(plan.study.detectable().effect)
    assert f"{100 * smallest:.2f} percentage points" in words(trees["plan"], "in-short")
    assert f"{1000 * smallest:.3g} children in every 1,000" in words(trees["plan"], "in-short")


def test_twelve_orders_cannot_show_anything_at_five_per_cent(trees):
    text = words(trees["plan"], "in-short")
    assert "12 different orders" in text
    assert "cannot be smaller than 1/12 = 0.083; such a test can never find anything at 5%" in text


@pytest.mark.parametrize(("powers", "times"), [([0.1, 0.5], "In none"), ([0.1, 0.9], "In 1"), ([0.85, 0.9], "In all")])
def test_how_often_the_target_is_reached(powers, times):
    same = np.ones(2)
    grid = sg.Power(powers=powers, errors=same, degrees=same, effects=same)
    assert f"{times} of the 2 settings" in range_sentence(grid, 0.8)


def test_what_is_not_known_is_said_and_not_made_up():
    text = said("fv_protocol")
    assert "power cannot be worked out" in text
    assert "not made up" in text
    assert "%" not in text


def test_so_many_orders_have_no_floor_that_matters():
    assert "no floor of its p-value matters" in said("hussey_hughes")
