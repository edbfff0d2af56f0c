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

_FEW_COLUMNS = 16
"""Groups times rows of weights up to which every group's product is taken for every cluster."""

_BLOCK = 4096


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
        share = np.round(self.share * len(self.share), 9)
        if np.array_equal(share, share[self.first][self.group]):
            return self.first, self.group
        which, first, _ = _alike(np.column_stack([self.group, share]))
        return first, which

    def products(self, weights: FloatArray, grid: FloatArray, offset: FloatArray | None = None) -> FloatArray:
        """Share times (sum over periods of pattern weights times the own row, plus offset), (k, clusters).

        Parameters
        ----------
        weights : array (k, patterns, periods)
        grid : array (clusters, periods)
        offset : array (k, patterns), optional
        """
        result = row_products(weights, self.group, grid, offset)
        result *= self.share
        return result


def row_products(
    weights: FloatArray, group: IntArray, grid: FloatArray, offset: FloatArray | None = None
) -> FloatArray:
    """Sum over periods of the group's weights times the own row, plus the group's offset, (k, clusters).

    Parameters
    ----------
    weights : array (k, groups, periods)
    group : array (clusters,)
    grid : array (clusters, periods)
    offset : array (k, groups), optional
    """
    k, groups, periods = weights.shape
    # Clusters are the rows in memory, so that those of a group are written together.
    result = np.empty((len(group), k))
    if 4 * groups > len(group):
        for one, row in enumerate(weights):
            result[:, one] = np.einsum("cp,cp->c", row[group], grid)
    elif k * groups <= _FEW_COLUMNS:
        # Every group's product for every cluster takes less time than sorting the clusters.
        every = (grid @ weights.reshape(k * groups, periods).T).reshape(-1, k, groups)
        result[:] = np.take_along_axis(every, group[:, None, None], axis=2)[:, :, 0]
    else:
        order = np.argsort(group.astype(np.int32), kind="stable")
        for g, rows in enumerate(np.split(order, np.cumsum(np.bincount(group, minlength=groups))[:-1])):
            result[rows] = grid[rows] @ weights[:, g].T
    if offset is not None:
        result += offset.T[group]
    return result.T


def spread_sum(group: IntArray, share: FloatArray, count: int, values: FloatArray) -> FloatArray:
    """Sum `share * values` within groups along the first axis."""
    clusters = len(group)
    if count == clusters and np.array_equal(group, np.arange(clusters)):
        return np.asarray(values * share.reshape(-1, *[1] * (values.ndim - 1)))
    flat = values.reshape(clusters, -1)
    collect: FloatArray | sparse.csr_array
    if count * clusters <= _SMALL:
        collect = np.zeros((clusters, count))
        collect[np.arange(clusters), group] = share
    else:
        collect = sparse.csr_array((share, group, np.arange(clusters + 1)), shape=(clusters, count))
    return np.asarray(collect.T @ flat).reshape(count, *values.shape[1:])


def patterns_of(frame: Frame, *, sizes: bool = False) -> Patterns:
    """Group the clusters of a frame.

    Parameters
    ----------
    sizes : bool
        Whether a covariance model weighs the cells by their sizes: then the frame's weights play no part.
    """
    assert frame.weights is not None
    design, used = frame.design, frame.used
    even = sizes or bool((frame.weights == frame.weights[0, 0]).all())
    weights = np.broadcast_to(1.0 if sizes else frame.weights[0, 0], used.shape) if even else frame.weights
    if not used.all():
        weights = np.where(used, weights, 0.0)
    total = np.einsum("ct->c", weights)
    key = [design.treatment if used.all() else np.where(used, design.treatment, -1.0)]
    if not even:
        key.append(np.round(weights / np.where(total > 0, total, 1.0)[:, None], 12))
    if sizes:
        key.append(np.where(used, design.size, 0.0))
    group, first, count = _alike(np.hstack(key) if len(key) > 1 else key[0])
    within = np.bincount(group, weights=total, minlength=len(first))
    share = np.divide(total, within[group], out=1.0 / count[group], where=within[group] > 0)
    # The first cluster's weights carry the pattern's proportions, its share scales them to the whole pattern.
    mass = weights[first] / share[first, None]
    treatment = np.where(used[first], design.treatment[first], 0.0)
    return Patterns(group, share, first, count, treatment, used[first], mass)


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
    first, group, count = _grouped(_mixed(rows))
    if not all(np.array_equal(rows[block], rows[first[group[block]]]) for block in _blocks(len(rows))):
        # Minus zero is zero.
        rows = np.ascontiguousarray(rows + 0.0)
        packed = rows.view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel()
        first, group, count = _grouped(packed)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[group], first[order], count[order]


def _grouped(keys: NDArray[Any]) -> tuple[IntArray, IntArray, IntArray]:
    _, first, group, count = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    return first, group, count


def _mixed(rows: FloatArray) -> NDArray[np.uint64]:
    """One 64-bit number per row: its bits, folded and multiplied by odd numbers, added up."""
    odd = np.random.default_rng(0).integers(2**64, size=rows.shape[1], dtype=np.uint64) | np.uint64(1)
    mixed = np.empty(len(rows), dtype=np.uint64)
    for block in _blocks(len(rows)):
        # Minus zero is zero. Most numbers here have zeros in their last bits: the first ones are folded onto them.
        bits = (rows[block] + 0.0).view(np.uint64)
        mixed[block] = (bits ^ (bits >> np.uint64(32))) @ odd
    return mixed


def _blocks(rows: int) -> list[slice]:
    """Rows a few thousand at a time, which stay in the processor's cache."""
    return [slice(start, start + _BLOCK) for start in range(0, rows, _BLOCK)]
