import numpy as np
import pytest

import staggered as sg
from tests.oracles import did
from tests.random_panels import random_panel, stepped_panel, with_outcome


@pytest.mark.parametrize("seed", range(20))
def test_equals_least_squares_with_dummies(seed: int) -> None:
    panel = random_panel(seed)
    slow = did.twfe(panel.frame, panel.outcome)
    rule = sg.Twfe().rule(panel.frame)
    assert rule.estimate(panel.outcome)[0] == pytest.approx(slow.params[0], rel=1e-9)
    np.testing.assert_allclose(rule.residuals(panel.outcome)[panel.frame.used], slow.resid, atol=1e-9)


def test_partly_treated_cells_count_in_part() -> None:
    treatment = np.array([[0, 0.5, 1, 1], [0, 0, 0.25, 1], [0, 0, 0, 0.0]])
    panel = sg.Panel(sg.Frame(sg.Design(treatment)), np.random.default_rng(1).normal(size=(3, 4)))
    assert sg.Twfe().rule(panel.frame).estimate(panel.outcome)[0] == pytest.approx(
        did.twfe(panel.frame, panel.outcome).params[0], rel=1e-10
    )


def test_treatment_may_go_back() -> None:
    frame = sg.Frame(sg.Design([[0, 1, 0], [0, 0, 1], [1, 0, 0]]))
    panel = sg.Panel(frame, np.random.default_rng(2).normal(size=(3, 3)))
    assert sg.Twfe().rule(frame).estimate(panel.outcome)[0] == pytest.approx(did.twfe(frame, panel.outcome).params[0])


@pytest.mark.parametrize(
    "treatment", [[[0, 1], [0, 1]], [[1, 1, 1], [1, 1, 1]], [[1, 1], [0, 0]]], ids=["together", "always", "no change"]
)
def test_an_effect_that_cluster_or_period_effects_explain_is_refused(treatment: list[list[float]]) -> None:
    with pytest.raises(
        sg.IdentificationError, match="cannot be told apart from the cluster and period effects"
    ) as told:
        sg.Twfe().rule(sg.Frame(sg.Design(treatment)))
    assert len(str(told.value).splitlines()) == 3


def test_says_whose_average_it_is() -> None:
    panel = stepped_panel(1, clusters=8)
    fit = sg.Twfe().fit(panel)
    assert fit.estimand == "two-way fixed-effects coefficient of treatment, each council counting alike"
    assert fit.inference == "jackknife over clusters"
    assert isinstance(fit.value, float)
    assert sg.Twfe().fit(with_outcome(panel, panel.outcome * 2)).value == pytest.approx(2 * fit.value)
