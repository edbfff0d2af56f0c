"""Laplace's approximation of the likelihood of a mixed model, for many data sets at once.

Clusters have effects v_c ~ N(0, Σ_c(θ)) on the linear predictors of their periods. With a = ∂ℓ/∂v at the
mode, where v = Σ a, and W = −∂²ℓ/∂v²,

    log L = Σ_c [ ℓ_c(v) − a'v / 2 − log|1 + Σ W| / 2 ],

which needs no inverse of Σ, so that variances may be 0. First and second derivatives are exact: the mode's own
movement with the parameters, dη = z dφ, is counted through the third and fourth derivatives of ℓ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...value import BoolArray, FloatArray
from .glmm_family import Slopes, bends, dispersion_slopes, slopes
from .grouped import Grouped
from .matrices import inverse, turned

_MODE_STEPS = 60
_HALVINGS = 12
_NEAR = 1e-9
_STEP = 1e-3


@dataclass(frozen=True, slots=True)
class LaplacePoint:
    """The approximation at some parameters of B data sets, as −log L, and what it is made of.

    Parameters
    ----------
    beta, theta : array (B, p), (B, K)
    dispersion : array (B,)
        log α of the negative binomial; 0 elsewhere.
    value : array (B,)
    pull : array (B, C, T)
        a, the derivative of the log-likelihood in the cluster effects at their mode.
    mode : array (B, C, T)
    weight : array (B, C, T)
        W.
    shrink : array (B, C, T, T)
        R = (1 + Σ W)⁻¹.
    posterior : array (B, C, T, T)
        P = R Σ, the covariance of the effects given the outcomes.
    eta : array (B, n)
    rows : Slopes
    arrived : array (B,) of bool
        Whether the modes were found.
    """

    beta: FloatArray
    theta: FloatArray
    dispersion: FloatArray
    value: FloatArray
    pull: FloatArray
    mode: FloatArray
    weight: FloatArray
    shrink: FloatArray
    posterior: FloatArray
    eta: FloatArray
    rows: Slopes
    arrived: BoolArray

    @property
    def parameters(self) -> FloatArray:
        """β, θ and log α, (B, P)."""
        return np.concatenate([self.beta, self.theta, self.dispersion[:, None]], axis=1)

    @property
    def precision(self) -> FloatArray:
        """Q = W (1 + Σ W)⁻¹ = (W⁻¹ + Σ)⁻¹, also where W is 0."""
        return np.asarray(self.weight[..., None] * self.shrink)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What derivatives are made of.

    Parameters
    ----------
    basis : array (C, T, p, 1 + q)
        Columns of a row as a matrix times (1, x).
    ways : array (B, C, T, p + K, 1 + q)
        z, how the linear predictor of a row moves with β and θ, the mode following, in the same way.
    quadratic, cubic : array (B, C, T, 1 + q, 1 + q)
        Σ (1, x)(1, x)' of the weight and of its derivative in η.
    first : array (B, K, C, T, T)
        Derivatives of Σ.
    second : mapping of pairs of parameters to arrays (B, C, T, T)
    pushed : array (B, C, T, K)
        Σ_k a.
    """

    basis: FloatArray
    ways: FloatArray
    quadratic: FloatArray
    cubic: FloatArray
    first: FloatArray
    second: dict[tuple[int, int], FloatArray]
    pushed: FloatArray

    @property
    def lean(self) -> FloatArray:
        """Movement of each cell's weight W, (B, C, T, p + K)."""
        return np.asarray((self.ways @ self.cubic[..., :1])[..., 0])


