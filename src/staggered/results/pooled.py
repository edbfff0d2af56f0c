"""Rubin's rules: estimates from several completed data sets become one.

With m estimates θ_k of variance U_k and complete-data degrees of freedom ν:

    θ = mean θ_k,   T = mean U_k + (1 + 1/m) B,   B = variance of the θ_k,   λ = (1 + 1/m) B/T
    df = 1 / (1/ν_m + 1/ν_obs),   ν_m = (m − 1)/λ²,   ν_obs = (ν + 1)/(ν + 3) · ν (1 − λ)

Rubin (1987), Multiple Imputation for Nonresponse in Surveys; degrees of freedom of Barnard and Rubin (1999), Biometrika
86:948, which never exceed those of complete data: with few councils that is what matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import DataError
from ..value import FloatArray
from .estimate import Estimate
from .likelihood import Satterthwaite
from .uncertainty import Sampling

_PAPERS = (
    "Rubin DB (1987). Multiple Imputation for Nonresponse in Surveys. Wiley.",
    "Barnard J, Rubin DB (1999). Small-sample degrees of freedom with multiple imputation. Biometrika 86:948-955.",
)


def pooled(estimates: Sequence[Estimate]) -> Estimate:
    """Pool estimates of the same terms from completed data sets.

    Raises
    ------
    DataError
        Fewer than two, other terms, or uncertainty that is not a variance (a permutation test, draws).

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=6, steps=3), outcome=sg.Outcome(sd=1.0))
    >>> found = pooled([sg.Twfe().fit(sg.simulate(plan, seed=k)) for k in range(5)])
    >>> bool(found.df < 5)
    True
    """
    if len(estimates) < 2:
        raise DataError(
            f"{len(estimates)} completed data sets were given.",
            "How much the missing values matter is seen in how much estimates from several of them differ.",
            "Draw at least 2, better 10 or more.",
        )
    first = estimates[0]
    if any(one.terms != first.terms for one in estimates):
        raise DataError(
            "The estimates to be pooled have different terms.",
            "Only estimates of the same thing can be averaged.",
            'Fit the same estimator to each, with by="overall" if some terms cannot be estimated in all.',
        )
    values = np.stack([one.values for one in estimates])
    within = np.mean([_covariance(one) for one in estimates], axis=0)
    complete = np.mean([one.uncertainty.df() for one in estimates], axis=0)
    deviations = values - values.mean(axis=0)
    between = deviations.T @ deviations / (len(values) - 1)
    total = within + (1 + 1 / len(values)) * between
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (1 + 1 / len(values)) * np.diag(between) / np.diag(total)
    degrees = barnard_rubin(len(values), share, complete)
    shared = tuple(note for note in first.notes if all(note in one.notes for one in estimates[1:]))
    said = (
        f"Pooled over {len(values)} completed data sets by Rubin's rules; {share[0]:.1%} of the variance is there "
        "because values are missing."
    )
    return replace(
        first,
        values=values.mean(axis=0),
        uncertainty=Sampling(total, degrees),
        inference=f"{first.inference}, pooled over {len(values)} imputations",
        notes=(said, *shared),
        references=tuple(dict.fromkeys((*first.references, *_PAPERS))),
    )


def barnard_rubin(draws: int, share: FloatArray, complete: FloatArray) -> FloatArray:
    """Degrees of freedom of pooled estimates, (k,).

    Parameters
    ----------
    draws : int
        Completed data sets, m.
    share : array (k,)
        λ, share of the variance that is there because values are missing.
    complete : array (k,)
        ν, degrees of freedom if nothing were missing; inf for the normal distribution.

    Examples
    --------
    >>> barnard_rubin(10, np.array([0.2]), np.array([10.0])).round(4)
    array([6.5715])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        by_draws = (draws - 1) / share**2
        observed = np.where(np.isinf(complete), np.inf, (complete + 1) / (complete + 3) * complete * (1 - share))
        return np.asarray(1 / (1 / by_draws + 1 / observed))


def _covariance(estimate: Estimate) -> FloatArray:
    if isinstance(estimate.uncertainty, (Sampling, Satterthwaite)):
        return estimate.uncertainty.covariance
    raise DataError(
        f"Estimates with {estimate.inference} cannot be pooled.",
        "Rubin's rules add variances, and that uncertainty has none.",
        "Use the estimator's own inference, Jackknife() or Cluster().",
    )
