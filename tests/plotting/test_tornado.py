"""The tornado's bars run between the powers at the ends of each range."""

import pytest
from matplotlib.figure import Figure

import staggered as sg
from staggered.planning.tornado import tornado


def test_bars_span_the_powers_and_the_widest_stands_on_top():
    plan = sg.Plan(
        design=sg.stepped(24, steps=4, size=20),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Nested(icc=0.05, cac=0.8),
        effect=sg.Constant(0.2),
    )
    found = tornado(plan, {"clusters": (20, 28), "icc": (0.01, 0.1), "effect": (0.1, 0.3)})
    axes = sg.plot(found, Figure())
    spans: dict[float, list[float]] = {}
    for bar in axes.patches:
        spans.setdefault(round(bar.get_y() + bar.get_height() / 2), []).extend(
            [bar.get_x(), bar.get_x() + bar.get_width()]
        )
    for row, powers in enumerate(found.powers):
        assert min(spans[row]) == pytest.approx(powers.min())
        assert max(spans[row]) == pytest.approx(powers.max())
    assert axes.get_yticklabels()[0].get_text().startswith("effect (0.2)")
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
