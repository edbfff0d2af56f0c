"""Small-sample standard errors and degrees of freedom of a fitted normal model.

For a contrast c with v = c Φ c' and g_k = c Φ X'V⁻¹V_kV⁻¹X Φ c',

    df = 2 v² / (g' W g),

W the covariance of the variance parameters: from the observed information with parameters at zero left
out (Satterthwaite, as lmerTest does), or from the expected information with all of them (Kenward and
Roger, as pbkrtest does), who also add to Φ what estimating the parameters costs:

    Φ_A = Φ + 2 Φ [Σ W_kl (Q_kl − P_k Φ P_l − R_kl / 4)] Φ.

Kenward and Roger (1997), Biometrics 53:983; Fai and Cornelius (1996).
"""

from __future__ import annotations

import numpy as np

from ...value import BoolArray, FloatArray
from .matrices import inverse, turned
from .reml import Evaluation, Problem

_NEGLIGIBLE = 1e-10


def parameter_covariance(information: FloatArray, kept: BoolArray) -> FloatArray:
    """Covariance of variance parameters, (B, K, K), from second derivatives of −2 log L; 0 where not kept."""
    both = kept[:, :, None] & kept[:, None, :]
    size = np.diagonal(information, axis1=1, axis2=2)
    unit = np.where(kept & (size > 0), 1 / np.sqrt(np.where(size > 0, size, 1.0)), 0.0)
    scale = unit[:, :, None] * unit[:, None, :]
    values, vectors = np.linalg.eigh(np.where(both, information * scale, 0.0))
    told = np.abs(values) > _NEGLIGIBLE * np.abs(values).max(axis=1, keepdims=True)
    turns = np.where(told, 2 / np.where(told, values, 1.0), 0.0)
    return np.asarray((vectors * turns[:, None]) @ turned(vectors) * scale)


def satterthwaite_spread(point: Evaluation, free: BoolArray) -> FloatArray:
    """Covariance of the parameters from the observed information, those held at an end left out."""
    return parameter_covariance(point.observed, free)


def kenward_roger(problem: Problem, point: Evaluation) -> tuple[FloatArray, FloatArray]:
    """Adjusted covariance of the fixed effects, (B, p, p), and the parameters' covariance, (B, K, K)."""
    spread = parameter_covariance(point.expected, np.ones(point.theta.shape, dtype=bool))
    parts = problem.structure.at(point.theta)
    precision = inverse(parts.value)
    times = problem.times[:, None, None]
    count = len(precision)
    weighted = precision @ problem.columns
    seen = parts.first @ weighted[:, None]
    # Σ_kl W_kl Q_kl without the Q of each pair: half of it is the weighted sum of the first derivatives.
    mixed = np.einsum("bkm,bmglp->bkglp", spread, seen)
    ahead = (precision[:, None] @ mixed) * times
    flat = (count, -1, problem.columns.shape[2])
    inner = turned(seen.reshape(flat)) @ ahead.reshape(flat)
    phi = point.covariance
    pull = np.einsum("bkm,bmpq->bkpq", spread, point.sensitivity)
    inner = inner - (point.sensitivity @ phi[:, None] @ pull).sum(axis=1)
    for (k, m), matrix in parts.second.items():
        curve = ((turned(weighted) @ matrix @ weighted) * times).sum(axis=1)
        inner = inner - curve * (spread[:, k, m] * (0.25 if k == m else 0.5))[:, None, None]
    adjusted = phi + 2 * phi @ inner @ phi
    return (adjusted + turned(adjusted)) / 2, spread


def slopes(point: Evaluation, contrast: FloatArray) -> FloatArray:
    """Derivatives of contrasts' covariance, (B, K, k, k), with respect to the variance parameters."""
    reached = contrast @ point.covariance
    return np.asarray(reached[:, None] @ point.sensitivity @ turned(reached)[:, None])


def degrees_of_freedom(variance: FloatArray, slope: FloatArray, spread: FloatArray) -> FloatArray:
    """2 v² / (g' W g) of each contrast: variance (..., k), slope (..., K, k), spread (..., K, K).

    Examples
    --------
    >>> degrees_of_freedom(np.array([2.0]), np.array([[1.0]]), np.array([[0.5]]))
    array([16.])
    """
    noise = np.einsum("...ik,...ij,...jk->...k", slope, spread, slope)
    with np.errstate(divide="ignore"):
        return np.asarray(2 * variance**2 / noise)
