"""Weights that an analysis will take from its data, at the values that a plan expects of them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..data.frame import Frame
from ..errors import DesignError
from ..estimators.did.efficient import Efficient
from ..estimators.linear import Linear
from ..estimators.trial.correlation import Working
from ..estimators.trial.glmm import Glmm
from ..estimators.trial.gls import Gls, Time, gls_rule
from ..estimators.trial.marginal import Marginal
from ..estimators.trial.mixed import Mixed
from ..kernel.protocols import Estimator
from ..kernel.rule import Rule
from ..model.covariance import (
    Covariance,
    Decay,
    Exchangeable,
    Independent,
    Nested,
    ProportionalDecay,
    RandomTreatment,
    Unstructured,
)
from ..model.plan import Plan, require_plan
from .moments import moment_blocks
from .settling import settled_blocks


def planning_rule(plan: Plan, estimator: Estimator | None) -> Rule:
    """Rule of an estimator on a plan's design; generalised least squares at the plan's covariance when none is named.

    `Gls` with the plan's own correlation also takes the plan's variances, which may differ between cells.
    `Efficient` takes the share that is optimal under the plan's covariance, `Mixed` the variances that its
    restricted likelihood finds in endless data drawn from the plan, whether or not its correlation is the
    plan's. `Glmm` is linearised at the plan's own risks or rates: outcomes on its scale with their variance there.

    Raises
    ------
    DesignError
        An estimator whose weights cannot be foretold.
    """
    require_plan(plan)
    if isinstance(estimator, type):
        raise DesignError(
            f"estimator is the class {estimator.__name__}.",
            "An estimator is made with its options before it is used.",
            f"Write sg.{estimator.__name__}() with its brackets.",
        )
    frame = Frame(plan.design)
    if estimator is None:
        return gls_rule(frame, plan.blocks())
    if isinstance(estimator, Gls) and estimator.covariance == plan.covariance:
        return gls_rule(frame, plan.blocks(), by=estimator.by, time=estimator.time)
    if isinstance(estimator, Efficient):
        return estimator.rule_under(frame, plan.blocks())
    if isinstance(estimator, Mixed):
        return _mixed(plan, estimator, frame)
    if isinstance(estimator, Glmm):
        return _linearised(plan, estimator, frame)
    if isinstance(estimator, Marginal):
        return _marginal(plan, estimator, frame)
    if not isinstance(estimator, Linear):
        raise _unforeseen(estimator.name)
    return estimator.rule(frame)


def _unforeseen(name: str) -> DesignError:
    return DesignError(
        f"{name} has no weights that are known before the outcome.",
        "The formula for power is made of such weights.",
        "Add simulate=2000 to run the analysis itself on simulated data.",
    )


def _mixed(plan: Plan, estimator: Mixed, frame: Frame) -> Rule:
    """Generalised least squares at the covariance that the mixed model would settle on."""
    if estimator.effect not in ("constant", "exposure") or estimator.time == "spline":
        raise _unforeseen(estimator.name)
    time, by = _columns(estimator)
    working, cohort = Working.of(estimator.covariance), followed(plan.covariance)
    as_planned = gls_rule(frame, plan.blocks(), by=by, time=time)
    known = not isinstance(plan.covariance, ProportionalDecay | Unstructured)
    if known and Working.of(plan.covariance) == working and estimator.cohort in (None, cohort):
        return as_planned
    followed_too = cohort if estimator.cohort is None else estimator.cohort
    restricted = estimator.method == "reml"
    return gls_rule(frame, settled_blocks(plan, as_planned, working, followed_too, restricted), by=by, time=time)


def _linearised(plan: Plan, estimator: Glmm, frame: Frame) -> Rule:
    """Generalised least squares on the scale of a model for risks or counts, at the covariance it would settle on."""
    if estimator.working is None or estimator.time == "spline":
        raise _unforeseen(estimator.name)
    _require_scale(plan, estimator)
    time, by = _columns(estimator)
    as_planned = gls_rule(frame, plan.blocks(), by=by, time=time)
    known = not isinstance(plan.covariance, ProportionalDecay | Unstructured)
    if known and Working.of(plan.covariance) == estimator.working and not followed(plan.covariance):
        return as_planned
    return gls_rule(frame, settled_blocks(plan, as_planned, estimator.working, False, False), by=by, time=time)


def _marginal(plan: Plan, estimator: Marginal, frame: Frame) -> Rule:
    """Estimating equations linearised at the planned means, with the working correlation at its moments."""
    if estimator.working == "decay":
        raise _unforeseen(estimator.name)
    _require_scale(plan, estimator)
    blocks = moment_blocks(plan, estimator.working)
    return gls_rule(frame, blocks, by="overall" if estimator.effect == "constant" else "event")


def _require_scale(plan: Plan, estimator: Glmm | Marginal) -> None:
    """Refuse an outcome that a model does not have, or has on another scale."""
    if (plan.outcome.family, plan.outcome.link) != (estimator.family, estimator.link):
        raise DesignError(
            f"{estimator.name} was given a {plan.outcome.family} outcome on the {plan.outcome.link} scale.",
            "Its power is that of the model on its own scale, with the variance that outcomes have there.",
            f'Give the plan sg.Outcome("{estimator.family}", link="{estimator.link}", ...).',
        )


def _columns(estimator: Mixed | Glmm) -> tuple[Time, Literal["overall", "event"]]:
    """How calendar time and the effect enter."""
    return (
        "linear" if estimator.time == "linear" else "period",
        "overall" if estimator.effect == "constant" else "event",
    )


def followed(covariance: Covariance) -> bool:
    """Whether the same people are seen again."""
    base = covariance.base if isinstance(covariance, RandomTreatment) else covariance
    if isinstance(base, ProportionalDecay):
        return True
    return (
        bool(np.any(base.iac))
        if isinstance(base, Independent | Exchangeable | Nested | Decay | Unstructured)
        else False
    )
