"""Parts of a cell mean's covariance: what a cluster shares, and what its people bring.

Every function takes and gives arrays (..., clusters, periods, periods).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DesignError
from ..value import FloatArray
from .cells import Cells

Number = float | FloatArray
Retention = float | tuple[float, ...] | None
_NEGLIGIBLE = 1e-12


def root_variances(total: ArrayLike, cells: Cells) -> FloatArray:
    """Table √(v_s v_t) of each cluster."""
    sd = np.sqrt(np.broadcast_to(np.asarray(total, dtype=float), cells.size.shape))
    return np.asarray(sd[..., :, None] * sd[..., None, :])


def people(cells: Cells, root: FloatArray, iac: Number, retention: Retention) -> FloatArray:
    """Covariance of the means of people's own parts: noise, and what the same people bring again."""
    same = np.eye(cells.size.shape[-1])
    size = cells.size
    if not np.any(np.asarray(iac) > 0):
        return np.asarray(root * same / size[..., :, None])
    if retention is None:
        cells.require_equal_sizes()
    larger = np.maximum(size[..., :, None], size[..., None, :])
    shared = (same + (1 - same) * _kept(retention, size.shape[-1])) / larger
    return np.asarray(root * (iac * shared + (1 - iac) * same / size[..., :, None]))


def lags(cells: Cells, per_days: float | None = None) -> FloatArray:
    """Time between any two periods: in periods, or in stretches of `per_days` between their midpoints."""
    position = np.arange(cells.size.shape[-1], dtype=float) if per_days is None else cells.midpoints / per_days
    return np.asarray(np.abs(np.subtract.outer(position, position)))


def require_definite(blocks: FloatArray) -> None:
    """Refuse covariances that no set of outcomes can have, or that leave a cell without any noise.

    Raises
    ------
    DesignError
        Naming the cluster and its smallest eigenvalue.
    """
    try:
        factor = np.linalg.cholesky(blocks)
        diagonal = np.diagonal(factor, axis1=-2, axis2=-1) ** 2
        if (diagonal > _NEGLIGIBLE * np.diagonal(blocks, axis1=-2, axis2=-1).max(axis=-1, keepdims=True)).all():
            return
    except np.linalg.LinAlgError:
        pass
    smallest = np.linalg.eigvalsh(blocks).min(axis=-1)
    where = np.unravel_index(np.argmin(smallest), smallest.shape)
    raise DesignError(
        f"The covariance of cluster {where[-1] + 1} is not positive definite: its smallest eigenvalue is "
        f"{smallest[where]:.3g}.",
        "No set of outcomes can be correlated like that, or some mean of theirs would be known without error.",
        "Lower the icc, the iac or the correlations between periods.",
    )


def _kept(retention: Retention, periods: int) -> FloatArray | float:
    """Share of a period's people who are also seen in another, by lag."""
    if retention is None:
        return 1.0
    if isinstance(retention, (int, float)):
        return float(retention)
    by_lag = np.array([1.0, *retention, *[0.0] * periods])[:periods]
    return np.asarray(by_lag[np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))])
