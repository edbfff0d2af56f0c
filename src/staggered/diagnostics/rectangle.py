"""Probability that correlated normals all lie between given limits."""

from __future__ import annotations

import numpy as np
from scipy import special

from ..value import FloatArray

_POINTS = 2**15


def rectangle(mean: FloatArray, covariance: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """P(low ≤ Z ≤ high) for Z ~ N(mean, covariance), by separation of variables on a lattice.

    References
    ----------
    Genz (1992), Journal of Computational and Graphical Statistics 1:141.

    Examples
    --------
    >>> one = np.array([[1.0]])
    >>> round(rectangle(np.zeros(1), one, np.array([-1.959964]), np.array([1.959964])), 6)
    0.95
    """
    size = len(mean)
    factor = np.linalg.cholesky(covariance + 1e-14 * np.trace(covariance) / size * np.eye(size))
    lower, upper = low - mean, high - mean
    # Square roots of primes make a lattice that fills the cube evenly.
    steps = np.sqrt(_primes(max(size - 1, 1)))
    lattice = np.abs(2 * ((np.arange(1, _POINTS + 1)[:, None] * steps) % 1) - 1)
    chosen = np.zeros((_POINTS, size))
    product = np.ones(_POINTS)
    for k in range(size):
        shift = chosen[:, :k] @ factor[k, :k]
        below = special.ndtr((lower[k] - shift) / factor[k, k])
        above = special.ndtr((upper[k] - shift) / factor[k, k])
        product *= above - below
        if k < size - 1:
            at = below + lattice[:, k] * (above - below)
            chosen[:, k] = special.ndtri(np.clip(at, 1e-15, 1 - 1e-15))
    return float(product.mean())


def _primes(count: int) -> FloatArray:
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return np.array(found, dtype=float)
