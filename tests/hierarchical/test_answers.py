"""The answers: probabilities are shares of draws, and directions are checked."""

import numpy as np
import pytest

import staggered as sg
from staggered.hierarchical.answers import answers
from tests.hierarchical.conftest import panel_of, priors_of


@pytest.fixture(scope="module")
def fitted():
    return sg.Hierarchical(engine="analytic", priors=priors_of("gaussian"), points=256).posterior(panel_of("gaussian"))


def test_each_row_is_a_share_of_draws(fitted) -> None:
    table = answers(fitted, beyond=-0.1).set_index("about")
    assert len(table) == 2 + 24
    overall, new, councils = fitted.estimate().draws, fitted.estimate("new").draws, fitted.estimate("cluster").draws
    assert table.loc["mean of all councils", "any_benefit"] == (overall < 0).mean()
    assert table.loc["another council like these", "matters"] == (new < -0.1).mean()
    assert table.loc["5", "effect"] == pytest.approx(councils[:, 4].mean())
    assert (table["matters"] <= table["any_benefit"]).all()


def test_where_higher_is_better(fitted) -> None:
    low, high = answers(fitted), answers(fitted, better="higher", beyond=0.1)
    np.testing.assert_allclose(low["any_benefit"] + high["any_benefit"], 1.0)
    assert low["matters"].isna().all()


def test_directions_must_agree(fitted) -> None:
    with pytest.raises(sg.DesignError, match="better is 'more'"):
        answers(fitted, better="more")
    with pytest.raises(sg.DesignError, match="change for the better"):
        answers(fitted, beyond=0.1)
