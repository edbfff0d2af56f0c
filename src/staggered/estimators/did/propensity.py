"""The propensity of starting: a logistic fit, and the odds that make a comparison look like the treated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from ...value import BoolArray, FloatArray

TRIM = 0.995
_CAP = 1 - 1e-6
_ITERATIONS = 50
_SETTLED = 1e-12
_HOPELESS = 20.0


@dataclass(frozen=True, slots=True)
class Propensity:
    """A fitted propensity.

    Parameters
    ----------
    fitted : array (n,)
    kept : array (n,) of bool
        False for a comparison whose propensity is so near 1 that its odds would swamp the rest.
    inverse : array (p, p)
        Inverse information of the coefficients.
    """

    fitted: FloatArray
    kept: BoolArray
    inverse: FloatArray

    def odds(self, weight: FloatArray, treated: BoolArray) -> FloatArray:
        """Weights that make the comparison look like the treated; 0 for the treated and the trimmed."""
        return np.asarray(np.where(treated | ~self.kept, 0.0, weight * self.fitted / (1 - self.fitted)))


def propensity_of(design: FloatArray, treated: BoolArray, weight: FloatArray) -> Propensity | None:
    """Fit a logistic regression by Newton's method; None when the columns tell the two sides apart completely.

    Parameters
    ----------
    design : array (n, p)
        With a column of ones.
    treated : array (n,) of bool
    weight : array (n,)

    Examples
    --------
    >>> ones = np.ones((4, 1))
    >>> propensity_of(ones, np.array([True, False, False, False]), np.ones(4)).fitted.round(6)
    array([0.25, 0.25, 0.25, 0.25])
    """
    weight = weight / weight.mean()
    coefficients = np.zeros(design.shape[1])
    scale = np.maximum(np.abs(design).max(axis=0), 1e-300)
    columns = design / scale
    for _ in range(_ITERATIONS):
        linear = columns @ coefficients
        fitted = special.expit(linear)
        gradient = columns.T @ (weight * (treated - fitted))
        information = columns.T @ (columns * (weight * fitted * (1 - fitted))[:, None])
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            return None
        coefficients = coefficients + step
        if np.abs(columns @ step).max() < _SETTLED:
            break
    linear = columns @ coefficients
    if not np.isfinite(linear).all() or np.abs(linear).min() > _HOPELESS or _separated(linear, treated):
        return None
    fitted = np.minimum(special.expit(linear), _CAP)
    kept = treated | (fitted < TRIM)
    information = design.T @ (design * (weight * fitted * (1 - fitted))[:, None])
    try:
        return Propensity(fitted, kept, np.linalg.inv(information))
    except np.linalg.LinAlgError:
        # All but some ties are told apart: nothing is left to learn the coefficients from.
        return None


def _separated(linear: FloatArray, treated: BoolArray) -> bool:
    """Whether every treated lies above every comparison, so that the likelihood has no maximum."""
    return bool(linear[treated].min() > linear[~treated].max())
