"""What a normal model needs of the data: each cluster in a handful of orthonormal coordinates.

A cluster with thousands of people lies, as far as a stepped-wedge likelihood can see, in a space of few
dimensions. Its period means, times √people, are coordinates of that space; deviations from them enter
only through their sums of squares. Rotating the data in this way changes neither the likelihood nor any
sandwich variance, so every result is the one that the people themselves would give, at any number of people.

* Cross-section: one coordinate per period. With covariates of people, one more per covariate: the
  directions in which the covariates vary within periods.
* Closed or open cohort: people of a cluster who attended the same periods are alike. Their mean in each of
  those periods is a coordinate (times √people); deviations have variance σ² + s ζ² along a person's own
  mean (s the periods attended) and σ² across it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...data.frame import Frame
from ...data.panel import Panel
from ...value import BoolArray, FloatArray, IntArray
from .means import CellMeans, CohortMeans, Deviations

_NEGLIGIBLE = 1e-10


@dataclass(frozen=True, slots=True)
class Sufficient:
    """Coordinates of C clusters, padded to L each, and what is left of their people.

    Parameters
    ----------
    outcome : array (C, L)
    covariates : array (C, L, q)
        Covariates of people in the same coordinates.
    root : array (C, L)
        √people (or √weight) where a coordinate is a period's mean; 0 elsewhere.
    period : array (C, L)
        Which period's mean it is.
    real : array (C, L) of bool
        False on padding.
    person : array (C, L, L) or None
        What a person's own effect adds to the covariance, per unit of its variance.
    own : array (J,)
        The same for each leftover sum of squares.
    degrees : array (C, J)
        Dimensions of each leftover sum of squares.
    squares : array (C, J)
        Leftover sums of squares of the outcome.
    log_weight : float
        Sum of the logarithms of precision weights.
    covariate_names : tuple of str
    """

    outcome: FloatArray
    covariates: FloatArray
    root: FloatArray
    period: IntArray
    real: BoolArray
    person: FloatArray | None
    own: FloatArray
    degrees: FloatArray
    squares: FloatArray
    log_weight: float = 0.0
    covariate_names: tuple[str, ...] = ()

    @property
    def observations(self) -> float:
        """Number of observations behind the coordinates."""
        return float(self.real.sum() + self.degrees.sum())

    def spread(self, grid: FloatArray) -> FloatArray:
        """Columns given by cell, (C, periods, p), in the coordinates, (C, L, p)."""
        rows = np.arange(len(self.root))[:, None]
        return np.asarray(grid[rows, self.period] * self.root[:, :, None])


def summarise(panel: Panel, *, cohort: bool = False) -> Sufficient:
    """Coordinates of a panel's clusters.

    Parameters
    ----------
    panel : Panel
        With its people, their coordinates; without, cell means of variance σ²/weight (or σ²/size where
        the weights are all 1), and the variance within cells when the panel has it.
    cohort : bool
        Whether people are followed and have effects of their own.
    """
    if panel.people is None:
        return _from_cells(panel)
    used = panel.frame.used
    people = panel.people.keep(used[panel.people.cluster, panel.people.period])
    shape = used.shape
    values = np.column_stack([people.outcome, *people.covariates.values()])
    means = CohortMeans.of(people, shape) if cohort else CellMeans.of(people, shape)
    centred = values - values.mean(axis=0)
    cells, deviations = means.split(centred)
    cells[:, :, 0] += means.root * values[:, 0].mean()
    return _assembled(cells, means.root, means.period, means.person, deviations, tuple(people.covariates))


def precision(frame: Frame) -> FloatArray:
    """Weight of each cell's mean where no people are known: the frame's weights, or sizes where all are 1."""
    assert frame.weights is not None
    return np.where(frame.used, frame.design.size if (frame.weights == 1).all() else frame.weights, 0.0)


def _from_cells(panel: Panel) -> Sufficient:
    frame, used = panel.frame, panel.frame.used
    grid = [np.where(used, column, 0.0) for column in frame.covariates.values()]
    if panel.within is None:
        mass, squares, degrees = precision(frame), np.zeros((len(used), 0)), np.zeros((len(used), 0))
        log_weight = float(np.log(mass[used]).sum())
    else:
        mass = np.where(used, frame.design.size, 0.0)
        spare = np.maximum(mass - 1, 0.0)
        degrees = spare.sum(axis=1, keepdims=True)
        squares = (np.where(spare > 0, panel.within, 0.0) * spare).sum(axis=1, keepdims=True)
        log_weight = 0.0
    root = np.sqrt(mass)
    count, periods = used.shape
    return Sufficient(
        outcome=np.where(used, panel.outcome, 0.0) * root,
        covariates=np.stack(grid, axis=2) * root[:, :, None] if grid else np.zeros((count, periods, 0)),
        root=root,
        period=np.broadcast_to(np.arange(periods), used.shape),
        real=used,
        person=None,
        own=np.zeros(degrees.shape[1]),
        degrees=degrees,
        squares=squares,
        log_weight=log_weight,
        covariate_names=tuple(frame.covariates),
    )


def _assembled(
    cells: FloatArray,
    root: FloatArray,
    period: IntArray,
    person: FloatArray | None,
    deviations: list[Deviations],
    names: tuple[str, ...],
) -> Sufficient:
    """Put the coordinates of means and of covariates' directions side by side."""
    count, width, columns = cells.shape
    parts, real, own = [cells], [root > 0], [np.zeros((count, width))]
    degrees, squares, shares = [], [], []
    for one in deviations:
        directions, left, rest = _directions(_cross_products(one.values, one.cluster, count), one.degrees)
        if columns > 1:
            parts.append(directions)
            real.append(np.abs(directions[:, :, 1:]).max(axis=2) > 0)
            own.append(np.full(directions.shape[:2], one.own))
        degrees.append(rest)
        squares.append(left)
        shares.append(one.own)
    together = np.concatenate(parts, axis=1)
    extra = together.shape[1] - width
    kept = np.array([rest.sum() > 0 for rest in degrees])
    matrix = None
    if person is not None:
        matrix = np.zeros((count, width + extra, width + extra))
        matrix[:, :width, :width] = person
        there = np.concatenate(own, axis=1) * np.concatenate(real, axis=1)
        matrix += np.eye(width + extra) * there[:, None, :]
    return Sufficient(
        outcome=together[:, :, 0],
        covariates=together[:, :, 1:],
        root=np.pad(root, ((0, 0), (0, extra))),
        period=np.pad(period, ((0, 0), (0, extra))),
        real=np.concatenate(real, axis=1),
        person=matrix,
        own=np.array(shares)[kept],
        degrees=np.stack(degrees, axis=1)[:, kept],
        squares=np.stack(squares, axis=1)[:, kept],
        covariate_names=names,
    )


