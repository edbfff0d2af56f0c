"""With priors flat enough the gaussian model is the mixed model by REML."""

import numpy as np
import pytest

import staggered as sg

FLAT = sg.prior.Priors(
    level=sg.prior.Normal(0.0, 10.0), effect=sg.prior.Normal(0.0, 10.0), councils=sg.prior.HalfNormal(2.0),
    heterogeneity=sg.prior.HalfNormal(1e-4), noise=sg.prior.HalfNormal(5.0),
)  # fmt: skip
SAME = sg.Hierarchical(
    engine="analytic", trend="indicators", exposure="constant", deviations="none", priors=FLAT, points=1024, draws=8000
)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
@pytest.mark.filterwarnings("ignore:The effect is taken as constant")
def test_an_exchangeable_model_with_flat_priors_is_reml(seed: int) -> None:
    plan = sg.Plan(
        design=sg.stepped(clusters=24, steps=6, size=50), outcome=sg.Outcome(sd=1.0),
        covariance=sg.Exchangeable(icc=0.05), effect=sg.Constant(0.3),
    )  # fmt: skip
    panel = sg.simulate(plan, seed=seed)
    reml = sg.Mixed(covariance="exchangeable").fit(panel, sg.ModelBased())
    flat = SAME.fit(panel)
    assert flat.value == pytest.approx(reml.value, abs=0.1 * reml.se)
    assert flat.se == pytest.approx(reml.se, rel=0.1)


@pytest.mark.filterwarnings("ignore:The effect is taken as constant")
def test_with_gaps_too() -> None:
    plan = sg.Plan(
        design=sg.stepped(clusters=24, steps=6, size=50), outcome=sg.Outcome(sd=1.0),
        covariance=sg.Exchangeable(icc=0.05), effect=sg.Constant(0.3),
    )  # fmt: skip
    whole = sg.simulate(plan, seed=9)
    treatment, outcome = whole.design.treatment.copy(), whole.outcome.copy()
    holes = np.random.default_rng(2).random(treatment.shape) < 0.1
    treatment[holes] = outcome[holes] = np.nan
    panel = sg.Panel(sg.Frame(sg.Design(treatment, size=50)), outcome)
    reml = sg.Mixed(covariance="exchangeable").fit(panel, sg.ModelBased())
    flat = SAME.fit(panel)
    assert flat.value == pytest.approx(reml.value, abs=0.1 * reml.se)
    assert flat.se == pytest.approx(reml.se, rel=0.1)
