"""Fixed-length intervals under smoothness: against a general optimiser, and by how often they hold."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize

from staggered.diagnostics.event_path import Path
from staggered.diagnostics.flci import folded_quantile, smooth_interval
from staggered.value import FloatArray


def path(seed: int = 1, before: int = 3, after: int = 2) -> Path:
    generator = np.random.default_rng(seed)
    events = np.array([*range(-before - 1, -1), *range(after)])
    own = np.diag(generator.uniform(0.5, 1.5, len(events)))
    return Path(events, generator.normal(size=len(events)), own + 0.4, -1, np.inf)


def worst_bias(found: Path, weights: FloatArray, m: float) -> float:
    """Largest weights'δ over trends with δ_{−1} = 0 whose second differences are at most m, by linear programming."""
    times = np.arange(min(found.events.min(), -1), found.events.max() + 1)
    count, base = len(times), int(np.flatnonzero(times == found.base)[0])
    bend = np.zeros((count - 2, count))
    for k in range(count - 2):
        bend[k, k : k + 3] = 1.0, -2.0, 1.0
    spread = np.zeros(count)
    spread[[int(np.flatnonzero(times == event)[0]) for event in found.events]] = weights
    anchor = np.zeros((1, count))
    anchor[0, base] = 1.0
    solved = optimize.linprog(
        -spread,
        A_ub=np.vstack([bend, -bend]),
        b_ub=np.full(2 * (count - 2), m),
        A_eq=anchor,
        b_eq=[0.0],
        bounds=(None, None),
    )
    return np.inf if solved.status == 3 else float(-solved.fun)


@pytest.mark.parametrize("m", [0.0, 0.05, 0.3])
def test_no_other_weights_make_it_shorter(m: float) -> None:
    """Nelder and Mead over the weights on the times before, the worst case by linear programming."""
    found, target = path(), np.array([0.5, 0.5])
    low, high = smooth_interval(found, target, m, 0.95)
    line = (found.events - found.base).astype(float)
    before, after = found.before, found.after

    def half(free: FloatArray) -> float:
        weights = np.zeros(len(found.events))
        weights[after] = target
        weights[before[1:]] = free
        # The first weight takes the straight line out, without which no interval of finite length holds.
        weights[before[0]] = -(weights @ line) / line[before[0]]
        sd = float(np.sqrt(weights @ found.covariance @ weights))
        return sd * folded_quantile(worst_bias(found, weights, m) / sd, 0.95)

    best = min(
        optimize.minimize(half, start, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9}).fun
        for start in (np.zeros(len(before) - 1), np.full(len(before) - 1, -0.3))
    )
    assert (high - low) / 2 == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize("m", [0.05, 0.3])
def test_holds_in_95_of_100_data_sets_in_the_worst_case(m: float) -> None:
    """The interval moves with the estimates alone, so its length is found once."""
    base, target = path(), np.array([0.5, 0.5])
    bent = m * np.array([6.0, 3.0, 1.0, 0.0, 0.0])
    truth = replace(base, values=bent)
    low, high = smooth_interval(truth, target, m, 0.95)
    each = np.array([smooth_interval(replace(truth, values=row), target, m, 0.95) for row in np.eye(5)])
    weights = each.mean(axis=1)
    assert weights @ truth.values == pytest.approx((low + high) / 2, abs=1e-9)
    root = np.linalg.cholesky(truth.covariance)
    draws = truth.values + np.random.default_rng(4).standard_normal((20_000, 5)) @ root.T
    held = np.abs(draws @ weights) <= (high - low) / 2
    assert held.mean() >= 0.945
