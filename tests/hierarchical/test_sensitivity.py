"""Prior sensitivity: power scaling against ArviZ and a conjugate model, refits against fits by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import staggered as sg
from staggered.hierarchical.posterior import Posterior
from staggered.hierarchical.scaling import joint_likelihood, power_scaling, sensitivity_of
from staggered.hierarchical.sensitivity import prior_sensitivity
from tests.hierarchical.conftest import panel_of, priors_of, simulated
from tests.hierarchical.test_extension import TREATED as FEW

MODEL = sg.Hierarchical(engine="analytic", points=64, draws=1000)


@pytest.fixture(scope="module")
def fitted(family: str) -> Posterior:
    return replace(MODEL, family=family, priors=priors_of(family)).posterior(panel_of(family))


def test_a_conjugate_mean_moves_as_it_should() -> None:
    # Prior N(0, 1), one observation of 2 with SD s: a precise one leaves the prior little to say.
    r = np.random.default_rng(1)
    found = []
    for sd in (0.1, 1.0):
        precision = 1 + sd**-2
        draws = r.normal(2.0 / sd**2 / precision, precision**-0.5, 40_000)
        found.append(sensitivity_of(draws, stats.norm.logpdf(draws)))
    assert found[0] < 0.05 < found[1]
    assert sensitivity_of(draws, np.zeros(len(draws))) == 0


def test_it_agrees_with_arviz() -> None:
    draws = np.random.default_rng(2).normal(0.6, 0.7, 4000)
    # az.psens of ArviZ 0.23.4 on these draws with the log density of N(0, 1) as log prior: 0.0907174418748375.
    # It smooths the tail of the weights, which weights this even do not need.
    assert sensitivity_of(draws, stats.norm.logpdf(draws)) == pytest.approx(0.0907174418748375, rel=2e-3)


def test_the_joint_likelihood_is_that_of_all_cells(fitted: Posterior) -> None:
    some = replace(
        fitted, fixed=fitted.fixed[:3], levels=fitted.levels[:3], effects=fitted.effects[:3], fresh=fitted.fresh[:3],
        hyper={name: values[:3] for name, values in fitted.hyper.items()},
    )  # fmt: skip
    level, effect = some.predictor()
    outcome, size = simulated(fitted.family)
    by_hand = []
    for k in range(3):
        eta, hyper = level[k] + effect[k], {name: float(values[k]) for name, values in some.hyper.items()}
        if fitted.family == "gaussian":
            lag = np.abs(np.subtract.outer(np.arange(20), np.arange(20)))
            covariance = hyper["course"] ** 2 * hyper["persistence"] ** lag + hyper["noise"] ** 2 * np.eye(20)
            by_hand.append(stats.multivariate_normal(np.zeros(20), covariance).logpdf(outcome - eta).sum())
        elif fitted.family == "binomial":
            by_hand.append(stats.binom(size.astype(int), 1 / (1 + np.exp(-eta))).logpmf(outcome).sum())
        else:
            shape, mean = 1 / hyper["dispersion"] ** 2, size * np.exp(eta)
            by_hand.append(stats.nbinom(shape, shape / (shape + mean)).logpmf(outcome).sum())
    np.testing.assert_allclose(np.diff(joint_likelihood(some)), np.diff(by_hand), rtol=1e-6)


def test_people_count_in_the_likelihood() -> None:
    plan = sg.Plan(
        design=sg.stepped(clusters=6, steps=3, size=20), outcome=sg.Outcome(sd=1.0), covariance=sg.Exchangeable(icc=0.1)
    )
    panel = sg.simulate(plan, seed=1)
    assert panel.within is not None
    assert np.isfinite(joint_likelihood(MODEL.posterior(panel))).all()


@pytest.mark.slow
def test_a_narrow_prior_decides_and_is_seen_to(family: str) -> None:
    narrow = replace(priors_of(family), effect=sg.prior.Normal(0.3, 0.05))
    scaled = [
        power_scaling(replace(MODEL, family=family, priors=priors).posterior(panel_of(family)))
        for priors in (priors_of(family), narrow)
    ]
    assert scaled[0]["effect prior"] < 0.05 < scaled[1]["effect prior"]


def small(outcome: np.ndarray) -> sg.Panel:
    return sg.Panel(sg.Frame(sg.Design(FEW, size=1)), outcome)


def test_each_refit_is_a_fit_with_those_priors() -> None:
    panel = small(np.random.default_rng(3).normal(size=FEW.shape))
    belief = sg.prior.Normal(-0.2, 0.1)
    model = replace(MODEL, priors={"effect": belief}, points=64, draws=400)
    found = prior_sensitivity(model, panel, others={"before": sg.prior.Normal(0.0, 0.3)})
    table = found.table().set_index("priors")
    assert len(table) == 13
    assert table.loc["as given", "effect"] == pytest.approx(model.fit(panel).value)
    given = model.priors_on(panel)
    for label, effect in (("effect centred on none", (0.0, 0.1)), ("before", (0.0, 0.3))):
        by_hand = replace(model, priors=replace(given, effect=sg.prior.Normal(*effect)))
        assert table.loc[label, "effect"] == pytest.approx(by_hand.fit(panel).value)
    said = found.text()
    assert "under 12 other sets of priors" in said
    assert found.verdict in said
    assert found.to_dict()["scaling"] == found.scaling


def test_an_answer_that_hangs_on_its_prior_says_so() -> None:
    panel = small(np.random.default_rng(4).normal(size=FEW.shape))
    told = replace(
        MODEL, exposure="monotone", engine="pymc", priors={"effect": sg.prior.Normal(-0.5, 0.05)}, points=64, draws=400
    )
    found = prior_sensitivity(told, panel, others={"wide": sg.prior.Normal(0.0, 1.0)})
    assert "hangs on the prior" in found.text()
    assert "moves the answer" in found.verdict
