"""Draws of the error of an estimate: a bootstrap distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from ..value import FloatArray
from .uncertainty import Uncertainty, combined

# The spread of a normal distribution between its quartiles.
_QUARTILES = float(special.ndtri(0.75) - special.ndtri(0.25))


@dataclass(frozen=True, slots=True, eq=False)
class Resampled(Uncertainty):
    """What a bootstrap makes of the error: resampled estimates less the estimate, (draws, k).

    Parameters
    ----------
    errors : array (draws, k)
        nan where a resample leaves a term without an estimate; such draws are left out.
    """

    errors: FloatArray
    kind: str = "bootstrap interval (symmetric)"

    def se(self) -> FloatArray:
        """Distance between the quartiles, on the scale on which it is the normal's standard deviation."""
        low, high = self._quantile(self.errors, 0.25), self._quantile(self.errors, 0.75)
        return np.asarray((high - low) / _QUARTILES)

    @staticmethod
    def _quantile(draws: FloatArray, level: float) -> FloatArray:
        """Quantile of each column's known draws; nan where there are none."""
        known = np.isfinite(draws).any(axis=0)
        result = np.full(draws.shape[1], np.nan)
        result[known] = np.nanquantile(draws[:, known], level, axis=0)
        return result

    def df(self) -> FloatArray:
        """Give nan: draws have no degrees of freedom."""
        return np.full(self.errors.shape[1], np.nan)

    def p_value(self, value: FloatArray) -> FloatArray:
        """Share of draws, the estimate included, that are as far from 0."""
        known = np.isfinite(self.errors)
        far = (np.abs(self.errors) >= np.abs(value)) & known
        told = np.isfinite(value) & known.any(axis=0)
        return np.where(told, (1 + far.sum(axis=0)) / (1 + known.sum(axis=0)), np.nan)

    def interval(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Value ± quantile of the absolute errors."""
        half = self._quantile(np.abs(self.errors), level)
        return value - half, value + half

    def band(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Value ± standard error × quantile of the largest |t| of the terms."""
        spread = self.se()
        use = np.isfinite(spread) & (spread > 0)
        half = np.full(len(value), np.nan)
        if use.any():
            largest = np.nanmax(np.abs(self.errors[:, use]) / spread[use], axis=1)
            half[use] = np.nanquantile(largest, level) * spread[use]
        return value - half, value + half

    def contrast(self, weights: FloatArray) -> Resampled:
        """Combine every draw."""
        return Resampled(combined(self.errors, weights), self.kind)