def _cross_products(values: FloatArray, group: IntArray, count: int) -> FloatArray:
    """Sums of products of every two columns within groups, (groups, columns, columns)."""
    width = values.shape[1]
    result = np.zeros((count, width, width))
    for a in range(width):
        for b in range(a + 1):
            result[:, a, b] = result[:, b, a] = np.bincount(group, weights=values[:, a] * values[:, b], minlength=count)
    return result


def _directions(products: FloatArray, degrees: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Coordinates along which the covariates vary, the outcome's squares across them, and their dimensions."""
    covariates, cross = products[:, 1:, 1:], products[:, 1:, 0]
    if covariates.shape[1] == 0:
        return np.zeros((len(products), 0, 1)), products[:, 0, 0], degrees
    scale = np.sqrt(np.diagonal(covariates, axis1=1, axis2=2))
    scale = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(covariates / (scale[:, :, None] * scale[:, None, :]))
    kept = values > _NEGLIGIBLE * np.maximum(values.max(axis=1, keepdims=True), 1e-300)
    root = np.where(kept, np.sqrt(np.where(kept, values, 1.0)), 0.0)
    turned = np.swapaxes(vectors, 1, 2)
    columns = root[:, :, None] * turned * scale[:, None, :]
    inverse = np.where(kept, 1 / np.where(kept, root, 1.0), 0.0)
    outcome = inverse * np.einsum("ckj,cj->ck", turned, cross / scale)
    left = np.maximum(products[:, 0, 0] - (outcome**2).sum(axis=1), 0.0)
    together = np.concatenate([outcome[:, :, None], columns], axis=2)
    return together, left, degrees - kept.sum(axis=1)
