import numpy as np
from matplotlib.figure import Figure

import staggered as sg


def test_every_comparison_is_a_point_and_the_line_is_the_regression() -> None:
    design = sg.stepped(clusters=8, steps=3, after=1)
    panel = sg.simulate(sg.Plan(design=design, outcome=sg.Outcome(sd=1.0), effect=sg.Constant(0.5)), seed=1)
    found = sg.bacon(panel)
    axes = sg.plot(found, ax=Figure())
    points = np.concatenate([np.asarray(one.get_offsets()) for one in axes.collections])
    assert {(round(x, 12), round(y, 12)) for x, y in points} == {
        (round(pair.weight, 12), round(pair.estimate, 12)) for pair in found.pairs
    }
    np.testing.assert_allclose(axes.lines[0].get_ydata(), sg.Twfe().fit(panel, sg.Jackknife()).value)
