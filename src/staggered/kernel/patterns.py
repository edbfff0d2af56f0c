"""Patterns: clusters alike in all that fixes the weights are solved once and share the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..data.frame import Frame
from ..value import BoolArray, FloatArray, IntArray

_SMALL = 100_000
"""Cells of a table below which a dense one is quicker than a sparse one."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """Groups of clusters with the same schedule, the same gaps and proportional weights.

    Parameters
    ----------
    group : array (clusters,)
        Which pattern each cluster follows.
    share : array (clusters,)
        Each cluster's part of its pattern's weight; sums to 1 within a pattern.
    first : array (patterns,)
        One cluster of each pattern.
    count : array (patterns,)
        Clusters in each pattern.
    treatment, used, mass : array (patterns, periods)
        Treatment (0 where not observed), cells in use, and total weight of the cells.
    """

    group: IntArray
    share: FloatArray
    first: IntArray
    count: IntArray
    treatment: FloatArray
    used: BoolArray
    mass: FloatArray

    def means(self, outcome: FloatArray) -> FloatArray:
        """Share-weighted means of each pattern, (patterns, ...), of clusters' arrays (clusters, ...)."""
        return spread_sum(self.group, self.share, len(self.first), outcome)

    def kinds(self) -> tuple[IntArray, IntArray]:
        """One cluster of each kind (same pattern and share), and the kind of every cluster."""
        key = np.column_stack([self.group, np.round(self.share * len(self.share), 9)])
        which, first, _ = _alike(key)
        return first, which

    def products(self, weights: FloatArray, grid: FloatArray, offset: FloatArray | None = None) -> FloatArray:
        """Share times (sum over periods of pattern weights times the own row, plus offset), (k, clusters).

        Parameters
        ----------
        weights : array (k, patterns, periods)
        grid : array (clusters, periods)
        offset : array (k, patterns), optional
        """
        # Clusters are the rows in memory, so that those of a pattern are written together.
        result = np.empty((len(self.group), len(weights)))
        if 4 * len(self.first) > len(self.group):
            for k, row in enumerate(weights):
                result[:, k] = np.einsum("cp,cp->c", row[self.group], grid)
            if offset is not None:
                result += offset.T[self.group]
            result *= self.share[:, None]
            return result.T
        order = np.argsort(self.group, kind="stable")
        for g, rows in enumerate(np.split(order, np.cumsum(self.count)[:-1])):
            block = grid[rows] @ weights[:, g].T
            if offset is not None:
                block += offset[:, g]
            block *= self.share[rows][:, None]
            result[rows] = block
        return result.T


def spread_sum(group: IntArray, share: FloatArray, count: int, values: FloatArray) -> FloatArray:
    """Sum `share * values` within groups along the first axis."""
    clusters = len(group)
    if count == clusters and np.array_equal(group, np.arange(clusters)):
        return np.asarray(values * share.reshape(-1, *[1] * (values.ndim - 1)))
    flat = values.reshape(clusters, -1)
    collect: FloatArray | sparse.csr_array
    if count * clusters <= _SMALL:
        collect = np.zeros((count, clusters))
        collect[group, np.arange(clusters)] = share
    else:
        collect = sparse.csr_array((share, (group, np.arange(clusters))), shape=(count, clusters))
    return np.asarray(collect @ flat).reshape(count, *values.shape[1:])


def patterns_of(frame: Frame, *, sizes: bool = False) -> Patterns:
    """Group the clusters of a frame.

    Parameters
    ----------
    sizes : bool
        Whether a covariance model weighs the cells by their sizes: then the frame's weights play no part.
    """
    assert frame.weights is not None
    design, used = frame.design, frame.used
    treatment = np.where(used, design.treatment, 0.0)
    weights = np.where(used, 1.0 if sizes else frame.weights, 0.0)
    total = weights.sum(axis=1)
    key = [np.where(used, treatment, -1.0)]
    if not sizes and np.ptp(frame.weights) > 0:
        key.append(np.round(weights / np.where(total > 0, total, 1.0)[:, None], 12))
    if sizes:
        key.append(np.where(used, design.size, 0.0))
    group, first, count = _alike(np.hstack(key))
    within = np.zeros(len(first))
    np.add.at(within, group, total)
    share = np.divide(total, within[group], out=1.0 / count[group], where=within[group] > 0)
    # The first cluster's weights carry the pattern's proportions, its share scales them to the whole pattern.
    mass = weights[first] / share[first, None]
    return Patterns(group, share, first, count, treatment[first], used[first], mass)


def strata_codes(strata: Sequence[str]) -> IntArray:
    """Number each cluster's stratum."""
    names = {name: k for k, name in enumerate(dict.fromkeys(strata))}
    if len(names) == 1:
        return np.zeros(len(strata), dtype=np.int64)
    return np.array([names[name] for name in strata], dtype=np.int64)


def each_apart(frame: Frame) -> Patterns:
    """Every cluster as a pattern of its own, for weights that depend on its covariates."""
    assert frame.weights is not None
    count, used = frame.used.shape[0], frame.used
    every = np.arange(count)
    treatment = np.where(used, np.nan_to_num(frame.design.treatment), 0.0)
    mass = np.where(used, frame.weights, 0.0)
    return Patterns(every, np.ones(count), every, np.ones(count, dtype=np.int64), treatment, used, mass)


def _alike(rows: FloatArray) -> tuple[IntArray, IntArray, IntArray]:
    """Group of each row, first row and number of rows of each group, in order of first appearance.

    Rows are compared by a 64-bit mix of their bits, checked against the group's first row; should two
    different rows ever share one, they are compared as bytes instead.
    """
    rows = np.ascontiguousarray(rows + 0.0)
    first, group, count = _grouped(_mixed(rows.view(np.uint64)))
    if not np.array_equal(rows, rows[first][group]):
        packed = rows.view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel()
        first, group, count = _grouped(packed)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[group], first[order], count[order]


def _grouped(keys: NDArray[Any]) -> tuple[IntArray, IntArray, IntArray]:
    _, first, group, count = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    return first, group, count


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One 64-bit number per row, as multiplicative hashing does."""
    state = np.zeros(len(bits), dtype=np.uint64)
    for column in bits.T:
        state ^= column ^ (column >> np.uint64(29))
        state *= np.uint64(0x9E3779B97F4A7C15)
        state ^= state >> np.uint64(32)
    return state
