"""A plan with one of its assumptions changed."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, cast

import numpy as np

from ..errors import DesignError, listing
from ..model.covariance import Covariance, Exchangeable, Nested
from ..model.effect import Constant, Ramp
from ..model.plan import Plan
from ..value import FloatArray

CORRELATIONS = ("icc", "cac", "iac")
OTHERS = ("size", "effect", "sd", "baseline")
ASSUMPTIONS = (*CORRELATIONS, *OTHERS, "clusters")
"""What `grid` and `tornado` can vary."""


def varied(plan: Plan, values: dict[str, FloatArray]) -> Covariance:
    """Put stacked parameters into the plan's covariance; exchangeable becomes nested when a cac is given."""
    base = plan.covariance
    if isinstance(base, Exchangeable) and "cac" in values:
        base = Nested(icc=base.icc, cac=1.0, iac=base.iac, retention=base.retention, variance=base.variance)
    known = {part.name for part in fields(cast(Any, base))}
    unknown = [name for name in values if name not in known]
    if unknown:
        raise DesignError(
            f"{type(base).__name__} has no {listing(unknown)}.",
            "Only the parameters of the plan's own correlation can be varied.",
            "Choose another correlation for the plan, such as Nested(icc=..., cac=...).",
        )
    return cast(Covariance, replace(cast(Any, base), **values))


def with_value(plan: Plan, name: str, value: float) -> Plan:
    """Give the plan with one assumption changed: any of `OTHERS`.

    "size" is the mean number of people per cell, all sizes keeping their proportions; "effect" the size of a
    constant effect or of a ramp; "sd" and "baseline" those of the outcome.

    Raises
    ------
    DesignError
        An assumption that this plan does not make.
    """
    if name == "size":
        design = plan.design
        if not value > 0:
            raise DesignError(f"size is {value:g}.", "A cell of nobody says nothing.", "Give a number above 0.")
        mean = float(design.size[design.observed].mean())
        return replace(plan, design=replace(design, size=design.size * value / mean))
    if name == "effect":
        if not isinstance(plan.effect, Constant | Ramp):
            raise DesignError(
                f"The plan's effect is {type(plan.effect).__name__}, which has no single size.",
                "It cannot be made larger or smaller by one number.",
                "Give the plan a Constant effect, or vary something else.",
            )
        return replace(plan, effect=replace(plan.effect, size=float(value)))
    if (plan.outcome.sd if name == "sd" else plan.outcome.baseline) is None:
        raise DesignError(
            f"The plan's outcome has no {name}.",
            "Only what a plan assumes can be varied.",
            f"Vary {'the baseline' if name == 'sd' else 'the sd'} instead.",
        )
    outcome = replace(plan.outcome, sd=value) if name == "sd" else replace(plan.outcome, baseline=value)
    return replace(plan, outcome=outcome)


def own_value(plan: Plan, name: str) -> float:
    """What the plan itself assumes.

    Raises
    ------
    DesignError
        An assumption that this plan does not make.
    """
    if name == "size":
        return float(plan.design.size[plan.design.observed].mean())
    if name == "clusters":
        return float(len(plan.design.clusters))
    if name == "effect":
        with_value(plan, name, 1.0)
        return float(cast(Any, plan.effect).size)
    if name in OTHERS:
        with_value(plan, name, 1.0 if name == "sd" else 0.5)
        return float(cast(Any, getattr(plan.outcome, name)))
    own = getattr(plan.covariance, name, None)
    if own is None and name == "cac" and isinstance(plan.covariance, Exchangeable):
        return 1.0
    if own is None:
        varied(plan, {name: np.array(0.5)})
        raise DesignError(
            f"The plan's correlation gives no {name}.",
            "Its clusters differ by SDs that were given outright.",
            "Vary the cac, or give the plan an icc.",
        )
    return float(own)
