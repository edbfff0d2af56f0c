"""Nested Laplace: derivatives, the mode and the normalising constant against brute force."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

import staggered as sg
from staggered.hierarchical.counts import Counts
from staggered.hierarchical.layout import lay_out
from staggered.hierarchical.structure import Structure

FAMILIES = ("binomial", "poisson", "negbinomial")
TREATED = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]], dtype=float)
SIZE = np.full(TREATED.shape, 400.0)
COUNT = np.array([[41.0, 30, 28], [55, 60, 47], [38, 36, 44]])
POINTS = np.random.default_rng(2).normal(size=(3, 5))


def model(family: str) -> Counts:
    layout = lay_out(sg.Frame(sg.Design(TREATED, size=SIZE)), Structure(family=family), sg.prior.Priors())  # type: ignore[arg-type]
    return Counts.of(layout, COUNT, SIZE)


def joint(counts: Counts, normal: np.ndarray, x: np.ndarray) -> float:
    """Log of likelihood times prior of all coefficients in units of their prior SD, by scipy's distributions."""
    layout, hyper = counts.layout, counts.layout.hyper.at(normal[None])
    q = layout.columns.shape[2]
    beta = layout.mean + layout.scales(hyper)[0] * x[:q]
    own = x[q:].reshape(3, 2) * np.array([hyper["councils"][0], hyper["heterogeneity"][0]])
    eta = layout.columns @ beta + own[:, :1] + own[:, 1:] * layout.treatment
    family = layout.structure.family
    if family == "binomial":
        data = stats.binom(SIZE.astype(int), expit(eta)).logpmf(COUNT) - stats.binom(SIZE, 0.5).logpmf(COUNT)
        data = data - SIZE * np.log(2)
    elif family == "poisson":
        data = stats.poisson(SIZE * np.exp(eta)).logpmf(COUNT) - stats.poisson(1.0).logpmf(COUNT) - 1
    else:
        shape = 1 / hyper["dispersion"][0] ** 2
        data = stats.nbinom(shape, shape / (shape + SIZE * np.exp(eta))).logpmf(COUNT)
        data = data - stats.poisson(1.0).logpmf(COUNT) - 1
    return float(data.sum() - 0.5 * (x**2).sum())


@pytest.mark.parametrize("family", FAMILIES)
def test_mode_and_height_against_scipys_densities(family: str) -> None:
    counts = model(family)
    normal = POINTS[:, : counts.layout.hyper.count]
    mode = counts.mode(normal)
    heights = []
    for k, point in enumerate(normal):
        at = np.concatenate([mode.shared[k], mode.own[k].ravel()])
        steps = 1e-3 * np.eye(len(at))
        slope = [(joint(counts, point, at + a) - joint(counts, point, at - a)) / 2e-3 for a in steps]
        bend = [
            [
                sum(s * t * joint(counts, point, at + s * a + t * b) for s in (1, -1) for t in (1, -1)) / 4e-6
                for b in steps
            ]
            for a in steps
        ]
        # No slope left, measured in units of the spread there: these densities have one mode only.
        assert np.abs(np.linalg.solve(np.array(bend), slope)).max() < 1e-3
        heights.append(joint(counts, point, at) - 0.5 * np.linalg.slogdet(-np.array(bend))[1])
    np.testing.assert_allclose(np.diff(mode.height), np.diff(heights), atol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_draws_have_the_laplace_moments(family: str) -> None:
    counts = model(family)
    point = POINTS[:1, : counts.layout.hyper.count]
    mode = counts.mode(point)
    drawn = counts.draw(point, np.zeros(20_000, dtype=np.int64), np.random.default_rng(1))
    hyper = counts.layout.hyper.at(point)
    scale = counts.layout.scales(hyper)[0]
    np.testing.assert_allclose(drawn[0].mean(axis=0), counts.layout.mean + scale * mode.shared[0], atol=1e-8)
    np.testing.assert_allclose(drawn[2].mean(axis=0), hyper["heterogeneity"] * mode.own[0, :, 1], atol=1e-8)
    shared = np.linalg.inv(mode.root[0] @ mode.root[0].T)
    answer = np.einsum("cuv,cvq->cuq", mode.block[0], mode.border[0]).reshape(6, -1)
    own = np.zeros((6, 6))
    for k in range(3):
        own[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = mode.block[0, k]
    exact = np.block([[shared, -shared @ answer.T], [-answer @ shared, own + answer @ shared @ answer.T]])
    units = np.concatenate([
        (drawn[0] - counts.layout.mean) / scale,
        np.stack([drawn[1] / hyper["councils"], drawn[2] / hyper["heterogeneity"]], axis=2).reshape(len(drawn[0]), -1),
    ], axis=1)  # fmt: skip
    off = np.abs(np.cov(units.T) - exact) / np.sqrt(np.outer(np.diag(exact), np.diag(exact)))
    assert off.max() < 0.04


@pytest.mark.parametrize("family", FAMILIES)
def test_curvature_of_the_whole_is_that_of_its_parts(family: str) -> None:
    counts = model(family)
    point = POINTS[:1, : counts.layout.hyper.count]
    hyper = counts.layout.hyper.at(point)
    eta = np.full((1, 3, 3), -2.0)
    slope, bend = counts.slopes(eta, hyper)
    step = np.zeros_like(eta)
    step[0, 1, 1] = 1e-4
    (slope_up, _), (slope_down, _) = counts.slopes(eta + step, hyper), counts.slopes(eta - step, hyper)
    assert (counts.height(eta + step, hyper) - counts.height(eta - step, hyper))[0] / 2e-4 == pytest.approx(
        slope[0, 1, 1], rel=1e-5
    )
    assert (slope_up - slope_down)[0, 1, 1] / 2e-4 == pytest.approx(-bend[0, 1, 1], rel=1e-5)
