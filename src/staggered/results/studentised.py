"""Ratios of estimate to standard error under re-allocations or sign changes: a studentised test and its inversion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..value import FloatArray
from .uncertainty import Uncertainty

_ROUNDING = 1e-9
_DOUBLINGS = 40
_HALVINGS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Studentised(Uncertainty):
    """What each draw makes of the ratio (estimate − τ)/se when the effect is τ.

    With the effect τ, draw r gives (a − b τ) / sqrt(c − 2 d τ + e τ²); row 0 is the actual estimate.

    Parameters
    ----------
    numerator : array (2, 1 + draws, k)
        a and b.
    square : array (3, 1 + draws, k)
        c, d and e; d and e nan where it is not known how the ratio depends on the effect: then no interval is given.
    """

    numerator: FloatArray
    square: FloatArray
    kind: str = "interval by inversion of a studentised test"

    def se(self) -> FloatArray:
        """Standard error that the actual ratio divides by, at no effect."""
        return np.asarray(np.sqrt(self.square[0, 0]))

    def df(self) -> FloatArray:
        """Give nan: the reference distribution takes their place."""
        return np.full(self.numerator.shape[2], np.nan)

    def p_value(self, value: FloatArray) -> FloatArray:
        """Share of draws, the actual one included, whose ratio is as far from 0; nan without an actual ratio."""
        known = np.isfinite(value) & np.isfinite(self.se())
        return np.array([self._p(k, 0.0) if there else np.nan for k, there in enumerate(known.tolist())])

    def interval(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Ends of the effects around the estimate that the test does not reject."""
        # 1 − 0.9 is a little less than 0.1, and a p-value of exactly 0.1 is to be rejected.
        ends = [self._ends(k, float(v), 1 - level + _ROUNDING) for k, v in enumerate(value)]
        return np.array([low for low, _ in ends]), np.array([high for _, high in ends])

    def band(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Bonferroni: each interval at level 1 − (1 − level)/k."""
        return self.interval(value, 1 - (1 - level) / len(value))

    def contrast(self, weights: FloatArray) -> Studentised:
        """Select terms; the null hypothesis is imposed on each alone, so they cannot be combined.

        Raises
        ------
        DataError
            A combination of several terms.
        """
        chosen = [np.flatnonzero(row) for row in weights]
        if any(len(row) != 1 for row in chosen) or any(weights[k, row[0]] != 1 for k, row in enumerate(chosen)):
            raise DataError(
                "A combination of terms was asked for from a studentised test.",
                "Its distribution was found for each term on its own.",
                "Fit the combination itself (by=), or use Jackknife() or Bootstrap().",
            )
        columns = [int(row[0]) for row in chosen]
        return Studentised(self.numerator[:, :, columns], self.square[:, :, columns], self.kind)

    def _p(self, k: int, effect: float) -> float:
        """Share of draws as far from 0 as the actual ratio, if the effect is `effect`."""
        a, b = self.numerator[:, :, k]
        c, d, e = self.square[:, :, k]
        top = np.abs(a - b * effect)
        square = c if effect == 0 else c - 2 * d * effect + e * effect**2
        bottom = np.sqrt(np.maximum(square, 0.0))
        scale = np.nanmax(top)
        with np.errstate(divide="ignore", invalid="ignore"):
            # 0/0 is a draw in which nothing varies: it says nothing against the null, unless it is the actual one.
            ratio = np.where(top <= _ROUNDING * scale, 0.0, top / bottom)
        # A ratio that cannot be had counts as far from 0.
        return float((~(ratio < ratio[0] * (1 - _ROUNDING))).mean())

    def _ends(self, k: int, value: float, alpha: float) -> tuple[float, float]:
        se = float(self.se()[k])
        if not np.isfinite(value) or not np.isfinite(se) or se <= 0 or np.isnan(self.square[1:, 0, k]).any():
            return np.nan, np.nan
        if 1 / self.numerator.shape[1] > alpha:
            return -np.inf, np.inf
        return self._end(k, value, -se, alpha), self._end(k, value, se, alpha)

    def _end(self, k: int, value: float, step: float, alpha: float) -> float:
        """Where the p-value falls to alpha on one side of the estimate."""
        inside, distance = 0.0, 1.0
        for _ in range(_DOUBLINGS):
            if self._p(k, value + distance * step) <= alpha:
                break
            inside, distance = distance, 2 * distance
        else:
            return float(np.sign(step)) * np.inf
        outside = distance
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            if self._p(k, value + middle * step) <= alpha:
                outside = middle
            else:
                inside = middle
        return value + inside * step