def laplace(data: Grouped, parameters: FloatArray, pull: FloatArray | None = None) -> LaplacePoint:
    """−log L of every data set at parameters (B, P), modes found by Newton steps from `pull`, or from no effects."""
    p, k = data.fixed, data.variances
    beta, theta, dispersion = parameters[:, :p], parameters[:, p : p + k], parameters[:, -1]
    sigma = data.covariance(theta)[0]
    base = data.predictor(beta)
    alpha = np.exp(dispersion)[:, None]
    pull = np.zeros((len(beta), *data.shape)) if pull is None else pull
    eye = np.eye(data.shape[1])
    mode = _times(sigma, pull)

    def at(effects: FloatArray) -> tuple[FloatArray, Slopes]:
        eta = base + data.spread(effects)
        return eta, slopes(data.family, eta, data.total, data.count, alpha)

    eta, rows = at(mode)
    height = rows.value.sum(axis=1) - (pull * mode).sum(axis=(1, 2)) / 2
    arrived = np.full(len(beta), k == 0)
    for _ in range(_MODE_STEPS if k else 0):
        slope, weight = data.sums(rows.slope), data.sums(rows.weight)
        matrix = eye + weight[..., None] * sigma
        step = np.linalg.solve(matrix, (slope + weight * mode)[..., None])[..., 0] - pull
        along = _times(sigma, step)
        arrived = np.abs(((slope - pull) * along).sum(axis=(1, 2))) <= _NEAR
        part = np.ones((len(beta), 1, 1))
        for _ in range(_HALVINGS):
            eta, rows = at(mode + part * along)
            moved = pull + part * step
            new = rows.value.sum(axis=1) - (moved * (mode + part * along)).sum(axis=(1, 2)) / 2
            worse = ~(new >= height - 1e-12 * (1 + np.abs(height)))
            if not worse.any():
                break
            part[worse] *= 0.5
        pull, mode, height = moved, mode + part * along, new
        # A step from so near lands on the mode, as far as numbers go.
        if arrived.all():
            break
    weight = data.sums(rows.weight)
    matrix = eye + sigma * weight[..., None, :]
    shrink = inverse(matrix)
    value = -height + np.linalg.slogdet(matrix)[1].sum(axis=1) / 2
    return LaplacePoint(
        beta, theta, dispersion, value, pull, mode, weight, shrink, shrink @ sigma, eta, rows, arrived
    )  # fmt: skip


def derivatives(data: Grouped, point: LaplacePoint, *, curved: bool = True) -> tuple[FloatArray, FloatArray]:
    """Gradient (B, P) and, where it is asked for, second derivatives (B, P, P) of −log L in β, θ and log α."""
    p = data.fixed
    bend, turn = bends(data.family, point.eta, point.rows.weight, np.exp(point.dispersion)[:, None])
    parts = _parts(data, point, bend)
    share = np.diagonal(point.posterior, axis1=2, axis2=3)
    gradient = np.zeros((len(point.value), p + data.variances + 1))
    gradient[:, :p] = -data.gathered(point.rows.slope)
    gradient[:, p:-1] = -np.einsum("bct,bctk->bk", point.pull, parts.pushed) / 2
    gradient[:, p:-1] += np.einsum("bctu,bkcut->bk", point.precision, parts.first) / 2
    gradient[:, :-1] += np.einsum("bct,bctj->bj", share, parts.lean) / 2
    if data.family == "negbinomial":
        gradient[:, -1] = _dispersion_gradient(data, point, parts.cubic[..., 0, 0])
    result = np.zeros((*gradient.shape, gradient.shape[1]))
    if curved:
        result[:, -1, -1] = 1.0
        result[:, :-1, :-1] = _curvature_of_the_mode(point, parts)
        result[:, :-1, :-1] += _curvature_of_the_determinant(point, parts, data.moments(turn))
        if data.family == "negbinomial":
            result[:, -1] = result[:, :, -1] = _dispersion_row(data, point)
    return gradient, result


def movement(data: Grouped, point: LaplacePoint) -> tuple[FloatArray, FloatArray]:
    """How linear predictors move with β and θ, the mode following, as matrices of (1, x), (B, C, T, p + K, 1 + q).

    With the weights' moments Σ w (1, x)(1, x)' of each cell.
    """
    quadratic = data.moments(point.rows.weight)
    return _movement(data, point, quadratic, _pushed(data, point)), quadratic


def _pushed(data: Grouped, point: LaplacePoint) -> FloatArray:
    """Σ_k a of every parameter, (B, C, T, K)."""
    first = data.covariance(point.theta)[1]
    return np.moveaxis((first @ point.pull[:, None, ..., None])[..., 0], 1, -1)


def _movement(data: Grouped, point: LaplacePoint, quadratic: FloatArray, pushed: FloatArray) -> FloatArray:
    p, basis = data.fixed, data.basis()
    ways = np.zeros((*point.pull.shape, p + data.variances, basis.shape[3]))
    ways[..., :p, :] = basis
    ways[..., :p, 0] -= point.posterior @ np.einsum("ctju,bctu->bctj", basis, quadratic[..., 0])
    ways[..., p:, 0] = point.shrink @ pushed
    return ways


def _parts(data: Grouped, point: LaplacePoint, bend: FloatArray) -> _Parts:
    _, first, second = data.covariance(point.theta)
    first = np.broadcast_to(first, (len(point.value), *first.shape[1:]))
    second = {pair: np.broadcast_to(matrix, point.shrink.shape) for pair, matrix in second.items()}
    quadratic, pushed = data.moments(point.rows.weight), _pushed(data, point)
    ways = _movement(data, point, quadratic, pushed)
    return _Parts(data.basis(), ways, quadratic, data.moments(bend), first, second, pushed)


