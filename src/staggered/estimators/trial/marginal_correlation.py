"""Working correlation of people of one cluster, and its moment estimators.

Two people of one cluster, seen s and t, have correlation

    independence  0
    exchangeable  α
    nested        α₀ when s = t, else α₁
    decay         α₀ r^|s − t|

and with N_d pairs d periods apart whose Pearson residuals have mean product m_d (over the scale), the parameters make
Σ_d N_d (m_d − ρ_d)² smallest: plain averages but for decay. Nothing is taken off for the fitted coefficients, which is
geepack's way (Højsgaard, Halekoh and Yan 2006, Journal of Statistical Software 15(2)); statsmodels takes off p.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from ...value import FloatArray

WORKING = ("independence", "exchangeable", "nested", "decay")
_GRID = np.linspace(-0.99, 1.0, 200)
_MARGIN = 0.99


@dataclass(frozen=True, slots=True)
class Correlation:
    """Fitted working correlation.

    Parameters
    ----------
    by_lag : array (periods,)
        Correlation of two people seen d periods apart.
    names : tuple of str
    values : tuple of float
        As estimated, before any shrinking.
    shrunk : float
        Factor by which they were drawn towards 0 because no data can have such correlations; 1 when not.
    """

    by_lag: FloatArray
    names: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    shrunk: float = 1.0

    @property
    def matrix(self) -> FloatArray:
        """Correlation of people by the periods in which they were seen, (periods, periods)."""
        lags = np.arange(len(self.by_lag))
        return np.asarray(self.by_lag[np.abs(lags[:, None] - lags)])


def correlation_of(
    working: str, sums: FloatArray, squares: FloatArray, people: FloatArray, scale: float
) -> Correlation:
    """Estimate the working correlation from Pearson residuals.

    Parameters
    ----------
    working : {"independence", "exchangeable", "nested", "decay"}
    sums, squares, people : array (C, T)
        Sum of residuals of each cell, sum of their squares, and how many.
    scale : float
    """
    periods = sums.shape[1]
    if working == "independence":
        return Correlation(np.zeros(periods, dtype=np.float64))
    products, pairs = _by_lag(sums, squares, people)
    means = np.divide(products, pairs * scale, out=np.zeros(periods), where=pairs > 0)
    if working == "exchangeable" or (working == "nested" and pairs[0] == 0):
        both = float((means * pairs).sum() / max(pairs.sum(), 1.0))
        found = Correlation(np.full(periods, both), ("correlation of two people of a cluster",), (both,))
    elif working == "nested":
        between = float((means * pairs)[1:].sum() / max(pairs[1:].sum(), 1.0))
        by_lag = np.append(means[0], np.full(periods - 1, between))
        names = ("correlation within a period", "correlation between periods")
        found = Correlation(by_lag, names, (float(means[0]), between))
    else:
        level, decay = _decay(means, pairs)
        by_lag = level * decay ** np.arange(periods, dtype=float)
        found = Correlation(by_lag, ("correlation within a period", "decay per period"), (level, decay))
    return _possible(found, people)


def _by_lag(sums: FloatArray, squares: FloatArray, people: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sum of the products of residuals of pairs d periods apart, and number of pairs, (T,) each."""
    periods = sums.shape[1]
    products, pairs = np.zeros(periods), np.zeros(periods)
    products[0] = (sums**2 - squares).sum() / 2
    pairs[0] = (people * (people - 1)).sum() / 2
    for lag in range(1, periods):
        products[lag] = (sums[:, lag:] * sums[:, :-lag]).sum()
        pairs[lag] = (people[:, lag:] * people[:, :-lag]).sum()
    return products, pairs


def _decay(means: FloatArray, pairs: FloatArray) -> tuple[float, float]:
    """α₀ and r that lie nearest to the mean products, weighted by pairs."""
    lags = np.arange(len(means))

    def parts(decay: FloatArray) -> tuple[FloatArray, FloatArray]:
        powers = decay[:, None] ** lags
        return powers @ (pairs * means), powers**2 @ pairs

    def slope(decay: float) -> float:
        # Of cross²/own, what a decay explains, without the factor cross/own² that has a sign of its own.
        cross, own = parts(np.array([decay]))
        weighted = pairs * lags * decay ** np.maximum(lags - 1, 0)
        return float(2 * (weighted @ means) * own[0] - cross[0] * 2 * (weighted @ decay**lags))

    cross, own = parts(_GRID)
    explained = cross**2 / np.maximum(own, 1e-300)
    best = int(explained.argmax())
    low, high = _GRID[max(best - 1, 0)], _GRID[min(best + 1, len(_GRID) - 1)]
    decay = float(_GRID[best])
    if slope(low) * slope(high) < 0:
        decay = float(brentq(slope, low, high, xtol=1e-14))
    cross, own = parts(np.array([decay]))
    return float(cross[0] / max(own[0], 1e-300)), decay


def _possible(found: Correlation, people: FloatArray) -> Correlation:
    """Draw correlations towards 0 until people of every cluster can have them."""
    root = np.sqrt(people)
    moved = found.matrix * root[:, :, None] * root[:, None, :] - found.by_lag[0] * np.eye(people.shape[1])
    # Empty cells have no coordinate; cells of more than one person have directions of their own, -α₀.
    moved = moved * (root[:, :, None] > 0) * (root[:, None, :] > 0)
    lowest = min(float(np.linalg.eigvalsh(moved).min()), -found.by_lag[0] if (people > 1).any() else 0.0)
    if lowest > -1:
        return found
    factor = _MARGIN / -lowest
    return Correlation(found.by_lag * factor, found.names, found.values, factor)
