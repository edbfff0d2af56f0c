"""The climb to the highest likelihood of generalised linear mixed models, many data sets at once.

Newton steps with the exact curvature, made positive where it is not, from a fit without cluster effects and the best
point of a small grid of covariances. Variances may end at 0, the end of their range.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...value import BoolArray, FloatArray, IntArray
from .grouped import Grouped
from .laplace import LaplacePoint, derivatives, laplace

_STEPS = 60
_HALVINGS = 25
_ARRIVED = 1e-11
_ROUGHLY = 1e-3
_REACH = 5.0
_FLATTEST = 1e-6
_NOTHING = 1e-12
_CLOSE = 1e-7
_DISPERSION = (-12.0, 6.0)
_START_DISPERSION = -2.0
_PLENTY = 40_000


@dataclass(frozen=True, slots=True)
class GlmmFit:
    """Fits of one model to B data sets; parameters are β, θ and log α, in this order.

    Parameters
    ----------
    data : Grouped
    point : LaplacePoint
    value : array (B,)
        −log-likelihood by the method asked for, up to what depends on the outcomes alone.
    curvature : array (B, P, P)
        Its second derivatives.
    free : array (B, P) of bool
        Parameters not held at the end of their range.
    converged : array (B,) of bool
    """

    data: Grouped
    point: LaplacePoint
    value: FloatArray
    curvature: FloatArray
    free: BoolArray
    converged: BoolArray

    @property
    def beta(self) -> FloatArray:
        """Coefficients, (B, p)."""
        return self.point.beta

    @property
    def covariance(self) -> FloatArray:
        """Inverse of the curvature over the free parameters, (B, P, P); 0 for those that are held."""
        unit = np.where(self.free, _unit(self.curvature), 1.0)
        scale = unit[:, :, None] * unit[:, None, :]
        both = _pairs(self.free)
        kept = np.where(both, self.curvature * scale, np.eye(self.free.shape[1]))
        kept[~np.isfinite(kept).all(axis=(1, 2))] = np.eye(self.free.shape[1])
        return np.asarray(np.where(both, np.linalg.pinv(kept, hermitian=True) * scale, 0.0))

    @property
    def held(self) -> BoolArray:
        """Covariance parameters at the end of their range, (B, K)."""
        return np.asarray(~self.free[:, self.data.fixed : -1])


def fit_glmm(data: Grouped, start: FloatArray | None = None) -> GlmmFit:
    """Fit every data set by Laplace's approximation.

    Parameters
    ----------
    data : Grouped
    start : array (P,) or (B, P), optional
        Parameters to start from.
    """
    count = len(data.total)
    if start is None and len(data.cell) > 2 * _PLENTY:
        # A part of very many people is near enough to start from.
        start = fit_glmm(data.thinned(len(data.cell) // _PLENTY)).point.parameters
    if start is None:
        point = _best_start(data)
    else:
        point = laplace(data, np.array(np.broadcast_to(start, (count, _size(data)))))
    return _climbed(data, point, ranges(data), _ARRIVED)


def _climbed(data: Grouped, point: LaplacePoint, bounds: FloatArray, enough: float) -> GlmmFit:
    """Newton steps until a step promises less than `enough`."""
    curvature = np.zeros((len(point.value), _size(data), _size(data)))
    slope = np.zeros(curvature.shape[:2])
    converged = np.zeros(len(point.value), dtype=bool)
    moving = np.arange(len(point.value))
    for _ in range(_STEPS):
        part = data if len(moving) == len(converged) else data.keep(moving)
        here = point if len(moving) == len(converged) else _chosen(point, moving)
        slope[moving], curvature[moving] = derivatives(part, here)
        step, promise = newton_step(curvature[moving], slope[moving], here.parameters, bounds)
        converged[moving] = (promise < enough) & here.arrived
        going = ~converged[moving]
        if not going.any():
            break
        moved, stuck = _improved(part, here, step, promise, bounds)
        point = _merged(point, moved, moving)
        moving = moving[going & ~stuck]
        if not len(moving):
            break
    free = free_parameters(slope, point.parameters, bounds, curvature)
    finite = np.asarray(np.isfinite(curvature).all(axis=(1, 2)))
    scaled = np.where(finite[:, None, None], curvature, 0.0) * _unit(curvature)[:, :, None] * _unit(curvature)[:, None]
    lowest = np.linalg.eigvalsh(np.where(_pairs(free), scaled, np.eye(_size(data))))[:, 0]
    return GlmmFit(data, point, point.value, curvature, free, converged & finite & (lowest > 0))


def _size(data: Grouped) -> int:
    return data.fixed + data.variances + 1


def ranges(data: Grouped) -> FloatArray:
    """Lowest and highest value of each parameter, (2, P)."""
    low = np.full(_size(data), -np.inf)
    high = np.full(_size(data), np.inf)
    low[data.fixed : -1], high[data.fixed : -1] = data.structure.bounds[1:].T
    low[-1], high[-1] = _DISPERSION if data.family == "negbinomial" else (0.0, 0.0)
    return np.stack([low, high])


def _unit(curve: FloatArray) -> FloatArray:
    size = np.nan_to_num(np.abs(np.diagonal(curve, axis1=1, axis2=2)), posinf=0.0)
    return np.asarray(1 / np.sqrt(np.where(size > _NOTHING, size, 1.0)))


def _pairs(free: BoolArray) -> BoolArray:
    return np.asarray(free[:, :, None] & free[:, None, :])


def free_parameters(slope: FloatArray, here: FloatArray, bounds: FloatArray, curve: FloatArray) -> BoolArray:
    """Parameters that may move: not at an end of their range with the likelihood falling inwards."""
    near = _CLOSE * np.minimum(_unit(curve), 1.0)
    told = np.abs(np.diagonal(curve, axis1=1, axis2=2)) > _NOTHING
    at_low = (here <= bounds[0] + near) & (slope >= 0)
    at_high = (here >= bounds[1] - near) & (slope <= 0)
    return np.asarray((told | (slope != 0)) & ~(at_low | at_high) & (bounds[1] > bounds[0]))


def newton_step(
    curve: FloatArray, slope: FloatArray, here: FloatArray, bounds: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Downhill step within the ranges, and the fall that it promises."""
    unit = _unit(curve)
    scaled = np.nan_to_num(curve * unit[:, :, None] * unit[:, None, :], posinf=0.0, neginf=0.0)
    steep = np.nan_to_num(slope * unit)
    free = free_parameters(slope, here, bounds, curve)
    low, high = (bounds[0] - here) / unit, (bounds[1] - here) / unit
    step = np.zeros_like(here)
    for _ in range(here.shape[1]):
        values, vectors = np.linalg.eigh(np.where(_pairs(free), scaled, np.eye(free.shape[1])))
        target = np.where(free, steep + (scaled @ np.where(free, 0.0, step)[..., None])[..., 0], 0.0)
        along = (np.swapaxes(vectors, 1, 2) @ target[..., None])[..., 0] / np.maximum(np.abs(values), _FLATTEST)
        solved = -(vectors @ along[..., None])[..., 0]
        length = np.sqrt((solved**2).sum(axis=1, keepdims=True))
        reach = _REACH * np.sqrt(free.shape[1])
        step = np.where(free, solved * np.minimum(reach / np.maximum(length, 1e-300), 1.0), step)
        beyond = free & ((step < low) | (step > high))
        if not beyond.any():
            break
        step = np.where(beyond, np.clip(step, low, high), step)
        free = free & ~beyond
    return np.asarray(step * unit), np.asarray(-(step * steep).sum(axis=1))


