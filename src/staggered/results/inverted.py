"""A randomisation test repeated at many supposed effects, for models in which an effect cannot just be taken off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..value import FloatArray
from .uncertainty import Reference, Uncertainty

_FINE = 400
_HALVINGS = 40
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Inverted(Uncertainty):
    """Randomisation tests of one term at a range of constant effects.

    Parameters
    ----------
    reference : Reference
        The test of no effect.
    points : array (m,)
        Supposed effects, rising.
    others : array (m, draws)
        What each re-allocation estimates beyond the supposed effect.
    own : array (m,)
        The same for the actual allocation.
    """

    reference: Reference
    points: FloatArray
    others: FloatArray
    own: FloatArray
    kind: str = "randomisation interval (test inverted, constant effect)"

    def se(self) -> FloatArray:
        """Standard deviation of the re-allocated estimates."""
        return self.reference.se()

    def df(self) -> FloatArray:
        """Give nan: there are no degrees of freedom."""
        return self.reference.df()

    def p_value(self, value: FloatArray) -> FloatArray:
        """Share of allocations, the actual one included, that are at least as far from 0."""
        return self.reference.p_value(value)

    def interval(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Hull of the effects that are not rejected; infinite where the test rejects none of them up to the end."""
        fine = np.linspace(self.points[0], self.points[-1], _FINE)
        kept = np.array([self._p_at(point) > 1 - level + _ROUNDING for point in fine])
        if not kept.any():
            # The estimate itself is always among them.
            return value.copy(), value.copy()
        first, last = int(np.argmax(kept)), len(kept) - 1 - int(np.argmax(kept[::-1]))
        low = -np.inf if first == 0 else self._border(fine[first - 1], fine[first], level)
        high = np.inf if last == len(kept) - 1 else self._border(fine[last + 1], fine[last], level)
        return np.array([low]), np.array([high])

    def band(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Give the interval: there is one term."""
        return self.interval(value, level)

    def contrast(self, weights: FloatArray) -> Inverted:
        """Keep the one term.

        Raises
        ------
        DataError
            A multiple of it.
        """
        if not np.array_equal(weights, np.eye(1)):
            raise DataError(
                "A combination was asked of a randomisation test that was repeated at many effects.",
                "It was repeated for the one term alone.",
                "Fit with ModelBased(), whose terms can be combined.",
            )
        return self

    def _p_at(self, point: float) -> float:
        """p-value of a supposed effect, estimates between those tried taken along a line."""
        after = int(np.clip(np.searchsorted(self.points, point), 1, len(self.points) - 1))
        left, right = self.points[after - 1], self.points[after]
        share = (point - left) / (right - left)
        others = (1 - share) * self.others[after - 1] + share * self.others[after]
        own = abs((1 - share) * self.own[after - 1] + share * self.own[after])
        slack = _ROUNDING * max(float(np.nan_to_num(np.abs(others)).max()), own)
        # An allocation under which nothing can be estimated counts as far from no effect.
        return float((1 + (~(np.abs(others) < own - slack)).sum()) / (1 + len(others)))

    def _border(self, outside: float, inside: float, level: float) -> float:
        for _ in range(_HALVINGS):
            middle = (outside + inside) / 2
            if self._p_at(middle) > 1 - level + _ROUNDING:
                inside = middle
            else:
                outside = middle
        return inside
