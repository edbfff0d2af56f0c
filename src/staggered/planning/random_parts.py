"""The random parts of a plan as variances, for tools that ask for them, and what such tools cannot say."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import DesignError
from ..model.covariance import (
    Covariance,
    Decay,
    Exchangeable,
    Independent,
    Nested,
    RandomTreatment,
    absolute_variance,
)
from ..model.parts import Number
from ..model.plan import Plan


@dataclass(frozen=True, slots=True)
class Parts:
    """Variances of a plan's random parts.

    Parameters
    ----------
    cluster, passing, person, residual : float
        τ² (lasting), γ² (of a period), ζ² (a person's own), σ².
    treatment, corr : float
        η, and its correlation with τ.
    decay : float or None
        Correlation of the cluster's part one period apart, where it decays.
    """

    cluster: float
    passing: float
    person: float
    residual: float
    treatment: float = 0.0
    corr: float = 0.0
    decay: float | None = None

    @property
    def between(self) -> float:
        """Variance between clusters within a period, τ² + γ²."""
        return self.cluster + self.passing

    @property
    def total(self) -> float:
        """Total variance in control."""
        return self.between + self.person + self.residual


def parts_of(plan: Plan, tool: str) -> Parts:
    """Split a plan's total variance, or say what `tool` has no words for.

    Raises
    ------
    DesignError
    """
    covariance = plan.covariance
    if not isinstance(covariance, RandomTreatment):
        return _split(plan, covariance, tool)
    base = _split(plan, covariance.base, tool)
    given = covariance.sd
    spread = scalar(given) if given is not None else float(np.sqrt(scalar(covariance.share) * base.between))
    return replace(base, treatment=spread, corr=scalar(covariance.corr))


def _split(plan: Plan, covariance: Covariance, tool: str) -> Parts:
    if not isinstance(covariance, Independent | Exchangeable | Nested | Decay):
        raise cannot(tool, f"{type(covariance).__name__.lower()} correlation", "Nested, for example")
    if covariance.retention is not None:
        raise cannot(tool, "an open cohort", "iac=0 or a closed cohort")
    if isinstance(covariance, Decay) and covariance.time == "date":
        raise cannot(tool, "a correlation that decays with dates", 'time="period"')
    total, iac = one_variance(plan, tool), scalar(covariance.iac)
    if isinstance(covariance, Independent):
        return Parts(0.0, 0.0, iac * total, (1 - iac) * total)
    absolute = absolute_variance(covariance)
    between = scalar(absolute) if absolute is not None else scalar(covariance.icc) * total
    rest = total if absolute is not None else total - between
    lasting = scalar(covariance.cac) if isinstance(covariance, Nested) else 1.0
    decay = scalar(covariance.cac) if isinstance(covariance, Decay) else None
    return Parts(between * lasting, between * (1 - lasting), iac * rest, (1 - iac) * rest, decay=decay)


def one_variance(plan: Plan, tool: str) -> float:
    """Total variance of one person, where it is one number on the outcome's own scale."""
    if plan.outcome.link != "identity":
        raise cannot(tool, f"an analysis on the {plan.outcome.link} scale", 'link="identity"')
    total = plan.outcome.total_variance(plan.design, plan.effect)[plan.design.observed]
    if np.ptp(total) > 1e-12 * total.max():
        raise cannot(tool, "a variance that differs between cells", 'variance="average" for the outcome')
    return float(total[0])


def one_effect(plan: Plan, tool: str) -> float:
    """The plan's one effect, on the scale of the analysis."""
    treated = np.nan_to_num(plan.design.treatment)
    ratio = plan.effects()[treated > 0] / treated[treated > 0]
    if np.ptp(ratio) > 1e-9 * max(float(np.abs(ratio).max()), 1e-300):
        raise cannot(tool, "an effect that differs between cells", "a Constant effect on the scale of the analysis")
    return float(ratio[0])


def scalar(value: Number | None) -> float:
    """A parameter of a plan that is not a stack of them."""
    return float(np.asarray(value, dtype=float))


def cannot(tool: str, what: str, instead: str) -> DesignError:
    """What to say when a tool has no words for a plan."""
    return DesignError(
        f"{tool} cannot answer this plan: it has {what}.",
        "A call that left it out would answer another question.",
        f"Convert for another tool, or give the plan {instead}.",
    )
