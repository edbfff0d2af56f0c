"""How many clusters, people or periods a plan needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from scipy import optimize

from ..design.design import Design
from ..errors import DesignError
from ..kernel.protocols import Estimator
from ..model.plan import Plan, require_plan
from ..results.power import Power
from ..value import DateArray
from .conventions import conventions, papers
from .degrees import Counts, counted_degrees
from .power import check_level, estimated, named
from .tests_of_zero import power_of_test

What = Literal["clusters", "size", "periods"]
_MOST_PEOPLE = 10_000_000
_MOST_PERIODS = 120
_MOST_CLUSTERS = 10_000_000


def needed(
    plan: Plan,
    power: float = 0.8,
    what: What = "clusters",
    *,
    estimator: Estimator | None = None,
    alpha: float = 0.05,
    df: str | float | None = None,
    noncentral: bool = True,
) -> Power:
    """Smallest number of clusters, people per cluster-period or periods that reaches a power.

    Parameters
    ----------
    plan : Plan
        Its effect is the one to be found.
    power : float
    what : {"clusters", "size", "periods"}
        "clusters": of the plan's own mix of schedules and sizes; where every schedule has the same number of
        clusters, so has the answer. "size": the mean number of people, all sizes changing by one factor.
        "periods": more are added at the end, each like the last; the plan's own are kept.
    estimator, alpha, df, noncentral
        As for `power`; degrees of freedom grow with the clusters.

    Returns
    -------
    Power
        `needed` is the number and `power` what it reaches.

    Raises
    ------
    DesignError
        A target that cannot be reached: the ceiling, and why.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=4, steps=4, size=40), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Exchangeable(icc=0.05), effect=sg.Constant(0.3))
    >>> sg.needed(plan, df="normal").needed, sg.needed(plan, what="size", df="normal").needed
    (8, 53)
    """
    check_level("alpha", alpha)
    check_level("power", power)
    if what not in get_args(What):
        raise DesignError(
            f"what is {what!r}.", "It says what is solved for.", f"Use one of {', '.join(get_args(What))}."
        )
    if power <= alpha:
        raise DesignError(
            f"power={power:g} is not above alpha={alpha:g}.",
            "Power cannot fall below alpha.",
            "Ask for more, such as 0.8.",
        )
    require_plan(plan)
    if not plan.effects().any():
        raise DesignError(
            "The plan's effect is 0.",
            f"Power then stays at alpha ({alpha:g}), whatever the number of {what}.",
            "Give the plan the effect that the study should find.",
        )

    def reached(version: Plan, clusters: float | None = None) -> Power:
        return _power(version, clusters, estimator, alpha, df, noncentral)

    solve = {"clusters": _clusters, "size": _size, "periods": _periods}[what]
    number, result = solve(plan, power, reached)
    return replace(result, needed=number, what=what, target=power)


Reached = Callable[..., Power]


def _power(
    plan: Plan,
    clusters: float | None,
    estimator: Estimator | None,
    alpha: float,
    df: str | float | None,
    noncentral: bool,
) -> Power:
    """Power of the first term, with more or fewer clusters of the plan's own mix where a number is given."""
    _, errors, effects, rule = estimated(plan, estimator, None)
    counts = Counts.of(plan, rule)
    share = 1.0 if clusters is None else clusters / counts.clusters
    counts = replace(counts, clusters=counts.clusters * share, cells=counts.cells * share)
    degrees, sentence = counted_degrees(counts, df)
    error = errors[:1] / np.sqrt(share)
    return Power(
        powers=power_of_test(effects[:1] / error, degrees, alpha, noncentral),
        errors=error,
        degrees=np.array([degrees]),
        effects=effects[:1],
        alpha=alpha,
        estimator=named(plan, estimator),
        conventions=conventions(plan, sentence),
        references=papers(plan, estimator),
    )


