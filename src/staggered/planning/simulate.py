"""Simulated panels: outcomes drawn from a plan, as if its study had been run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..data.frame import Frame
from ..data.panel import Panel
from ..errors import DesignError
from ..model.covariance import Cells
from ..model.plan import Plan
from ..value import FloatArray

Seed = int | np.random.SeedSequence | np.random.Generator


def simulate(plan: Plan, *, seed: Seed) -> Panel:
    """Draw one panel of cell means from a plan.

    Gaussian outcomes are drawn with the plan's covariance. For the others each cell's mean is moved by
    normal cluster and period effects of the plan's correlation, and people are then drawn one by one
    (binomial) or counted (Poisson, negative binomial).

    Parameters
    ----------
    plan : Plan
    seed : int, SeedSequence or Generator
        The same seed gives the same panel.

    Examples
    --------
    >>> import staggered as sg
    >>> panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=4, steps=2), outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> panel.y.shape
    (12,)
    """
    design, outcome = plan.design, plan.outcome
    drawn = draw_outcomes(plan, 1, np.random.default_rng(seed))[0]
    return Panel(
        Frame(design),
        np.where(design.observed, drawn, np.nan),
        name=outcome.name,
        notes=("These data are simulated from the plan; nobody was observed.",),
    )


def draw_outcomes(plan: Plan, draws: int, generator: np.random.Generator) -> FloatArray:
    """Draw many sets of cell means from a plan, (draws, clusters, periods)."""
    if plan.outcome.family == "gaussian":
        return plan.effects() + plan.outcome.control(plan.design) + _deviations(plan.blocks(), draws, generator)
    return _people(plan, draws, generator)


def _deviations(blocks: FloatArray, draws: int, generator: np.random.Generator) -> FloatArray:
    """Normal draws with each cluster's covariance, (draws, clusters, periods)."""
    values, vectors = np.linalg.eigh(blocks)
    if (values < -1e-10 * np.abs(values).max()).any():
        raise DesignError(
            f"The covariance has a negative eigenvalue ({values.min():.3g}).",
            "No set of outcomes can be correlated like that.",
            "Lower the iac or the correlation of the random treatment effect.",
        )
    root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    return np.asarray(np.einsum("cpq,dcq->dcp", root, generator.standard_normal((draws, *values.shape))))


def _people(plan: Plan, draws: int, generator: np.random.Generator) -> FloatArray:
    """Cell means of people drawn around means that clusters and periods move, (draws, clusters, periods)."""
    outcome, design = plan.outcome, plan.design
    cells = Cells.of(design)
    # With infinitely many people only what clusters and periods share is left.
    shared = replace(cells, size=np.full_like(cells.size, np.inf))
    cluster = plan.covariance.blocks(shared, outcome.total_variance(design, plan.effect))
    size = np.where(design.observed, np.maximum(np.round(design.size), 1), 1).astype(int)
    linear = _link(outcome.mean(design, plan.effect), outcome.link) + _deviations(cluster, draws, generator)
    mean = _inverse_link(linear, outcome.link)
    if outcome.family == "binomial":
        return np.asarray(generator.binomial(size, np.clip(mean, 0.0, 1.0)) / size)
    expected = np.maximum(mean, 0.0) * size * outcome.exposure
    if outcome.dispersion:
        expected = expected * generator.gamma(size / outcome.dispersion, outcome.dispersion / size, expected.shape)
    return np.asarray(generator.poisson(expected) / (size * outcome.exposure))


def _link(mean: FloatArray, link: str | None) -> FloatArray:
    if link == "log":
        return np.asarray(np.log(mean))
    return np.asarray(np.log(mean / (1 - mean))) if link == "logit" else mean


def _inverse_link(linear: FloatArray, link: str | None) -> FloatArray:
    if link == "log":
        return np.asarray(np.exp(linear))
    return np.asarray(1 / (1 + np.exp(-linear))) if link == "logit" else linear