def _improved(
    data: Grouped, point: LaplacePoint, step: FloatArray, promise: FloatArray, bounds: FloatArray
) -> tuple[LaplacePoint, BoolArray]:
    """Take the step, or a part of it that lowers the criterion; which data sets found none."""
    here, before = point.parameters, point.value
    part = np.ones((len(here), 1))
    for k in range(_HALVINGS):
        trial = laplace(data, np.clip(here + part * step, bounds[0], bounds[1]), point.pull)
        worse = ~(trial.value <= before + 1e-13 * (1 + np.abs(before))) & (part[:, 0] > 0)
        if not worse.any():
            break
        part[worse] *= 0.5 if k < _HALVINGS - 2 else 0.0
    return trial, part[:, 0] == 0


def _best_start(data: Grouped) -> LaplacePoint:
    """Fit without cluster effects, then the best point of a grid of covariances."""
    count, p = len(data.total), data.fixed
    parameters = np.zeros((count, _size(data)))
    if data.family == "negbinomial":
        parameters[:, -1] = _START_DISPERSION
    exposure = (data.count[None] * (1.0 if data.family == "binomial" else np.exp(data.offset))).sum(axis=1)
    level = (data.total * (data.count if data.family == "negbinomial" else 1.0)).sum(axis=1) + 0.5
    level = level / (exposure + 1.0)
    target = np.log(level / (1 - level)) if data.family == "binomial" else np.log(level)
    flat = data.columns.reshape(-1, p)[np.unique(data.cell)]
    # Whatever columns carry the level, the predictor starts at it in every cell.
    parameters[:, :p] = target[:, None] * np.linalg.lstsq(flat, np.ones(len(flat)), rcond=None)[0]
    bounds = ranges(data)
    bounds[:, p:-1] = 0.0
    point = _climbed(data, laplace(data, parameters), bounds, _ROUGHLY).point
    if not data.variances:
        return point
    scale = max(float(point.weight[point.weight > 0].mean()), 1e-8)
    best, lowest = point.parameters, np.full(count, np.inf)
    for theta in replace(data.structure, scale=scale).grid()[:, 1:]:
        tried = point.parameters
        tried[:, p:-1] = theta
        value = laplace(data, tried).value
        lower = value < lowest
        best[lower], lowest = tried[lower], np.minimum(value, lowest)
    return laplace(data, best)


def _chosen(point: LaplacePoint, sets: IntArray) -> LaplacePoint:
    """Some of the data sets of a point."""
    fields = {name: getattr(point, name)[sets] for name in LaplacePoint.__slots__ if name != "rows"}
    rows = type(point.rows)(*(getattr(point.rows, name)[sets] for name in type(point.rows).__slots__))
    return LaplacePoint(rows=rows, **fields)


def _merged(point: LaplacePoint, other: LaplacePoint, sets: IntArray) -> LaplacePoint:
    """Replace some data sets of a point."""
    if len(sets) == len(point.value):
        return other
    fields = {}
    for name in LaplacePoint.__slots__:
        if name != "rows":
            fields[name] = getattr(point, name).copy()
            fields[name][sets] = getattr(other, name)
    rows = {}
    for name in type(point.rows).__slots__:
        rows[name] = getattr(point.rows, name).copy()
        rows[name][sets] = getattr(other.rows, name)
    return LaplacePoint(rows=type(point.rows)(**rows), **fields)
