"""Sandwich variance of estimating equations, corrected for few clusters.

Residuals of a cluster are too small because its own outcomes drew the fit towards them. All corrections act through
the matrices B_i M (p × p), M = (Σ B_i)⁻¹, because D_i'V_i⁻¹(I − H_i)⁻¹r_i = (I − B_i M)⁻¹U_i:

    none  M Σ U_i U_i' M
    KC    M Σ ½ (Ũ_i U_i' + U_i Ũ_i') M,  Ũ_i = (I − B_i M)⁻¹ U_i
    MD    M Σ Ũ_i Ũ_i' M
    FG    M Σ G_i U_i U_i' G_i M,  G_i = diag(1 − min(¾, (B_i M)_jj))^(−½)
    MBN   c M Σ U_i U_i' M + δ ω M,  c = (N − 1)/(N − p) · C/(C − 1), δ = min(½, p/(C − p)),
          ω = max(1, tr(M Σ U_i U_i')/p)

FG alone depends on how the columns are coded. Here they are an intercept, contrasts of each further period with the
first, covariates and treatment, as R would have them.

Kauermann and Carroll (2001), JASA 96:1387, in the symmetric form of Lu and others (2007), Biometrics 63:935; Mancl and
DeRouen (2001), Biometrics 57:126; Fay and Graubard (2001), Biometrics 57:1198; Morel, Bokossa and Neerchal (2003),
Biometrical Journal 45:395.
"""

from __future__ import annotations

import numpy as np

from ...value import BoolArray, FloatArray
from .matrices import inverse, turned

CORRECTIONS = {
    "KC": "Kauermann and Carroll's correction",
    "MD": "Mancl and DeRouen's correction",
    "FG": "Fay and Graubard's correction",
    "MBN": "Morel, Bokossa and Neerchal's correction",
    None: "no correction for few clusters",
}
_BOUND = 0.75
_ALONE = 1e-8


def corrected(scores: FloatArray, information: FloatArray, correction: str | None, observations: float) -> FloatArray:
    """Covariance of the coefficients, (p, p); nan where a cluster alone decides a coefficient (KC, MD).

    Parameters
    ----------
    scores : array (C, p)
        U_i.
    information : array (C, p, p)
        B_i.
    correction : {"KC", "MD", "FG", "MBN"} or None
    observations : float
        Outcomes in all.
    """
    clusters, width = scores.shape
    bread = np.linalg.inv(information.sum(axis=0))
    plain = scores.T @ scores
    if correction is None:
        return np.asarray(bread @ plain @ bread)
    if correction == "MBN":
        design = (observations - 1) / (observations - width) * clusters / (clusters - 1)
        added = width / (clusters - width) if clusters > 3 * width else 0.5
        # With fewer clusters than coefficients, the number of directions that scores summing to 0 can have.
        rank = width if clusters >= width else clusters - 1
        inflation = max(1.0, float(np.trace(bread @ plain)) / rank)
        return np.asarray(design * bread @ plain @ bread + added * inflation * bread)
    leverage = information @ bread
    if correction == "FG":
        own = np.minimum(_BOUND, np.diagonal(leverage, axis1=1, axis2=2))
        raised = scores / np.sqrt(1 - own)
        return np.asarray(bread @ (raised.T @ raised) @ bread)
    if alone(information).any():
        return np.full((width, width), np.nan)
    raised = (inverse(np.eye(width) - leverage) @ scores[:, :, None])[:, :, 0]
    if correction == "MD":
        return np.asarray(bread @ (raised.T @ raised) @ bread)
    crossed = raised.T @ scores
    return np.asarray(bread @ ((crossed + crossed.T) / 2) @ bread)


def alone(information: FloatArray) -> BoolArray:
    """Clusters without which some coefficient could not be estimated, (C,)."""
    total = information.sum(axis=0)
    size = np.sqrt(np.maximum(np.diag(total), 1e-300))
    across = inverse(np.asarray(np.linalg.cholesky(total / np.outer(size, size)), dtype=np.float64))
    own = across @ (information / size[:, None] / size) @ turned(across)
    return np.asarray(np.linalg.eigvalsh(own)[:, -1] > 1 - _ALONE)
