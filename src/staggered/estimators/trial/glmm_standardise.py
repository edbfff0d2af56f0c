"""Marginal standardisation: risks or rates with and without treatment, averaged over those who were observed.

Everyone keeps their council, period and covariates, and is given control and then treatment:

    m_a = Σ_i ω_i g⁻¹(x_i(a)'β + v_i(a)),   difference m₁ − m₀,  ratio m₁/m₀,  odds ratio [m₁/(1 − m₁)]/[m₀/(1 − m₀)]

with the councils' own effects v at their fitted values. ω counts everyone alike (per child) or every council alike
(per council). Variances by the delta method, of the parameters and of the councils' effects given them.

Kass and Steffey (1989), Journal of the American Statistical Association 84:717; Localio, Margolis and Berlin (2007),
Journal of Clinical Epidemiology 60:874.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...value import FloatArray
from .glmm_family import mean_of, slope_of
from .glmm_fit import GlmmFit
from .glmm_model import GlmmModel
from .glmm_scales import PER
from .laplace import movement
from .structure import Correlated, Decaying, Part, Structure, Variance


@dataclass(frozen=True, slots=True)
class Standardised:
    """Averages under control and under treatment.

    Parameters
    ----------
    means : array (2,)
    gradient : array (2, P)
        Derivatives in β, θ and log α, the councils' effects following.
    own : array (2, 2)
        Covariance that the councils' effects bring, given the parameters.
    """

    means: FloatArray
    gradient: FloatArray
    own: FloatArray


def standardised(model: GlmmModel, fit: GlmmFit) -> dict[str, Standardised]:
    """Average over the people of the fit per child and per council.

    Where the effect changes with exposure, only over those who were treated.
    """
    data, point, effects = fit.data, fit.point, model.effect_rows
    clusters, periods = data.shape
    under = _under_treatment(model)
    weights = {per: _weights(model, per) for per in PER}
    joint = _extended(data.structure, model.treated)
    found = joint.at(np.concatenate([np.zeros((1, 1)), point.theta], axis=1))
    sigma, first = found.value[0] - np.eye(3 * periods) * (1 - joint.real)[:, :, None], found.first[0, 1:]
    ways, quadratic = movement(data, point)
    # How a = Σ⁻¹v moves with the parameters.
    pulled = -(ways @ quadratic[..., :1])[0, ..., 0]
    fixed = data.predictor(fit.beta)[0] - data.offset[0]
    means = {per: np.zeros(2) for per in PER}
    gradient = {per: np.zeros((2, fit.curvature.shape[1])) for per in PER}
    load = {per: np.zeros((2, clusters, 3 * periods)) for per in PER}
    for arm, columns in enumerate((np.zeros_like(under), under)):
        here = slice((1 + arm) * periods, (2 + arm) * periods)
        carry = sigma[:, here, :periods]
        effect = (carry @ point.pull[0][..., None])[..., 0]
        change = (columns - data.columns[:, :, effects]) @ fit.beta[0, effects]
        mean = mean_of(data.family, fixed + (change + effect).ravel()[data.cell])
        moved = (first[:, :, here, :periods] @ point.pull[0][None, ..., None])[..., 0]
        basis = data.basis()
        basis[:, :, effects, 0] = columns
        slope = slope_of(data.family, mean)
        for per, weight in weights.items():
            pull = data.first_moments((weight * slope)[None])[0]
            means[per][arm] = weight @ mean
            gradient[per][arm, : data.fixed] = np.einsum("ctu,ctju->j", pull, basis)
            gradient[per][arm, :-1] += np.einsum("ct,cts,csj->j", pull[..., 0], carry, pulled)
            gradient[per][arm, data.fixed : -1] += np.einsum("ct,kct->k", pull[..., 0], moved)
            load[per][arm, :, here] = pull[..., 0]
    cross = sigma[:, :, :periods]
    left = sigma - cross @ point.precision[0] @ np.swapaxes(cross, 1, 2)
    return {
        per: Standardised(means[per], gradient[per], np.einsum("act,cts,bcs->ab", load[per], left, load[per]))
        for per in PER
    }


def _under_treatment(model: GlmmModel) -> FloatArray:
    """Effect columns of everyone under treatment; of those who were treated where effects change with exposure."""
    assert model.effect is not None
    own = model.data.columns[:, :, model.effect_rows]
    return np.ones_like(own) if own.shape[2] == 1 else own


def _weights(model: GlmmModel, per: str) -> FloatArray:
    """Share of each row in an average, (n,)."""
    periods = model.data.shape[1]
    cluster = model.rows.cell // periods
    people = model.rows.people.copy()
    if model.data.fixed - model.effect_rows.start > 1:
        people *= model.treated.ravel()[model.rows.cell] > 0
    if per == "child":
        return np.asarray(people / people.sum())
    by_council = np.bincount(cluster, weights=people)
    return np.asarray(people / np.maximum(by_council, 1e-300)[cluster] / (by_council > 0).sum())


def _extended(structure: Structure, treated: FloatArray) -> Structure:
    """Covariance of cluster effects as they are, under control and under treatment, over three times the periods."""
    wide = np.concatenate([treated, np.zeros_like(treated), np.ones_like(treated)], axis=1)
    slope = wide[:, :, None] * wide[:, None, :]
    parts: list[Part] = []
    for part in structure.parts:
        if isinstance(part, Decaying):
            parts.append(Decaying(_thrice(part.reach), _thrice(part.lag), part.discrete))
        elif isinstance(part, Correlated):
            parts.append(Correlated(_thrice(part.level), wide[:, :, None] + wide[:, None, :], slope))
        else:
            parts.append(Variance(part.name, slope if part.name == "treatment" else _thrice(part.matrix)))
    return Structure(np.tile(structure.real, (1, 3)), tuple(parts), structure.scale)


def _thrice(matrix: FloatArray) -> FloatArray:
    return np.tile(matrix, (1, 3, 3))
