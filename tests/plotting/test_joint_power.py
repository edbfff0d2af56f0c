"""Bars of several outcomes: each, at least one, all."""

import pytest
from matplotlib.figure import Figure

import staggered as sg
from staggered.planning.several import joint_power


def test_bars_are_the_chances_and_marks_those_alone():
    def plan(effect):
        return sg.Plan(design=sg.stepped(12, steps=4, size=20), outcome=sg.Outcome(sd=1.0), effect=sg.Constant(effect))

    found = joint_power({"starts": plan(0.2), "re-referrals": plan(0.05)}, correlation=0.3, draws=5000)
    axes = sg.plot(found, Figure())
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([*found.each, found.any, found.all])
    assert axes.collections[0].get_offsets()[:, 0].tolist() == pytest.approx(found.alone.tolist())
    assert [label.get_text() for label in axes.get_yticklabels()][-1] == "all of them"
