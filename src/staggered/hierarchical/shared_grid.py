"""Many data sets of one design at once: whatever depends on the hyperparameters alone is computed once for all.

A few pilot data sets say where the posteriors lie; one set of points covers them all. Each data set then has its own
weights, and whoever has too few effective points is fitted by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, ndtr

from ..value import FloatArray, IntArray
from .gaussian import DIGITS, Gaussian, inverted, precision, rooted, sufficient
from .importance import Part, explore

_BLOCK = 16
_PILOTS = 8
_FEW_POINTS = 256
_PRIOR_SHARE = 0.1
_WIDER = 1.3
FEWEST = 20.0


@dataclass(frozen=True, slots=True)
class Fits:
    """Posterior of one linear effect in every data set.

    Parameters
    ----------
    mean, sd, below : array (data sets,)
        Posterior mean and SD, and the probability of being below 0.
    ess : array (data sets,)
        Effective points of each.
    alone : array
        Data sets that were fitted by themselves.
    """

    mean: FloatArray
    sd: FloatArray
    below: FloatArray
    ess: FloatArray
    alone: IntArray


def fit_all(
    model: Gaussian, residual: FloatArray, answer: FloatArray, *, points: int, seed: int, fewest: float = FEWEST
) -> Fits:
    """Fit every data set.

    Parameters
    ----------
    model : Gaussian
        For its layout; its own data play no part.
    residual : array (data sets, clusters, periods)
        Outcomes less the prior mean, 0 where nothing is observed.
    answer : array (q,)
        The effect as a combination of coefficients.
    points, seed : int
    fewest : float
        Whoever has fewer effective points is fitted by itself.
    """
    parts = _proposal(model, residual, points, seed)
    drawn = np.concatenate([part.draw(seed + k) for k, part in enumerate(parts)])
    share = np.log(np.array([part.count for part in parts]) / len(drawn))
    proposal = logsumexp([part.log_density(drawn) + one for part, one in zip(parts, share, strict=True)], axis=0)
    height, centre, variance = _answers(model, residual, drawn, answer)
    log = height - proposal
    weights = np.exp(log - log.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    mean, sd, below = _summaries(weights, centre, variance)
    ess = 1 / (weights**2).sum(axis=1)
    alone = np.flatnonzero(ess < fewest)
    for k in alone:
        one = model.with_residual(residual[k])
        cloud = explore(one.log_density, model.layout.hyper.count, _FEW_POINTS, seed, rounds=2)
        _, own_centre, own_variance = _answers(model, residual[k : k + 1], cloud.points, answer)
        found = _summaries(cloud.weights[None], own_centre, own_variance)
        mean[k], sd[k], below[k], ess[k] = found[0][0], found[1][0], found[2][0], cloud.ess
    return Fits(mean, sd, below, ess, alone)


def _proposal(model: Gaussian, residual: FloatArray, points: int, seed: int) -> list[Part]:
    """One part around the posterior of each pilot, and the prior itself."""
    h = model.layout.hyper.count
    chosen = np.linspace(0, len(residual) - 1, min(_PILOTS, len(residual))).astype(int)
    each = int(2 ** round(np.log2(points * (1 - _PRIOR_SHARE) / len(chosen))))
    parts = [Part(np.zeros(h), np.eye(h), int(2 ** round(np.log2(max(8.0, points * _PRIOR_SHARE)))))]
    for row in chosen:
        cloud = explore(model.with_residual(residual[row]).log_density, h, _FEW_POINTS, seed, rounds=1)
        centre = cloud.weights @ cloud.points
        apart = cloud.points - centre
        spread = (apart * cloud.weights[:, None]).T @ apart * _WIDER + 0.02 * np.eye(h)
        parts.append(Part(centre, np.asarray(np.linalg.cholesky(spread), dtype=float), each))
    return parts


def _answers(
    model: Gaussian, residual: FloatArray, drawn: FloatArray, answer: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log density and conditional mean of the answer (data sets, points), and its variance (points,)."""
    sums, scatter = sufficient(model.groups, residual)
    periods = scatter.shape[2]
    row, column = np.triu_indices(periods)
    # Scatter and inverse are symmetric: half of each will do, off the diagonal twice.
    twice = np.where(row == column, 1.0, 2.0)
    sums, scatter = sums.reshape(len(residual), -1), scatter[:, :, row, column].reshape(len(residual), -1)
    heights, centres, variances = [], [], []
    for at in range(0, len(drawn), _BLOCK):
        normal = drawn[at : at + _BLOCK]
        hyper = model.layout.hyper.at(normal)
        inverse, log_size = inverted(model.groups, hyper)
        scale = model.layout.scales(hyper)
        root = rooted(precision(model.groups, inverse, scale, sums[0])[0])
        q = scale.shape[1]
        weighted = np.matmul(inverse, model.groups.columns).reshape(len(normal), -1, q)
        lower = np.linalg.inv(root)
        # From sums of residuals to whitened coefficients, one matrix for all points of the block.
        carry = np.matmul(weighted * scale[:, None, :], np.swapaxes(lower, 1, 2))
        white = (sums @ carry.transpose(1, 0, 2).reshape(carry.shape[1], -1)).reshape(len(sums), len(normal), q)
        pick = np.matmul(lower, (scale * answer)[..., None])
        half = (inverse[:, :, row, column] * twice).reshape(len(normal), -1)
        total = scatter @ half.T
        quadratic = total - np.einsum("ngq,ngq->ng", white, white)
        quadratic = np.where(quadratic > DIGITS * total, quadratic, np.inf)
        size = log_size @ model.groups.count + 2 * np.log(np.einsum("gkk->gk", root)).sum(axis=1)
        heights.append(-0.5 * (quadratic + size + (normal**2).sum(axis=1)))
        centres.append(sums @ np.matmul(carry, pick)[..., 0].T + answer @ model.layout.mean)
        variances.append((pick**2).sum(axis=(1, 2)))
    return np.concatenate(heights, axis=1), np.concatenate(centres, axis=1), np.concatenate(variances)


def _summaries(
    weights: FloatArray, centre: FloatArray, variance: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    mean = (weights * centre).sum(axis=1)
    spread = np.sqrt((weights * ((centre - mean[:, None]) ** 2 + variance)).sum(axis=1))
    return mean, spread, (weights * ndtr(-centre / np.sqrt(variance))).sum(axis=1)
