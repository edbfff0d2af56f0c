"""The precision of a plan: generalised least squares at planning values, solved once for clusters that are alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import IdentificationError, listing
from ..kernel.least_squares import masked_inverse
from ..model.covariance import Cells, Covariance
from ..model.parts import require_definite
from ..model.plan import Plan, require_plan
from ..value import FloatArray, IntArray

_BARELY = 1e-9


@dataclass(frozen=True, slots=True)
class Kinds:
    """Clusters alike in schedule, sizes and variance: one of each kind, and how many there are.

    Parameters
    ----------
    kind : array (clusters,)
        Kind of each cluster.
    first : array (kinds,)
        One cluster of each kind.
    count : array (kinds,)
        How many.
    periods : tuple
        Labels, for messages.
    cells : Cells
        Arrays (kinds, periods).
    total, treatment, used, effects : array (kinds, periods)
        Total variance, treatment (0 where not observed), 1 where observed, and the plan's effect.
    """

    kind: IntArray
    first: IntArray
    count: FloatArray
    periods: tuple[object, ...]
    cells: Cells
    total: FloatArray
    treatment: FloatArray
    used: FloatArray
    effects: FloatArray

    @property
    def columns(self) -> FloatArray:
        """Treatment and period effects, (kinds, periods, 1 + periods)."""
        number, periods = self.used.shape
        dummies = np.broadcast_to(np.eye(periods), (number, periods, periods))
        return np.concatenate([self.treatment[:, :, None], dummies], axis=2) * self.used[:, :, None]


def kinds_of(plan: Plan) -> Kinds:
    """Group the clusters of a plan."""
    require_plan(plan)
    cells = Cells.of(plan.design)
    total, effects = plan.outcome.total_variance(plan.design, plan.effect), plan.effects()
    rows = np.concatenate([cells.size, cells.treatment, cells.observed, total, effects], axis=1) + 0.0
    packed = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel()
    _, first, kind, count = np.unique(packed, return_index=True, return_inverse=True, return_counts=True)
    return Kinds(
        kind=kind,
        first=first,
        count=count.astype(float),
        periods=plan.design.periods,
        cells=Cells(cells.size[first], cells.treatment[first], cells.midpoints, cells.observed[first]),
        total=total[first],
        treatment=cells.treatment[first],
        used=cells.observed[first],
        effects=effects[first],
    )


@dataclass(frozen=True, slots=True)
class Solved:
    """Generalised least squares of a plan, or of a stack of plans that differ in their covariance.

    Parameters
    ----------
    kinds : Kinds
    precision : array (..., kinds, periods, periods)
        Inverse covariance of one cluster of each kind, 0 where a cell is not observed.
    covariance : array (..., p, p)
        Covariance of the coefficients, the treatment effect first.
    """

    kinds: Kinds
    precision: FloatArray
    covariance: FloatArray

    @property
    def errors(self) -> FloatArray:
        """Standard error of the treatment effect."""
        return np.asarray(np.sqrt(self.covariance[..., 0, 0]))

    @property
    def effects(self) -> FloatArray:
        """What the analysis would estimate on average under the plan's effect."""
        kinds = self.kinds
        weighted = self.precision @ (kinds.effects * kinds.used * kinds.count[:, None])[..., None]
        projected = np.einsum("kpi,...kp->...i", kinds.columns, weighted[..., 0])
        return np.asarray(np.einsum("...i,...i->...", self.covariance[..., 0, :], projected))


def solve(plan: Plan, covariance: Covariance | None = None) -> Solved:
    """Solve a plan, at its own covariance or at another whose parameters may be stacked along leading axes.

    Raises
    ------
    DesignError
        A covariance that is not positive definite.
    IdentificationError
        A design in which period effects explain treatment.
    """
    kinds = kinds_of(plan)
    blocks = (covariance or plan.covariance).blocks(kinds.cells, kinds.total)
    require_definite(blocks)
    return solved(kinds, blocks)


def solved(kinds: Kinds, blocks: FloatArray) -> Solved:
    """Solve at given covariance blocks (..., kinds, periods, periods)."""
    precision, columns = masked_inverse(blocks, kinds.used), kinds.columns
    width = columns.shape[2]
    weighted = (precision * kinds.count[:, None, None]) @ columns
    flat = weighted.reshape(*weighted.shape[:-3], -1, width)
    normal = columns.reshape(-1, width).T @ flat
    own = normal[..., 0, 0]
    explained = np.linalg.solve(normal[..., 1:, 1:], normal[..., 1:, :1])[..., 0]
    left = own - np.einsum("...i,...i->...", normal[..., 0, 1:], explained)
    if not (left > _BARELY * own).all():
        raise _not_identified(kinds)
    return Solved(kinds, precision, np.asarray(np.linalg.inv(normal), dtype=float))


def _not_identified(kinds: Kinds) -> IdentificationError:
    """Say, period by period, what is missing."""
    seen = kinds.used > 0
    lowest = np.where(seen, kinds.treatment, np.inf).min(axis=0)
    highest = np.where(seen, kinds.treatment, -np.inf).max(axis=0)
    control = [label for label, top in zip(kinds.periods, highest, strict=True) if top == 0]
    treated = [label for label, low in zip(kinds.periods, lowest, strict=True) if low > 0]
    parts = [
        f"{listing(names)}: nobody {state}"
        for names, state in ((control, "is treated"), (treated, "is in control"))
        if names
    ]
    return IdentificationError(
        f"The effect cannot be told apart from the period effects (period {'; period '.join(parts)}).",
        "It rests on periods in which some are treated while others are still in control, and there is none.",
        "Add a period before everyone is treated, or clusters that start later or never.",
    )
