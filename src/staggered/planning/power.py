"""Analytic power of any linear estimator under any covariance: from W V W'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np

from ..allocation.seeds import Seed
from ..errors import DesignError, listing
from ..kernel.protocols import Estimator, Inference, require_estimator, require_inference
from ..kernel.rule import Rule
from ..model.plan import Plan
from ..results.power import Power
from ..results.simulated import Simulated
from ..value import FloatArray
from .conventions import conventions as conventions
from .conventions import papers
from .degrees import MODEL_BASED, degrees_of_freedom
from .precision import solve
from .settled import planning_rule
from .simulation import simulated_power
from .small_sample import model_based
from .tests_of_zero import distance_for, power_of_test


@overload
def power(
    plan: Plan,
    estimator: Estimator | None = None,
    *,
    alpha: float = 0.05,
    df: str | float | None = None,
    noncentral: bool = True,
    contrast: Sequence[float] | None = None,
) -> Power: ...


@overload
def power(
    plan: Plan,
    estimator: Estimator | None = None,
    *,
    alpha: float = 0.05,
    df: str | float | None = None,
    simulate: int,
    inference: Inference | None = None,
    truth: Plan | None = None,
    seed: Seed = 1,
    precise: float | None = None,
) -> Simulated: ...


def power(  # noqa: PLR0913 - the contract's one verb for power, by formula and by simulation
    plan: Plan,
    estimator: Estimator | None = None,
    *,
    alpha: float = 0.05,
    df: str | float | None = None,
    noncentral: bool = True,
    contrast: Sequence[float] | None = None,
    simulate: int | None = None,
    inference: Inference | None = None,
    truth: Plan | None = None,
    seed: Seed = 1,
    precise: float | None = None,
) -> Power | Simulated:
    """Power of a plan.

        power = P(|T| > t_{1−α/2}),   T = estimate / se,   se² = W V W'

    Parameters
    ----------
    plan : Plan
    estimator : Estimator, optional
        Generalised least squares with the plan's covariance when absent. `Mixed`, `Marginal`, `Glmm` and
        `Efficient`, whose weights follow the data, are taken at what they would settle on in endless data
        from the plan.
    alpha : float
        Two-sided level; both tails count.
    df : None, name or number
        See `staggered.planning.degrees`; None: clusters − 2 below 40 clusters, else normal.
    noncentral : bool
        Noncentral t (the default) or the central t shifted.
    contrast : sequence of float, optional
        Weights that make one effect of the estimator's terms, the overall row left out: with
        ``Gls(..., by="event")`` (0, 0, 0.5, 0.5) is the mean of the third and fourth period of exposure.
    simulate : int, optional
        Run the whole analysis on this many simulated data sets instead of the formula.
    inference, truth, seed
        For simulation: how the analysis judges its estimate, what the data are drawn from when it is not
        the plan, and where the draws begin.
    precise : float, optional
        For simulation: stop as soon as the Monte Carlo standard error of power is below this.

    Returns
    -------
    Power
        One row per term of the estimator; with `simulate` a `Simulated` with its Monte Carlo error.

    Raises
    ------
    IdentificationError
        The design cannot tell the effect from period effects.

    References
    ----------
    Hussey and Hughes (2007), section 4; Kasza and others (2019), equation 3.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=24, steps=4), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(0.3))
    >>> round(sg.power(plan, df="normal").power, 4)
    0.9998
    """
    check_level("alpha", alpha)
    if estimator is not None:
        require_estimator(estimator)
    require_inference(inference)
    if simulate is not None:
        return simulated_power(
            plan,
            simulate,
            estimator=estimator,
            inference=inference,
            truth=truth,
            alpha=alpha,
            df=df,
            seed=seed,
            precise=precise,
        )
    if inference is not None or truth is not None or precise is not None:
        raise DesignError(
            "power was given inference, truth or precise without simulate.",
            "The formula knows neither: it takes the plan for true and its variance as known.",
            "Add simulate=2000, or leave them out.",
        )
    terms, errors, effects, rule = estimated(plan, estimator, contrast)
    errors, degrees, sentence = _tested(plan, estimator, contrast, df, errors, rule)
    # A reference period is 0 by definition: nothing is tested there.
    distance = np.divide(effects, errors, out=np.full_like(errors, np.nan), where=errors > 0)
    powers = power_of_test(distance, degrees, alpha, noncentral)
    return Power(
        powers=powers,
        errors=errors,
        degrees=degrees,
        effects=effects,
        alpha=alpha,
        inputs={"term": terms} if len(powers) > 1 else {},
        estimator=named(plan, estimator),
        conventions=conventions(plan, sentence),
        references=papers(plan, estimator),
    )


def detectable(
    plan: Plan,
    power: float = 0.8,
    *,
    estimator: Estimator | None = None,
    alpha: float = 0.05,
    df: str | float | None = None,
    noncentral: bool = True,
) -> Power:
    """Smallest constant effect that a plan detects with a given power.

    The variance is taken at the plan's own effect, so for a binomial outcome whose variance depends on
    the effect, give the plan the effect you have in mind.

    Parameters
    ----------
    plan : Plan
    power : float
        Probability of detecting it.
    estimator, alpha, df, noncentral
        As in `power`.

    Returns
    -------
    Power
        Its `effect` is the answer, on the scale of the analysis and with the sign of the plan's effect
        (a fall stays negative), and `needed` its size.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=24, steps=4), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Exchangeable(icc=0.05))
    >>> round(sg.detectable(plan, df="normal").effect, 4)
    0.1258
    """
    check_level("alpha", alpha)
    check_level("power", power)
    if power <= alpha:
        raise DesignError(
            f"power={power:g} is not above alpha={alpha:g}.",
            "Power cannot fall below alpha.",
            "Ask for more, such as 0.8.",
        )
    _, errors, effects, rule = estimated(plan, estimator, None)
    errors, found, sentence = _tested(plan, estimator, None, df, errors, rule)
    error, degrees = float(errors[0]), float(found[0])
    smallest = distance_for(power, degrees, alpha, noncentral) * error
    sign = -1.0 if effects[0] < 0 else 1.0
    return Power(
        powers=np.array([power]),
        errors=np.array([error]),
        degrees=np.array([degrees]),
        effects=np.array([sign * smallest]),
        alpha=alpha,
        estimator=named(plan, estimator),
        conventions=conventions(plan, sentence),
        references=papers(plan, estimator),
        needed=smallest,
        what="effect",
        target=power,
    )


def estimated(
    plan: Plan, estimator: Estimator | None, contrast: Sequence[float] | None
) -> tuple[tuple[str, ...], FloatArray, FloatArray, Rule | None]:
    """Labels, standard errors and expected estimates of the terms, and the rule they come from.

    The plan's own generalised least squares needs no rule: its precision says it all.
    """
    if estimator is None and contrast is None:
        own = solve(plan)
        return ("treatment effect",), np.atleast_1d(own.errors), np.atleast_1d(own.effects), None
    rule = planning_rule(plan, estimator)
    variance, effects = rule.variance(plan.blocks()), rule.estimate(plan.effects())
    if contrast is None:
        return tuple(term.label for term in rule.terms), np.sqrt(np.diag(variance)), effects, rule
    weights = _contrast(rule, contrast)
    return ("contrast",), np.sqrt(np.diag(weights @ variance @ weights.T)), weights @ effects, rule


def _tested(
    plan: Plan,
    estimator: Estimator | None,
    contrast: Sequence[float] | None,
    df: str | float | None,
    errors: FloatArray,
    rule: Rule | None,
) -> tuple[FloatArray, FloatArray, str]:
    """Standard errors and degrees of freedom that the test will use, and a sentence on them."""
    if not isinstance(df, str) or df not in MODEL_BASED:
        degrees, sentence = degrees_of_freedom(plan, df, rule)
        return errors, np.full(len(errors), degrees), sentence
    known = rule or planning_rule(plan, estimator)
    rows = np.eye(len(known.terms)) if contrast is None else _contrast(known, contrast)
    return model_based(plan, known, rows, df)


def _contrast(rule: Rule, given: Sequence[float]) -> FloatArray:
    """One row of weights over a rule's terms, 0 on the overall one."""
    row = np.asarray(given, dtype=float)
    terms = rule.terms[1:] if rule.headed else rule.terms
    if row.shape != (len(terms),) or not np.isfinite(row).all() or not row.any():
        raise DesignError(
            f"contrast has {row.size} numbers for {len(terms)} terms ({listing([term.label for term in terms])}).",
            "Each term needs its weight in the effect that is asked about, 0 where it plays no part.",
            f"Give {len(terms)} numbers, not all 0.",
        )
    return np.concatenate([np.zeros(len(rule.terms) - len(terms)), row])[None, :]


