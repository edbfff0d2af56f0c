"""The histogram of attained power: its bars hold every allocation, on the right side of the target."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import staggered as sg
from staggered.plotting.canvas import PARTLY


@pytest.mark.parametrize("sizes", [[10, 25, 60, 90, 300, 700], [50, 55, 60, 65, 70, 75]])
def test_bars_share_out_all_allocations_and_none_straddles_the_target(sizes):
    plan = sg.Plan(
        design=sg.stepped(clusters=6, steps=3, size=sizes),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Nested(icc=0.05, cac=0.7),
        effect=sg.Constant(0.45),
    )
    target = round(float(np.median(sg.attained(plan).power)), 2)
    result = sg.attained(plan, target=target)
    axes = sg.plot(result, ax=Figure())
    heights = np.array([bar.get_height() for bar in axes.patches])
    assert heights.sum() == pytest.approx(1)
    assert len(heights) > 1
    paler = np.array([to_hex(bar.get_facecolor()) == PARTLY for bar in axes.patches])
    assert heights[paler].sum() == pytest.approx(result.below)
    assert axes.lines[0].get_xdata()[0] == pytest.approx(result.expected)
