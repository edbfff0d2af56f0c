"""Fixed-length intervals when trends may bend by no more than M: the shortest that hold in the worst case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize, special

from ..value import FloatArray
from .event_path import Path

_GRID = np.geomspace(1e-4, 1e4, 41)


@dataclass(frozen=True, slots=True)
class Affine:
    """An estimator of a combination of effects: the combination itself plus weights on the times before.

    Parameters
    ----------
    value : float
    sd : float
        Standard deviation.
    bias : float
        Worst-case bias.
    """

    value: float
    sd: float
    bias: float

    def half(self, level: float) -> float:
        """Half length of the interval that holds in the worst case."""
        return self.sd * folded_quantile(self.bias / self.sd, level)


def smooth_interval(path: Path, target: FloatArray, m: float, level: float) -> tuple[float, float]:
    """Shortest fixed-length interval of target'τ when the trend's slope changes by at most m between periods.

    Over all weights v on the times before go-live that leave no straight line in, the half length is
    sd(v)·q(bias(v)/sd(v)), with q the quantile of |N(b, 1)| and bias(v) = m·Σ_t |c_t(v)|.

    Parameters
    ----------
    path : Path
    target : array (times after,)
    m : float

    References
    ----------
    Rambachan and Roth (2023), Review of Economic Studies 90:2555, section 4.1; Armstrong and Kolesár (2018).
    """
    problem = _problem(path, target)
    if m == 0:
        best = problem.solve(0.0, 0.0)
        half = best.half(level)
        return best.value - half, best.value + half
    found = optimize.minimize_scalar(
        lambda at: problem.solve(float(np.exp(at)), m).half(level),
        bounds=_bracket(problem, m, level),
        method="bounded",
        options={"xatol": 1e-10},
    )
    best = problem.solve(float(np.exp(found.x)), m)
    half = best.half(level)
    return best.value - half, best.value + half


def folded_quantile(centre: float, level: float) -> float:
    """Quantile of |N(centre, 1)|.

    Examples
    --------
    >>> round(folded_quantile(0.0, 0.95), 4), round(folded_quantile(5.0, 0.95), 4)
    (1.96, 6.6449)
    """
    centre = abs(centre)
    return float(
        optimize.brentq(
            lambda q: special.ndtr(q - centre) - special.ndtr(-q - centre) - level, 0.0, centre + 20.0, xtol=1e-13
        )
    )


@dataclass(frozen=True, slots=True)
class _Problem:
    """The trade-off between spread and bias, straight lines taken out: v = start + span·u.

    Parameters
    ----------
    path : Path
    target : array (times after,)
    start, span : array (before,), (before, free)
    bends, constant : array (interior, before), (interior,)
        What a change of slope of 1 at each interior time adds to the estimate: constant + bends·v.
    """

    path: Path
    target: FloatArray
    start: FloatArray
    span: FloatArray
    bends: FloatArray
    constant: FloatArray

    def solve(self, price: float, m: float) -> Affine:
        """Weights that make variance + 2·price·Σ|bend| least."""
        before, after = self.path.before, self.path.after
        covariance = self.path.covariance
        hessian = self.span.T @ covariance[np.ix_(before, before)] @ self.span
        cross = covariance[np.ix_(before, after)] @ self.target
        gradient = self.span.T @ (covariance[np.ix_(before, before)] @ self.start + cross)
        slope = self.bends @ self.span
        level = self.constant + self.bends @ self.start
        free = self.span.shape[1]
        step = np.zeros(0)
        if free:
            factor = linalg.cho_factor(hessian)
            dual = np.zeros(len(level))
            if price > 0:
                dual = _box(slope, level, gradient, factor, price)
            step = -linalg.cho_solve(factor, gradient + slope.T @ dual)
        v = self.start + self.span @ step
        weights = np.zeros(len(self.path.events))
        weights[before], weights[after] = v, self.target
        bias = m * float(np.abs(self.constant + self.bends @ v).sum())
        return Affine(float(weights @ self.path.values), float(np.sqrt(weights @ covariance @ weights)), bias)


def _problem(path: Path, target: FloatArray) -> _Problem:
    """Set up the trade-off: which weights take straight lines out, and what bends do to the rest."""
    events = path.events
    low, high = int(min(events.min(), path.base)), int(events.max())
    interior = np.arange(low + 1, high)
    # A change of slope of 1 at time s, seen from the base: nothing between, then 1, 2, ... on the far side.
    bend = np.where(
        interior[:, None] >= path.base,
        np.maximum(events[None, :] - interior[:, None], 0),
        np.maximum(interior[:, None] - events[None, :], 0),
    ).astype(float)
    line = (events - path.base).astype(float)
    before, after = path.before, path.after
    direction = line[before]
    start = -direction * float(line[after] @ target) / float(direction @ direction)
    span = linalg.null_space(direction[None, :])
    return _Problem(path, target, start, span, bend[:, before], bend[:, after] @ target)


def _box(
    slope: FloatArray, level: FloatArray, gradient: FloatArray, factor: tuple[FloatArray, bool], price: float
) -> FloatArray:
    """Dual of the absolute values: the multipliers in [−price, price] that make the dual largest."""

    def negative(share: FloatArray) -> float:
        pull = gradient + price * (slope.T @ share)
        return 0.5 * float(pull @ linalg.cho_solve(factor, pull)) - price * float(share @ level)

    def uphill(share: FloatArray) -> FloatArray:
        moved = linalg.cho_solve(factor, gradient + price * (slope.T @ share))
        return np.asarray(price * (slope @ moved - level))

    start = np.clip(level / np.maximum(np.abs(level).max(), 1e-300), -1.0, 1.0)
    result = optimize.minimize(
        negative, start, jac=uphill, method="L-BFGS-B", bounds=optimize.Bounds(-1.0, 1.0), tol=1e-15
    )
    return np.asarray(result.x * price)


def _bracket(problem: _Problem, m: float, level: float) -> tuple[float, float]:
    """Logarithms of prices around the best one of a coarse grid."""
    unit = float(np.sqrt(np.trace(problem.path.covariance) / len(problem.path.events)))
    prices = unit * _GRID
    halves = [problem.solve(float(price), m).half(level) for price in prices]
    best = int(np.argmin(halves))
    return float(np.log(prices[max(best - 1, 0)])), float(np.log(prices[min(best + 1, len(prices) - 1)]))
