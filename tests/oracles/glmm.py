"""Generalised linear mixed models cluster by cluster: integrals on fixed grids, and Laplace by a general climb."""

from collections.abc import Callable

import numpy as np
from scipy import optimize, special

from staggered.value import FloatArray


def log_likelihood(family: str, eta: FloatArray, total: FloatArray, count: FloatArray, alpha: float) -> float:
    """Log-likelihood of rows without what depends on outcomes alone, as their definitions write it."""
    if family == "binomial":
        risk = special.expit(eta)
        return float(np.sum(total * np.log(risk) + (count - total) * np.log1p(-risk)))
    mean = np.exp(eta)
    if family == "poisson":
        return float(np.sum(total * np.log(mean) - count * mean))
    k = 1 / alpha
    own = (
        special.gammaln(total + k) - special.gammaln(k) + k * np.log(k / (k + mean)) + total * np.log(mean / (k + mean))
    )
    return float(np.sum(count * own))


def integrated(rows: Callable[[float], float], sd: float) -> float:
    """Log of ∫ exp(rows(u)) N(u; 0, sd²) du on a fixed grid."""
    u = np.linspace(-9, 9, 4001)
    heights = np.array([rows(sd * one) for one in u]) - u**2 / 2
    highest = heights.max()
    return float(np.log(np.sum(np.exp(heights - highest)) * (u[1] - u[0]) / np.sqrt(2 * np.pi)) + highest)


def by_laplace(rows: Callable[[FloatArray], float], sigma: FloatArray) -> float:
    """Laplace's approximation of the log of ∫ exp(rows(v)) N(v; 0, Σ) dv for Σ of full rank, by brute force.

    The mode is found by a general climb, the curvature there by second differences.
    """
    precision = np.linalg.inv(sigma)

    def height(v: FloatArray) -> float:
        return float(v @ precision @ v / 2 - rows(v))

    found = optimize.minimize(height, np.zeros(len(sigma)), method="BFGS", options={"gtol": 1e-9})
    step, size = 1e-4, len(sigma)
    curve = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            ends = [
                a * b * height(found.x + step * (a * np.eye(size)[i] + b * np.eye(size)[j]))
                for a in (1, -1)
                for b in (1, -1)
            ]
            curve[i, j] = sum(ends) / (4 * step**2)
    return float(-found.fun - (np.linalg.slogdet(curve)[1] + np.linalg.slogdet(sigma)[1]) / 2)
