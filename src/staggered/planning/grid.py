"""Power over a range of assumptions, rather than one number."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, cast

import numpy as np

from ..data.frame import Frame
from ..errors import DesignError, listing
from ..estimators.trial.gls import gls_rule
from ..model.covariance import Cells, Covariance, Exchangeable, Nested
from ..model.plan import Plan
from ..results.power import Power
from ..value import FloatArray
from .conventions import conventions, papers
from .correlation import Correlation
from .degrees import degrees_of_freedom
from .power import standard_errors
from .tests_of_zero import power_of_test


def grid(
    plan: Plan,
    *,
    icc: Sequence[float] | None = None,
    cac: Sequence[float] | None = None,
    iac: Sequence[float] | None = None,
    correlation: Correlation | None = None,
    alpha: float = 0.05,
    df: str | float | None = None,
) -> Power:
    """Power of generalised least squares for every combination of correlations, in one computation.

    Parameters
    ----------
    icc, cac, iac : sequence of float, optional
        Values to cross; the plan's own where absent. A plan without cac is taken as nested when cac is given.
    correlation : Correlation, optional
        From `estimate_correlation`, in place of icc and cac: its structure, at the 5, 25, 50, 75 and 95%
        quantiles of what the history leaves open.
    alpha, df
        As in `power`.

    Returns
    -------
    Power
        One row per combination, its inputs in the table.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=24, steps=4), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Exchangeable(icc=0.05), effect=sg.Constant(0.2))
    >>> sg.grid(plan, icc=[0.01, 0.05], cac=[0.5, 1.0], df="normal").table()["power"].round(3).tolist()
    [0.993, 0.996, 0.873, 0.994]
    """
    given = {
        name: [float(v) for v in values]
        for name, values in (("icc", icc), ("cac", cac), ("iac", iac))
        if values is not None
    }
    if correlation is not None:
        if "icc" in given or "cac" in given:
            raise DesignError(
                "Both correlation and icc or cac were given.", "Each says how clusters are correlated.", "Keep one."
            )
        plan, given = replace(plan, covariance=correlation.covariance()), {**correlation.quantiles(), **given}
    if not given:
        raise DesignError(
            "grid was given nothing to vary.",
            "It shows power over a range of assumptions.",
            "Give icc=[...], cac=[...], or both; or correlation= from a history.",
        )
    rows = list(itertools.product(*given.values()))
    inputs = {name: tuple(row[k] for row in rows) for k, name in enumerate(given)}
    stacked = {name: np.array(column)[:, None, None, None] for name, column in inputs.items()}
    covariance = varied(plan, stacked)
    blocks = covariance.blocks(Cells.of(plan.design), plan.outcome.total_variance(plan.design, plan.effect))
    blocks = np.broadcast_to(blocks, (len(rows), *blocks.shape[-3:]))
    errors = standard_errors(plan, blocks)
    degrees, sentence = degrees_of_freedom(plan, df)
    effects = _effects(plan, blocks)
    return Power(
        powers=power_of_test(effects / errors, degrees, alpha, noncentral=True),
        errors=errors,
        degrees=np.full(len(rows), degrees),
        effects=effects,
        alpha=alpha,
        inputs=inputs,
        estimator="generalised least squares",
        conventions=conventions(plan, sentence),
        references=papers(plan),
    )


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


def _effects(plan: Plan, blocks: FloatArray) -> FloatArray:
    """What generalised least squares estimates under the plan's effect, at each covariance."""
    effects = plan.effects()
    treated = np.nan_to_num(plan.design.treatment)
    ratio = np.divide(effects, treated, out=np.zeros_like(effects), where=treated > 0)[treated > 0]
    if np.ptp(ratio) <= 1e-12 * max(1e-300, np.abs(ratio).max()):
        return np.full(len(blocks), ratio[0])
    frame = Frame(plan.design)
    return np.array([gls_rule(frame, one).estimate(effects)[0] for one in blocks])
