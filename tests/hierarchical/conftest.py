"""The stepped wedge that the reference fits used: 24 councils, 20 quarters, six waves of four."""

from __future__ import annotations

import numpy as np
import pytest

import staggered as sg
from staggered.value import FloatArray

START = np.repeat([5, 7, 9, 11, 13, 15], 4)
PERIODS = np.arange(20)
TREATED = (START[:, None] <= PERIODS).astype(float)


def simulated(family: str, seed: int = 1) -> tuple[FloatArray, FloatArray]:
    """Outcome and size: random-walk national time, a rising effect, council effects and,
    in the gaussian case, AR(1) courses."""
    r = np.random.default_rng(seed)
    level, national = r.normal(0, 0.5, 24), np.cumsum(r.normal(0, 0.1, 20))
    curve = np.concatenate([[0], -0.3 * (1 - np.exp(-np.arange(1, 16) / 4))])
    own, course = r.normal(0, 0.1, 24), np.zeros((24, 20))
    course[:, 0] = r.normal(0, 0.2, 24)
    for k in range(1, 20):
        course[:, k] = 0.6 * course[:, k - 1] + r.normal(0, 0.2 * 0.8, 24)
    exposure = np.clip(PERIODS - START[:, None] + 1, 0, None)
    effect = TREATED * (curve[exposure] + own[:, None])
    linear = level[:, None] + (national - national.mean()) + effect
    population = r.integers(20, 150, 24) * 1000.0
    if family == "gaussian":
        return linear + course + r.normal(0, 0.3, linear.shape), np.ones(linear.shape)
    if family == "negbinomial":
        mean = np.exp(np.log(population)[:, None] + np.log(8e-4) + linear)
        return r.poisson(r.gamma(20.0, mean / 20.0)).astype(float), np.repeat(population[:, None], 20, axis=1)
    size = r.integers(60, 400, linear.shape)
    return r.binomial(size, 1 / (1 + np.exp(-(-1.2 + linear)))).astype(float), size.astype(float)


@pytest.fixture(scope="session", params=["gaussian", "binomial", "negbinomial"])
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def panel_of(family: str, seed: int = 1) -> sg.Panel:
    outcome, size = simulated(family, seed)
    return sg.Panel(sg.Frame(sg.Design(TREATED, size=size)), outcome)


def priors_of(family: str) -> sg.prior.Priors:
    level = {"gaussian": 0.0, "binomial": -1.2, "negbinomial": -7.1}[family]
    return sg.prior.Priors(level=sg.prior.Normal(level, 1.5))
