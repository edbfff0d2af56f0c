"""How sure an estimate is: one leaf per way of knowing, each answering se, p, interval, band and contrast."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy import special

from ..value import BoolArray, FloatArray, Value
from .inversion import accepted_effects
from .square_root import symmetric_root

_BAND_DRAWS = 100_000
_BAND_SEED = 20_240_901
_ROUNDING = 1e-9


class Uncertainty(Value):
    """What surrounds the estimates of k terms: an interface without fields."""

    __slots__ = ()

    kind: str

    @property
    def neutral(self) -> float:
        """The value that stands for no effect: 0, or 1 for ratios."""
        return 0.0

    @abstractmethod
    def se(self) -> FloatArray:
        """Standard errors, (k,)."""

    @abstractmethod
    def df(self) -> FloatArray:
        """Degrees of freedom, (k,): inf for the normal, nan where there are none."""

    @abstractmethod
    def p_value(self, value: FloatArray) -> FloatArray:
        """Two-sided p-values of no effect, (k,)."""

    @abstractmethod
    def interval(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Interval of each term at a level."""

    @abstractmethod
    def band(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Intervals that hold for all terms at once."""

    @abstractmethod
    def contrast(self, weights: FloatArray) -> Uncertainty:
        """Uncertainty of the combinations ``weights @ value``, weights (m, k)."""


@dataclass(frozen=True, slots=True, eq=False)
class Sampling(Uncertainty):
    """A covariance matrix and degrees of freedom: t or normal intervals.

    Parameters
    ----------
    covariance : array (k, k)
    degrees : array (k,)
        Inf for the normal distribution.
    """

    covariance: FloatArray
    degrees: FloatArray
    kind: str = "confidence interval"

    def se(self) -> FloatArray:
        """Square roots of the diagonal."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    def df(self) -> FloatArray:
        """Degrees of freedom as given."""
        return self.degrees

    def p_value(self, value: FloatArray) -> FloatArray:
        """Two tails of the t distribution."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(2 * special.stdtr(self.degrees, -np.abs(value / self.se())))

    def interval(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Value ± quantile × standard error."""
        half = t_quantile(self.degrees, (1 + level) / 2) * self.se()
        return value - half, value + half

    def band(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Sup-t band: the quantile of the largest |t| of the terms, by simulation with a fixed seed."""
        se = self.se()
        known = np.isfinite(se) & (se > 0)
        half = np.full(len(value), np.nan)
        if known.any():
            correlation = self.covariance[np.ix_(known, known)] / np.outer(se[known], se[known])
            half[known] = sup_t(correlation, float(self.degrees[known].min()), level) * se[known]
        return value - half, value + half

    def contrast(self, weights: FloatArray) -> Sampling:
        """C V C', with the fewest degrees of freedom of the terms that enter."""
        # A term of weight zero must not spread its nan, so only terms that enter are summed.
        rows = [np.flatnonzero(row) for row in weights]
        joint = np.array(
            [
                [weights[a][i] @ self.covariance[np.ix_(i, j)] @ weights[b][j] for b, j in enumerate(rows)]
                for a, i in enumerate(rows)
            ]
        )
        fewest = np.array([self.degrees[i].min() if len(i) else np.inf for i in rows])
        return Sampling(joint, fewest, self.kind)


@dataclass(frozen=True, slots=True, eq=False)
class Draws(Uncertainty):
    """Draws of the estimates themselves: a posterior or a bootstrap distribution, (draws, k).

    Parameters
    ----------
    draws : array (draws, k)
    kind : str
    neutral : float
        The value that stands for no effect: 0, or 1 for ratios.
    """

    draws: FloatArray
    kind: str = "credible interval (equal tails)"
    neutral: float = 0.0

    def se(self) -> FloatArray:
        """Standard deviations of the draws."""
        return np.asarray(self.draws.std(axis=0, ddof=1))

    def df(self) -> FloatArray:
        """Give nan: draws have no degrees of freedom."""
        return np.full(self.draws.shape[1], np.nan)

    def p_value(self, value: FloatArray) -> FloatArray:
        """Twice the smaller share of draws on one side of no effect."""
        below = (self.draws <= self.neutral).mean(axis=0)
        return np.asarray(2 * np.minimum(below, 1 - below))

    def interval(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Equal-tailed quantiles."""
        low, high = np.quantile(self.draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return low, high

    def band(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Widen all intervals alike until a share `level` of the draws lies within all of them."""
        spread = self.se()
        distance = np.max(np.abs(self.draws - value) / spread, axis=1)
        half = np.quantile(distance, level) * spread
        return value - half, value + half

    def contrast(self, weights: FloatArray) -> Draws:
        """Combine every draw; what no effect is follows where all combinations weigh alike in total."""
        totals = weights.sum(axis=1)
        neutral = self.neutral * float(totals[0]) if len(totals) and np.allclose(totals, totals[0]) else 0.0
        return Draws(combined(self.draws, weights), self.kind, neutral)


@dataclass(frozen=True, slots=True, eq=False)
class Reference(Uncertainty):
    """Estimates under every re-allocation used: a randomisation distribution.

    With a constant effect τ taken off the treated cells, re-allocation r gives ``null[r] − τ · slope[r]``.
    Where a term cannot be estimated under a re-allocation (nan), that re-allocation counts as far from 0,
    which can only raise the p-value.

    Parameters
    ----------
    null : array (draws, k)
        Estimates from the same outcomes under each re-allocation, the actual one not among them.
    slope : array (draws, k) or None
        What each re-allocation makes of an effect of 1 in the actual treated cells; None: no interval.
    own_slope : array (k,)
        The same for the actual allocation: 1 for most estimators.
    exact : bool
        Whether every allowed allocation is there.
    statistic : array (k,) or None
        What is compared with `null`, where that is not the estimate itself.
    """

    null: FloatArray
    slope: FloatArray | None
    own_slope: FloatArray
    exact: bool
    kind: str = "randomisation interval (test inverted, constant effect)"
    statistic: FloatArray | None = None

    @property
    def smallest_p(self) -> float:
        """Floor of the p-value with this many allocations."""
        return 1 / (len(self.null) + 1)

    def se(self) -> FloatArray:
        """Standard deviation of the re-allocated estimates; nan where some could not be had."""
        return np.asarray(self.null.std(axis=0))

    def df(self) -> FloatArray:
        """Give nan: there are no degrees of freedom."""
        return np.full(self.null.shape[1], np.nan)

    def p_value(self, value: FloatArray) -> FloatArray:
        """Share of allocations, the actual one included, that are at least as far from 0."""
        value = self._compared(value)
        return np.where(np.isfinite(value), self._share_as_far_as(value, np.abs(value)), np.nan)

    def attainable_p(self, value: FloatArray) -> FloatArray:
        """Smallest p-value that these outcomes allow: the share of allocations tied at the farthest from 0.

        Above `smallest_p` where allocations mirror each other, or where some cannot be estimated.
        """
        value = self._compared(value)
        farthest = np.nan_to_num(np.abs(np.vstack([value, self.null]))).max(axis=0)
        return np.where(np.isfinite(value), self._share_as_far_as(value, farthest), np.nan)

    def _compared(self, value: FloatArray) -> FloatArray:
        return value if self.statistic is None else self.statistic

    def _share_as_far_as(self, value: FloatArray, distance: FloatArray) -> FloatArray:
        """Share of allocations whose estimate is not nearer to 0 than `distance`, (k,)."""
        every = np.abs(np.vstack([value, self.null]))
        # Allocations that tie exactly may differ by rounding, on the scale of the whole distribution.
        slack = _ROUNDING * np.nan_to_num(every).max(axis=0)
        return np.asarray((~(every < distance - slack)).mean(axis=0))

    def interval(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Hull of all constant effects that the test does not reject."""
        value = self._compared(value)
        if self.slope is None:
            return np.full(len(value), np.nan), np.full(len(value), np.nan)
        ends = [
            accepted_effects(float(v), self.null[:, k], self.slope[:, k], float(self.own_slope[k]), 1 - level)
            for k, v in enumerate(value)
        ]
        return np.array([low for low, _ in ends]), np.array([high for _, high in ends])

    def band(self, value: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Bonferroni: each interval at level 1 − (1 − level)/k."""
        return self.interval(value, 1 - (1 - level) / len(value))

    def contrast(self, weights: FloatArray) -> Reference:
        """Combine every re-allocation's estimates."""
        slope = None if self.slope is None else combined(self.slope, weights)
        statistic = None if self.statistic is None else combined(self.statistic[None], weights)[0]
        own_slope = combined(self.own_slope[None], weights)[0]
        return Reference(combined(self.null, weights), slope, own_slope, self.exact, self.kind, statistic)


def combined(rows: FloatArray, weights: FloatArray) -> FloatArray:
    """Combinations ``rows @ weights.T`` in which a term of weight 0 does not spread its nan.

    Examples
    --------
    >>> combined(np.array([[1.0, np.nan]]), np.array([[2.0, 0.0], [1.0, 1.0]]))
    array([[ 2., nan]])
    """
    return np.stack([rows[:, row != 0] @ row[row != 0] for row in weights], axis=1)


def t_quantile(df: FloatArray, probability: float) -> FloatArray:
    """Quantile of Student's t; the normal where df is infinite.

    Examples
    --------
    >>> t_quantile(np.array([4.0, np.inf]), 0.975).round(4)
    array([2.7764, 1.96  ])
    """
    finite: BoolArray = np.isfinite(df)
    safe = np.where(finite, df, 1.0)
    return np.where(
        np.isnan(df), np.nan, np.where(finite, special.stdtrit(safe, probability), special.ndtri(probability))
    )


def sup_t(correlation: FloatArray, df: float, level: float) -> float:
    """Quantile of the largest |t| among correlated terms, by simulation with a fixed seed.

    References
    ----------
    Montiel Olea and Plagborg-Møller (2019), Journal of Applied Econometrics 34:1.
    """
    generator = np.random.default_rng(_BAND_SEED)
    drawn = generator.standard_normal((_BAND_DRAWS, len(correlation))) @ symmetric_root(correlation)
    largest = np.abs(drawn).max(axis=1)
    if np.isfinite(df):
        largest /= np.sqrt(generator.chisquare(df, _BAND_DRAWS) / df)
    return float(np.quantile(largest, level))
