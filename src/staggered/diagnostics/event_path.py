"""An event study as a path: effects by time from go-live against one base, with their covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import DataError, IdentificationError, listing
from ..estimators.did.imputation import Imputation
from ..results.estimate import Estimate
from ..results.resampled import Resampled
from ..results.uncertainty import Draws, Sampling
from ..value import FloatArray, IntArray

MIXED_BASES = frozenset({Imputation().name})
"""Estimators whose effects are measured against all earlier periods together, whatever their leads stand on."""


@dataclass(frozen=True, slots=True)
class Path:
    """Event times other than the base, in order.

    Parameters
    ----------
    events : array (n,)
        Times from go-live.
    values : array (n,)
    covariance : array (n, n)
    base : int
        The time that all are measured against.
    df : float
        Fewest degrees of freedom of the terms; inf for the normal.
    """

    events: IntArray
    values: FloatArray
    covariance: FloatArray
    base: int
    df: float

    @property
    def before(self) -> IntArray:
        """Rows of times before the base."""
        return np.flatnonzero(self.events < self.base)

    @property
    def after(self) -> IntArray:
        """Rows of treated times."""
        return np.flatnonzero(self.events >= 0)


def require_estimate(given: object, who: str) -> None:
    """Refuse what is no estimate, such as an estimator or a panel.

    Raises
    ------
    DataError
    """
    if not isinstance(given, Estimate):
        raise DataError(
            f"{who} was given {type(given).__name__}.",
            "It reads off what an analysis found by time from go-live.",
            'Give an estimate, such as sg.SunAbraham(by="event").fit(panel).',
        )


def path_of(estimate: Estimate, why: str) -> Path:
    """Read the path off an estimate by event time.

    Parameters
    ----------
    estimate : Estimate
        With by="event" and every time measured against the same base.
    why : str
        What asks for it, for the messages.

    Raises
    ------
    IdentificationError
        No event times before or after go-live, no covariance, or effects and leads against different bases.
    """
    if estimate.estimator in MIXED_BASES:
        raise IdentificationError(
            f"{why} was asked for of {estimate.estimator}.",
            "Its effects are measured against all periods before go-live and its leads against one, so that a trend "
            "does not run through both.",
            'Fit GroupTime(by="event", base="universal") or SunAbraham(by="event").',
        )
    terms = [(k, term.event) for k, term in enumerate(estimate.terms) if term.event is not None]
    covariance = joint_covariance(estimate)
    if not terms or covariance is None:
        raise IdentificationError(
            f"{why} was asked for of an estimate without a path over time and its covariance.",
            "It sets what happened before go-live against what happened after.",
            'Fit with by="event" and Cluster(), Jackknife(), DesignBased() or Bootstrap().',
        )
    spread = np.diag(covariance)
    fixed = {event for k, event in terms if spread[k] <= 1e-20 and estimate.values[k] == 0}
    known = [
        (k, event)
        for k, event in terms
        if event not in fixed and np.isfinite(estimate.values[k]) and np.isfinite(spread[k])
    ]
    base = max(fixed & set(range(-10_000, 0)), default=-1)
    if base in {event for _, event in known}:
        raise IdentificationError(
            f"{why} was asked for of an event study in which each period before go-live is measured against the last.",
            "It needs every time measured against the same base.",
            'Fit GroupTime(by="event", base="universal") or SunAbraham(by="event").',
        )
    known.sort(key=lambda pair: pair[1])
    rows = [k for k, _ in known]
    events = np.array([event for _, event in known])
    if not (events < base).any() or not (events >= 0).any():
        _refuse_half(why, estimate, events, base)
    degrees = estimate.uncertainty.df()[rows]
    df = float(np.nanmin(degrees)) if np.isfinite(degrees).any() else np.inf
    return Path(events, estimate.values[rows], covariance[np.ix_(rows, rows)], base, df)


def _refuse_half(why: str, estimate: Estimate, events: IntArray, base: int) -> None:
    """Say which half of the path is missing, and whether for want of an estimate or of its standard error."""
    missing = "before" if not (events < base).any() else "after"
    unsure = [
        term.label
        for k, term in enumerate(estimate.terms)
        if term.event is not None
        and (term.event < base if missing == "before" else term.event >= 0)
        and np.isfinite(estimate.values[k])
    ]
    if unsure:
        raise IdentificationError(
            f"{why} was asked for where {listing(unsure)} have no standard error.",
            "It weighs what happened before go-live against what happened after by how sure each is; cohorts of one "
            "council have no analytic standard error.",
            "Fit with Jackknife(), or with more councils to a step.",
        )
    raise IdentificationError(
        f"{why} was asked for where no time {missing} go-live can be estimated.",
        "It sets what happened before go-live against what happened after.",
        "Bring at least two periods before go-live." if missing == "before" else "Bring periods after go-live.",
    )


def joint_covariance(estimate: Estimate) -> FloatArray | None:
    """Covariance of all terms; None where the uncertainty has none to give."""
    uncertainty = estimate.uncertainty
    if isinstance(uncertainty, Sampling):
        return uncertainty.covariance
    if isinstance(uncertainty, (Resampled, Draws)):
        draws = uncertainty.errors if isinstance(uncertainty, Resampled) else uncertainty.draws
        kept = draws[np.isfinite(draws).all(axis=1)]
        return np.atleast_2d(np.cov(kept, rowvar=False)) if len(kept) > 1 else None
    return None
