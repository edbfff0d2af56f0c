"""Simulated panels: outcomes drawn from a plan, as if its study had been run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..allocation.seeds import Seed, whole_seed
from ..data.frame import Frame
from ..data.panel import Panel
from ..errors import DesignError
from ..model.covariance import Cells
from ..model.plan import Plan
from ..results.square_root import symmetric_root
from ..value import FloatArray

_FOLLOWED = 1e-12


def simulate(plan: Plan, *, seed: Seed) -> Panel:
    """Draw one panel of cell means from a plan, with the spread between the people of each cell.

    Gaussian outcomes are drawn with the plan's covariance. For the others each cell's mean is moved by
    normal cluster and period effects of the plan's correlation, and people are then drawn one by one
    (binomial) or counted (Poisson, negative binomial). People who are followed, and events that are only
    counted, leave no spread between people.

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
    if not isinstance(seed, np.random.Generator | np.random.SeedSequence):
        seed = whole_seed(seed)
    generator = np.random.default_rng(seed)
    drawn = draw_outcomes(plan, 1, generator)
    # From a stream of its own: a generator that is passed on draws the same means as without.
    within = draw_within(plan, drawn, generator.spawn(1)[0])
    return Panel(
        Frame(design),
        np.where(design.observed, drawn[0], np.nan),
        name=outcome.name,
        notes=("These data are simulated from the plan; nobody was observed.",),
        within=None if within is None else np.where(design.observed, within[0], np.nan),
    )


def draw_outcomes(plan: Plan, draws: int, generator: np.random.Generator) -> FloatArray:
    """Draw many sets of cell means from a plan, (draws, clusters, periods)."""
    if plan.outcome.family == "gaussian":
        return plan.effects() + plan.outcome.control(plan.design) + _deviations(plan.blocks(), draws, generator)
    return _people(plan, draws, generator)


def draw_within(plan: Plan, outcomes: FloatArray, generator: np.random.Generator) -> FloatArray | None:
    """Variance between the people of each cell, (draws, clusters, periods), next to cell means that were drawn.

    None where it is not known from the means and the plan: people who are followed, and counts of events.
    """
    design, outcome = plan.design, plan.outcome
    size = np.where(design.observed, design.size, 1.0)
    if outcome.family == "binomial":
        people = np.maximum(np.round(size), 1.0)
        return np.asarray(outcomes * (1 - outcomes) * people / np.maximum(people - 1, 1.0))
    if outcome.family != "gaussian":
        return None
    cells = Cells.of(design)
    shared = replace(cells, size=np.full_like(cells.size, np.inf))
    total = outcome.total_variance(design, plan.effect)
    people_only = plan.covariance.blocks(cells, total) - plan.covariance.blocks(shared, total)
    variance = np.diagonal(people_only, axis1=1, axis2=2) * cells.size
    apart = people_only - np.eye(people_only.shape[1]) * people_only
    if np.abs(apart).max() > _FOLLOWED * np.abs(people_only).max():
        return None
    spare = np.maximum(cells.size - 1, 1.0)
    return np.asarray(variance * generator.chisquare(spare, outcomes.shape) / spare)


def _deviations(blocks: FloatArray, draws: int, generator: np.random.Generator) -> FloatArray:
    """Normal draws with each cluster's covariance, (draws, clusters, periods)."""
    values = np.linalg.eigvalsh(blocks)
    if (values < -1e-10 * np.abs(values).max()).any():
        raise DesignError(
            f"The covariance has a negative eigenvalue ({values.min():.3g}).",
            "No set of outcomes can be correlated like that.",
            "Lower the iac or the correlation of the random treatment effect.",
        )
    return np.asarray(
        np.einsum("cpq,dcq->dcp", symmetric_root(blocks), generator.standard_normal((draws, *values.shape)))
    )


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
