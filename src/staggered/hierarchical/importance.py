"""Importance sampling of a few hyperparameters: a Laplace–t proposal with a defensive part, refitted when it is poor.

The target is given in coordinates in which its prior is standard normal, so that the prior itself is the
defensive part: no weight can exceed the likelihood's own range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats
from scipy.special import gammaln, logsumexp, ndtri

from ..errors import ConvergenceError
from ..value import FloatArray, IntArray
from .structure import EDGE

Density = Callable[[FloatArray], FloatArray]
_DEGREES = 6.0
_STEP, _WIDE_STEP = 1e-3, 0.05
_DEFENSIVE = 0.1
_INFLATE = 1.15
_FLATTEST = 0.5
_GOOD_ESS, _GOOD_K = 150.0, 0.7
ROUNDS = 4
_START = -0.3
_TAIL = 3.0
_LOWEST = -1e9


@dataclass(frozen=True, slots=True)
class Cloud:
    """Weighted points of a posterior.

    Parameters
    ----------
    points : array (n, h)
    weights : array (n,)
        Sum to 1.
    pareto_k : float
        Shape of the tail of the weights: below 0.7 they can be relied on.
    rounds : int
        How often the proposal was fitted.
    evaluations : int
        Points at which the target was looked at, those for the mode included.
    mode : array (h,)
    """

    points: FloatArray
    weights: FloatArray
    pareto_k: float
    rounds: int
    evaluations: int
    mode: FloatArray

    @property
    def ess(self) -> float:
        """Number of equally weighted points that tell as much."""
        return float(1 / (self.weights**2).sum())

    @property
    def good(self) -> bool:
        """Whether the weights can be relied on."""
        return self.ess >= _GOOD_ESS and self.pareto_k < _GOOD_K

    def resample(self, count: int, generator: np.random.Generator) -> IntArray:
        """Rows by systematic resampling, in random order."""
        ladder = (generator.uniform() + np.arange(count)) / count
        rows = np.searchsorted(np.cumsum(self.weights), ladder * (1 - 1e-12))
        return np.asarray(generator.permutation(np.minimum(rows, len(self.weights) - 1)))


@dataclass(frozen=True, slots=True)
class Part:
    """One t distribution of a proposal: its centre, the root of its scale matrix, and its number of points."""

    centre: FloatArray
    root: FloatArray
    count: int

    def log_density(self, points: FloatArray) -> FloatArray:
        """Log density at (n, h) points."""
        h = len(self.centre)
        distance = (np.linalg.solve(self.root, (points - self.centre).T) ** 2).sum(axis=0)
        constant = gammaln((_DEGREES + h) / 2) - gammaln(_DEGREES / 2) - h / 2 * np.log(_DEGREES * np.pi)
        size = np.log(np.diag(self.root)).sum()
        return np.asarray(constant - size - (_DEGREES + h) / 2 * np.log1p(distance / _DEGREES))

    def draw(self, seed: int) -> FloatArray:
        """Even points of it, by a scrambled Sobol sequence."""
        h = len(self.centre)
        even = np.clip(stats.qmc.Sobol(h + 1, rng=seed).random(self.count), 1e-9, 1 - 1e-9)
        stretch = np.sqrt(_DEGREES / stats.chi2.ppf(even[:, h:], _DEGREES))
        return np.asarray(self.centre + (ndtri(even[:, :h]) * stretch) @ self.root.T)


def explore(density: Density, dimensions: int, points: int, seed: int, *, rounds: int = ROUNDS) -> Cloud:
    """Find the mode, propose around it, weigh, and refit the proposal until the weights can be relied on.

    Parameters
    ----------
    density : callable
        Log density at (n, h) points, up to a constant.
    dimensions : int
    points : int
        In the second round; the first has half as many, and each further one another time as many.
    seed : int
    rounds : int
        How often the proposal may be fitted.

    Raises
    ------
    ConvergenceError
        The density is 0, or cannot be told, wherever it is looked at.
    """
    mode, curvature, evaluations = peak(density, np.full(dimensions, _START))
    # The first proposal only has to show where the second should lie.
    first, defensive = points // 2, max(1, int(_DEFENSIVE * points))
    parts = [
        Part(mode, np.asarray(np.linalg.cholesky(curvature * _INFLATE), dtype=float), _even(first - defensive)),
        Part(np.zeros(dimensions), np.eye(dimensions), _even(defensive)),
    ]
    drawn = [part.draw(seed + k) for k, part in enumerate(parts)]
    heights = [guarded(density, np.concatenate(drawn))]
    if not np.isfinite(heights[0]).any():
        raise ConvergenceError(
            "No values of the hyperparameters were found under which these outcomes could be told apart from others.",
            "An outcome that never varies, or one far from what the priors expect, leaves nothing to weigh.",
            "Look whether the outcome varies, and give priors on its scale, or leave them out.",
        )
    for turn in range(1, rounds + 1):
        cloud = _weighed(parts, np.concatenate(drawn), np.concatenate(heights), turn, evaluations, mode)
        # The second proposal matches the moments that the first found, shelves of the posterior and all.
        if (turn > 1 and cloud.good) or turn == rounds:
            break
        centre = cloud.weights @ cloud.points
        apart = cloud.points - centre
        spread = (apart * cloud.weights[:, None]).T @ apart * _INFLATE + 0.02 * np.eye(dimensions)
        parts.append(Part(centre, np.asarray(np.linalg.cholesky(spread), dtype=float), _even(points * turn)))
        drawn.append(parts[-1].draw(seed + 10 * turn))
        heights.append(guarded(density, drawn[-1]))
    return cloud


def guarded(density: Density, points: FloatArray) -> FloatArray:
    """The density, with no weight beyond the edge of what its coordinates can tell apart."""
    found = density(points)
    return np.where((np.abs(points) < EDGE).all(axis=1) & np.isfinite(found), found, -np.inf)


def _even(count: int) -> int:
    """Sobol points are balanced in powers of two only; the nearest one."""
    return int(2 ** max(3, round(np.log2(max(count, 1)))))


def _weighed(
    parts: list[Part], points: FloatArray, heights: FloatArray, turn: int, evaluations: int, mode: FloatArray
) -> Cloud:
    """Weights against the whole mixture of proposals, however each point came about."""
    share = np.log(np.array([part.count for part in parts]) / len(points))
    proposal = logsumexp([part.log_density(points) + one for part, one in zip(parts, share, strict=True)], axis=0)
    log = heights - proposal
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    return Cloud(points, weights, pareto_shape(weights), turn, evaluations + len(points), mode)


def peak(density: Density, start: FloatArray) -> tuple[FloatArray, FloatArray, int]:
    """Mode, inverse curvature there, and the number of points looked at."""
    h = len(start)
    seen = 0
    steps = np.eye(h) * _STEP

    def falling(at: FloatArray) -> tuple[float, FloatArray]:
        nonlocal seen
        found = density(np.clip(np.vstack([at, at + steps, at - steps]), -EDGE, EDGE))
        seen += len(found)
        # Where nothing can be told the search turns back.
        found = np.where(np.isfinite(found), found, _LOWEST)
        return float(-found[0]), -(found[1 : h + 1] - found[h + 1 :]) / (2 * _STEP)

    found = optimize.minimize(falling, start, jac=True, method="BFGS", options={"gtol": 3e-2, "maxiter": 60})
    mode = np.clip(found.x, -EDGE + 1, EDGE - 1)
    pairs = [(i, j) for i in range(h) for j in range(i, h)]
    corners = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]) * _WIDE_STEP
    moved = np.repeat(mode[None], 4 * len(pairs), axis=0).reshape(len(pairs), 4, h)
    for k, (i, j) in enumerate(pairs):
        moved[k, :, i] += corners[:, 0]
        moved[k, :, j] += corners[:, 1]
    heights = np.maximum(density(moved.reshape(-1, h)), _LOWEST).reshape(len(pairs), 4)
    second = (heights[:, 0] - heights[:, 1] - heights[:, 2] + heights[:, 3]) / (4 * _WIDE_STEP**2)
    bend = np.zeros((h, h))
    for (i, j), value in zip(pairs, second, strict=True):
        bend[i, j] = bend[j, i] = -value
    values, vectors = np.linalg.eigh(np.nan_to_num(bend))
    return mode, (vectors / np.maximum(values, _FLATTEST)) @ vectors.T, seen + moved.shape[0] * 4


def pareto_shape(weights: FloatArray) -> float:
    """Shape of the generalised Pareto tail of importance weights.

    References
    ----------
    Vehtari, Simpson, Gelman, Yao and Gabry (2024), Pareto smoothed importance sampling, JMLR 25:72;
    Zhang and Stephens (2009), Technometrics 51:316, for the fit.
    """
    count = len(weights)
    tail = int(min(0.2 * count, _TAIL * np.sqrt(count)))
    ordered = np.sort(weights)
    excess = ordered[-tail:] - ordered[-tail - 1]
    if tail < 5 or not excess[-1] > 0 or not (excess > 0).all():
        return -np.inf if not excess[-1] > 0 else float("nan") if tail < 5 else _shape(excess[excess > 0])
    return _shape(excess)


def _shape(excess: FloatArray) -> float:
    count = len(excess)
    candidates = 30 + int(np.sqrt(count))
    quarter = excess[int(count / 4 + 0.5) - 1]
    theta = 1 / excess[-1] + (1 - np.sqrt(candidates / (np.arange(1, candidates + 1) - 0.5))) / (3 * quarter)
    shape = np.log1p(-theta[:, None] * excess).mean(axis=1)
    fit = count * (np.log(-theta / shape) - shape - 1)
    best = float((theta * np.exp(fit - logsumexp(fit))).sum())
    k = float(np.log1p(-best * excess).mean())
    # A weak prior at 0.5, as if ten more points had been seen.
    return (count * k + 10 * 0.5) / (count + 10)
