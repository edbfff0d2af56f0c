"""The ArviZ object: what it holds, and that ArviZ reads it."""

import warnings

import arviz
import numpy as np
import pytest

import staggered as sg
from staggered.errors import DesignError
from staggered.hierarchical import inference_data
from staggered.hierarchical.posterior import Posterior
from tests.hierarchical.conftest import panel_of, priors_of, simulated


@pytest.fixture(scope="module")
def fitted(family: str) -> Posterior:
    return sg.Hierarchical(
        family=family, engine="analytic", priors=priors_of(family), points=128, draws=400
    ).posterior(panel_of(family))  # fmt: skip


def test_groups_hold_the_numbers_of_the_fit(fitted: Posterior, family: str) -> None:
    held = fitted.estimate("cluster").to_arviz()
    posterior = held["posterior"]
    assert posterior["council_effect"].dims == ("chain", "draw", "treated_council")
    # Nothing is rounded on the way.
    np.testing.assert_array_equal(posterior["council_effect"].values[0], fitted.estimate("cluster").draws)
    np.testing.assert_array_equal(posterior["mean_effect"].values[0], fitted.estimate().draws[:, 0])
    np.testing.assert_array_equal(posterior["exposure_effect"].values[0], fitted.estimate("event").draws)
    np.testing.assert_array_equal(posterior["heterogeneity"].values[0], fitted.hyper["heterogeneity"])
    np.testing.assert_array_equal(held["observed_data"]["outcome"].values, simulated(family)[0])
    assert held["posterior_predictive"]["outcome"].shape == (1, 400, 24, 20)
    assert held["log_likelihood"]["outcome"].sel(council="3").shape == (1, 400, 20)


def test_arviz_works_on_it(fitted: Posterior) -> None:
    held = fitted.to_arviz()
    value = arviz.ess(held, var_names=["mean_effect"])
    assert float(value["mean_effect"].values) > 200
    counted = held["log_likelihood"]["outcome"].values[0]
    near = np.log(np.exp(counted).mean(axis=0)).sum()
    with warnings.catch_warnings():
        # ArviZ names a cell or two whose weights are heavy with so few draws.
        warnings.filterwarnings("ignore", message="Estimated shape parameter of Pareto")
        left_out = arviz.loo(held)
    # What was seen is at least as probable given itself as left out.
    assert float(left_out.elpd if arviz.__version__[0] != "0" else left_out.elpd_loo) < near


def test_predicted_outcomes_look_like_those_seen(fitted: Posterior, family: str) -> None:
    predicted = fitted.to_arviz()["posterior_predictive"]["outcome"].values[0]
    seen = simulated(family)[0]
    low, high = np.quantile(predicted, [0.025, 0.975], axis=0)
    assert ((seen >= low) & (seen <= high)).mean() > 0.9


def test_gaps_are_nan() -> None:
    panel = panel_of("gaussian")
    treatment, outcome = panel.design.treatment.copy(), panel.outcome.copy()
    treatment[3, 7] = outcome[3, 7] = np.nan
    fit = sg.Hierarchical(engine="analytic", points=32, draws=200)
    held = fit.fit(sg.Panel(sg.Frame(sg.Design(treatment, size=1)), outcome)).to_arviz()
    for group in ("posterior_predictive", "log_likelihood", "observed_data"):
        assert np.isnan(held[group]["outcome"].values[..., 3, 7]).all()
        assert np.isfinite(held[group]["outcome"].values).mean() == pytest.approx(1 - 1 / 480)


def test_an_estimate_without_a_posterior_says_so() -> None:
    plan = sg.Plan(design=sg.stepped(clusters=6, steps=3), outcome=sg.Outcome(sd=1.0))
    with pytest.raises(sg.DataError, match="has no ArviZ object"):
        sg.Twfe().fit(sg.simulate(plan, seed=1), sg.Jackknife()).to_arviz()


def test_without_arviz_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = sg.Hierarchical(engine="analytic", points=32, draws=200).posterior(panel_of("gaussian"))
    monkeypatch.setattr(inference_data, "find_spec", lambda name: None)
    with pytest.raises(DesignError, match="ArviZ is not installed"):
        fitted.to_arviz()
