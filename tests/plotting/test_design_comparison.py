"""The picture of designs side by side."""

from matplotlib.figure import Figure

import staggered as sg


def test_bars_are_the_powers_and_the_burden_stands_beside_them():
    def plan(design):
        return sg.Plan(design=design, outcome=sg.Outcome(sd=1.0), effect=sg.Constant(0.3))

    told = sg.compare_designs({"wedge": plan(sg.stepped(8, steps=4, size=20)), "pair": plan(sg.parallel(4, size=5))})
    axes = sg.plot(told, ax=Figure())
    assert [label.get_text() for label in axes.get_yticklabels()] == ["wedge", "pair"]
    assert [bar.get_width() for bar in axes.patches[2:]] == told.powers.tolist()
    assert "40 council-periods  ·  800 people" in {text.get_text() for text in axes.texts}
