"""The design that shows most for a budget, found by trying all that are affordable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, get_args

import numpy as np

from ..design.design import Design
from ..design.shapes import hybrid, parallel, staircase, stepped
from ..errors import DesignError, IdentificationError, listing
from ..model.plan import Plan
from ..results.design_comparison import DesignComparison
from .compare_designs import compare_designs
from .degrees import degrees_of_freedom
from .precision import solve
from .tests_of_zero import power_of_test

Shape = Literal["stepped", "hybrid", "staircase", "parallel"]
_SHARES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a study costs, in any unit that the budget has too.

    Parameters
    ----------
    period : float
        Observing one council for one period.
    council : float
        Taking one council in at all.
    person : float
        Following one person in one period.
    """

    period: float = 1.0
    council: float = 0.0
    person: float = 0.0

    def __post_init__(self) -> None:
        given = (self.period, self.council, self.person)
        if min(given) < 0 or not max(given) > 0 or not np.isfinite(given).all():
            raise DesignError(
                f"The costs are {listing([f'{one:g}' for one in given])}.",
                "A budget limits a design only through what the design costs.",
                "Give costs from 0 on, at least one of them above 0.",
            )

    def of(self, design: Design) -> float:
        """Cost of a design."""
        seen = design.observed
        people = float(design.size[seen].sum())
        return self.period * float(seen.sum()) + self.council * len(design.clusters) + self.person * people


def best_designs(
    plan: Plan,
    budget: float,
    *,
    costs: Costs | None = None,
    clusters: int = 40,
    periods: int = 12,
    shapes: Sequence[Shape] = get_args(Shape),
    keep: int = 8,
    df: str | float | None = None,
) -> DesignComparison:
    """Designs with the highest power among all those of certain shapes that a budget allows.

    Every number of steps, baseline, periods before and after the step of a staircase, and share of a hybrid
    that steps is tried, each with as many clusters as can be paid for.

    Parameters
    ----------
    plan : Plan
        Outcome, correlation, effect, and the mean number of people per cell; its own design is not kept.
    budget : float
    costs : Costs, optional
        1 for each council-period when absent, so that the budget counts those.
    clusters, periods : int
        Most that are at hand.
    shapes : sequence of {"stepped", "hybrid", "staircase", "parallel"}
    keep : int
        How many designs to show, of each shape the best one first of all.
    df
        As in `power`.

    Returns
    -------
    DesignComparison
        The best design of every shape and the next best ones, by power.

    Raises
    ------
    DesignError
        A budget that pays for no design.

    References
    ----------
    Girling and Hemming (2016), Statistics in Medicine 35:2149, for hybrids; Grantham and others (2024) for
    staircases.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(24, steps=4, size=20), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(0.2))
    >>> found = best_designs(plan, budget=60, clusters=20, periods=6, df="normal")
    >>> found.names[0]
    'staircase, 20 clusters, 5 steps, 1 before and 1 after each'
    """
    _require(plan, budget, clusters, periods, shapes)
    costs = costs or Costs()
    size = float(plan.design.size[plan.design.observed].mean())
    shorn = replace(plan, outcome=replace(plan.outcome, trend=()))
    ranked: list[tuple[float, str, str, Plan]] = []
    for shape in shapes:
        for name, build in _candidates(shape, periods, size):
            design = _affordable(build, budget, costs, clusters)
            if design is None:
                continue
            candidate = replace(shorn, design=design)
            power = _power(candidate, df)
            if power is not None:
                ranked.append((power, shape, f"{shape}, {len(design.clusters)} clusters, {name}", candidate))
    if not ranked:
        raise DesignError(
            f"A budget of {budget:g} pays for no design of {listing(list(shapes))} that can find anything.",
            "Even the smallest needs a few councils over a few periods, and degrees of freedom for its test.",
            'Raise the budget, lower the costs, or state df="normal".',
        )
    chosen = _chosen(ranked, keep)
    return compare_designs({name: candidate for _, _, name, candidate in chosen}, df=df)


def _require(plan: Plan, budget: float, clusters: int, periods: int, shapes: Sequence[str]) -> None:
    unknown = [shape for shape in shapes if shape not in get_args(Shape)]
    if unknown or not shapes:
        raise DesignError(
            f"{listing(unknown)} is no shape that is searched." if unknown else "No shape was named.",
            "Each shape has its own numbers to be tried.",
            f"Use any of {', '.join(get_args(Shape))}.",
        )
    if not budget > 0 or clusters < 2 or periods < 2:
        raise DesignError(
            f"The budget is {budget:g}, for at most {clusters} clusters over {periods} periods.",
            "A comparison needs two clusters and two periods, and something to pay for them.",
            "Give a budget above 0, and at least 2 of each.",
        )
    if not plan.effects().any():
        raise DesignError(
            "The plan's effect is 0.",
            "Every design then has the same power, alpha.",
            "Give the plan the effect that the study should find.",
        )


Build = Callable[[int], Design]


def _candidates(shape: Shape, periods: int, size: float) -> Iterator[tuple[str, Build]]:
    """Every design of a shape, in words, and how to build it for a number of clusters."""
    if shape == "parallel":
        for length in range(1, periods + 1):
            for before in range(length):
                yield (
                    f"{length} periods, {before} before",
                    partial(parallel, periods=length, size=size, baseline=before),
                )
    elif shape == "stepped":
        for steps in range(2, periods):
            for before in range(1, periods - steps + 1):
                for after in range(periods - steps - before + 1):
                    words = f"{steps} steps, {before} before, {after} more at the end"
                    yield words, partial(stepped, steps=steps, size=size, baseline=before, after=after)
    elif shape == "hybrid":
        for steps in range(1, periods):
            for share in range(1, _SHARES):
                words = f"{steps} steps, {share / _SHARES:.0%} of the clusters step"
                yield words, partial(hybrid, steps=steps, size=size, stepped=share / _SHARES)
    else:
        for steps in range(1, periods):
            for before in range(1, periods - steps + 1):
                for after in range(1, periods - steps - before + 2):
                    words = f"{steps} steps, {before} before and {after} after each"
                    yield words, partial(staircase, steps=steps, size=size, before=before, after=after)


def _affordable(build: Build, budget: float, costs: Costs, most: int) -> Design | None:
    """The design with as many clusters as can be paid for; None where they cannot fill its steps."""
    try:
        largest = build(most)
        # In every shape all clusters are observed equally long, so each costs the same.
        count = min(most, int(budget / (costs.of(largest) / most) * (1 + 1e-12)))
        return largest if count == most else build(count)
    except DesignError:
        return None


def _power(plan: Plan, df: str | float | None) -> float | None:
    """Power of one candidate; None where the effect cannot be told from time, or no degrees of freedom are left."""
    try:
        found, (degrees, _) = solve(plan), degrees_of_freedom(plan, df)
    except (IdentificationError, DesignError):
        return None
    return float(power_of_test(found.effects / found.errors, degrees, 0.05, noncentral=True))


def _chosen(ranked: list[tuple[float, str, str, Plan]], keep: int) -> list[tuple[float, str, str, Plan]]:
    """The best of every shape, filled up with the next best of any."""
    ranked = sorted(ranked, key=lambda one: -one[0])
    firsts = {
        shape: next(one for one in ranked if one[1] == shape) for shape in dict.fromkeys(one[1] for one in ranked)
    }
    names = {one[2] for one in firsts.values()}
    rest = [one for one in ranked if one[2] not in names][: max(0, keep - len(firsts))]
    return sorted([*firsts.values(), *rest], key=lambda one: -one[0])[: max(keep, len(firsts))]
