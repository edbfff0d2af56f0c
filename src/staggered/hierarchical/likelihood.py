"""How probable each draw makes each cell of the data, for comparison and for leaving cells out."""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, expit, gammaln, xlogy

from ..value import FloatArray
from .gaussian import Groups, base_covariances
from .outcomes import counted
from .posterior import Posterior

_BLOCK = 500
_TINY = 1e-10


def log_likelihood(posterior: Posterior) -> FloatArray:
    """Log density of every cell at every draw, (draws, clusters, periods); nan where nothing is observed.

    Counts are independent given a draw. Gaussian cells of one council are not, and each is given the others:

        y_t | y_−t ~ N(y_t − (P r)_t / P_tt, 1 / P_tt),   P = (s_u² R(ρ) + σ² N)⁻¹,   r the residual

    so that leaving a cell out by importance sampling leaves out that cell and no other.

    References
    ----------
    Bürkner, Gabry and Vehtari (2021), Computational Statistics 36:1243, section 2.
    """
    level, effect = posterior.predictor()
    predictor = level + effect
    found = _gaussian(posterior, predictor) if posterior.family == "gaussian" else _counts(posterior, predictor)
    return np.where(posterior.layout.used, found, np.nan)


def _gaussian(posterior: Posterior, predictor: FloatArray) -> FloatArray:
    layout = posterior.layout
    used = layout.used
    noise = used.astype(float)
    if posterior.panel.within is not None:
        noise = np.where(used, 1 / np.where(used, posterior.panel.design.size, 1.0), 0.0)
    groups = Groups.within(layout, noise)
    outcome = np.where(used, posterior.panel.outcome, 0.0)
    residual = np.where(used, outcome - predictor, 0.0)
    found = np.empty_like(residual)
    base = groups.base[groups.of]
    for at in range(0, len(residual), _BLOCK):
        rows = slice(at, at + _BLOCK)
        hyper = {name: values[rows] for name, values in posterior.hyper.items()}
        # The council's own level is in the predictor here, so that it is no part of what is left.
        precision = np.linalg.inv(base_covariances(groups, hyper | {"councils": np.zeros(len(residual[rows]))}))
        known = np.einsum("gbtt->gbt", precision)[:, base]
        pulled = np.matmul(precision[:, base], residual[rows, :, :, None])[..., 0]
        found[rows] = 0.5 * (np.log(known / (2 * np.pi)) - pulled**2 / known)
    return found


def _counts(posterior: Posterior, predictor: FloatArray) -> FloatArray:
    count, size = counted(posterior.panel, posterior.family)
    used = posterior.layout.used
    count, size = np.where(used, count, 0.0), np.where(used, size, 1.0)
    if posterior.family == "binomial":
        ways = -np.log1p(size) - betaln(size - count + 1, count + 1)
        return np.asarray(ways + xlogy(count, expit(predictor)) + xlogy(size - count, expit(-predictor)))
    mean = size * np.exp(predictor)
    if posterior.family == "poisson":
        return np.asarray(xlogy(count, mean) - mean - gammaln(count + 1))
    shape = 1 / (posterior.hyper["dispersion"][:, None, None] ** 2 + _TINY)
    ways = gammaln(count + shape) - gammaln(shape) - gammaln(count + 1)
    return np.asarray(ways - shape * np.log1p(mean / shape) + xlogy(count, mean) - count * np.log(mean + shape))
