"""The picture of a ranking: an interval for each council, and the places that the table has."""

import numpy as np
from matplotlib.figure import Figure

import staggered as sg
from staggered.hierarchical.councils import ranking as places_of
from staggered.plotting.ranking import ranking
from tests.hierarchical.conftest import panel_of, priors_of


def test_every_place_is_drawn_with_its_interval() -> None:
    fit = sg.Hierarchical(engine="analytic", points=64, draws=400, priors=priors_of("gaussian")).posterior(
        panel_of("gaussian")
    )
    table = places_of(fit, 0.8)
    axes = ranking(fit, Figure(), level=0.8)
    lines = [line.get_xdata() for line in axes.lines]
    np.testing.assert_array_equal(lines[::2], table[["low", "high"]].to_numpy())
    np.testing.assert_array_equal(np.ravel(lines[1::2]), table["median_place"])
    assert [label.get_text() for label in axes.get_yticklabels()] == list(table["council"])
    assert axes.get_xlim() == (0.5, 24.5)
    assert "80% interval" in axes.get_xlabel()
