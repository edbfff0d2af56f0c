"""What may be said of a result, in whole sentences: the interval first, then what it allows."""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass

from ..hierarchical.hierarchical import Hierarchical
from ..plotting.scale import AsIs, PercentagePoints, PercentChange, PerPeople, Scale
from ..plotting.schedule import said
from ..results.estimate import Estimate
from ..study.study import Study
from .material import LEVEL
from .ratios import left_as_ratios

NONE = "–"
_COUNTABLE = ("average", "chance", "mean", "number", "probability", "proportion", "rate", "risk", "share")
_RATES = {"poisson", "negbinomial"}
_CODE = re.compile(r"\s*Use \w+\(.*$|\s*\(\w+=\)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One number with its interval, and what they allow.

    Parameters
    ----------
    value, low, high, se, df, p : float
    kind : str
        Kind of the interval.
    """

    value: float
    low: float
    high: float
    se: float
    df: float
    p: float
    kind: str

    @property
    def has_interval(self) -> bool:
        """Whether it has an end on at least one side."""
        return not (math.isnan(self.low) or math.isnan(self.high)) and (
            math.isfinite(self.low) or math.isfinite(self.high)
        )

    @property
    def leaves_out_nothing(self) -> bool:
        """Whether no difference lies within the interval, or there is no interval."""
        return not self.has_interval or self.low <= 0 <= self.high

    def interval_name(self) -> str:
        """Level and kind: 95% confidence interval."""
        return f"{100 * LEVEL:g}% {self.kind}"


def finding(estimate: Estimate, row: int = 0) -> Finding:
    """Take one row of an estimate, the overall one counted as the first where there is one."""
    one = estimate.select([row])
    low, high = one.uncertainty.interval(one.values, LEVEL)
    return Finding(
        value=float(one.values[0]),
        low=float(low[0]),
        high=float(high[0]),
        se=float(one.uncertainty.se()[0]),
        df=float(one.uncertainty.df()[0]),
        p=float(one.uncertainty.p_value(one.values)[0]),
        kind=one.uncertainty.kind,
    )


def scale_of_plan(study: Study) -> Scale:
    """How an effect of the plan is written."""
    outcome = study.outcome
    if outcome is not None and outcome.link == "log":
        return PercentChange()
    if outcome is not None and outcome.family == "binomial" and outcome.link == "identity":
        return PercentagePoints()
    return AsIs()


def scale_of_data(study: Study) -> Scale:
    """How an effect on the data is written: percent where their logarithm is analysed, a rate per so many children."""
    told = study.spec.data
    if left_as_ratios(study):
        return AsIs()
    if told is not None and told.log:
        return PercentChange()
    if told is not None and told.per is not None:
        return PerPeople(told.per) if told.per > 1 else AsIs()
    models = [one.estimator for one in study.analyses]
    if models and all(isinstance(one, Hierarchical) and one.family in _RATES for one in models):
        return PercentChange()
    return scale_of_plan(study)


def the_outcome(name: str) -> str:
    """Name an outcome within a sentence.

    Examples
    --------
    >>> the_outcome("rate of referrals"), the_outcome("becoming looked after")
    ('the rate of referrals', 'becoming looked after')
    """
    return f"the {name}" if name.split(" ")[0] in _COUNTABLE else name


def interval_sentence(found: Finding, scale: Scale) -> str:
    """Say where the interval runs, and no more.

    Examples
    --------
    >>> found = Finding(value=0.0, low=-0.2, high=0.2, se=0.1, df=10.0, p=1.0, kind="confidence interval")
    >>> interval_sentence(found, AsIs())
    'The 95% confidence interval runs from 0.2 lower to 0.2 higher.'
    """
    if math.isnan(found.low) or math.isnan(found.high):
        return f"No {found.interval_name()} can be given."
    if not found.has_interval:
        return f"The {found.interval_name()} has no end on either side."
    return f"The {found.interval_name()} runs from {scale.words(found.low)} to {scale.words(found.high)}."


def conclusion(found: Finding, scale: Scale, what: str) -> str:
    """Say what the interval allows one to conclude about `what`, such as "the rate of ...".

    Examples
    --------
    >>> found = Finding(value=0.0, low=-0.2, high=0.2, se=0.1, df=10.0, p=1.0, kind="confidence interval")
    >>> print(conclusion(found, AsIs(), "the rate"))
    The 95% confidence interval runs from 0.2 lower to 0.2 higher. Zero lies inside it: from these data we cannot
    tell whether go-live was followed by a change in the rate, or in which direction.
    """
    runs = interval_sentence(found, scale)
    cannot_tell = (
        f"from these data we cannot tell whether go-live was followed by a change in {what}, or in which direction."
    )
    if not found.has_interval:
        return f"{runs} {first_upper(cannot_tell)}"
    if found.leaves_out_nothing:
        return f"{runs} Zero lies inside it: {cannot_tell}"
    side = "below" if found.high < 0 else "above"
    return (
        f"{runs} Zero lies outside it: the difference in {what} after go-live is {side} zero by more than chance "
        "alone would readily give, if the assumptions below hold."
    )


def interval_cell(found: Finding, scale: Scale) -> str:
    """Write an interval for a table."""
    if math.isnan(found.low) or math.isnan(found.high):
        return "none"
    if math.isinf(found.low) and math.isinf(found.high):
        return "open at both ends"
    return f"{scale.shown(found.low) or 'no end'} to {scale.shown(found.high) or 'no end'}"


def p_cell(value: float) -> str:
    """Write a p-value.

    Examples
    --------
    >>> p_cell(0.9484), p_cell(0.0004), p_cell(float("nan"))
    ('0.948', '<0.001', '–')
    """
    if math.isnan(value):
        return NONE
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def number_cell(value: float) -> str:
    """Write a number on the scale of the analysis with three decimals or three significant digits."""
    if not math.isfinite(value):
        return NONE
    return AsIs().shown(value) if abs(value) < 0.1 and value else f"{value:.3f}".replace("-", "−")


def plural(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> plural(1, "council"), plural(24, "council"), plural(3, "person", "people")
    ('1 council', '24 councils', '3 people')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def day(date: datetime.date) -> str:
    """Write a day so that it stays on one line."""
    return said(date).replace(" ", "\u00a0")


def for_readers(note: str) -> str:
    """Leave out of a note what it tells people who write code.

    Examples
    --------
    >>> for_readers("No standard error: Bath stands alone. Use Jackknife() or Permutation().")
    'No standard error: Bath stands alone.'
    """
    return sentence(_CODE.sub("", note))


def first_lower(text: str) -> str:
    """Put a name into the middle of a sentence."""
    return text[:1].lower() + text[1:]


def first_upper(text: str) -> str:
    """Begin a sentence."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """End a sentence that may or may not have an end."""
    text = " ".join(text.split())
    return text if not text or text[-1] in ".!?" else f"{text}."
