"""Designs side by side: power, and the burden at which each of them buys it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..design.design import Design
from ..errors import DesignError, StaggeredError
from ..kernel.protocols import Estimator
from ..model.plan import Plan
from ..results.design_comparison import DesignComparison
from .power import detectable, power

Degrees = str | float | None
_DAYS_PER_MONTH = 365.2425 / 12
_COLUMNS = ("powers", "errors", "degrees", "effects", "detectable",
            "council_periods", "treated", "people", "months", "cost", "smallest_p")  # fmt: skip


def compare_designs(
    plans: Mapping[str, Plan],
    *,
    estimator: Estimator | None = None,
    alpha: float = 0.05,
    df: Degrees | Mapping[str, Degrees] = None,
    target: float = 0.8,
    cost_per_period: float | None = None,
) -> DesignComparison:
    """Designs side by side: what each can show, and what it asks of the councils.

    Parameters
    ----------
    plans : mapping of str to Plan
        Each under the name that it should have in the table. They may differ in anything: design, sizes,
        correlation, effect.
    estimator : Estimator, optional
        Generalised least squares with each plan's own covariance when absent.
    alpha : float
        Two-sided level, for all of them.
    df : None, name, number, or mapping of a plan's name to one of these
        As in `power`.
    target : float
        Power at which the detectable effect is given.
    cost_per_period : float, optional
        Cost of observing one council for one period.

    Returns
    -------
    DesignComparison
        One row per design: power, standard error, detectable effect, degrees of freedom; council-periods
        observed and treated, people, months (where the design has dates), cost, and the smallest p-value
        that randomisation can give, 1 ÷ allocations. People are counted once in every period in which they
        are seen.

    Raises
    ------
    DesignError
        No plan, something that is no plan, or a cost that is not positive; what is wrong with a plan is said
        with its name.

    Examples
    --------
    >>> import staggered as sg
    >>> def plan(design):
    ...     return sg.Plan(design=design, outcome=sg.Outcome(sd=1.0), covariance=sg.Nested(icc=0.05, cac=0.8),
    ...                    effect=sg.Constant(0.2))
    >>> both = sg.compare_designs({"wedge": plan(sg.stepped(12, steps=4, size=20)),
    ...                            "staircase": plan(sg.staircase(12, steps=4, size=20))})
    >>> both.table()[["design", "power", "council_periods", "people"]].round(3).values.tolist()
    [['wedge', 0.403, 60.0, 1200.0], ['staircase', 0.305, 24.0, 480.0]]
    """
    _require(plans, cost_per_period)
    rows, told = [], []
    cited: list[str] = []
    for name, plan in plans.items():
        own = df.get(name) if isinstance(df, Mapping) else df
        try:
            found = power(plan, estimator, alpha=alpha, df=own)
            smallest = detectable(plan, target, estimator=estimator, alpha=alpha, df=own)
        except StaggeredError as error:
            raise type(error)(f"{name}: {error.what}", error.why, error.fix) from error
        first = (found.powers[0], found.errors[0], found.degrees[0], found.effects[0], abs(smallest.effects[0]))
        rows.append((*first, *burden(plan.design, cost_per_period)))
        told.append(found.conventions)
        cited += found.references
    shared = tuple(sentence for sentence in told[0] if all(sentence in others for others in told))
    columns = dict(zip(_COLUMNS, np.array(rows, dtype=float).T, strict=True))
    return DesignComparison(
        names=tuple(plans),
        **columns,
        target=target,
        alpha=alpha,
        shared=shared,
        references=tuple(dict.fromkeys(cited)),
        own=tuple(tuple(sentence for sentence in one if sentence not in shared) for one in told),
    )


def burden(design: Design, cost_per_period: float | None = None) -> tuple[float, float, float, float, float, float]:
    """What a design asks: council-periods, treated ones, people, months, cost, and its smallest p-value.

    Months and cost are nan where they are not known.
    """
    seen = design.observed
    cells = float(seen.sum())
    treated = float((np.nan_to_num(design.treatment) > 0).sum())
    people = float(design.size[seen].sum())
    months = np.nan
    if design.dates is not None:
        days = (design.dates[-1, 1] - design.dates[0, 0]).astype(np.int64) + 1
        months = float(days / _DAYS_PER_MONTH)
    cost = np.nan if cost_per_period is None else cells * cost_per_period
    return cells, treated, people, months, cost, 1 / design.allocations()


def _require(plans: Mapping[str, Plan], cost_per_period: float | None) -> None:
    if not plans:
        raise DesignError(
            "compare_designs was given no plan.",
            "It lays several side by side.",
            'Give them by name: {"stepped": plan, "staircase": other}.',
        )
    for name, plan in plans.items():
        if not isinstance(plan, Plan):
            raise DesignError(
                f"{name} is a {type(plan).__name__} and not a plan.",
                "Power needs an outcome, a correlation and an effect beside the design.",
                f"Give sg.Plan(design=..., outcome=..., covariance=..., effect=...) under {name!r}.",
            )
    if cost_per_period is not None and not 0 < cost_per_period < np.inf:
        raise DesignError(
            f"cost_per_period is {cost_per_period:g}.",
            "It is what observing one council for one period costs.",
            "Give a positive number, or leave it out.",
        )
