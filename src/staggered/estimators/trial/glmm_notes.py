"""What a generalised linear mixed model says of itself: how councils differ, what ended at 0, and plainer scales."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc

from ...data.panel import Panel
from ...errors import listing
from ...results.components import Components
from .glmm_family import LATENT, mean_of
from .glmm_fit import GlmmFit
from .glmm_model import GlmmModel

_NO_DISPERSION = 1e-4
"""A dispersion below which counts vary by less than a hundredth of their mean beyond chance."""
_NO_VARIANCES = ("decay", "treatment beyond level")
_NODES = 15
_MOVES = 1.5
"""Times the variance from which intervals are a fifth too narrow."""
_BY_CHANCE = 0.01


def components(model: GlmmModel, fit: GlmmFit) -> Components:
    """Variances of councils on the scale of the linear predictor; π²/3 of a person beside them for the log odds."""
    names = fit.data.structure.names
    theta = fit.point.theta[0]
    p = fit.data.fixed
    errors = np.sqrt(np.maximum(np.diag(fit.covariance[0])[p:-1], 0.0))
    person = LATENT if fit.data.family == "binomial" else np.nan
    return Components(
        names=names,
        values=np.concatenate([[person], theta]),
        errors=np.concatenate([[np.nan], np.where(errors > 0, errors, np.nan)]),
        criterion=float(2 * (fit.value[0] - model.rows.constant)),
        restricted=False,
        observations=float(model.rows.people.sum()),
    )


def proportion_icc(model: GlmmModel, fit: GlmmFit) -> float:
    """Intracluster correlation of the outcomes themselves within a period, over control people.

    Var(p) / E[p](1 − E[p]) with p = expit(η + v), v ~ N(0, Σ_tt), by Gauss–Hermite quadrature. Goldstein, Browne and
    Rasbash (2002), Understanding Statistics 1:223.
    """
    data = fit.data
    shared = np.diagonal(data.covariance(fit.point.theta)[0][0], axis1=1, axis2=2)
    control = model.treated == 0
    eta = data.predictor(fit.beta)[0]
    kept = control.ravel()[data.cell]
    weight, eta = model.rows.people[kept], eta[kept]
    spread = np.sqrt(shared).ravel()[data.cell[kept]]
    place, mass = np.polynomial.hermite_e.hermegauss(_NODES)
    mean, square = np.zeros(len(eta)), np.zeros(len(eta))
    for x, share in zip(place, mass / mass.sum(), strict=True):
        risk = mean_of(data.family, eta + spread * x)
        mean += share * risk
        square += share * risk**2
    return float((weight @ (square - mean**2)) / (weight @ (mean * (1 - mean))))


def component_notes(model: GlmmModel, fit: GlmmFit) -> tuple[str, ...]:
    """How much councils differ, as far as the data can say."""
    data = fit.data
    if not data.variances:
        return ()
    found = components(model, fit)
    between = found["cluster"] + found["cluster-period"]
    if data.family == "binomial":
        said = (
            f"Within a period, people of one council are correlated by {found.icc:.3g} on the log-odds scale (latent "
            f"icc), by {proportion_icc(model, fit):.3g} on that of the outcomes themselves."
        )
    else:
        said = f"Within a period, councils differ by an SD of {np.sqrt(between):.3g} on the log scale."
    if found["treatment"] > 0:
        said += f" The effect differs between councils by an SD of {np.sqrt(found['treatment']):.3g}."
    if data.family == "negbinomial":
        alpha = float(np.exp(fit.point.dispersion[0]))
        said += (
            f" Beyond chance, counts vary with a dispersion of {alpha:.3g}."
            if alpha > _NO_DISPERSION
            else " No dispersion of counts beyond chance was found."
        )
    return (said,)


def movement(model: GlmmModel, fit: GlmmFit) -> tuple[float, float]:
    """How much more cells vary than their risks or rates allow: Pearson's χ² over its degrees of freedom, and its p.

        Σ (Y_ct − μ_ct)² / Var(Y_ct) ÷ (cells − coefficients − councils with an effect of their own)

    over council-periods, each council's own effect at its mode. 1 and 1 where the model has room for the movement
    (an effect of each council-period, a dispersion), or no degrees of freedom are left.
    """
    data = fit.data
    if data.family == "negbinomial" or {"cluster-period", "decay"} & set(data.structure.names):
        return 1.0, 1.0
    share = mean_of(data.family, fit.point.eta[:1])
    mean = share * data.count
    spread = data.sums(mean * (1 - share) if data.family == "binomial" else mean)[0]
    apart = data.sums(data.total[:1] - mean)[0]
    seen = spread > 0
    councils = int(seen.any(axis=1).sum()) if data.variances else 0
    free = int(seen.sum()) - (data.fixed - data.covariates.shape[1]) - councils
    if free < 1:
        return 1.0, 1.0
    found = float((apart[seen] ** 2 / spread[seen]).sum())
    return found / free, float(chdtrc(free, found))


def movement_alert(model: GlmmModel, fit: GlmmFit) -> tuple[str, ...]:
    """Say that councils move from period to period by more than the model's own intervals know."""
    times, p_value = movement(model, fit)
    if times < _MOVES or p_value > _BY_CHANCE:
        return ()
    models = 'covariance="nested"' + (', family="negbinomial"' if fit.data.family == "poisson" else "")
    return (
        f"Council-periods vary {times:.3g} times as much as this model allows, so that its own intervals are too "
        f"narrow by a factor of about {np.sqrt(times):.2g}: nothing should be concluded from them. "
        f"Use {models}, Jackknife() or Permutation().",
    )


def boundary_notes(fit: GlmmFit) -> tuple[str, ...]:
    """Parameters at the end of their range, and a climb that did not arrive."""
    names = fit.data.structure.names[1:]
    zero = [
        name
        for name, end, value in zip(names, fit.held[0], fit.point.theta[0], strict=True)
        if end and value <= 0 and name not in _NO_VARIANCES
    ]
    said = []
    if zero:
        said.append(
            f"The variance of {listing(zero)} was estimated as zero, the end of its range: the data cannot tell it "
            "from nothing, which is common with few clusters and does not show that it is absent."
        )
    if "decay" in names and fit.held[0][names.index("decay")] and "cluster-period" not in zero:
        value = fit.point.theta[0][names.index("decay")]
        said.append(f"The correlation one step of time apart was estimated as {value:.3g}, the end of its range.")
    if not fit.converged[0]:
        said.append(
            "The likelihood was not climbed to its top: these numbers are not to be used. "
            "Simplify the covariance, or check the data for a council or period that stands apart."
        )
    return tuple(said)


def panel_notes(panel: Panel) -> tuple[str, ...]:
    """What the panel holds that plays no part in the model."""
    said = []
    people, weights = panel.people, panel.frame.weights
    assert weights is not None
    if people is not None and people.unit is not None and len(np.unique(people.unit)) < len(people.unit):
        said.append(
            "People are followed, but the model has no effects of people: a person's outcomes count as if they were "
            "different people's, so that intervals are too narrow where a person's outcomes are alike."
        )
    if panel.frame.per == "council" and np.ptp(weights[panel.frame.used]) > 0:
        said.append("The panel's weights play no part: the likelihood counts people.")
    return tuple(said)
