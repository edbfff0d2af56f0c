"""Distributions against scipy; beliefs in words against the quantiles they promise."""

import numpy as np
import pytest
from scipy import stats

from staggered.errors import DesignError
from staggered.model.prior import Belief, Beta, HalfCauchy, HalfNormal, Normal, Prior, Priors, Uniform

TWINS = [
    (Normal(1.0, 2.0), stats.norm(1.0, 2.0)),
    (HalfNormal(0.3), stats.halfnorm(scale=0.3)),
    (HalfCauchy(2.0), stats.halfcauchy(scale=2.0)),
    (Uniform(-1.0, 3.0), stats.uniform(-1.0, 4.0)),
    (Beta(3.0, 2.0), stats.beta(3.0, 2.0)),
]


@pytest.mark.parametrize(("prior", "twin"), TWINS, ids=lambda one: type(one).__name__)
def test_density_and_quantiles_are_scipys(prior: Prior, twin: stats.rv_continuous) -> None:
    probability = np.array([1e-9, 0.01, 0.3, 0.5, 0.9, 0.999999])
    x = twin.ppf(probability)
    np.testing.assert_allclose(prior.quantile(probability), x, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(prior.log_density(x[1:]), twin.logpdf(x[1:]), rtol=1e-10)


@pytest.mark.parametrize("prior", [HalfNormal(1.0), HalfCauchy(1.0), Uniform(0.0, 1.0), Beta(2.0, 2.0)])
def test_nothing_lies_outside_the_range(prior: Prior) -> None:
    assert prior.log_density(np.array([-0.1]))[0] == -np.inf


def test_draws_follow_the_quantiles() -> None:
    drawn = HalfNormal(0.5).rvs(20_000, np.random.default_rng(1))
    assert stats.kstest(drawn, stats.halfnorm(scale=0.5).cdf).pvalue > 0.01


def test_not_credible_has_one_chance_in_two_hundred() -> None:
    prior = Belief(not_credible=0.30).prior()
    assert prior.mean == 0
    assert stats.norm(0, prior.sd).cdf(np.log(0.7)) == pytest.approx(0.005)


def test_large_has_one_chance_in_ten() -> None:
    prior = Belief(large=0.10, expected=-0.02).prior()
    assert stats.norm(prior.mean, prior.sd).cdf(np.log(0.9)) == pytest.approx(0.1)
    assert np.exp(prior.mean) == pytest.approx(0.98)


@pytest.mark.parametrize(("large", "not_credible"), [(0.10, 0.30), (0.20, 0.30)])
def test_of_two_sentences_the_weaker_claim_holds(large: float, not_credible: float) -> None:
    both = Belief(large=large, not_credible=not_credible).prior().sd
    assert both == max(Belief(large=large).prior().sd, Belief(not_credible=not_credible).prior().sd)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"large": 1.0}, "large is 1"),
        ({}, "without large and not_credible"),
        ({"large": 0.3, "not_credible": 0.1}, "further away"),
        ({"large": 0.1, "expected": -0.2}, "What is expected cannot be surprising"),
    ],
)
def test_beliefs_that_contradict_themselves_are_refused(given: dict[str, float], said: str) -> None:
    with pytest.raises(DesignError, match=said):
        Belief(**given)


def test_a_prior_without_spread_is_refused() -> None:
    with pytest.raises(DesignError, match="leave the data nothing to say"):
        HalfNormal(0.0)


def test_priors_are_values_and_take_beliefs() -> None:
    assert Priors() == Priors()
    assert Priors(effect=Belief(large=0.1)).first_effect == Belief(large=0.1).prior()
    assert Priors.scaled(10.0, 2.0).level == Normal(10.0, 5.0)
