"""Power of a two-sided test that the effect is zero, and the distance it needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from ..value import FloatArray

_NODES = 400


def power_of_test(distance: ArrayLike, df: ArrayLike, alpha: float, noncentral: bool) -> FloatArray:
    """Probability that |estimate / se| exceeds its critical value, both tails.

    Parameters
    ----------
    distance : array
        Effect over standard error.
    df : array
        Degrees of freedom; inf for the normal.
    alpha : float
        Two-sided level.
    noncentral : bool
        Noncentral t; else the central t shifted by the distance.

    Examples
    --------
    >>> power_of_test([0.0, 2.8], np.inf, 0.05, True).round(4)
    array([0.05  , 0.7996])
    """
    distance, df = np.broadcast_arrays(np.abs(np.asarray(distance, dtype=float)), np.asarray(df, dtype=float))
    normal = np.isinf(df)
    safe = np.where(normal, 1.0, df)
    critical = np.where(normal, special.ndtri(1 - alpha / 2), special.stdtrit(safe, 1 - alpha / 2))
    by_normal = special.ndtr(distance - critical) + special.ndtr(-distance - critical)
    if normal.all():
        return np.asarray(by_normal)
    if noncentral:
        by_t = _noncentral(distance, safe, critical)
    else:
        by_t = special.stdtr(safe, distance - critical) + special.stdtr(safe, -distance - critical)
    return np.asarray(np.where(normal, by_normal, by_t))


def _noncentral(distance: FloatArray, df: FloatArray, critical: FloatArray) -> FloatArray:
    """Both tails of the noncentral t at once, as the upper tail of the noncentral F.

    SciPy's noncentral t gives nan here and there in the far tails, its F only where the distance squared
    underflows; there the normal is averaged over the quantiles of the estimated spread.
    """
    power = np.asarray(1 - special.ncfdtr(1.0, df, distance**2, critical**2))
    lost = np.isnan(power) & np.isfinite(distance)
    if lost.any():
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        spread = np.sqrt(special.chdtri(df[lost][:, None], (1 - nodes) / 2) / df[lost][:, None])
        limit, far = critical[lost][:, None] * spread, distance[lost][:, None]
        power[lost] = (special.ndtr(far - limit) + special.ndtr(-far - limit)) @ (weights / 2)
    return np.asarray(power, dtype=np.float64)


def distance_for(power: float, df: float, alpha: float, noncentral: bool) -> float:
    """Effect over standard error that gives a power.

    Examples
    --------
    >>> round(distance_for(0.8, np.inf, 0.05, True), 5)
    2.80158
    """

    def shortfall(distance: float) -> float:
        return float(power_of_test(distance, df, alpha, noncentral)) - power

    high = 4.0
    while shortfall(high) < 0:
        high *= 2
    return float(optimize.brentq(shortfall, 0.0, high, xtol=1e-13, rtol=8.9e-16))
