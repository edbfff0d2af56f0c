"""Likelihood profiles and the parametric bootstrap."""

import numpy as np
import pytest
from scipy import optimize, stats

import staggered as sg
from staggered.inference import model_based
from staggered.results.likelihood import Profile, Studentised
from tests.estimators.trial.trials import random_trial
from tests.oracles import normal

pytestmark = [
    pytest.mark.filterwarnings("ignore::staggered.errors.DesignWarning"),
    pytest.mark.filterwarnings("ignore::staggered.errors.ConvergenceWarning"),
]


def drop(panel: sg.Panel, value: float) -> float:
    """−2 log-likelihood of an exchangeable model with the effect held, over people."""
    people = normal.people_of(panel)
    matrices = normal.parts(people, "exchangeable")
    fixed = normal.People(
        people.outcome - value * people.columns[:, -1],
        people.columns[:, :-1],
        *(getattr(people, name) for name in ("cluster", "period", "unit", "treated", "exposure")),
    )

    def at(logs: np.ndarray) -> float:
        return normal.criterion(
            fixed, sum(np.exp(g) * m for g, m in zip(logs, matrices, strict=True)), restricted=False
        )

    return float(optimize.minimize(at, [0.0, -1.0], method="L-BFGS-B", bounds=[(-14, 4)] * 2).fun)


def test_the_ends_of_a_profile_interval_are_where_the_likelihood_has_fallen_far_enough() -> None:
    panel = random_trial(9, covariates=1)
    estimate = sg.Mixed().fit(panel, model_based.Profile())
    low, high = estimate.interval(0.95)
    top = drop(panel, estimate.value)
    rise = stats.chi2.ppf(0.95, 1)
    assert drop(panel, low) - top == pytest.approx(rise, abs=2e-3)
    assert drop(panel, high) - top == pytest.approx(rise, abs=2e-3)
    expected = stats.chi2.sf(drop(panel, 0.0) - top, 1)
    assert estimate.p_value == pytest.approx(expected, rel=2e-3)


def test_each_term_of_a_curve_has_its_profile() -> None:
    estimate = sg.Mixed(effect="exposure").fit(random_trial(2, clusters=8), model_based.Profile())
    wald = sg.Mixed(effect="exposure", method="ml", df="normal").fit(random_trial(2, clusters=8))
    np.testing.assert_allclose(estimate.value, wald.value, rtol=1e-5, atol=1e-6)
    low, high = estimate.interval()
    assert (low < estimate.value).all()
    assert (estimate.value < high).all()
    assert estimate.overall.interval()[0] < estimate.overall.value
    with pytest.raises(sg.DataError, match="combination of terms was asked of likelihood profiles"):
        estimate @ [1, -1, 0]


def test_a_profile_of_a_parabola_is_the_normal_interval() -> None:
    points = np.linspace(-8, 8, 41)[None]
    leaf = Profile(points, points / 2, np.array([0.5]), np.array([2.0]))
    low, high = leaf.interval(np.zeros(1), 0.95)
    np.testing.assert_allclose([low[0], high[0]], [-3.91993, 3.91993], atol=1e-4)
    assert leaf.p_value(np.zeros(1))[0] == pytest.approx(2 * stats.norm.sf(0.5))
    # Where the profile never falls that far, the interval has no end.
    assert leaf.interval(np.zeros(1), 1 - 1e-9)[1][0] == np.inf
    assert leaf.band(np.zeros(1), 0.95)[1][0] == pytest.approx(high[0])


def test_bootstrap_ratios_are_t_where_the_model_is_a_t_test() -> None:
    """Clusters wholly treated or wholly in control: the ratio of ten cluster means has 8 degrees of freedom."""
    generator = np.random.default_rng(1)
    treatment = np.zeros((10, 2))
    treatment[:5] = 1
    outcome = generator.normal(size=(10, 2)) + 3 * generator.normal(size=(10, 1))
    panel = sg.Panel(sg.Frame(sg.Design(treatment)), outcome)
    estimate = sg.Mixed().fit(panel, model_based.ParametricBootstrap(draws=4000, seed=3))
    exact = sg.Mixed().fit(panel)
    low, high = estimate.interval(0.9)
    expected = exact.interval(0.9)
    assert [low, high] == pytest.approx(expected, rel=0.08)
    assert estimate.p_value == pytest.approx(exact.p_value, abs=0.03)


def test_bootstrap_is_the_same_for_the_same_seed() -> None:
    panel = random_trial(3)
    one, other = (sg.Mixed().fit(panel, model_based.ParametricBootstrap(draws=50, seed=5)) for _ in range(2))
    assert one.interval() == other.interval()
    with pytest.raises(sg.DataError, match="combination of terms was asked of a parametric bootstrap"):
        sg.Mixed(effect="exposure").fit(panel, model_based.ParametricBootstrap(draws=50)) @ [1, 0, 1]


def test_studentised_by_hand() -> None:
    ratios = np.linspace(-2, 2, 401)[:, None]
    leaf = Studentised(np.array([0.5]), ratios, ratios)
    low, high = leaf.interval(np.array([1.0]), 0.5)
    assert [low[0], high[0]] == pytest.approx([0.5, 1.5])
    assert leaf.p_value(np.array([0.5]))[0] == pytest.approx(203 / 402)
    assert leaf.band(np.array([1.0]), 0.5)[0][0] == pytest.approx(0.5)


def test_too_few_draws_and_models_without_likelihood_are_refused() -> None:
    with pytest.raises(sg.DataError, match="draws is 5"):
        model_based.ParametricBootstrap(draws=5)
    for inference in (sg.ModelBased(), model_based.Profile(), model_based.ParametricBootstrap(draws=20)):
        with pytest.raises(sg.DesignError, match="two-way fixed effects"):
            sg.Twfe().fit(random_trial(1), inference)
