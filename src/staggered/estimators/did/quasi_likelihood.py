"""Poisson and logistic quasi-likelihood on a table of cohorts and periods, by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import linalg, special

from ...errors import IdentificationError
from ...value import FloatArray

Curve = Literal["poisson", "binomial"]

_ITERATIONS = 100
_SETTLED = 1e-12
_HALVINGS = 30
_NEGLIGIBLE = 1e-9
_FLAT = 1e-10


@dataclass(frozen=True, slots=True)
class QuasiLikelihood:
    """A fit with the canonical link: Σ m x (ȳ − μ) = 0.

    Parameters
    ----------
    coefficients : array (p,)
        The shortest of those that fit equally well, where some do.
    inverse : array (p, p)
        (X' M μ' X)⁻¹, a pseudo-inverse where columns are collinear.
    """

    coefficients: FloatArray
    inverse: FloatArray


def mean_of(family: Curve, linear: FloatArray) -> FloatArray:
    """Exponential for counts and rates, the logistic curve for shares."""
    return np.asarray(np.exp(linear) if family == "poisson" else special.expit(linear))


def slope_of(family: Curve, mean: FloatArray) -> FloatArray:
    """Slope of the mean in the linear predictor, which is also the variance function."""
    return np.asarray(mean if family == "poisson" else mean * (1 - mean))


def quasi_likelihood(family: Curve, columns: FloatArray, response: FloatArray, mass: FloatArray) -> QuasiLikelihood:
    """Maximise Σ m {y η − b(η)}, η = x'β, over β.

    Parameters
    ----------
    columns : array (n, p)
    response : array (n,)
        Not negative; with the logistic curve at most 1.
    mass : array (n,)

    Raises
    ------
    IdentificationError
        The likelihood climbs for ever.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, sections 2.5 and 9.2.

    Examples
    --------
    >>> ones = np.ones((2, 1))
    >>> fit = quasi_likelihood("poisson", ones, np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    >>> float(np.exp(fit.coefficients[0]).round(12))
    2.0
    """
    crude = float(response @ mass / mass.sum())
    level = np.log(crude) if family == "poisson" else special.logit(crude)
    coefficients = _shortest(columns, np.full(len(columns), level))
    height = _height(family, columns @ coefficients, response, mass)
    for _ in range(_ITERATIONS):
        mean = mean_of(family, columns @ coefficients)
        root = np.sqrt(mass * slope_of(family, mean))
        target = np.divide(mass * (response - mean), root, out=np.zeros(len(root)), where=root > 0)
        step = _shortest(columns * root[:, None], target)
        for _ in range(_HALVINGS):
            risen = _height(family, columns @ (coefficients + step), response, mass)
            if risen >= height - 1e-12 * abs(height):
                break
            step = step / 2
        coefficients, height = coefficients + step, risen
        if np.abs(columns @ step).max() < _SETTLED:
            break
    else:
        raise _endless(family)
    slope = slope_of(family, mean_of(family, columns @ coefficients))
    if slope.min() < _FLAT * slope.max():
        raise _endless(family)
    normal = columns.T @ (columns * (mass * slope)[:, None])
    inverse = np.asarray(np.linalg.pinv(normal, rcond=_NEGLIGIBLE, hermitian=True), dtype=float)
    return QuasiLikelihood(np.asarray(coefficients, dtype=float), inverse)


def _shortest(columns: FloatArray, target: FloatArray) -> FloatArray:
    """Shortest least-squares solution, by a pivoted QR, which takes a third of the time of singular values."""
    return np.asarray(linalg.lstsq(columns, target, cond=_NEGLIGIBLE, lapack_driver="gelsy", check_finite=False)[0])


def _height(family: Curve, linear: FloatArray, response: FloatArray, mass: FloatArray) -> float:
    cumulant = np.exp(linear) if family == "poisson" else np.logaddexp(0.0, linear)
    return float(mass @ (response * linear - cumulant))


def _endless(family: Curve) -> IdentificationError:
    return IdentificationError(
        f"The {family} fit to untreated cells has no solution.",
        "Some cohorts or periods hold nothing but zeros (or nothing but ones), and their level on the "
        "curve's scale is infinite.",
        "Merge sparse periods, leave those councils out, or use family='gaussian'.",
    )
