"""Degrees of freedom by name."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..errors import DesignError
from ..kernel.rule import Rule
from ..model.plan import Plan

FEW = 40
MODEL_BASED = ("satterthwaite", "kenward-roger")
DF_NAMES = ("normal", "clusters-2", "clusters-periods-1", "cells", "between-within", *MODEL_BASED)


@dataclass(frozen=True, slots=True)
class Counts:
    """What degrees of freedom are counted from.

    Parameters
    ----------
    clusters, periods, cells : float
        Cells are those observed. Clusters and cells may be fractions while a number is being solved for.
    effects : int or None
        Fixed effects of the model; None where the estimator is not one regression.
    """

    clusters: float
    periods: int
    cells: float
    effects: int | None

    @classmethod
    def of(cls, plan: Plan, rule: Rule | None = None) -> Counts:
        """Count a plan; one fixed effect per period and one for treatment where no rule says otherwise."""
        clusters, periods = plan.design.treatment.shape
        effects = periods + 1 if rule is None else _fixed_effects(rule)
        return cls(clusters, periods, float(plan.design.observed.sum()), effects)


def degrees_of_freedom(plan: Plan, df: str | float | None, rule: Rule | None = None) -> tuple[float, str]:
    """Degrees of freedom of the test, and a sentence that says which were used and why.

    Parameters
    ----------
    df : None, name or number
        None: clusters − 2 below 40 clusters, else the normal distribution. "cells": observed cells less
        fixed effects; "between-within": clusters less fixed effects. "satterthwaite" and "kenward-roger"
        need the model's variances: see `staggered.planning.small_sample`. `power` and `detectable` offer them.
    rule : Rule, optional
        Says how many fixed effects there are; one per period and one for treatment when absent.

    Raises
    ------
    DesignError
        An unknown name, or degrees of freedom that are not positive.
    """
    return counted_degrees(Counts.of(plan, rule), df)


def counted_degrees(counts: Counts, df: str | float | None) -> tuple[float, str]:
    """The same from counts alone."""
    clusters, periods = counts.clusters, counts.periods
    if df is None:
        return _by_default(clusters)
    if not isinstance(df, str):
        value, counted = float(df), f"{float(df):g}"
    elif df == "normal":
        return math.inf, "Normal distribution, as asked."
    elif df == "clusters-2":
        value, counted = clusters - 2.0, "clusters − 2"
    elif df == "clusters-periods-1":
        value, counted = clusters - periods - 1.0, "clusters − periods − 1"
    elif df in {"cells", "between-within"}:
        value, counted = _less_fixed_effects(counts, df)
    elif df in MODEL_BASED:
        raise DesignError(
            f"df={df!r} is not available here.",
            "It differs with every correlation and every term, and is worked out for one plan at a time.",
            'Use sg.power or sg.detectable for it, or name another, such as "clusters-2".',
        )
    else:
        raise DesignError(
            f"df is {df!r}.", "It names degrees of freedom.", f"Use one of {', '.join(DF_NAMES)}, or a number."
        )
    if not value > 0 or np.isnan(value):
        raise DesignError(
            f"df={df!r} gives {value:g} degrees of freedom for {clusters:g} clusters and {periods} periods.",
            "A t distribution needs a positive number of them.",
            'Add clusters, or use df="clusters-2" or df="normal".',
        )
    if math.isinf(value):
        return value, "Normal distribution, as asked."
    return value, f"t with {value:g} degrees of freedom, as asked ({counted})."


def _by_default(clusters: float) -> tuple[float, str]:
    if clusters >= FEW:
        return math.inf, f"Normal distribution, as there are {FEW} clusters or more."
    if clusters <= 2:
        raise DesignError(
            f"{clusters:g} clusters leave {clusters - 2:g} degrees of freedom (clusters − 2).",
            "With so few, how much clusters differ cannot be known from the data.",
            'Add clusters, or state df="normal" and accept that the answer ignores this.',
        )
    said = f"t with {clusters - 2:g} degrees of freedom (clusters − 2), as there are fewer than {FEW} clusters."
    return clusters - 2.0, said


def _less_fixed_effects(counts: Counts, df: str) -> tuple[float, str]:
    if counts.effects is None:
        raise DesignError(
            f"df={df!r} counts the fixed effects of one regression, and this estimator is not one.",
            "It takes out each cluster's own level, or is put together from many comparisons.",
            'Use df="clusters-2" or df="normal", or Gls.',
        )
    units, name = (counts.cells, "observed cells") if df == "cells" else (counts.clusters, "clusters")
    return units - counts.effects, f"{units:g} {name} − {counts.effects} fixed effects"


def _fixed_effects(rule: Rule) -> int | None:
    """Columns of the model that a rule comes from; None where it is not a single regression."""
    if rule.centre is not None or rule.family.max() > 0:
        return None
    return int((np.abs(rule.fitted).max(axis=(0, 1)) > 0).sum())
