"""Andrews, Roth and Pakes' hybrid test by its definition: vertices of a linear programme, and loops.

Moments A(β̂ − θ·d) ≤ 0 with nuisance columns X: η is the least that max_j (Y_j − X_j'δ)/σ_j can be made, which by
duality is the largest γ'Y over the vertices γ of {γ ≥ 0, X'γ = 0, σ'γ = 1}.
"""

from itertools import combinations

import numpy as np
from scipy import stats

from staggered.value import FloatArray


def vertices(sd: FloatArray, nuisance: FloatArray) -> FloatArray:
    """Every vertex of {γ ≥ 0, X'γ = 0, σ'γ = 1}, (vertices, moments)."""
    equations = np.vstack([nuisance.T, sd])
    right = np.append(np.zeros(nuisance.shape[1]), 1.0)
    rank, found = len(equations), []
    for some in combinations(range(len(sd)), rank):
        block = equations[:, some]
        if np.linalg.matrix_rank(block) < rank:
            continue
        solved = np.linalg.solve(block, right)
        if (solved >= -1e-12).all():
            gamma = np.zeros(len(sd))
            gamma[list(some)] = solved
            found.append(gamma)
    return np.array(found)


def rejects(
    moments: FloatArray, covariance: FloatArray, nuisance: FloatArray, alpha: float, first: float | None = None
) -> bool:
    """Whether the hybrid test with a first stage at alpha/10 rejects that all moments can be at most 0."""
    sd = np.sqrt(np.diag(covariance))
    corners = vertices(sd, nuisance)
    values = corners @ moments
    top = int(np.argmax(values))
    if first is None:
        first = least_favourable(corners, covariance, alpha / 10)
    if values[top] > first:
        return True
    gamma = corners[top]
    variance = gamma @ covariance @ gamma
    # What the moments are once the part that moves with γ'Y is taken off; γ stays on top while γ'Y lies above `low`.
    slope = covariance @ gamma / variance
    fixed = moments - slope * values[top]
    low = -np.inf
    for other in corners:
        gain = 1 - other @ slope
        if gain > 1e-10:
            low = max(low, (other @ fixed) / gain)
    second = (alpha - alpha / 10) / (1 - alpha / 10)
    spread = np.sqrt(variance)
    between = stats.truncnorm(low / spread, first / spread, scale=spread)
    return bool(values[top] > max(between.ppf(1 - second), 0.0))


def least_favourable(corners: FloatArray, covariance: FloatArray, alpha: float) -> float:
    """Quantile of the largest γ'ξ, ξ ~ N(0, Σ), by simulation."""
    values, vectors = np.linalg.eigh(covariance)
    draws = np.random.default_rng(3).standard_normal((200_000, len(values)))
    return float(np.quantile((draws @ (vectors * np.sqrt(np.maximum(values, 0))).T @ corners.T).max(axis=1), 1 - alpha))
