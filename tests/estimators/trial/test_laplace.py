"""Laplace's approximation, its derivatives and quadrature against integrals on grids and against brute force."""

from dataclasses import replace

import numpy as np
import pytest

from staggered.estimators.trial.correlation import Working
from staggered.estimators.trial.glmm_fit import fit_glmm
from staggered.estimators.trial.glmm_model import GlmmChoices, GlmmModel, fitted
from staggered.estimators.trial.glmm_quadrature import by_quadrature
from staggered.estimators.trial.grouped import Grouped
from staggered.estimators.trial.laplace import derivatives, laplace
from tests.estimators.trial.risks import random_risks
from tests.oracles.glmm import by_laplace, integrated, log_likelihood

FAMILIES = ("binomial", "poisson", "negbinomial")
STRUCTURES = {
    "exchangeable": (Working("exchangeable"), [0.3]),
    "nested": (Working("nested"), [0.3, 0.2]),
    "decay": (Working("decay"), [0.4, 0.6]),
    "random treatment": (Working("exchangeable", treatment="independent"), [0.3, 0.2]),
    "correlated": (Working("exchangeable", treatment="correlated"), [0.6, -0.3, 0.2]),
    "fixed": (None, []),
}
pytestmark = [
    pytest.mark.filterwarnings("ignore::staggered.errors.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::staggered.errors.DataWarning"),
]


def model(family: str, working: Working | None, seed: int = 1, *, covariates: int = 0, size: int = 12) -> GlmmModel:
    panel = random_risks(seed, family=family, covariates=covariates, size=size, people=True, between=0.9)
    return fitted(panel, GlmmChoices(family=family, working=working))[0]


def parameters(data: Grouped, theta: list[float], seed: int) -> np.ndarray:
    """Two sets of parameters to look at."""
    beta = 0.3 * np.random.default_rng(seed).normal(size=(2, data.fixed))
    log_alpha = -0.7 if data.family == "negbinomial" else 0.0
    return np.concatenate([beta, np.tile(theta, (2, 1)), np.full((2, 1), log_alpha)], axis=1)


def twice(data: Grouped) -> Grouped:
    """The same outcomes as two data sets, the second in another order."""
    return replace(data, total=np.concatenate([data.total, np.minimum(data.total[:, ::-1], data.count)]))


def each_cluster(data: Grouped) -> list[np.ndarray]:
    return [np.flatnonzero(data.cell // data.shape[1] == c) for c in range(data.shape[0])]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", ["nested", "decay"])
def test_value_is_that_of_brute_force(family: str, name: str) -> None:
    working, theta = STRUCTURES[name]
    data = model(family, working).data
    here = parameters(data, theta, 3)[:1]
    sigma, base = data.covariance(here[:, data.fixed : -1])[0][0], data.predictor(here[:, : data.fixed])[0]
    slow = 0.0
    for c, rows in enumerate(each_cluster(data)):
        period = data.cell[rows] % data.shape[1]

        def height(v: np.ndarray, rows: np.ndarray = rows, period: np.ndarray = period) -> float:
            return log_likelihood(
                family, base[rows] + v[period], data.total[0, rows], data.count[rows], np.exp(here[0, -1])
            )

        slow += by_laplace(height, sigma[c])
    assert laplace(data, here).value[0] == pytest.approx(-slow, rel=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", STRUCTURES)
def test_derivatives_are_exact(family: str, name: str) -> None:
    working, theta = STRUCTURES[name]
    data = twice(model(family, working, covariates=2).data)
    here = parameters(data, theta, 4)
    gradient, curve = derivatives(data, laplace(data, here))
    for k in range(here.shape[1] - (family != "negbinomial")):
        step = np.zeros(here.shape[1])
        step[k] = 1e-5
        up, down = laplace(data, here + step), laplace(data, here - step)
        np.testing.assert_allclose((up.value - down.value) / 2e-5, gradient[:, k], rtol=2e-5, atol=2e-5)
        change = (derivatives(data, up, curved=False)[0] - derivatives(data, down, curved=False)[0]) / 2e-5
        np.testing.assert_allclose(change, curve[:, k], rtol=2e-5, atol=5e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_quadrature_is_the_integral(family: str) -> None:
    made = model(family, Working("exchangeable"), seed=4, covariates=1)
    fit = by_quadrature(fit_glmm(made.data), 25)
    data, sd = fit.data, float(np.sqrt(fit.point.theta[0, 0]))
    base, alpha = data.predictor(fit.beta)[0], float(np.exp(fit.point.dispersion[0]))
    exact = sum(
        integrated(
            lambda u, rows=rows: log_likelihood(family, base[rows] + u, data.total[0, rows], data.count[rows], alpha),
            sd,
        )
        for rows in each_cluster(data)
    )
    assert fit.converged[0]
    assert fit.value[0] == pytest.approx(-exact, rel=1e-10)
    laplace_value = laplace(data, fit.point.parameters).value[0]
    assert abs(laplace_value - fit.value[0]) > 1e-4


def test_many_data_sets_at_once_are_fitted_as_one_by_one() -> None:
    data = model("binomial", Working("nested"), seed=5, size=40).data
    drawn = np.random.default_rng(1).binomial(data.count.astype(int), 0.3, size=(7, len(data.count))).astype(float)
    together = fit_glmm(replace(data, total=drawn))
    assert together.converged.all()
    for k in range(7):
        alone = fit_glmm(replace(data, total=drawn[k : k + 1]))
        np.testing.assert_allclose(alone.value[0], together.value[k], rtol=1e-10)
        np.testing.assert_allclose(alone.beta[0], together.beta[k], atol=1e-5)


def test_very_many_people_are_fitted_from_a_part_of_them() -> None:
    generator = np.random.default_rng(1)
    data = model("binomial", Working("exchangeable"), seed=6, covariates=1).data
    people = np.repeat(np.arange(len(data.cell)), 90_000 // len(data.cell))
    large = replace(
        data,
        total=generator.binomial(1, 0.3, size=(1, len(people))).astype(float),
        count=np.ones(len(people)),
        offset=np.zeros((1, len(people))),
        cell=data.cell[people],
        covariates=generator.normal(size=(len(people), 1)),
    )
    by_part, from_nothing = fit_glmm(large), fit_glmm(large, fit_glmm(data).point.parameters[0])
    assert by_part.converged[0]
    np.testing.assert_allclose(by_part.beta, from_nothing.beta, atol=1e-6)
