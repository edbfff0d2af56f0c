"""Trends before go-live: whether they were parallel, and whether the test would have noticed if not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special

from ..errors import DataError, IdentificationError
from ..results.estimate import Estimate
from ..results.uncertainty import t_quantile
from ..results.words import number_words
from ..value import FloatArray, IntArray, Value
from .event_path import joint_covariance, require_estimate
from .rectangle import rectangle

_REFERENCES = (
    "Roth J (2022). Pretest with caution: event-study estimates after testing for parallel trends. "
    "American Economic Review: Insights 4:305-322.",
)


@dataclass(frozen=True, slots=True, eq=False)
class PreTrends(Value):
    """A test of trends before go-live, and what it would have seen.

    Parameters
    ----------
    events : array (n,)
        Times before go-live that were tested.
    values, se : array (n,)
    statistic, df, p_value : float
        Wald test that all are 0: chi-squared, or F times its numerator's degrees of freedom with few clusters.
    power : float
        The power that `slope` refers to.
    slope : float
        Straight-line departure per period that at least one of the tests at the 5% level finds with that power;
        nan when a straight line cannot be seen in these coefficients.
    bias : mapping of event time to float
        What such a line would add to the effects after go-live.
    outcome : str
    references : tuple of str
    """

    events: IntArray
    values: FloatArray
    se: FloatArray
    statistic: float
    df: float
    p_value: float
    power: float
    slope: float
    bias: dict[int, float]
    outcome: str = "the outcome"
    references: tuple[str, ...] = _REFERENCES

    def table(self) -> pd.DataFrame:
        """One row per time before go-live."""
        return pd.DataFrame({"event": self.events, "estimate": self.values, "std_error": self.se})

    def text(self) -> str:
        """Say in a paragraph what was found and what could have been."""
        said = (
            f"Before go-live, {len(self.events)} differences from parallel trends were tested together for "
            f"{self.outcome}: p = {self.p_value:.2g}. "
        )
        if np.isfinite(self.slope):
            last = max(self.bias)
            said += (
                f"A trend apart by {number_words(self.slope).lstrip('+')} per period would have been noticed in "
                f"{self.power:.0%} of studies like this one; a smaller one would more often have passed. By event time "
                f"{last} such a trend adds {number_words(self.bias[last]).lstrip('+')} to the effect. "
                "A test that is passed does not show that trends were parallel."
            )
        else:
            said += "A straight line before go-live cannot be seen in these coefficients, so nothing is known of it."
        return said

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {
            "outcome": self.outcome,
            "statistic": self.statistic,
            "df": self.df,
            "p_value": self.p_value,
            "power": self.power,
            "slope": self.slope,
            "bias": dict(self.bias),
            "rows": self.table().to_dict(orient="records"),
            "references": list(self.references),
        }


def pretrends(estimate: Estimate, power: float = 0.8) -> PreTrends:
    """Test trends before go-live, and find the trend that the test would have noticed.

    Parameters
    ----------
    estimate : Estimate
        By event time (or by cell, for the joint test alone), with a covariance.
    power : float
        Between 0.05 and 1: how often the trend would be noticed.

    Raises
    ------
    IdentificationError
        No estimates before go-live, or no covariance.
    DataError
        A power outside 0.05 to 1.

    References
    ----------
    Roth (2022), American Economic Review: Insights 4:305.

    Examples
    --------
    >>> import staggered as sg
    >>> design = sg.stepped(clusters=40, steps=4, baseline=4, after=2)
    >>> panel = sg.simulate(sg.Plan(design=design, outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> found = sg.pretrends(sg.SunAbraham(by="event").fit(panel, sg.Cluster("CR2")))
    >>> found.slope > 0, len(found.events)
    (True, 5)
    """
    require_estimate(estimate, "pretrends")
    _require_power(power)
    covariance = joint_covariance(estimate)
    if covariance is None:
        raise IdentificationError(
            f"A test of trends was asked for of an estimate with {estimate.inference}.",
            "It needs how the estimates vary together.",
            "Fit with Cluster(), Jackknife(), DesignBased() or Bootstrap().",
        )
    spread = np.diag(covariance)
    rows = [
        k
        for k, term in enumerate(estimate.terms)
        if term.event is not None and term.event < 0 and np.isfinite(estimate.values[k]) and spread[k] > 1e-20
    ]
    if not rows:
        raise IdentificationError(
            "The estimate has nothing before go-live.",
            "Trends can only be compared where there are periods before go-live.",
            'Fit with by="event" and at least two periods before go-live.',
        )
    own = covariance[np.ix_(rows, rows)]
    values = estimate.values[rows]
    events = np.array([estimate.terms[k].event for k in rows], dtype=np.int64)
    wald = float(values @ np.linalg.pinv(own, rcond=1e-10, hermitian=True) @ values)
    rank = int(np.linalg.matrix_rank(own, tol=1e-10 * np.trace(own), hermitian=True))
    degrees = estimate.uncertainty.df()[rows]
    df = float(np.nanmin(degrees)) if np.isfinite(degrees).any() else np.inf
    shape = _line(estimate, events)
    slope = np.nan if shape is None else _noticed(shape, own, df, power)
    after = sorted({t.event for t in estimate.terms if t.event is not None and t.event >= 0})
    return PreTrends(
        events=events,
        values=values,
        se=np.sqrt(np.diag(own)),
        statistic=wald,
        df=float(rank),
        p_value=_p_value(wald, rank, df),
        power=power,
        slope=slope,
        bias={event: slope * (event + 1) for event in after},
        outcome=estimate.outcome,
    )


def _require_power(power: object) -> None:
    """Refuse a power that a test at 5% cannot have."""
    if not isinstance(power, (int, float)) or not 0.05 < power < 1:
        raise DataError(
            f"power is {power!r}.", "It is how often a trend would be noticed.", "Give, for example, 0.8 or 0.5."
        )


def _p_value(wald: float, rank: int, df: float) -> float:
    if not np.isfinite(df):
        return float(special.chdtrc(rank, wald))
    return float(special.fdtrc(rank, df, wald / rank))


def _line(estimate: Estimate, events: IntArray) -> FloatArray | None:
    """What a trend of 1 per period makes of each coefficient; None when it leaves no trace."""
    if any(term.cohort is not None for term in estimate.terms) or any(
        "straight line" in note for note in estimate.notes
    ):
        return None
    # With −1 among them each is measured against the period before it, else all against −1.
    return np.ones(len(events)) if -1 in events else (events + 1).astype(float)


def _noticed(shape: FloatArray, covariance: FloatArray, df: float, power: float) -> float:
    """Slope at which at least one coefficient lies outside its 95% limits with the given probability."""
    limit = float(t_quantile(np.array([df]), 0.975)[0]) * np.sqrt(np.diag(covariance))
    if 1 - rectangle(np.zeros(len(shape)), covariance, -limit, limit) >= power:
        return 0.0

    def short(slope: float) -> float:
        return 1 - rectangle(slope * shape, covariance, -limit, limit) - power

    high = float(np.max(limit / np.maximum(np.abs(shape), 1e-300)))
    while short(high) < 0:
        high *= 2
    return float(optimize.brentq(short, 0.0, high, xtol=1e-9 * high))