def named(plan: Plan, estimator: Estimator | None) -> str:
    """Name of the analysis that a plan's power is about."""
    if estimator is not None:
        return estimator.name
    return f"generalised least squares with {type(plan.covariance).__name__.lower()} correlation"


def check_level(name: str, value: float) -> None:
    """Refuse a level that is not a probability."""
    if not 0 < value < 1:
        raise DesignError(
            f"{name} is {value:g}.", "It is a probability.", "Give a number between 0 and 1, such as 0.05 or 0.8."
        )


def standard_errors(plan: Plan, blocks: FloatArray) -> FloatArray:
    """Standard errors of generalised least squares for stacked blocks (..., clusters, periods, periods)."""
    used = plan.design.observed.astype(float)
    both = used[:, :, None] * used[:, None, :]
    precision = np.linalg.inv(blocks * both + np.eye(used.shape[1]) * (1 - used)[:, :, None]) * both
    treated = np.nan_to_num(plan.design.treatment)
    by_period = precision.sum(axis=-3)
    cross = np.einsum("...cpq,cq->...p", precision, treated)
    own = np.einsum("cp,...cpq,cq->...", treated, precision, treated)
    explained = np.einsum("...p,...p->...", cross, np.linalg.solve(by_period, cross[..., None])[..., 0])
    return np.asarray(1 / np.sqrt(own - explained))
