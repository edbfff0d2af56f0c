"""Power over a range of assumptions, rather than one number."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import DesignError
from ..model.plan import Plan
from ..results.power import Power
from ..value import FloatArray
from .conventions import conventions, papers
from .correlation import Correlation
from .degrees import Counts, counted_degrees
from .precision import solve
from .tests_of_zero import power_of_test
from .variation import CORRELATIONS, varied, with_value

_STACKED = (*CORRELATIONS, "variance")
"""Assumptions that one computation takes many values of: correlations, and the variance of a history of log rates."""


def grid(  # noqa: PLR0913 - one argument for each assumption, all by name
    plan: Plan,
    *,
    icc: Sequence[float] | None = None,
    cac: Sequence[float] | None = None,
    iac: Sequence[float] | None = None,
    size: Sequence[float] | None = None,
    effect: Sequence[float] | None = None,
    clusters: Sequence[float] | None = None,
    correlation: Correlation | None = None,
    alpha: float = 0.05,
    df: str | float | None = None,
) -> Power:
    """Power of generalised least squares for every combination of assumptions.

    All correlations are solved in one computation.

    Parameters
    ----------
    icc, cac, iac : sequence of float, optional
        Values to cross; the plan's own where absent. A plan without cac is taken as nested when cac is given.
    size : sequence of float, optional
        Mean numbers of people per cluster-period, all sizes keeping their proportions.
    effect : sequence of float, optional
        Sizes of a constant effect or of a ramp, on the scale of the plan's own.
    clusters : sequence of float, optional
        Numbers of clusters of the plan's own mix of schedules and sizes.
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
    >>> sg.grid(plan, clusters=[8, 16, 24], df="normal").powers.round(3)
    array([0.73 , 0.953, 0.994])
    """
    asked = {"icc": icc, "cac": cac, "iac": iac, "size": size, "effect": effect, "clusters": clusters}
    given = {name: [float(v) for v in values] for name, values in asked.items() if values is not None}
    if correlation is not None:
        if "icc" in given or "cac" in given:
            raise DesignError(
                "Both correlation and icc or cac were given.", "Each says how clusters are correlated.", "Keep one."
            )
        plan, given = replace(plan, covariance=correlation.covariance()), {**correlation.quantiles(), **given}
    if not all(given.values()) or not given:
        raise DesignError(
            "grid was given nothing to vary.",
            "It shows power over a range of assumptions.",
            "Give icc=[...], cac=[...], or both; or correlation= from a history.",
        )
    rows = list(itertools.product(*given.values()))
    inputs = {name: tuple(row[k] for row in rows) for k, name in enumerate(given)}
    errors, effects, degrees, sentences = _solved(plan, inputs, len(rows), df)
    return Power(
        powers=power_of_test(effects / errors, degrees, alpha, noncentral=True),
        errors=errors,
        degrees=degrees,
        effects=effects,
        alpha=alpha,
        inputs=inputs,
        estimator="generalised least squares",
        conventions=conventions(plan, sentences[0] if len(sentences) == 1 else " ".join(sentences)),
        references=papers(plan),
    )


def _solved(
    plan: Plan, inputs: dict[str, tuple[float, ...]], count: int, df: str | float | None
) -> tuple[FloatArray, FloatArray, FloatArray, tuple[str, ...]]:
    """Standard errors, effects and degrees of freedom of every row, and what is to be said of the latter."""
    errors, effects, degrees = np.empty(count), np.empty(count), np.empty(count)
    sentences: dict[str, None] = {}
    apart = [name for name in inputs if name not in _STACKED]
    columns = np.array([inputs[name] for name in apart]).T if apart else np.zeros((count, 0))
    for values in np.unique(columns, axis=0) if apart else columns[:1]:
        rows = np.flatnonzero((columns == values).all(axis=1))
        version, share = plan, 1.0
        for name, value in zip(apart, values.tolist(), strict=True):
            if name == "clusters":
                share = _share(plan, value)
            else:
                version = with_value(version, name, value)
        stacked = {name: np.array(inputs[name])[rows, None, None, None] for name in inputs if name in _STACKED}
        error, effect = _at_correlations(version, stacked, len(rows))
        counts = Counts.of(plan)
        more = replace(counts, clusters=counts.clusters * share, cells=counts.cells * share)
        degrees[rows], sentence = counted_degrees(more, df)
        errors[rows], effects[rows] = error / np.sqrt(share), effect
        sentences[sentence] = None
    return errors, effects, degrees, tuple(sentences)


def _share(plan: Plan, clusters: float) -> float:
    if not clusters > 0:
        raise DesignError(
            f"clusters is {clusters:g}.", "It counts councils or teams.", "Give numbers above 0, such as [10, 20, 40]."
        )
    return clusters / len(plan.design.clusters)


def _at_correlations(plan: Plan, stacked: dict[str, FloatArray], count: int) -> tuple[FloatArray, FloatArray]:
    """Standard errors and effects of one plan at a stack of correlations."""
    found = solve(plan, varied(plan, stacked) if stacked else None)
    errors, effects = np.broadcast_to(found.errors, count), np.broadcast_to(found.effects, count)
    return errors, effects
