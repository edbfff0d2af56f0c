"""Small-sample corrections against the paper's formulas over people."""

import numpy as np
import pytest

import staggered as sg
from staggered.estimators.trial.kenward_roger import degrees_of_freedom, parameter_covariance
from staggered.estimators.trial.normal_fit import fit_normal
from tests.estimators.trial.trials import random_trial
from tests.oracles import normal

pytestmark = [
    pytest.mark.filterwarnings("ignore::staggered.errors.DesignWarning"),
    pytest.mark.filterwarnings("ignore::staggered.errors.ConvergenceWarning"),
]
CASES = [
    ("exchangeable", "exchangeable", {}),
    ("exchangeable", "exchangeable", {"gaps": True, "covariates": 2}),
    ("nested", "nested", {"covariates": 1}),
    ("random-treatment", "random-treatment", {}),
    ("exchangeable", "cohort", {"followed": True}),
    ("nested", "cohort-nested", {"followed": True, "covariates": 1}),
]


@pytest.mark.parametrize(("covariance", "kind", "made"), CASES)
def test_kenward_and_roger(covariance: str, kind: str, made: dict[str, object]) -> None:
    panel = random_trial(5, **made)
    estimate = sg.Mixed(covariance).fit(panel)
    people = normal.people_of(panel)
    theta = fit_normal(sg.Mixed(covariance).model(panel)).theta[0]
    error, df = normal.kenward_roger(people, normal.parts(people, kind), theta)
    assert estimate.se == pytest.approx(error, rel=1e-6)
    assert estimate.df == pytest.approx(df, rel=1e-6)


def test_a_constant_shape_needs_no_second_derivatives_and_a_curved_one_does() -> None:
    """The same covariance by level and slope, or by variances: adjusted errors must not depend on which."""
    panel = random_trial(6, clusters=10)
    found = fit_normal(sg.Mixed("random-treatment-correlated").model(panel))
    contrast = found.contrasts(np.ones((1, 1)))
    covariance, _, _ = found.kenward_roger(contrast)
    assert covariance[0, 0, 0] > found.covariance[0, -1, -1]


def test_balanced_one_way_layout_has_the_degrees_of_freedom_of_its_anova() -> None:
    """Clusters wholly treated or wholly in control, equal sizes: a t test on cluster means, clusters − 2 df."""
    generator = np.random.default_rng(1)
    clusters, periods = 10, 3
    treatment = np.zeros((clusters, periods))
    treatment[:5] = 1
    outcome = generator.normal(size=(clusters, periods)) + 3 * generator.normal(size=(clusters, 1))
    panel = sg.Panel(sg.Frame(sg.Design(treatment)), outcome)
    means = outcome.mean(axis=1)
    difference = means[:5].mean() - means[5:].mean()
    pooled = (means[:5].var(ddof=1) + means[5:].var(ddof=1)) / 2
    for df in ("kenward-roger", "satterthwaite"):
        estimate = sg.Mixed(df=df).fit(panel)
        assert estimate.value == pytest.approx(difference)
        assert estimate.se == pytest.approx(np.sqrt(pooled * 2 / 5), rel=1e-6)
        assert estimate.df == pytest.approx(8, rel=1e-6)


@pytest.mark.parametrize(("df", "expected"), [("clusters-2", 10.0), ("between-within", 6.0), ("normal", np.inf)])
def test_degrees_of_freedom_that_are_counted(df: str, expected: float) -> None:
    panel = random_trial(1, clusters=12, steps=4)
    assert sg.Mixed(effect="constant", df=df).fit(panel).df == expected


def test_no_degrees_of_freedom_left() -> None:
    with pytest.raises(sg.DesignError, match=r"'between-within' leaves -1 degrees of freedom with 4 clusters"):
        sg.Mixed(df="between-within").fit(random_trial(1, clusters=4, steps=3))


def test_parameters_held_have_no_covariance() -> None:
    information = np.array([[[4.0, 1.0], [1.0, 2.0]]])
    spread = parameter_covariance(information, np.array([[True, False]]))
    np.testing.assert_allclose(spread, [[[0.5, 0], [0, 0]]])


def test_degrees_of_freedom_of_a_single_variance() -> None:
    # Var(s²) = 2 σ⁴/ν, and v is proportional to σ².
    slope, variance, nu = np.array([[0.5]]), np.array([1.5]), 7.0
    spread = np.array([[2 * (variance[0] / slope[0, 0]) ** 2 / nu]])
    assert degrees_of_freedom(variance, slope, spread)[0] == pytest.approx(nu)
