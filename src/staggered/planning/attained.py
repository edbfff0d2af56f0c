"""Attained power: the distribution of power over allocations of unequal clusters."""

from __future__ import annotations

import numpy as np

from ..allocation.allocate import Allocation
from ..allocation.orders import all_orders, random_orders, schedule_codes
from ..allocation.seeds import Seed, whole_seed
from ..errors import DesignError, IdentificationError
from ..model.covariance import Cells
from ..model.plan import Plan
from ..results.attained import Attained
from ..value import FloatArray, IntArray
from .conventions import conventions, papers
from .degrees import degrees_of_freedom
from .tests_of_zero import power_of_test

_CHUNK = 2_000


def attained(
    plan: Plan,
    *,
    allocations: int = 1000,
    seed: Seed = 1,
    allowed: Allocation | None = None,
    target: float = 0.8,
    alpha: float = 0.05,
    df: str | float | None = None,
) -> Attained:
    """Power of generalised least squares under each of many allocations.

    Sizes stay with their cluster, schedules are dealt out within strata. The plan's effect is taken as
    a constant one.

    Parameters
    ----------
    plan : Plan
    allocations : int
        Allocations drawn at random; all of them when the scheme allows no more.
    seed : int, SeedSequence or Generator
    allowed : Allocation, optional
        Draw from the acceptable set of a constrained allocation instead.
    target : float
        Power that was hoped for.
    alpha, df
        As in `power`.

    References
    ----------
    Ouyang and others (2020), BMC Medical Research Methodology 20:166.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=6, steps=3, size=[10, 20, 30, 40, 80, 200]),
    ...                outcome=sg.Outcome(sd=1.0), covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(0.5))
    >>> result = sg.attained(plan)
    >>> len(result.power), result.complete, bool(result.worst < result.expected)
    (90, True, True)
    """
    orders, complete = _orders(plan, allocations, seed, allowed)
    effect = _constant(plan)
    errors = standard_errors_by_order(plan, orders)
    degrees, sentence = degrees_of_freedom(plan, df)
    starts = tuple(plan.design.periods[int(s)] if np.isfinite(s) else None for s in plan.design.start)
    return Attained(
        power=power_of_test(effect / errors, degrees, alpha, noncentral=True),
        se=errors,
        orders=orders,
        target=target,
        clusters=plan.design.clusters,
        starts=starts,
        complete=complete,
        conventions=conventions(plan, sentence),
        references=papers(plan),
    )


def standard_errors_by_order(plan: Plan, orders: IntArray) -> FloatArray:
    """Standard error of generalised least squares under each order, (orders,).

    The precision of every cluster under every schedule is found once; each order then only sums.
    """
    design = plan.design
    codes = schedule_codes(design)
    first = np.array([np.flatnonzero(codes == code)[0] for code in range(codes.max() + 1)])
    precision, cross, own = _contributions(plan, first)
    clusters = np.arange(len(codes))
    errors = np.empty(len(orders))
    for start in range(0, len(orders), _CHUNK):
        dealt = codes[orders[start : start + _CHUNK]]
        by_period = precision[clusters, dealt].sum(axis=1)
        treated = cross[clusters, dealt].sum(axis=1)
        explained = np.einsum("rp,rp->r", treated, np.linalg.solve(by_period, treated[:, :, None])[:, :, 0])
        information = own[clusters, dealt].sum(axis=1) - explained
        errors[start : start + _CHUNK] = 1 / np.sqrt(information)
    return errors


def _contributions(plan: Plan, schedules: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """V⁻¹, V⁻¹X and X'V⁻¹X of every cluster under every schedule."""
    design = plan.design
    count, periods = design.treatment.shape
    treatment = design.treatment[schedules]
    seen = ~np.isnan(treatment)
    cells = Cells.of(design)
    pairs = Cells(
        size=np.where(design.size > 0, design.size, 1.0)[:, None, :]
        .repeat(len(schedules), axis=1)
        .reshape(-1, periods),
        treatment=np.tile(np.nan_to_num(treatment), (count, 1)),
        midpoints=cells.midpoints,
        observed=np.tile(seen.astype(float), (count, 1)),
    )
    total = plan.outcome.total_variance(design, plan.effect)
    if np.ptp(total) > 1e-12 * total.max():
        raise DesignError(
            "The outcome's variance differs between cells.",
            "Here it would have to move with the schedules.",
            'Use variance="baseline" or variance="average" for the outcome.',
        )
    blocks = plan.covariance.blocks(pairs, float(total.flat[0]))
    both = pairs.observed[:, :, None] * pairs.observed[:, None, :]
    precision = np.linalg.inv(blocks * both + np.eye(periods) * (1 - pairs.observed)[:, :, None]) * both
    cross = np.einsum("cpq,cq->cp", precision, pairs.treatment)
    own = np.einsum("cp,cp->c", cross, pairs.treatment)
    shape = (count, len(schedules))
    return precision.reshape(*shape, periods, periods), cross.reshape(*shape, periods), own.reshape(shape)


def _orders(plan: Plan, allocations: int, seed: Seed, allowed: Allocation | None) -> tuple[IntArray, bool]:
    generator = np.random.default_rng(whole_seed(seed))
    if allocations < 1:
        raise DesignError(f"allocations is {allocations}.", "At least one is needed.", "Give, for example, 1000.")
    if allowed is not None:
        if allowed.planned != plan.design:
            raise DesignError(
                "The allocation was drawn for another design than the plan's.",
                "Its acceptable set does not belong to these councils.",
                "Use the same design in both.",
            )
        if allowed.constraint is not None:
            orders = allowed.constraint.scored.acceptable
            few = len(orders) <= allocations
            return (orders if few else orders[generator.choice(len(orders), allocations, replace=False)]), few
    if plan.design.allocations() <= allocations:
        return all_orders(plan.design), True
    return random_orders(plan.design, allocations, generator), False


def _constant(plan: Plan) -> float:
    """The plan's effect, which must be the same in every treated cell."""
    treated = np.nan_to_num(plan.design.treatment)
    effects = plan.effects()[treated > 0] / treated[treated > 0]
    if np.ptp(effects) > 1e-9 * max(np.abs(effects).max(), 1e-300):
        raise IdentificationError(
            "The plan's effect differs between cells.",
            "Attained power is worked out for a constant effect.",
            "Give the plan a Constant effect.",
        )
    return float(effects[0])
