"""What a constant-effect analysis estimates when the truth varies with exposure time."""

from __future__ import annotations

import numpy as np

from ..kernel.protocols import Estimator
from ..model.plan import Plan
from ..results.exposure_weights import ExposureWeights
from .power import named
from .settled import planning_rule


def exposure_weights(plan: Plan, estimator: Estimator | None = None) -> ExposureWeights:
    """Weights of an analysis on the effects at each period of exposure.

        E[estimate] = Σ_s w(s) δ(s),   w(s) = Σ over cells in their s-th treated period of W · X

    With generalised least squares and one constant effect (the usual stepped-wedge analysis) late
    exposures often have negative weights, the more so the higher the icc.

    Parameters
    ----------
    plan : Plan
    estimator : Estimator, optional
        Whose first term is looked at; generalised least squares with the plan's covariance when absent.

    References
    ----------
    Kenny and others (2022), Statistics in Medicine 41:4311, section 3.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=4, steps=4, size=20), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Exchangeable(icc=0.05))
    >>> exposure_weights(plan).weights.round(3)
    array([ 0.904,  0.3  , -0.052, -0.152])
    """
    weights = planning_rule(plan, estimator).by_cluster()[0]
    design = plan.design
    pulled = weights * np.nan_to_num(design.treatment)
    exposure = np.unique(design.exposure[np.nan_to_num(design.treatment) > 0])
    summed = np.array([pulled[design.exposure == time].sum() for time in exposure])
    return ExposureWeights(exposure=exposure, weights=summed, estimator=named(plan, estimator))
