"""How sure a fitted model is: estimated variance components, likelihood profiles, and a bootstrap of the t ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from ..errors import DataError
from ..value import FloatArray
from .uncertainty import Sampling, Uncertainty


@dataclass(frozen=True, slots=True, eq=False)
class Satterthwaite(Uncertainty):
    """A covariance whose variance parameters are estimated: t intervals with df of each combination's own.

    df of c = 2 v² / (g' W g) with v = c Φ c' and g_j = c (∂Φ/∂θ_j) c'.

    Parameters
    ----------
    covariance : array (k, k)
        For standard errors.
    plain : array (k, k)
        Φ, which differs from `covariance` where a small-sample adjustment was made.
    slopes : array (parameters, k, k)
        Derivatives of Φ.
    spread : array (parameters, parameters)
        W, covariance of the variance parameters.

    References
    ----------
    Kenward and Roger (1997), Biometrics 53:983.
    """

    covariance: FloatArray
    plain: FloatArray
    slopes: FloatArray
    spread: FloatArray
    kind: str = "confidence interval"

    def se(self) -> FloatArray:
        """Square roots of the diagonal."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    def df(self) -> FloatArray:
        """Degrees of freedom of each term; inf where no variance parameter matters."""
        slope = np.diagonal(self.slopes, axis1=1, axis2=2)
        noise = np.einsum("ik,ij,jk->k", slope, self.spread, slope)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(2 * np.diag(self.plain) ** 2 / noise)

    def _sampling(self) -> Sampling:
        return Sampling(self.covariance, self.df(), self.kind)

    def p_value(self, value: FloatArray) -> FloatArray:
        """Two tails of the t distribution."""
        return self._sampling().p_value(value)

    def interval(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Value ± quantile × standard error."""
        return self._sampling().interval(value, level)

    def band(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Sup-t band with the fewest degrees of freedom among the terms."""
        return self._sampling().band(value, level)

    def contrast(self, weights: FloatArray) -> Satterthwaite:
        """Combine covariance and derivatives alike, so that degrees of freedom are the combination's own."""
        return Satterthwaite(
            weights @ self.covariance @ weights.T,
            weights @ self.plain @ weights.T,
            weights @ self.slopes @ weights.T,
            self.spread,
            self.kind,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Profile(Uncertainty):
    """Likelihood profiles: for each term the signed root of twice the drop in log-likelihood along it.

    Parameters
    ----------
    points : array (k, m)
        Values of each term, rising.
    roots : array (k, m)
        Signed roots there, rising through 0 at the estimate.
    at_zero : array (k,)
        Signed root at no effect.
    errors : array (k,)
        Standard errors, for the table.
    """

    points: FloatArray
    roots: FloatArray
    at_zero: FloatArray
    errors: FloatArray
    kind: str = "profile-likelihood interval"

    def se(self) -> FloatArray:
        """Standard errors of the fit; the interval does not rest on them."""
        return self.errors

    def df(self) -> FloatArray:
        """Give inf: the likelihood ratio is referred to the normal distribution."""
        return np.full(len(self.errors), np.inf)

    def p_value(self, value: FloatArray) -> FloatArray:
        """Likelihood-ratio test of no effect."""
        return np.asarray(2 * special.ndtr(-np.abs(self.at_zero)))

    def interval(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Values whose likelihood ratio is not rejected; infinite where the profile never falls that far."""
        quantile = float(special.ndtri((1 + level) / 2))
        rows = list(zip(self.points, self.roots, strict=True))
        low = np.array([_crossing(points, roots, -quantile, -np.inf) for points, roots in rows])
        high = np.array([_crossing(points, roots, quantile, np.inf) for points, roots in rows])
        return low, high

    def band(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Bonferroni: each interval at level 1 − (1 − level)/k."""
        return self.interval(value, 1 - (1 - level) / len(value))

    def contrast(self, weights: FloatArray) -> Profile:
        """Keep some of the terms; a profile of anything else must be computed from the model.

        Raises
        ------
        DataError
            Combinations that are not single terms.
        """
        rows = weights.argmax(axis=1)
        if not np.array_equal(weights, np.eye(weights.shape[1])[rows]):
            raise DataError(
                "A combination of terms was asked of likelihood profiles.",
                "The likelihood was followed along each term alone, which says nothing about their sum.",
                "Fit with ModelBased(), whose terms can be combined.",
            )
        return Profile(self.points[rows], self.roots[rows], self.at_zero[rows], self.errors[rows], self.kind)


@dataclass(frozen=True, slots=True, eq=False)
class Studentised(Uncertainty):
    """Draws of the t ratio under the fitted model, and under the model without effect: a parametric bootstrap.

    Parameters
    ----------
    errors : array (k,)
        Standard errors of the estimates.
    ratios : array (draws, k)
        (estimate − truth) / standard error in data drawn from the fitted model.
    null_ratios : array (draws, k)
        The same in data drawn from the model without effect.
    """

    errors: FloatArray
    ratios: FloatArray
    null_ratios: FloatArray
    kind: str = "parametric bootstrap interval"

    def se(self) -> FloatArray:
        """Standard errors of the fit; the interval rests on how their ratio varies."""
        return self.errors

    def df(self) -> FloatArray:
        """Give nan: the t ratio is referred to its own draws."""
        return np.full(len(self.errors), np.nan)

    def p_value(self, value: FloatArray) -> FloatArray:
        """Share of draws without effect, the actual data included, whose ratio is at least as far from 0."""
        farther = (np.abs(self.null_ratios) >= np.abs(value / self.errors)).sum(axis=0)
        known = np.isfinite(self.null_ratios).sum(axis=0)
        return np.asarray((1 + farther) / (1 + known))

    def interval(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Value − quantile of the ratio × standard error, at both ends."""
        low, high = np.nanquantile(self.ratios, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return value - high * self.errors, value - low * self.errors

    def band(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Widen all intervals alike until a share `level` of the draws lies within all of them."""
        half = np.nanquantile(np.abs(self.ratios).max(axis=1), level) * self.errors
        return value - half, value + half

    def contrast(self, weights: FloatArray) -> Studentised:
        """Keep some of the terms.

        Raises
        ------
        DataError
            Combinations that are not single terms.
        """
        rows = weights.argmax(axis=1)
        if not np.array_equal(weights, np.eye(weights.shape[1])[rows]):
            raise DataError(
                "A combination of terms was asked of a parametric bootstrap.",
                "The ratio was drawn for each term alone.",
                "Fit with ModelBased(), whose terms can be combined.",
            )
        return Studentised(self.errors[rows], self.ratios[:, rows], self.null_ratios[:, rows], self.kind)


def _crossing(points: FloatArray, roots: FloatArray, level: float, beyond: float) -> float:
    """Where a rising profile crosses a level: a cubic through the four points around it."""
    after = int(np.searchsorted(roots, level))
    if after == 0 or after == len(roots):
        return beyond
    first = min(max(after - 2, 0), len(roots) - 4)
    near = slice(first, first + 4)
    x, y = roots[near] - level, points[near]
    terms = [y[k] * np.prod([-x[j] / (x[k] - x[j]) for j in range(4) if j != k]) for k in range(4)]
    return float(sum(terms))
