"""How the numbers of a plan are meant, in sentences that stand beside every result."""

from __future__ import annotations

import numpy as np

from ..kernel.protocols import Estimator
from ..model.covariance import (
    Covariance,
    Decay,
    Exchangeable,
    Independent,
    Nested,
    ProportionalDecay,
    RandomTreatment,
    Unstructured,
    absolute_variance,
)
from ..model.outcome import Outcome
from ..model.plan import Plan

_WHERE = {
    "baseline": "at the control risk",
    "average": "at the midpoint of control and treated risk",
    "by-cell": "at each cell's own risk",
}
_DESIGN = (
    "Hussey MA, Hughes JP (2007). Design and analysis of stepped wedge cluster randomized trials. "
    "Contemporary Clinical Trials 28:182-191."
)
_COHORT = (
    "Li F, Turner EL, Preisser JS (2018). Optimal allocation of clusters in cohort stepped wedge designs. "
    "Statistics and Probability Letters 137:257-263."
)
_STRUCTURES: dict[type[Covariance], str] = {
    Nested: (
        "Hooper R, Teerenstra S, de Hoop E, Eldridge S (2016). Sample size calculation for stepped wedge and other "
        "longitudinal cluster randomised trials. Statistics in Medicine 35:4718-4728."
    ),
    Decay: (
        "Kasza J, Hemming K, Hooper R, Matthews JNS, Forbes AB (2019). Impact of non-uniform correlation structure on "
        "sample size and power in multiple-period cluster randomised trials. Statistical Methods in Medical Research "
        "28:703-716."
    ),
    ProportionalDecay: (
        "Li F (2020). Design and analysis considerations for cohort stepped wedge cluster randomized trials with a "
        "decay correlation structure. Statistics in Medicine 39:438-455."
    ),
}


def conventions(plan: Plan, degrees: str) -> tuple[str, ...]:
    """Sentences on the SD, the correlation, people followed and the degrees of freedom."""
    base = plan.covariance.base if isinstance(plan.covariance, RandomTreatment) else plan.covariance
    spread, level = _spread(plan.outcome), _correlation(base, plan.outcome)
    sentences = (spread, _scale(plan), level, _people(base), _differing(plan), degrees)
    return tuple(sentence for sentence in sentences if sentence)


def papers(plan: Plan, estimator: Estimator | None = None) -> tuple[str, ...]:
    """Papers that the formula of power, the plan's correlation and the estimator come from."""
    base = plan.covariance.base if isinstance(plan.covariance, RandomTreatment) else plan.covariance
    followed = isinstance(base, Independent | Exchangeable | Nested | Decay) and np.any(base.iac)
    found = [_DESIGN, _STRUCTURES.get(type(base), ""), _COHORT if followed else ""]
    found += estimator.references if estimator is not None else ()
    return tuple(dict.fromkeys(paper for paper in found if paper))


def _spread(outcome: Outcome) -> str:
    if outcome.family == "gaussian":
        return f"SD {outcome.sd:g} is the total SD between people."
    scale = "" if outcome.link == "identity" else f", linearised on the {outcome.link} scale"
    if outcome.family == "binomial":
        return f"Variance p(1−p) taken {_WHERE[outcome.variance]} (control risk {outcome.baseline:g}){scale}."
    return f"Sampling variance of counts at a rate of {outcome.baseline:g}{scale}."


def _scale(plan: Plan) -> str:
    """What an effect on the log or logit scale is as a ratio."""
    if plan.outcome.link == "identity":
        return ""
    ratio = "ratio" if plan.outcome.link == "log" else "odds ratio"
    effects = plan.effects()
    largest = float(effects.flat[np.abs(effects).argmax()])
    said = f"Effects and standard errors are on the {plan.outcome.link} scale"
    if not largest:
        return f"{said}; exp() of an effect is its {ratio}."
    return f"{said}: {largest:+.3g} is {'an' if ratio[0] == 'o' else 'a'} {ratio} of {np.exp(largest):.3g}.".replace(
        "-", "−"
    )


def _correlation(base: Covariance, outcome: Outcome) -> str:
    if isinstance(base, Independent):
        return ""
    if isinstance(base, Exchangeable | Nested | Decay):
        if base.variance is not None:
            kind = "of the log rate" if outcome.link == "log" else f"on the {outcome.link} scale"
            return f"Differences between clusters are given as SDs {kind}."
        if base.scale == "latent":
            return _latent(base, outcome)
    return "The icc is the within-period correlation on total variance."


def _latent(base: Exchangeable | Nested | Decay, outcome: Outcome) -> str:
    """What a latent icc is a variance of, and what it comes to on the scale of the risk itself."""
    said = "The icc is that of the latent scale of a logistic model, τ²/(τ² + π²/3)"
    variance = absolute_variance(base)
    if not isinstance(variance, float) or outcome.baseline is None:
        return f"{said}."
    risk = outcome.baseline
    converted = variance / (variance + 1 / (risk * (1 - risk)))
    return (
        f"{said}: τ² is {variance:.3g}, which is about an icc of {converted:.3g} on the scale of the risk at {risk:g}."
    )


def _people(base: Covariance) -> str:
    if isinstance(base, ProportionalDecay):
        return "The same people are seen in every period (closed cohort)."
    if not isinstance(base, Independent | Exchangeable | Nested | Decay | Unstructured) or not np.any(base.iac):
        return ""
    if base.retention is None:
        return "The same people are seen in every period (closed cohort)."
    return "Some people are seen in several periods (open cohort)."


def _differing(plan: Plan) -> str:
    if not isinstance(plan.covariance, RandomTreatment):
        return ""
    return "The effect differs between clusters; the icc and the total variance are those of control cells."
