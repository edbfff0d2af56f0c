"""Importance sampling on targets whose answers are known."""

import numpy as np
import pytest
from scipy import stats

import staggered as sg
from staggered.hierarchical.importance import explore, guarded, pareto_shape, peak
from staggered.value import FloatArray

COVARIANCE = np.array([[1.0, 0.6, 0.0], [0.6, 0.8, 0.1], [0.0, 0.1, 0.3]])
CENTRE = np.array([0.5, -1.0, 0.2])


def normal(points: FloatArray) -> FloatArray:
    return np.asarray(stats.multivariate_normal(CENTRE, COVARIANCE).logpdf(points))


def test_the_mode_and_curvature_of_a_normal() -> None:
    mode, curvature, looked = peak(normal, np.zeros(3))
    np.testing.assert_allclose(mode, CENTRE, atol=0.02)
    np.testing.assert_allclose(curvature, COVARIANCE, atol=1e-5)
    assert looked < 200


def test_moments_of_a_normal() -> None:
    cloud = explore(normal, 3, 1024, seed=1)
    assert cloud.good
    assert cloud.rounds == 2
    np.testing.assert_allclose(cloud.weights @ cloud.points, CENTRE, atol=0.02)
    apart = cloud.points - CENTRE
    np.testing.assert_allclose((apart * cloud.weights[:, None]).T @ apart, COVARIANCE, atol=0.05)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_second_hill_is_found_and_the_proposal_refitted(seed: int) -> None:
    def two_hills(points: FloatArray) -> FloatArray:
        return np.asarray(np.logaddexp(
            stats.multivariate_normal([-2.0, 0.0], np.diag([0.1, 0.1])).logpdf(points),
            stats.multivariate_normal([1.0, 0.0], np.diag([0.1, 0.1])).logpdf(points),
        ))  # fmt: skip

    cloud = explore(two_hills, 2, 256, seed=seed)
    assert cloud.rounds >= 2
    assert (cloud.weights @ cloud.points)[0] == pytest.approx(-0.5, abs=0.25)


def test_the_same_seed_gives_the_same_cloud() -> None:
    np.testing.assert_array_equal(explore(normal, 3, 64, seed=4).weights, explore(normal, 3, 64, seed=4).weights)


def test_resampling_follows_the_weights() -> None:
    cloud = explore(normal, 3, 256, seed=1)
    rows = cloud.resample(100_000, np.random.default_rng(1))
    share = np.bincount(rows, minlength=len(cloud.weights)) / len(rows)
    assert np.abs(share - cloud.weights).max() <= 1e-5


@pytest.mark.parametrize("shape", [0.2, 0.5, 1.0])
def test_the_shape_of_a_pareto_tail(shape: float) -> None:
    weights = stats.genpareto(shape).rvs(200_000, random_state=np.random.default_rng(3))
    assert pareto_shape(weights) == pytest.approx(shape, abs=0.12)


def test_even_weights_have_no_tail() -> None:
    assert pareto_shape(np.full(1000, 0.001)) == -np.inf


def test_beyond_the_edge_there_is_no_weight() -> None:
    assert guarded(normal, np.array([[0.0, 0.0, 6.0]]))[0] == -np.inf


def test_a_density_that_cannot_be_told_anywhere_is_said() -> None:
    with pytest.raises(sg.ConvergenceError, match="No values of the hyperparameters"):
        explore(lambda points: np.full(len(points), -np.inf), 2, 64, seed=1)
