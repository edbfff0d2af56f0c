"""Cluster-robust variance of generalised least squares, cluster by cluster, with Satterthwaite's df.

With working covariance Φ_i, M = (Σ X_i'Φ_i⁻¹X_i)⁻¹ and residuals e_i, the variance of c β̂ is

    Σ (a_i'e_i)²,   a_i = A_i'Φ_i⁻¹X_i M c',

A_i = 1 (CR0, CR1), D_i'(D_i B_i D_i')^{-1/2} D_i with D_i'D_i = Φ_i and B_i = Φ_i − X_i M X_i' (CR2, unbiased
when Φ is right), or (1 − X_i M X_i'Φ_i⁻¹)⁻¹ (CR3, like a jackknife). Degrees of freedom are
(tr P)² / tr P² with P_ij = a_i'[Φ_i 1{i = j} − X_i M X_j'] a_j.

Bell and McCaffrey (2002), Survey Methodology 28:169; Pustejovsky and Tipton (2018), Journal of Business
and Economic Statistics 36:672.
"""

from __future__ import annotations

import numpy as np

from ...value import FloatArray
from .matrices import inverse, turned

_NEGLIGIBLE = 1e-10


def sandwich(
    columns: FloatArray, working: FloatArray, residual: FloatArray, contrast: FloatArray, kind: str
) -> tuple[FloatArray, FloatArray]:
    """Covariance of contrasts, (..., k, k), and Satterthwaite's degrees of freedom, (..., k).

    Parameters
    ----------
    columns : array (C, L, p)
    working : array (..., C, L, L)
        With leading axes: of many data sets.
    residual : array (..., C, L)
    contrast : array (k, p)
    kind : {"CR0", "CR1", "CR2", "CR3"}
    """
    precision = inverse(working)
    weighted = precision @ columns
    information = (turned(columns) @ weighted).sum(axis=-3)
    # Columns that others explain, such as a dummy too many, share their coefficient.
    bread = np.asarray(np.linalg.pinv(information, rcond=1e-12, hermitian=True))[..., None, :, :]
    own = working - columns @ bread @ turned(columns)
    weights = weighted @ bread @ contrast.T
    lifted = turned(_adjustment(own, working, precision, kind)) @ weights
    scores = np.einsum("...clk,...cl->...kc", lifted, residual)
    clusters = len(columns)
    factor = clusters / (clusters - 1) if kind == "CR1" else 1.0
    diagonal = np.einsum("...clk,...clm,...cmk->...kc", lifted, working, lifted)
    reached = np.einsum("clp,...clk->...kcp", columns, lifted)
    gram = reached @ bread @ turned(reached)
    product = np.eye(clusters) * diagonal[..., None] - gram
    trace = np.trace(product, axis1=-2, axis2=-1)
    return factor * scores @ turned(scores), np.asarray(trace**2 / (product**2).sum(axis=(-2, -1)))


def _adjustment(own: FloatArray, working: FloatArray, precision: FloatArray, kind: str) -> FloatArray:
    """A_i of every cluster, (..., C, L, L)."""
    width = working.shape[-1]
    if kind in {"CR0", "CR1"}:
        return np.broadcast_to(np.eye(width), working.shape)
    if kind == "CR3":
        return np.asarray(np.linalg.pinv(own @ precision, rcond=1e-9))
    root = np.asarray(np.linalg.cholesky(working), dtype=np.float64)
    values, vectors = np.linalg.eigh(turned(root) @ own @ root)
    limit = _NEGLIGIBLE * np.square(np.diagonal(root, axis1=-2, axis2=-1)).max(axis=-1)[..., None] ** 2
    kept = values > limit
    power = np.where(kept, np.where(kept, values, 1.0) ** -0.5, 0.0)
    return np.asarray(root @ (vectors * power[..., None, :]) @ turned(vectors) @ turned(root))
