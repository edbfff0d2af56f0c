"""Cluster-robust variance by full matrices, as Bell and McCaffrey (2002) and Pustejovsky and Tipton (2018) write it."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from staggered.value import FloatArray, IntArray


@dataclass(frozen=True)
class Robust:
    """Variance (k, k), degrees of freedom (k,) and each cluster's contribution (k, clusters)."""

    variance: FloatArray
    degrees: FloatArray
    scores: FloatArray


def brute_force(
    weights: FloatArray, hat: FloatArray, phi: FloatArray, cluster: IntArray, outcome: FloatArray, kind: str
) -> Robust:
    """CR0–CR3 of estimates ``weights @ y`` with fitted values ``hat @ y`` and working covariance phi, all (·, n).

    CR2: A_i = D_i'(D_i M_ii D_i')^{+1/2} D_i, D_i'D_i = Φ_i, M = (I − H) Φ (I − H)'.  CR3: A_i = (I − H_ii)⁺.
    Degrees of freedom: score i is w_i'A_i'(I − H)_i y, so with Ω_ij their covariances under Φ, (tr Ω)² / tr Ω².
    """
    maker = np.eye(len(outcome)) - hat
    middle = maker @ phi @ maker.T
    residuals = maker @ outcome
    degrees, scores = [], []
    for row in weights:
        contrasts = []
        for c in np.unique(cluster):
            own = np.flatnonzero(cluster == c)
            block = np.ix_(own, own)
            if kind == "CR2":
                root = linalg.cholesky(phi[block])
                full = np.trace(phi[block] @ phi[block])
                adjust = root.T @ _inverse_root(root @ middle[block] @ root.T, full) @ root
            elif kind == "CR3":
                adjust = np.linalg.pinv(maker[block], rcond=1e-9)
            else:
                adjust = np.eye(len(own))
            contrast = np.zeros(len(outcome))
            contrast[own] = row[own] @ adjust
            contrasts.append(contrast)
        each = np.array(contrasts)
        scores.append(each @ residuals)
        omega = each @ middle @ each.T
        degrees.append(np.trace(omega) ** 2 / np.trace(omega @ omega))
    stacked = np.array(scores)
    return Robust(stacked @ stacked.T, np.array(degrees), stacked)


def _inverse_root(matrix: FloatArray, full: float) -> FloatArray:
    """Symmetric square root of the pseudo-inverse, by singular values; what is nothing beside `full` counts as 0."""
    left, singular, _ = np.linalg.svd((matrix + matrix.T) / 2)
    kept = singular > 1e-10 * full
    return (left[:, kept] / np.sqrt(singular[kept])) @ left[:, kept].T
