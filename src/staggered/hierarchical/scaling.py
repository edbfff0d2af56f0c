"""Power scaling: how far the answer moves when the priors, or the data, count for a little more or less."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, gammaln, xlogy

from ..value import FloatArray
from .gaussian import course
from .outcomes import counted
from .posterior import Posterior

_DELTA = 0.01
_BLOCK = 500
_TINY = 1e-10


def power_scaling(posterior: Posterior) -> dict[str, float]:
    """Sensitivity of the mean effect to the effect's prior, to all priors, and to the data.

        D = [CJS(1 + δ) + CJS(1 − δ)] / (2 log₂(1 + δ)),   weights of draw s ∝ component(s)^±δ,   δ = 0.01

    CJS is the cumulative Jensen–Shannon distance between the draws and the weighted draws. The component "priors" is
    that of level, effect and every spread, not of the councils' own levels and effects, which belong to the model.

    References
    ----------
    Kallioinen, Paananen, Bürkner and Vehtari (2024), Statistics and Computing 34:57.
    """
    draws = posterior.estimate().draws[:, 0]
    effect = _of_effect(posterior)
    return {
        "effect prior": sensitivity_of(draws, effect),
        "all priors": sensitivity_of(draws, effect + _of_the_rest(posterior)),
        "data": sensitivity_of(draws, joint_likelihood(posterior)),
    }


def sensitivity_of(draws: FloatArray, component: FloatArray) -> float:
    """Sensitivity of draws to a component whose log is given for each of them, (draws,) both."""
    moved = 0.0
    for sign in (1, -1):
        log = sign * _DELTA * component
        weights = np.exp(log - log.max())
        moved += max(_distance(draws, weights), _distance(-draws, weights))
    return float(moved / (2 * np.log2(1 + _DELTA)))


def _distance(draws: FloatArray, weights: FloatArray) -> float:
    """Cumulative Jensen–Shannon distance between draws and weighted draws, as a share of its largest value."""
    order = np.argsort(draws)
    width = np.diff(draws[order])
    plain = np.arange(1, len(draws)) / len(draws)
    weighted = np.cumsum(weights[order])[:-1] / weights.sum()
    middle = np.log2(0.5 * (plain + weighted))
    apart = xlogy(plain, plain) / np.log(2) - plain * middle + xlogy(weighted, weighted) / np.log(2) - weighted * middle
    bound = float((plain + weighted) @ width)
    return float(np.sqrt(max(float(apart @ width), 0.0) / bound))


def _of_effect(posterior: Posterior) -> FloatArray:
    first = posterior.fixed[:, posterior.layout.first_effect]
    return posterior.priors.first_effect.log_density(first)


def _of_the_rest(posterior: Posterior) -> FloatArray:
    """Log prior of the level and of every spread, (draws,)."""
    found = posterior.priors.level.log_density(posterior.fixed[:, 0])
    for name, prior in zip(posterior.layout.hyper.names, posterior.layout.hyper.priors, strict=True):
        found = found + prior.log_density(posterior.hyper[name])
    return found


def joint_likelihood(posterior: Posterior) -> FloatArray:
    """Log density of all data at every draw, (draws,), up to a constant."""
    level, effect = posterior.predictor()
    predictor, used = level + effect, posterior.layout.used
    if posterior.family == "gaussian":
        return _gaussian(posterior, predictor)
    count, size = counted(posterior.panel, posterior.layout.structure.family)
    count, size = np.where(used, count, 0.0), np.where(used, size, 1.0)
    if posterior.family == "binomial":
        cells = xlogy(count, expit(predictor)) + xlogy(size - count, expit(-predictor))
    elif posterior.family == "poisson":
        cells = count * predictor - size * np.exp(predictor)
    else:
        shape = 1 / (posterior.hyper["dispersion"][:, None, None] ** 2 + _TINY)
        mean = size * np.exp(predictor)
        cells = gammaln(count + shape) - gammaln(shape) - shape * np.log1p(mean / shape)
        cells = cells + count * (predictor - np.log(mean + shape))
    return np.asarray(np.where(used, cells, 0.0).sum(axis=(1, 2)))


def _gaussian(posterior: Posterior, predictor: FloatArray) -> FloatArray:
    """Councils' own courses and the noise integrated out, as in the fit."""
    used = posterior.layout.used
    outcome = np.where(used, posterior.panel.outcome, 0.0)
    unit = np.ones(used.shape)
    if posterior.panel.within is not None:
        unit = np.where(used, 1 / np.where(used, posterior.panel.design.size, 1.0), 1.0)
    patterns, member = np.unique(np.concatenate([used, unit], axis=1), axis=0, return_inverse=True)
    width, found = used.shape[1], np.zeros(len(predictor))
    for at in range(0, len(predictor), _BLOCK):
        rows = slice(at, at + _BLOCK)
        hyper = {name: values[rows] for name, values in posterior.hyper.items()}
        left = outcome - predictor[rows]
        whole = course(hyper, width)
        for k, pattern in enumerate(patterns):
            mine, seen = np.flatnonzero(member.ravel() == k), np.flatnonzero(pattern[:width] > 0)
            share = np.diag(pattern[width:][seen])
            covariance = whole[:, seen][:, :, seen] + hyper["noise"][:, None, None] ** 2 * share
            residual = np.swapaxes(left[:, mine][:, :, seen], 1, 2)
            solved = np.linalg.solve(covariance, residual)
            size = np.linalg.slogdet(covariance)[1]
            found[rows] -= 0.5 * ((residual * solved).sum(axis=(1, 2)) + len(mine) * size)
    if posterior.panel.within is not None:
        people = posterior.panel.design.size[used] - 1
        squares = float((people * np.nan_to_num(posterior.panel.within[used])).sum())
        noise = posterior.hyper["noise"]
        found -= people.sum() * np.log(noise) + 0.5 * squares / noise**2
    return found
