"""Randomisation tests of mixed models: weights from a fit without the effect, then every allocation.

A covariance fitted without the effect knows nothing of the allocation, so that with its weights held the
estimate under each allocation is one generalised least-squares fit. Its normal equations are sums over
clusters of a table (schedule × cluster), which costs a thousandth of fitting again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...value import BoolArray, FloatArray, IntArray

_CHUNK = 4_000_000
_SINGULAR = 1e-10


@dataclass(frozen=True, slots=True)
class Exchange:
    """What re-allocation needs of a model that was fitted without the effect.

    Parameters
    ----------
    fixed : array (C, L, f)
        Calendar time and covariates.
    schedules : array (C, T, m)
        Effect columns of each cluster's own schedule.
    observed : array (C, T) of bool
        Cells that each schedule observes.
    root, period : array (C, L)
        Coordinates, as in `Sufficient`.
    working : array (C, L, L)
        Covariance held.
    outcomes : array (C, L, r)
        Outcomes to estimate from: the actual one, and an effect of 1 in the treated cells.
    contrast : array (k, m)
        Terms as combinations of the effect's coefficients.
    """

    fixed: FloatArray
    schedules: FloatArray
    observed: BoolArray
    root: FloatArray
    period: IntArray
    working: FloatArray
    outcomes: FloatArray
    contrast: FloatArray


def under_orders(exchange: Exchange, orders: IntArray) -> FloatArray:
    """Terms under each order from each outcome, (draws, k, r); nan where an order leaves an effect without estimate."""
    normal = _tables(exchange)
    clusters = np.arange(orders.shape[1])
    size = normal.shape[2] * normal.shape[3] * len(clusters)
    step = max(_CHUNK // size, 1)
    parts = [
        _solved(normal[orders[k : k + step], clusters].sum(axis=1), exchange.contrast)
        for k in range(0, len(orders), step)
    ]
    return np.concatenate(parts)


def _tables(exchange: Exchange) -> FloatArray:
    """Normal equations that cluster i would add under schedule s, (s, i, f + m, f + m + r)."""
    clusters = np.arange(len(exchange.root))
    kept, which = np.unique(exchange.observed, axis=0, return_inverse=True)
    which = which.ravel()
    precision = np.stack([_restricted(exchange, pattern[exchange.period]) for pattern in kept])
    width = exchange.fixed.shape[2] + exchange.schedules.shape[2]
    normal = np.zeros((len(clusters), len(clusters), width, width + exchange.outcomes.shape[2]))
    for schedule in clusters:
        effect = exchange.schedules[schedule][exchange.period] * exchange.root[:, :, None]
        columns = np.concatenate([exchange.fixed, effect], axis=2)
        weighted = precision[which[schedule]] @ columns
        both = np.concatenate([columns, exchange.outcomes], axis=2)
        normal[schedule] = np.swapaxes(weighted, 1, 2) @ both
    return normal


def _restricted(exchange: Exchange, seen: BoolArray) -> FloatArray:
    """Precision of the coordinates that a schedule observes, 0 elsewhere; those of no period always count."""
    use = (seen | (exchange.root == 0)).astype(float)
    both = use[:, :, None] * use[:, None, :]
    apart = np.eye(use.shape[1]) * (1 - use)[:, :, None]
    return np.asarray(np.linalg.inv(exchange.working * both + apart) * both)


def _solved(normal: FloatArray, contrast: FloatArray) -> FloatArray:
    width = normal.shape[1]
    matrix, sides = normal[:, :, :width], normal[:, :, width:]
    size = np.sqrt(np.maximum(np.diagonal(matrix, axis1=1, axis2=2), 1e-300))
    scaled = matrix / (size[:, :, None] * size[:, None, :])
    lowest = np.linalg.eigvalsh(scaled)[:, 0]
    scaled = np.where((lowest > _SINGULAR)[:, None, None], scaled, np.eye(width))
    coefficients = np.linalg.solve(scaled, sides / size[:, :, None]) / size[:, :, None]
    terms = contrast @ coefficients[:, width - contrast.shape[1] :]
    return np.asarray(np.where((lowest > _SINGULAR)[:, None, None], terms, np.nan))
