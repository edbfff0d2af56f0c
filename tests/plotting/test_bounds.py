import numpy as np
from matplotlib.figure import Figure

import staggered as sg


def test_each_departure_has_its_interval_after_that_of_parallel_trends() -> None:
    design = sg.stepped(clusters=40, steps=4, baseline=4, after=2)
    panel = sg.simulate(sg.Plan(design=design, outcome=sg.Outcome(sd=1.0), effect=sg.Constant(0.5)), seed=1)
    found = sg.bounds(sg.SunAbraham(by="event").fit(panel, sg.Cluster("CR2")), "relative", m=[0, 1])
    axes = sg.plot(found, ax=Figure())
    drawn = [segment[:, 1].tolist() for segment in axes.collections[0].get_segments()]
    np.testing.assert_allclose(drawn, [found.original, *zip(found.low, found.high, strict=True)])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["parallel\ntrends", "0", "1"]
