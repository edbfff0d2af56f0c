"""Adaptive Gauss–Hermite quadrature of the likelihood with one effect per cluster.

With v = σ s, the nodes lie around the mode of s, as far apart as its curvature says: many times more accurate than
Laplace's approximation where clusters are small. The weights of the nodes are the posterior of s, from which slope
and curvature of log L follow,

    ∂ log L = E[U],   −∂² log L = E[I] − Var[U],

U and I the score and the information of the outcomes at s. Pinheiro and Bates (1995), Journal of Computational and
Graphical Statistics 4:12; Louis (1982), Journal of the Royal Statistical Society B 44:226.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...value import FloatArray
from .glmm_family import dispersion_slopes, slopes
from .glmm_fit import GlmmFit, free_parameters, newton_step, ranges
from .grouped import Grouped
from .laplace import laplace

_STEPS = 40
_HALVINGS = 20
_ARRIVED = 1e-11


@dataclass(frozen=True, slots=True)
class _Integrated:
    """−log L of B data sets, with its gradient (B, P) and curvature (B, P, P) in β, σ and log α."""

    parameters: FloatArray
    value: FloatArray
    slope: FloatArray
    curve: FloatArray


def by_quadrature(fit: GlmmFit, nodes: int) -> GlmmFit:
    """Climb on from a fit by Laplace's approximation to the top of the likelihood by quadrature.

    A variance that Laplace's approximation puts at 0 stays there: at 0 the two agree, slope and all.
    """
    data = fit.data
    bounds = ranges(data)
    here = fit.point.parameters
    here[:, data.fixed] = np.sqrt(here[:, data.fixed])
    bounds[1, data.fixed] = np.inf
    at_zero = fit.held[:, 0]
    point = _integrated(data, here, nodes)
    converged = np.zeros(len(here), dtype=bool)
    for _ in range(_STEPS):
        point.slope[at_zero, data.fixed] = 0.0
        point.curve[at_zero, data.fixed], point.curve[at_zero, :, data.fixed] = 0.0, 0.0
        step, promise = newton_step(point.curve, point.slope, point.parameters, bounds)
        converged = promise < _ARRIVED
        if converged.all():
            break
        point = _improved(data, point, step, bounds, nodes)
    return _in_variances(fit, point, converged)


def _improved(data: Grouped, point: _Integrated, step: FloatArray, bounds: FloatArray, nodes: int) -> _Integrated:
    part = np.ones((len(step), 1))
    for k in range(_HALVINGS):
        trial = _integrated(data, np.clip(point.parameters + part * step, bounds[0], bounds[1]), nodes)
        worse = ~(trial.value <= point.value + 1e-13 * (1 + np.abs(point.value))) & (part[:, 0] > 0)
        if not worse.any():
            break
        part[worse] *= 0.5 if k < _HALVINGS - 2 else 0.0
    return trial


def _in_variances(fit: GlmmFit, point: _Integrated, converged: np.ndarray) -> GlmmFit:
    """The same with σ² as the parameter, as fits by Laplace's approximation have it."""
    data, place = fit.data, fit.data.fixed
    parameters = point.parameters.copy()
    deviation = parameters[:, place].copy()
    parameters[:, place] = deviation**2
    turn = np.ones_like(parameters)
    turn[:, place] = np.divide(0.5, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    curve = point.curve * turn[:, :, None] * turn[:, None, :]
    free = free_parameters(point.slope * turn, parameters, ranges(data), curve)
    free[:, place] &= ~fit.held[:, 0]
    return replace(
        fit,
        point=laplace(data, parameters, fit.point.pull),
        value=point.value,
        curvature=curve,
        free=free,
        converged=fit.converged & converged,
    )


def _integrated(data: Grouped, parameters: FloatArray, nodes: int) -> _Integrated:
    """−log L and its derivatives at β, σ and log α."""
    place, mass = np.polynomial.hermite.hermgauss(nodes)
    as_variance = parameters.copy()
    as_variance[:, data.fixed] **= 2
    mode = laplace(data, as_variance)
    sigma = parameters[:, data.fixed, None]
    centre = sigma * mode.pull.sum(axis=2)
    scale = 1 / np.sqrt(1 + sigma**2 * mode.weight.sum(axis=2))
    base = data.predictor(parameters[:, : data.fixed])
    heights, scores, facts = [], [], []
    for x, weight in zip(place, mass, strict=True):
        s = centre + np.sqrt(2) * scale * x
        height, score, fact = _at_node(data, base, sigma * s, s, np.exp(parameters[:, -1:]))
        heights.append(height - s**2 / 2 + x**2 + np.log(weight))
        scores.append(score)
        facts.append(fact)
    height, score, fact = np.stack(heights), np.stack(scores), np.stack(facts)
    highest = height.max(axis=0)
    share = np.exp(height - highest)
    inside = np.log(share.sum(axis=0)) + highest + np.log(scale) - np.log(np.pi) / 2
    share = share / share.sum(axis=0)
    mean = np.einsum("mbc,mbcp->bcp", share, score)
    curve = np.einsum("mbc,mbcpq->bpq", share, fact) - np.einsum("mbc,mbcp,mbcq->bpq", share, score, score)
    curve += np.einsum("bcp,bcq->bpq", mean, mean)
    if data.family != "negbinomial":
        curve[:, -1, -1] = 1.0
    return _Integrated(parameters, -inside.sum(axis=1), -mean.sum(axis=1), curve)


def _at_node(
    data: Grouped, base: FloatArray, effect: FloatArray, s: FloatArray, alpha: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log-likelihood (B, C), score (B, C, P) and information (B, C, P, P) of clusters at one value of their effects."""
    eta = base + effect[:, data.cell // data.shape[1]]
    rows = slopes(data.family, eta, data.total, data.count, alpha)
    size = data.fixed + 2
    # Every row's predictor moves with β by x and with σ by s.
    basis = data.basis()
    ways = np.zeros((len(s), *data.shape, size - 1, basis.shape[3]))
    ways[..., :-1, :] = basis
    ways[..., -1, 0] = s[:, :, None]
    score, fact = np.zeros((*s.shape, size)), np.zeros((*s.shape, size, size))
    score[..., :-1] = np.einsum("bctju,bctu->bcj", ways, data.first_moments(rows.slope))
    fact[..., :-1, :-1] = np.einsum("bctju,bctuv,bctkv->bcjk", ways, data.moments(rows.weight), ways, optimize=True)
    if data.family == "negbinomial":
        extra = dispersion_slopes(eta, data.total, data.count, alpha)
        score[..., -1] = data.sums(extra.value).sum(axis=2)
        crossed = -np.einsum("bctju,bctu->bcj", ways, data.first_moments(extra.slope))
        fact[..., -1, :-1] = fact[..., :-1, -1] = crossed
        fact[..., -1, -1] = -data.sums(extra.curve).sum(axis=2)
    return data.sums(rows.value).sum(axis=2), score, fact