def _curvature_of_the_mode(point: LaplacePoint, parts: _Parts) -> FloatArray:
    """Second derivatives of a'v / 2 − ℓ at the mode, (B, p + K, p + K)."""
    p = parts.basis.shape[2]
    result = np.zeros((len(point.value), *parts.ways.shape[3:4] * 2))
    loaded = np.einsum("ctju,bctuv,bctkv->bjk", parts.basis, parts.quadratic, parts.ways, optimize=True)
    result[:, :p] = loaded
    result[:, p:, :p] = turned(loaded[..., p:])
    moved = point.weight[..., None] * parts.ways[..., p:, 0]
    result[:, p:, p:] = np.einsum("bctj,bctk->bjk", parts.pushed, moved)
    for (a, b), matrix in parts.second.items():
        found = -np.einsum("bct,bctu,bcu->b", point.pull, matrix, point.pull) / 2
        for j, k in {(p + a, p + b), (p + b, p + a)}:
            result[:, j, k] += found
    return result


def _curvature_of_the_determinant(point: LaplacePoint, parts: _Parts, quartic: FloatArray) -> FloatArray:
    """Second derivatives of log|1 + Σ W| / 2, W at the mode, (B, p + K, p + K).

    The mode's own second movement is v_jk = R [Σ_jk a − Σ_j S_k − Σ_k S_j − Σ G_jk], S = Σ w z and G = Σ d z z'
    over the rows of a cell, d the weight's derivative.
    """
    p, lean, first = parts.basis.shape[2], parts.lean, parts.first
    share = np.diagonal(point.posterior, axis1=2, axis2=3)
    load = (share * parts.cubic[..., 0, 0])[..., None]
    back, carried = (turned(point.shrink) @ load)[..., 0], (point.posterior @ load)[..., 0]
    within = share[..., None, None] * quartic - carried[..., None, None] * parts.cubic
    result = np.einsum("bctju,bctuv,bctkv->bjk", parts.ways, within, parts.ways, optimize=True)
    result -= turned(lean.reshape(len(lean), -1, lean.shape[3])) @ (point.posterior**2 @ lean).reshape(
        len(lean), -1, lean.shape[3]
    )
    if not first.shape[1]:
        return np.asarray(result / 2)
    wide = point.shrink[:, None] @ first @ turned(point.shrink)[:, None]
    moved = (parts.ways @ parts.quadratic[..., :1])[..., 0]
    both = np.einsum("bkctt,bctj->bkj", wide, lean) - np.einsum(
        "bct,bkctu,bcuj->bkj", back, first, moved, optimize=True
    )
    result[:, p:] += both
    result[:, :, p:] += turned(both)
    ahead = point.precision[:, None] @ first
    result[:, p:, p:] -= np.einsum("bjctu,bkcut->bjk", ahead, ahead)
    for (a, b), matrix in parts.second.items():
        found = np.einsum("bctu,bcut->b", point.precision, matrix)
        found += np.einsum("bct,bctu,bcu->b", back, matrix, point.pull)
        for j, k in {(p + a, p + b), (p + b, p + a)}:
            result[:, j, k] += found
    return np.asarray(result / 2)


def _dispersion_gradient(data: Grouped, point: LaplacePoint, cubic: FloatArray) -> FloatArray:
    """Derivative in log α, (B,)."""
    extra = dispersion_slopes(point.eta, data.total, data.count, np.exp(point.dispersion)[:, None])
    share = np.diagonal(point.posterior, axis1=2, axis2=3)
    moved = _times(point.posterior, data.sums(extra.slope))
    weight = data.sums(extra.weight) + cubic * moved
    return np.asarray((share * weight).sum(axis=(1, 2)) / 2 - extra.value.sum(axis=1))


def _dispersion_row(data: Grouped, point: LaplacePoint) -> FloatArray:
    """Second derivatives with log α, (B, P), by central differences of the exact gradient."""
    ends = []
    for step in (_STEP, -_STEP):
        moved = point.parameters
        moved[:, -1] += step
        ends.append(derivatives(data, laplace(data, moved, point.pull), curved=False)[0])
    return np.asarray((ends[0] - ends[1]) / (2 * _STEP))


def _times(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    return np.asarray((matrix @ vector[..., None])[..., 0])