def _clusters(plan: Plan, target: float, reached: Reached) -> tuple[int, Power]:
    """Whole rounds of schedules; in between, information is taken to grow evenly."""
    times = set(Counter(row.tobytes() for row in plan.design.treatment).values())
    schedules = len(plan.design.clusters) // times.pop() if len(times) == 1 else 1
    least = _least_clusters(plan, reached)
    number = _smallest(lambda n: reached(plan, max(n * schedules, least)).power >= target, _MOST_CLUSTERS // schedules)
    if number is None:
        ceiling = reached(plan, _MOST_CLUSTERS).power
        raise DesignError(
            f"{_MOST_CLUSTERS:,} clusters would not reach {100 * target:g}% power: they give {100 * ceiling:.1f}%.",
            "The effect is too small for any study.",
            "Check the effect and the outcome's variance.",
        )
    number = max(number * schedules, least)
    number += -number % schedules
    result = reached(plan, number)
    per = f"{number // schedules} on each of {schedules} schedules" if schedules > 1 else "of the plan's own mix"
    exact = _exact(lambda n: reached(plan, n).power - target, max(least, number - schedules), number)
    said = f"{number} clusters: {per} ({exact:.2f} before rounding up)."
    return number, replace(
        result, inputs={"clusters": (number,), "before_rounding": (exact,)}, conventions=(said, *result.conventions)
    )


def _least_clusters(plan: Plan, reached: Reached) -> int:
    """Fewest clusters that leave degrees of freedom."""

    def allowed(number: int) -> bool:
        try:
            reached(plan, number)
        except DesignError:
            return False
        return True

    # Where even these are too few, the error itself says so when power is asked for.
    return _smallest(allowed, 1000) or 1000


def _exact(excess: Callable[[float], float], low: float, high: float) -> float:
    """Where power crosses the target, as a fraction."""
    if excess(low) >= 0:
        return float(low)
    return float(optimize.brentq(excess, low, high, xtol=1e-12, rtol=8.9e-16))


def _size(plan: Plan, target: float, reached: Reached) -> tuple[int, Power]:
    design = plan.design
    mean = float(design.size[design.observed].mean())

    def of(people: float) -> Power:
        return reached(replace(plan, design=replace(design, size=np.maximum(design.size * people / mean, 1e-9))))

    number = _smallest(lambda people: of(people).power >= target, _MOST_PEOPLE)
    if number is None:
        ceiling = of(_MOST_PEOPLE).power
        raise DesignError(
            f"No number of people reaches {100 * target:g}% power: with any number it stays at {100 * ceiling:.1f}%.",
            "More people average out differences between people, not those between clusters and their periods.",
            "Add clusters or periods, or accept a larger detectable effect.",
        )
    result = of(number)
    same = "" if np.ptp(design.size[design.observed]) == 0 else " on average, sizes keeping their proportions"
    said = f"{number} people per cluster-period{same}."
    return number, replace(result, inputs={"size": (number,)}, conventions=(said, *result.conventions))


def _periods(plan: Plan, target: float, reached: Reached) -> tuple[int, Power]:
    own = len(plan.design.periods)
    extra = (
        0
        if reached(plan).power >= target
        else _smallest(lambda k: reached(_longer(plan, k)).power >= target, _MOST_PERIODS)
    )
    if extra is None:
        ceiling = reached(_longer(plan, _MOST_PERIODS)).power
        raise DesignError(
            f"No number of periods reaches {100 * target:g}% power: {_MOST_PERIODS} more give {100 * ceiling:.1f}%.",
            "Periods added at the end, when schedules no longer change, say less and less about the effect.",
            "Add clusters or people, or clusters that start later or never.",
        )
    result = reached(_longer(plan, extra)) if extra else reached(plan)
    said = (
        f"{own + extra} periods: {extra} more at the end, each like the last."
        if extra
        else f"{own} periods, as planned."
    )
    return own + extra, replace(result, inputs={"periods": (own + extra,)}, conventions=(said, *result.conventions))


def _longer(plan: Plan, extra: int) -> Plan:
    """The plan with its last period repeated."""
    design = plan.design
    dates = None if design.dates is None else _dates_after(design.dates, extra)
    longer = Design(
        np.hstack([design.treatment, np.repeat(design.treatment[:, -1:], extra, axis=1)]),
        np.hstack([design.size, np.repeat(design.size[:, -1:], extra, axis=1)]),
        clusters=design.clusters,
        dates=dates,
        strata=design.strata,
        name=design.name,
    )
    trend = tuple(plan.outcome.trend)
    outcome = replace(plan.outcome, trend=trend + trend[-1:] * extra) if trend else plan.outcome
    return replace(plan, design=longer, outcome=outcome)


def _dates_after(dates: DateArray, extra: int) -> DateArray:
    """Dates with periods as long as the last one added."""
    length = dates[-1, 1] - dates[-1, 0] + np.timedelta64(1, "D")
    more = dates[-1] + np.arange(1, extra + 1)[:, None] * length
    return np.vstack([dates, more])


def _smallest(enough: Callable[[int], bool], most: int) -> int | None:
    """Smallest whole number from 1 that is enough, where more is never less."""
    high = 1
    while not enough(high):
        if high == most:
            return None
        high = min(2 * high, most)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
