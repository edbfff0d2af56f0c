"""Families of generalised linear mixed models: log-likelihoods of grouped outcomes and their derivatives.

With the linear predictor η (offset included), n people alike and the sum y of their outcomes:

    binomial     ℓ = y η − n log(1 + e^η)                         (log odds)
    poisson      ℓ = y η − n e^η                                  (log rate)
    negbinomial  ℓ = n [log Γ(y + k) − log Γ(k) + k log k + y η − (y + k) log(k + e^η)],   k = 1/α

up to what depends on the outcomes alone. A negative binomial count has variance μ + α μ²; a group of n such
counts shares one value y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from ...value import FloatArray

FAMILIES = ("binomial", "poisson", "negbinomial")
LATENT = float(np.pi**2 / 3)
"""Variance of the logistic distribution: that of a person on the log-odds scale."""
_HIGHEST = 500.0


@dataclass(frozen=True, slots=True)
class Slopes:
    """Log-likelihood of every row, (B, rows), its slope in η, and weight −∂²ℓ/∂η²."""

    value: FloatArray
    slope: FloatArray
    weight: FloatArray


@dataclass(frozen=True, slots=True)
class DispersionSlopes:
    """Derivatives in log α, (B, rows): of ℓ, of its slope and weight in η; and of ℓ twice."""

    value: FloatArray
    slope: FloatArray
    weight: FloatArray
    curve: FloatArray


def slopes(family: str, eta: FloatArray, total: FloatArray, count: FloatArray, dispersion: FloatArray) -> Slopes:
    """Log-likelihood and derivatives.

    Parameters
    ----------
    family : {"binomial", "poisson", "negbinomial"}
    eta : array (B, rows)
    total : array (B, rows)
        Sum of the outcomes; for the negative binomial the one value of all of them.
    count : array (rows,)
        Outcomes of each row.
    dispersion : array (B, 1)
        α of the negative binomial; not used by the others.

    Examples
    --------
    >>> found = slopes("binomial", np.zeros((1, 1)), np.array([[3.0]]), np.array([10.0]), np.zeros((1, 1)))
    >>> found.slope, found.weight
    (array([[-2.]]), array([[2.5]]))
    """
    if family == "binomial":
        small = np.exp(-np.abs(eta))
        mean = np.where(eta >= 0, 1.0, small) / (1 + small)
        value = total * eta - count * (np.maximum(eta, 0.0) + np.log1p(small))
        expected = count * mean
        return Slopes(value, total - expected, expected * (1 - mean))
    mean = np.exp(np.minimum(eta, _HIGHEST))
    if family == "poisson":
        expected = count * mean
        return Slopes(total * eta - expected, total - expected, expected)
    k = 1 / dispersion
    both = k + mean
    value = special.gammaln(total + k) - special.gammaln(k) + k * np.log(k) + total * eta - (total + k) * np.log(both)
    weight = k * mean * (k + total) / both**2
    return Slopes(count * value, count * k * (total - mean) / both, count * weight)


def bends(family: str, eta: FloatArray, weight: FloatArray, dispersion: FloatArray) -> tuple[FloatArray, FloatArray]:
    """First and second derivative of the weight in η, (B, rows) each."""
    if family == "binomial":
        mean = special.expit(eta)
        return weight * (1 - 2 * mean), weight * (1 - 6 * mean * (1 - mean))
    if family == "poisson":
        return weight, weight
    k = 1 / dispersion
    mean = np.exp(np.minimum(eta, _HIGHEST))
    lean = (k - mean) / (k + mean)
    return weight * lean, weight * (lean**2 - 2 * k * mean / (k + mean) ** 2)


def dispersion_slopes(
    eta: FloatArray, total: FloatArray, count: FloatArray, dispersion: FloatArray
) -> DispersionSlopes:
    """Derivatives of the negative binomial in log α."""
    mean, k = np.exp(np.minimum(eta, _HIGHEST)), 1 / dispersion
    both = k + mean
    first = special.psi(total + k) - special.psi(k) + np.log(k / both) + (mean - total) / both
    second = special.polygamma(1, total + k) - special.polygamma(1, k) + 1 / k - 1 / both
    second = second - (mean - total) / both**2
    slope = (total - mean) * mean / both**2
    weight = mean * (2 * k * mean + total * mean - k * total) / both**3
    return DispersionSlopes(
        count * -k * first, count * -k * slope, count * -k * weight, count * (k * first + k**2 * second)
    )


def mean_of(family: str, eta: FloatArray) -> FloatArray:
    """Risk or rate at a linear predictor."""
    return np.asarray(special.expit(eta) if family == "binomial" else np.exp(np.minimum(eta, _HIGHEST)))


def slope_of(family: str, mean: FloatArray) -> FloatArray:
    """How fast a risk or rate moves with the linear predictor."""
    return np.asarray(mean * (1 - mean) if family == "binomial" else mean)
