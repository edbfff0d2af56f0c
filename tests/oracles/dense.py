"""Slow and plain: an estimator's maps as full matrices over the cells in use, cluster by cluster."""

import numpy as np

from staggered.data.frame import Frame
from staggered.kernel.rule import Rule
from staggered.value import FloatArray, IntArray


def hat_matrix(rule: Rule) -> FloatArray:
    """The fitted values of each unit vector, (n, n), one at a time."""
    used = rule.frame.used
    columns = []
    for row, period in np.argwhere(used):
        unit = np.zeros(used.shape)
        unit[row, period] = 1.0
        columns.append((unit - rule.residuals(unit))[used])
    return np.stack(columns, axis=1)


def cluster_of(frame: Frame) -> IntArray:
    """Cluster of each cell in use, (n,)."""
    return np.nonzero(frame.used)[0]


def covariance(frame: Frame, blocks: FloatArray) -> FloatArray:
    """Covariance of the cells in use, (n, n), from blocks (clusters, periods, periods)."""
    row, period = np.nonzero(frame.used)
    same = row[:, None] == row
    return np.where(same, blocks[row[:, None], period[:, None], period], 0.0)


def dummies(frame: Frame) -> tuple[FloatArray, FloatArray]:
    """Cluster and period indicators of the cells in use, (n, clusters) and (n, periods)."""
    row, period = np.nonzero(frame.used)
    return np.eye(frame.used.shape[0])[row], np.eye(frame.used.shape[1])[period]


def extended_twfe_weights(frame: Frame, *, pooled: bool) -> FloatArray:
    """Weights (n,) of the average of treated cells' coefficients beside cluster and period effects.

    `pooled`: one coefficient per cohort and treated period (Wooldridge), else one per treated cell of a cluster.
    """
    row, period = np.nonzero(frame.used)
    which = frame.design.start[row] if pooled else row
    treated = frame.design.treatment[frame.used] > 0
    mass = frame.weights[frame.used]
    cells = sorted({(which[k], period[k]) for k in np.flatnonzero(treated)})
    indicators = np.stack([treated & (which == g) & (period == t) for g, t in cells], axis=1).astype(float)
    clusters, periods = dummies(frame)
    design = np.column_stack([indicators, clusters, periods])
    root = np.sqrt(mass)
    coefficients = np.linalg.pinv(design * root[:, None], rcond=1e-10) * root
    share = indicators.T @ mass
    return (share / share.sum()) @ coefficients[: len(cells)]
