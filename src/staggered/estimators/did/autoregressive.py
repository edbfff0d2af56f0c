"""Least squares of one series whose errors remember the period before: restricted likelihood and its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize

from ...value import FloatArray

_BOUND = 0.98
_STEP = 1e-3
_EXACT = 1e-20


@dataclass(frozen=True, slots=True)
class Autoregressive:
    """A fit of y = Xβ + u, Corr(u_t, u_s) = ρ^|t − s|.

    Parameters
    ----------
    correlation : float
        ρ that makes the restricted likelihood largest.
    values : array (k,)
        Contrasts of the coefficients.
    covariance : array (k, k)
    degrees : array (k,)
        Satterthwaite's, for a variance that rests on an estimated ρ.
    """

    correlation: float
    values: FloatArray
    covariance: FloatArray
    degrees: FloatArray


@dataclass(frozen=True, slots=True)
class _At:
    """The fit at one ρ: coefficients, (X'C⁻¹X)⁻¹, the sum of squares and half the log determinants."""

    coefficients: FloatArray
    inverse: FloatArray
    squares: float
    determinants: float


def autoregressive(
    columns: FloatArray, response: FloatArray, place: FloatArray, contrasts: FloatArray
) -> Autoregressive:
    """Fit by restricted maximum likelihood.

        −2ℓ(σ², ρ) = (n − p) log σ² + log|C| + log|X'C⁻¹X| + S(ρ)/σ²

    The variance of a contrast l is σ² l'(X'C⁻¹X)⁻¹l; its degrees of freedom are 2/Var(log of it), by the curvature of
    the likelihood in (log σ², ρ).

    Parameters
    ----------
    columns : array (n, p)
    response : array (n,)
    place : array (n,)
        When each was observed, in periods; gaps weaken the correlation.
    contrasts : array (k, p)

    References
    ----------
    Cheang and Reinsel (2000), Journal of the American Statistical Association 95:1173; degrees of freedom:
    Satterthwaite (1946), Biometrics Bulletin 2:110.
    """
    lag = np.abs(np.subtract.outer(place, place))
    free = columns.shape[0] - columns.shape[1]
    plain = _at(0.0, columns, response, lag)
    if plain.squares <= _EXACT * float(response @ response):
        terms = len(contrasts)
        return Autoregressive(0.0, contrasts @ plain.coefficients, np.zeros((terms, terms)), np.full(terms, 1.0 * free))

    def height(correlation: float) -> float:
        at = _at(correlation, columns, response, lag)
        return float(0.5 * free * np.log(at.squares) + at.determinants)

    found = optimize.minimize_scalar(height, bounds=(-_BOUND, _BOUND), method="bounded", options={"xatol": 1e-10})
    best = float(found.x)
    at = _at(best, columns, response, lag)
    variance = at.squares / free
    covariance = variance * contrasts @ at.inverse @ contrasts.T
    degrees = _degrees(best, columns, response, lag, contrasts)
    return Autoregressive(best, contrasts @ at.coefficients, covariance, degrees)


def _at(correlation: float, columns: FloatArray, response: FloatArray, lag: FloatArray) -> _At:
    root = np.linalg.cholesky(np.power(correlation, lag))
    white = linalg.solve_triangular(root, np.column_stack([columns, response]), lower=True)
    orthogonal, upper = np.linalg.qr(white[:, :-1])
    coefficients = linalg.solve_triangular(upper, orthogonal.T @ white[:, -1])
    left = white[:, -1] - white[:, :-1] @ coefficients
    halves = np.linalg.inv(upper)
    determinants = float(np.log(np.diag(root)).sum() + np.log(np.abs(np.diag(upper))).sum())
    return _At(np.asarray(coefficients), halves @ halves.T, float(left @ left), determinants)


def _degrees(
    best: float, columns: FloatArray, response: FloatArray, lag: FloatArray, contrasts: FloatArray
) -> FloatArray:
    """2/Var(log variance) of each contrast, (k,), at least 1."""
    middle = float(np.clip(best, -_BOUND + 2 * _STEP, _BOUND - 2 * _STEP))
    below, here, above = (_at(middle + move, columns, response, lag) for move in (-_STEP, 0.0, _STEP))
    free = columns.shape[0] - columns.shape[1]
    variance = here.squares / free
    heights = [one.determinants + one.squares / (2 * variance) for one in (below, here, above)]
    bend = (heights[2] - 2 * heights[1] + heights[0]) / _STEP**2
    mixed = -(above.squares - below.squares) / (4 * _STEP * variance)
    information = np.array([[free / 2, mixed], [mixed, bend]])
    spread = [np.log(np.einsum("kp,pq,kq->k", contrasts, one.inverse, contrasts)) for one in (below, above)]
    slope = np.stack([np.ones(len(contrasts)), (spread[1] - spread[0]) / (2 * _STEP)])
    of_log = np.einsum("ik,ij,jk->k", slope, np.linalg.pinv(information, hermitian=True), slope)
    return np.asarray(np.clip(np.divide(2.0, of_log, out=np.ones(len(of_log)), where=of_log > 0), 1.0, free))
