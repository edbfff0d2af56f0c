"""The climb: nothing is higher, whatever the start, and many data sets at once are each alone."""

import numpy as np
import pytest
from scipy import optimize

import staggered as sg
from staggered.estimators.trial.normal_fit import fit_normal
from staggered.estimators.trial.reml import criterion
from tests.estimators.trial.test_reml import CASES, case, dense
from tests.estimators.trial.trials import random_trial
from tests.oracles import normal


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_higher_than_the_maximum(name: str) -> None:
    found, people, matrices = case(name)

    def at(logs: np.ndarray) -> float:
        return normal.criterion(people, dense(matrices, np.exp(logs)))

    best = optimize.minimize(
        at, np.log([1, 0.3, 0.1, 0.3][: len(matrices)]), method="L-BFGS-B", bounds=[(-14, 4)] * len(matrices)
    )
    assert found.criterion[0] <= best.fun + 1e-7
    assert found.criterion[0] == pytest.approx(best.fun, abs=1e-3)


def test_many_data_sets_at_once_are_each_alone() -> None:
    model = sg.Mixed("decay").model(random_trial(1))
    generator = np.random.default_rng(3)
    outcome = model.data.outcome + 0.5 * generator.normal(size=(7, *model.data.outcome.shape)) * model.data.real
    left = np.tile(model.data.squares.sum(axis=0), (7, 1))
    together = fit_normal(model, outcome, left)
    for k in range(7):
        alone = fit_normal(model, outcome[k : k + 1], left[k : k + 1])
        np.testing.assert_allclose(together.theta[k], alone.theta[0], rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(together.beta[k], alone.beta[0], rtol=1e-7, atol=1e-9)


def test_a_variance_that_the_data_do_not_show_is_zero_and_said() -> None:
    panel = random_trial(1, between=0.0, moving=0.0)
    with pytest.warns(sg.ConvergenceWarning, match="estimated as zero") as caught:
        estimate = sg.Mixed("nested", effect="exposure").fit(panel)
    parts = sg.Mixed("nested").components(panel)
    assert 0.0 in (parts["cluster"], parts["cluster-period"])
    assert str(caught[0].message) in estimate.notes


@pytest.mark.parametrize("covariance", ["nested", "decay", "random-treatment-correlated"])
def test_no_point_of_a_fine_grid_is_higher(covariance: str) -> None:
    """Many data sets with little signal, where the likelihood has several tops and many ends of ranges."""
    panel = random_trial(1, clusters=8, steps=4, size=12)
    model = sg.Mixed(covariance).model(panel)
    generator = np.random.default_rng(2)
    draws, size = 60, model.data.outcome.shape
    level = 0.15 * generator.normal(size=(draws, size[0], 1)) + 0.1 * generator.normal(size=(draws, *size))
    outcome = (generator.normal(size=(draws, *size)) + level * model.data.root) * model.data.real
    left = generator.chisquare(model.data.degrees.sum(axis=0), (draws, model.data.degrees.shape[1]))
    found = fit_normal(model, outcome, left)
    assert found.converged.all()
    variances = np.concatenate([[0.0], np.geomspace(0.003, 300, 24)]) / 9
    loadings = np.concatenate([-np.sqrt(variances[1::2]), np.sqrt(variances[::2])])
    others = {"decay": np.linspace(-0.99, 1, 40), "level": np.sqrt(variances), "slope": loadings}
    names = model.structure.names
    axes = [np.ones(1), *(others.get(name, variances) for name in names[1:])]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(names))
    lowest = np.min([np.min(criterion(found.problem, part)[0], axis=0) for part in np.array_split(grid, 40)], axis=0)
    theta = found.maximum.point.theta
    ratio = theta / theta[:, :1] ** (model.structure.powers / 2)
    ours = [criterion(found.problem.subset(np.array([k])), ratio[k : k + 1])[0][0, 0] for k in range(draws)]
    assert (np.array(ours) <= lowest + 1e-8).all()
