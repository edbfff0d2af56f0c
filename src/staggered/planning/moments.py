"""The working correlation of a marginal model, where its moments would put it under a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from ..errors import DesignError
from ..model.cells import Cells
from ..model.covariance import Exchangeable, Independent, Nested
from ..model.plan import Plan
from ..value import FloatArray

_MANY = 1e9
"""People in a cell of whom only what the cluster shares is left."""


def moment_blocks(plan: Plan, working: Literal["independence", "exchangeable", "nested"]) -> FloatArray:
    """Working covariance of cell means, (clusters, periods, periods), with correlations at their expected moments.

        α0 = mean correlation of two people of one cell,   α1 = of two people of one cluster in different periods

    and for exchangeable one mean over both kinds of pairs: what moment estimators of the correlation of pairs find
    in endless data from a plan.

    References
    ----------
    Liang and Zeger (1986), Biometrika 73:13, section 3; Li, Turner and Preisser (2018), Biometrics 74:1450.
    """
    cells = Cells.of(plan.design)
    total = plan.outcome.total_variance(plan.design, plan.effect)
    means = plan.blocks()
    shared = plan.covariance.blocks(replace(cells, size=np.full_like(cells.size, _MANY)), total)
    level = np.diagonal(shared, axis1=1, axis2=2)
    variance = level + (np.diagonal(means, axis1=1, axis2=2) - level) * cells.size
    if working == "independence":
        return Independent().blocks(cells, variance)
    people = cells.size * cells.observed
    within = people * np.maximum(people - 1, 0.0)
    between = people[:, :, None] * people[:, None, :] * (1 - np.eye(people.shape[1]))
    root = np.sqrt(variance[:, :, None] * variance[:, None, :])
    sums = float((within * level / variance).sum()), float((between * means / root).sum())
    counts = float(within.sum()), float(between.sum())
    if working == "exchangeable":
        return Exchangeable(icc=_share(sum(sums) / max(sum(counts), 1.0))).blocks(cells, variance)
    inside, across = (found / max(count, 1.0) for found, count in zip(sums, counts, strict=True))
    if inside <= 0:
        return Independent().blocks(cells, variance)
    return Nested(icc=_share(inside), cac=_share(across / inside)).blocks(cells, variance)


def _share(value: float) -> float:
    """A correlation that a working structure of shared parts can have."""
    if value > 1 + 1e-9:
        raise DesignError(
            f"People of one cluster in different periods would be more alike than in one ({value:.3g} times).",
            "A nested working correlation cannot say so; a closed cohort of few people can be like that.",
            'Use working="exchangeable" or "independence", or simulate=2000.',
        )
    return min(max(value, 0.0), 1.0)
