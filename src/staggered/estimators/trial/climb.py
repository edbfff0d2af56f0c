"""The climb to the highest likelihood: Fisher scoring from afar, Newton steps near the top, within each range.

Data sets that share a design take each step together; those that have arrived wait.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...value import BoolArray, FloatArray, IntArray
from .matrices import turned
from .reml import Evaluation, Problem, criterion, evaluate

_STEPS = 60
_HALVINGS = 25
_ARRIVED = 1e-12
_NEARLY = 1e-5
_ROUNDING = 1e-14
_HOPELESS = 4.0
_REACH = 4.0
_FAR = 0.3
_CLOSE = 1e-7
_FLATTEST = 1e-3
_NOTHING = 1e-24


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where the likelihood is highest.

    Parameters
    ----------
    point : Evaluation
    free : array (B, K) of bool
        Parameters that are not held at the end of their range.
    converged : array (B,) of bool
    """

    point: Evaluation
    free: BoolArray
    converged: BoolArray

    def keep(self, rows: IntArray) -> Maximum:
        """Give some of the data sets."""
        point = Evaluation(*(getattr(self.point, name)[rows] for name in Evaluation.__slots__))
        return Maximum(point, self.free[rows], self.converged[rows])

    def with_rows(self, rows: IntArray, other: Maximum) -> Maximum:
        """Put those of another in the place of some data sets."""
        every = np.ones(len(rows), dtype=bool)
        free, converged = self.free.copy(), self.converged.copy()
        free[rows], converged[rows] = other.free, other.converged
        return Maximum(_merged(self.point, other.point, rows, every), free, converged)


def maximise(problem: Problem) -> Maximum:
    """Highest likelihood of every data set, climbed to from the best points of a grid.

    Where the covariance has a shape, such as a rate of decay, the likelihood may have several tops: there is
    a climb from the best point for each shape on the grid, unless it lies hopelessly low.
    """
    owner, theta = _starts(problem)
    found = _climb(problem if len(owner) == len(problem.total) else problem.subset(owner), theta)
    if len(owner) > len(problem.total):
        order = np.lexsort((found.point.criterion, owner))
        found = found.keep(order[np.unique(owner[order], return_index=True)[1]])
    owner, theta = _second_starts(problem, found)
    if len(owner):
        again = _climb(problem.subset(owner), theta)
        lower = again.point.criterion < found.point.criterion[owner]
        found = found.with_rows(owner[lower], again.keep(np.flatnonzero(lower)))
    return found


def _climb(problem: Problem, theta: FloatArray) -> Maximum:
    bounds = problem.structure.bounds
    point = evaluate(problem, theta)
    converged = np.zeros(len(theta), dtype=bool)
    scoring = ~converged
    for _ in range(_STEPS):
        step, decrement = _newton(point, bounds, scoring)
        converged |= decrement < _ARRIVED
        moving = ~converged
        if not moving.any():
            break
        trial = _improved(problem, point, step, moving, bounds)
        # Where rounding hides any further rise, a promise this small is kept already.
        converged |= moving & (trial.criterion >= point.criterion) & (decrement < _NEARLY)
        point, scoring = trial, decrement > _FAR
    return Maximum(point, _free(point, bounds, _curvature(point)), converged)


def _starts(problem: Problem) -> tuple[IntArray, FloatArray]:
    """Data sets and the parameters (n, K) to start each from: one for each combination of shapes worth trying."""
    structure = problem.structure
    grid = structure.grid()
    values, scales = criterion(problem, grid)
    shapes = grid[:, structure.branches]
    group = np.unique(shapes, axis=0, return_inverse=True)[1].ravel() if shapes.size else np.zeros(len(grid), int)
    members = [np.flatnonzero(group == one) for one in range(int(group.max()) + 1)]
    every = np.arange(values.shape[1])
    best = np.stack([one[np.nanargmin(values[one], axis=0)] for one in members])
    heights = values[best, every]
    owner, which = np.nonzero((heights <= heights.min(axis=0) + _HOPELESS).T)
    chosen = best[which, owner]
    scale = scales[chosen, owner]
    return owner, np.asarray(grid[chosen] * scale[:, None] ** (structure.powers / 2))


def _second_starts(problem: Problem, found: Maximum) -> tuple[IntArray, FloatArray]:
    """Data sets whose decaying variance ended at zero, and where to start again so that it rises.

    At zero the rate of decay does not matter to the likelihood, but whether the likelihood rises with the variance
    does depend on it.
    """
    shape, values = problem.structure.decay_scan()
    variance = shape - 1
    held = np.flatnonzero(found.point.theta[:, variance] <= 0) if len(values) else np.zeros(0, dtype=np.int64)
    if not len(held):
        return held, np.zeros((0, found.point.theta.shape[1]))
    theta = np.repeat(found.point.theta[held], len(values), axis=0)
    theta[:, shape] = np.tile(values, len(held))
    tried = evaluate(problem.subset(np.repeat(held, len(values))), theta)
    unit = _unit(_curvature(tried))[:, variance].reshape(len(held), -1)
    promise = tried.gradient[:, variance].reshape(len(held), -1) * unit
    best = promise.argmin(axis=1)
    every = np.arange(len(held))
    rises = promise[every, best] < -_CLOSE
    start = theta.reshape(len(held), len(values), -1)[every, best]
    start[:, variance] = 0.1 * unit[every, best]
    return held[rises], start[rises]


