"""Ratios: uncertainty known on the log scale, said of the exponentials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..value import FloatArray
from .uncertainty import Uncertainty


@dataclass(frozen=True, slots=True, eq=False)
class Ratio(Uncertainty):
    """Exponentials of terms whose uncertainty is that of their logarithms; 1 stands for no effect.

    Parameters
    ----------
    logarithm : Uncertainty
    values : array (k,)
        The ratios.
    kind : str
    neutral : float
        1.
    """

    logarithm: Uncertainty
    values: FloatArray
    kind: str
    neutral: float = 1.0

    @classmethod
    def of(cls, logarithm: Uncertainty, values: FloatArray) -> Ratio:
        """Exponentials of terms with these logarithms' uncertainty."""
        return cls(logarithm, values, logarithm.kind)

    def se(self) -> FloatArray:
        """Standard errors of the ratios, by the delta method; the interval is that of the logarithm."""
        return np.asarray(self.logarithm.se() * self.values)

    def df(self) -> FloatArray:
        """Degrees of freedom of the logarithm."""
        return self.logarithm.df()

    def p_value(self, value: FloatArray) -> FloatArray:
        """Two-sided p-values of a ratio of 1, from the logarithm."""
        return self.logarithm.p_value(np.log(value))

    def interval(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Exponentials of the logarithm's interval."""
        low, high = self.logarithm.interval(np.log(value), level)
        return np.exp(low), np.exp(high)

    def band(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Exponentials of the logarithm's band."""
        low, high = self.logarithm.band(np.log(value), level)
        return np.exp(low), np.exp(high)

    def contrast(self, weights: FloatArray) -> Ratio:
        """Keep some of the terms.

        Raises
        ------
        DataError
            Sums of ratios.
        """
        rows = weights.argmax(axis=1)
        if not np.array_equal(weights, np.eye(weights.shape[1])[rows]):
            raise DataError(
                "A combination of terms was asked of ratios.",
                "Ratios multiply; their sums mean nothing.",
                "Combine the terms of the estimate itself, and restate the combination.",
            )
        return Ratio(self.logarithm.contrast(weights), self.values[rows], self.kind)
