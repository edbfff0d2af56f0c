"""Outcomes of people grouped by cell and covariates, for the likelihoods of many data sets of one design."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ...value import BoolArray, FloatArray, IntArray
from .structure import Structure


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows of people alike within a cell, of one design; the outcomes of B data sets.

    Parameters
    ----------
    family : str
    total : array (B, n)
        Sum of the outcomes of each row.
    count : array (n,)
        Outcomes of each row.
    offset : array (B or 1, n)
        Known part of the linear predictor.
    cell : array (n,)
        Which cell of the (clusters × periods) grid; rising.
    columns : array (clusters, periods, p)
        Fixed-effect columns of the cells; 0 for covariates of people.
    covariates : array (n, q)
    place : slice
        Where the covariates' coefficients stand among the p.
    structure : Structure
        Covariance of cluster effects; its residual variance plays no part.
    first : array (cells with rows,)
        First row of each cell that has any.
    """

    family: str
    total: FloatArray
    count: FloatArray
    offset: FloatArray
    cell: IntArray
    columns: FloatArray
    covariates: FloatArray
    place: slice
    structure: Structure
    first: IntArray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", np.flatnonzero(np.diff(self.cell, prepend=-1)))

    @property
    def shape(self) -> tuple[int, int]:
        """Clusters and periods."""
        return self.columns.shape[0], self.columns.shape[1]

    @property
    def fixed(self) -> int:
        """Number of coefficients."""
        return int(self.columns.shape[2])

    @property
    def variances(self) -> int:
        """Number of covariance parameters."""
        return len(self.structure.names) - 1

    def keep(self, sets: IntArray | BoolArray) -> Grouped:
        """Some of the data sets."""
        return replace(self, total=self.total[sets], offset=self.offset if len(self.offset) == 1 else self.offset[sets])

    def thinned(self, step: int) -> Grouped:
        """Every so many-th row."""
        rows = slice(None, None, step)
        return replace(
            self,
            total=self.total[:, rows],
            count=self.count[rows],
            offset=self.offset[:, rows],
            cell=self.cell[rows],
            covariates=self.covariates[rows],
        )

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums over the rows of each cell: (B, n) to (B, clusters, periods)."""
        result = np.zeros((len(values), self.shape[0] * self.shape[1]))
        result[:, self.cell[self.first]] = np.add.reduceat(values, self.first, axis=1)
        return result.reshape(len(values), *self.shape)

    def spread(self, grid: FloatArray) -> FloatArray:
        """A number of each cell, (B, clusters, periods), for its rows, (B, n)."""
        return np.asarray(grid.reshape(len(grid), -1)[:, self.cell])

    def predictor(self, beta: FloatArray) -> FloatArray:
        """Linear predictor without cluster effects, (B, n)."""
        own = np.tensordot(beta, self.columns, axes=([1], [2]))
        result = self.spread(own) + self.offset
        if self.covariates.shape[1]:
            result += beta[:, self.place] @ self.covariates.T
        return np.asarray(result)

    def covariance(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, dict[tuple[int, int], FloatArray]]:
        """Σ of every cluster, (B, C, T, T), its derivatives, (B or 1, K, C, T, T), and second ones that are not 0."""
        found = self.structure.at(np.concatenate([np.zeros((len(theta), 1)), theta], axis=1))
        second = {(a - 1, b - 1): matrix for (a, b), matrix in found.second.items()}
        return found.value, found.first[:, 1:], second

    def gathered(self, rows: FloatArray) -> FloatArray:
        """X' times numbers of the rows: (B, n) to (B, p)."""
        result = np.tensordot(self.sums(rows), self.columns, axes=([1, 2], [0, 1]))
        if self.covariates.shape[1]:
            result[:, self.place] += rows @ self.covariates
        return np.asarray(result)

    def first_moments(self, numbers: FloatArray) -> FloatArray:
        """Σ r (1, x) over the rows of each cell, (B, clusters, periods, 1 + q)."""
        columns = [np.ones(len(self.cell)), *self.covariates.T]
        return np.stack([self.sums(numbers * column) for column in columns], axis=-1)

    def moments(self, weight: FloatArray) -> FloatArray:
        """Σ w (1, x)(1, x)' over the rows of each cell, (B, clusters, periods, 1 + q, 1 + q)."""
        width = 1 + self.covariates.shape[1]
        sums = self.sums(weight)
        if width == 1:
            return sums[..., None, None]
        result = np.zeros((len(weight), self.shape[0] * self.shape[1], width, width))
        result[:, :, 0, 0] = sums.reshape(len(weight), -1)
        ends = np.append(self.first[1:], len(self.cell))
        for cell, start, end in zip(self.cell[self.first], self.first, ends, strict=True):
            x = self.covariates[start:end]
            for one in range(len(weight)):
                w = weight[one, start:end]
                result[one, cell, 0, 1:] = result[one, cell, 1:, 0] = w @ x
                result[one, cell, 1:, 1:] = (x * w[:, None]).T @ x
        return result.reshape(len(weight), *self.shape, width, width)

    def basis(self) -> FloatArray:
        """Columns of a row as a matrix times (1, x), (clusters, periods, p, 1 + q)."""
        width = self.covariates.shape[1]
        result = np.zeros((*self.columns.shape, 1 + width))
        result[..., 0] = self.columns
        result[:, :, self.place, 1:] = np.eye(width)
        return result
