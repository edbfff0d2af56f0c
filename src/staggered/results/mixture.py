"""A mixture of normals: uncertainty that is exact up to quadrature, without draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from ..errors import DataError
from ..value import FloatArray
from .uncertainty import Uncertainty

_REACH = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Mixture(Uncertainty):
    """Normals weighted over a grid of what else is unknown.

    Parameters
    ----------
    weights : array (grid,)
        Sum to 1.
    means : array (grid, k)
    covariances : array (grid, k, k)
    """

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray
    kind: str = "credible interval (equal tails)"

    def se(self) -> FloatArray:
        """Standard deviations of the mixture."""
        centre = self.weights @ self.means
        variances = np.einsum("gkk->gk", self.covariances)
        return np.asarray(np.sqrt(self.weights @ (variances + (self.means - centre) ** 2)))

    def df(self) -> FloatArray:
        """Give nan: a posterior has no degrees of freedom."""
        return np.full(self.means.shape[1], np.nan)

    def below(self, threshold: FloatArray) -> FloatArray:
        """Probability that each term is at or below a threshold, (k,)."""
        spread = np.sqrt(np.einsum("gkk->gk", self.covariances))
        return np.asarray(self.weights @ special.ndtr((threshold - self.means) / spread))

    def p_value(self, value: FloatArray) -> FloatArray:
        """Twice the smaller probability of one side of 0."""
        below = self.below(np.zeros(self.means.shape[1]))
        return np.asarray(2 * np.minimum(below, 1 - below))

    def interval(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Equal-tailed quantiles."""
        low, high = (
            np.array([self._quantile(k, p) for k in range(len(value))]) for p in ((1 - level) / 2, (1 + level) / 2)
        )
        return low, high

    def band(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Bonferroni: each interval at level 1 − (1 − level)/k."""
        return self.interval(value, 1 - (1 - level) / len(value))

    def contrast(self, weights: FloatArray) -> Mixture:
        """Combine the terms of every normal."""
        means = self.means @ weights.T
        covariances = np.einsum("mk,gkl,nl->gmn", weights, self.covariances, weights)
        return Mixture(self.weights, means, covariances, self.kind)

    def _quantile(self, term: int, probability: float) -> float:
        means, spread = self.means[:, term], np.sqrt(self.covariances[:, term, term])
        kept = self.weights > 0

        def above(x: float) -> float:
            return float(self.weights[kept] @ special.ndtr((x - means[kept]) / spread[kept])) - probability

        low = float((means[kept] - _REACH * spread[kept]).min())
        high = float((means[kept] + _REACH * spread[kept]).max())
        if above(low) * above(high) > 0:
            raise DataError(
                f"A quantile at {probability:g} lies outside of what the grid covers.",
                "The posterior has no such quantile within reach.",
                "Ask for a level nearer to the middle.",
            )
        return float(optimize.brentq(above, low, high, xtol=1e-10 * (high - low)))