def _free(point: Evaluation, bounds: FloatArray, curvature: FloatArray) -> BoolArray:
    """Parameters that may move: not at an end of their range with the criterion rising inwards."""
    near = _CLOSE * _unit(curvature)
    # A rate of decay without its variance changes nothing.
    told = curvature > _NOTHING
    at_low = (point.theta <= bounds[:, 0] + near) & (point.gradient >= 0)
    at_high = (point.theta >= bounds[:, 1] - near) & (point.gradient <= 0)
    return np.asarray(told & ~(at_low | at_high))


def _curvature(point: Evaluation) -> FloatArray:
    """Curvature along each parameter, (B, K): expected, or observed where that is larger, as at loadings near 0."""
    expected = np.diagonal(point.expected, axis1=1, axis2=2)
    return np.asarray(np.maximum(expected, np.abs(np.diagonal(point.observed, axis1=1, axis2=2))))


def _unit(curvature: FloatArray) -> FloatArray:
    """What is a natural step of each parameter, (B, K); one tolerance then fits all."""
    return np.asarray(1 / np.sqrt(np.where(curvature > _NOTHING, curvature, 1.0)))


def _newton(point: Evaluation, bounds: FloatArray, scoring: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Step within the range of the parameters, downhill whatever the curvature, and what it promises.

    Data sets that are still far off take the expected curvature, with which balanced layouts arrive in one step.
    A parameter that the step would carry beyond its range stops at the end of it, and the others are solved for again.
    """
    curvature = _curvature(point)
    unit = _unit(curvature)
    low, high = (bounds[:, 0] - point.theta) / unit, (bounds[:, 1] - point.theta) / unit
    usable = np.diagonal(point.expected, axis1=1, axis2=2) > 0.1 * curvature
    curve = np.where((scoring & usable.all(axis=1))[:, None, None], point.expected, point.observed)
    curve, slope = curve * unit[:, :, None] * unit[:, None, :], point.gradient * unit
    free = inside = _free(point, bounds, curvature)
    # Held parameters that are not quite at the end of their range go there.
    step = np.where(free, 0.0, np.minimum(np.maximum(-_CLOSE * np.sign(slope), low), high))
    for _ in range(free.shape[1]):
        solved = _solved(curve, slope + (curve @ np.where(free, 0.0, step)[:, :, None])[:, :, 0], free)
        # A quadratic is not believed further than a few standard errors away.
        length = np.sqrt((solved**2).sum(axis=1, keepdims=True))
        step = np.where(free, solved * np.minimum(_REACH / np.maximum(length, 1e-300), 1.0), step)
        beyond = free & ((step < low) | (step > high))
        if not beyond.any():
            break
        # The one that is reached first stops; the others may turn back.
        room = np.where(step < 0, low, high)
        share = np.where(beyond, room / np.where(beyond, step, 1.0), np.inf)
        first = beyond & (share <= share.min(axis=1, keepdims=True))
        step = np.where(first, room, step)
        free = free & ~first
    promise = -(step * slope).sum(axis=1)
    wrong = promise < 0
    if wrong.any():
        downhill = np.where(inside, np.minimum(np.maximum(-slope, low), high), 0.0)
        promise = np.where(wrong, (downhill**2).sum(axis=1), promise)
        step = np.where(wrong[:, None], downhill, step)
    return np.asarray(step * unit), np.asarray(promise)


def _solved(curve: FloatArray, slope: FloatArray, free: BoolArray) -> FloatArray:
    """Step on the free parameters with the curvature's eigenvalues made positive."""
    both = free[:, :, None] & free[:, None, :]
    values, vectors = np.linalg.eigh(np.where(both, curve, 0.0) + np.eye(free.shape[1]) * ~free[:, None, :])
    along = (turned(vectors) @ np.where(free, slope, 0.0)[:, :, None])[:, :, 0]
    along = along / np.maximum(np.abs(values), _FLATTEST)
    return np.where(free, -(vectors @ along[:, :, None])[:, :, 0], 0.0)


def _improved(
    problem: Problem, point: Evaluation, step: FloatArray, moving: BoolArray, bounds: FloatArray
) -> Evaluation:
    """Take the step, or a part of it that lowers the criterion; data sets that do not move stay as they are."""
    part = np.ones(len(step))
    best = point
    waiting = moving.copy()
    for _ in range(_HALVINGS):
        rows = np.flatnonzero(waiting)
        theta = np.clip(point.theta[rows] + part[rows, None] * step[rows], bounds[:, 0], bounds[:, 1])
        trial = evaluate(problem if len(rows) == len(step) else problem.subset(waiting), theta)
        # A criterion that rises by no more than its own rounding has not risen.
        lower = trial.criterion <= point.criterion[rows] + _ROUNDING * np.abs(point.criterion[rows])
        best = _merged(best, trial, rows[lower], lower)
        waiting[rows[lower]] = False
        if not waiting.any():
            break
        part[waiting] *= 0.5
    return best


def _merged(point: Evaluation, other: Evaluation, rows: np.ndarray, chosen: BoolArray) -> Evaluation:
    """Replace some rows of a point by chosen rows of another."""
    if len(rows) == len(point.theta) == len(other.theta):
        return other
    fields = {}
    for name in Evaluation.__slots__:
        values = getattr(point, name).copy()
        values[rows] = getattr(other, name)[chosen]
        fields[name] = values
    return Evaluation(**fields)
