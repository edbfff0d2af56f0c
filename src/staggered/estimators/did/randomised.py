"""Cohorts as randomised groups: their means, the spread within them, and differences between them by period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...value import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Groups:
    """Clusters of one stratum that start together.

    Parameters
    ----------
    of : array (clusters,)
        Group of each cluster; −1 where it has no part.
    start, stratum, count, weight : array (groups,)
        First treated period (inf: never), stratum, number of clusters and their total weight.
    share : array (clusters,)
        Each cluster's part of its group's weight.
    """

    of: IntArray
    start: FloatArray
    stratum: IntArray
    count: IntArray
    weight: FloatArray
    share: FloatArray

    def means(self, outcome: FloatArray) -> FloatArray:
        """Weighted mean of each group in each period, (groups, periods)."""
        return np.stack([self.share[rows] @ outcome[rows] for rows in self.rows()])

    def rows(self) -> list[IntArray]:
        """Clusters of each group."""
        order = np.argsort(self.of, kind="stable")
        order = order[np.searchsorted(self.of[order], 0) :]
        return list(np.split(order, np.cumsum(self.count)[:-1]))


def groups_of(start: FloatArray, strata: IntArray, weight: FloatArray, kept: BoolArray) -> Groups:
    """Group the clusters that are kept.

    Parameters
    ----------
    start, strata, weight : array (clusters,)
    kept : array (clusters,) of bool
    """
    starts, rank = np.unique(start[kept], return_inverse=True)
    found, within, count = np.unique(strata[kept] * len(starts) + rank, return_inverse=True, return_counts=True)
    of = np.full(len(start), -1)
    of[kept] = within.ravel()
    total = np.bincount(of[kept], weights=weight[kept]).astype(float)
    share = np.where(kept, weight / total[of], 0.0)
    return Groups(of, starts[found % len(starts)], found // len(starts), count, total, share)


@dataclass(frozen=True, slots=True)
class Differences:
    """Each cohort against those still in control, in one period, with no base taken off.

    Parameters
    ----------
    cells : array (cells, 2)
        Cohort and period.
    sizes : array (cells,)
        Total weight of the cohort.
    parts : array (cells, groups)
        Weights on the groups' means: the cohort's sum to 1, the comparison's to −1.
    lost : array (lost, 2)
        Treated cells that have no comparison.
    """

    cells: IntArray
    sizes: FloatArray
    parts: FloatArray
    lost: IntArray


def differences_of(groups: Groups, periods: int, *, last_only: bool, leads: bool) -> Differences:
    """Find every cohort and period that has a comparison.

    Within each stratum a cohort is compared with the clusters not yet treated in the later of the period
    and the one before go-live; across strata by the cohort's weight in each.

    Parameters
    ----------
    groups : Groups
    last_only : bool
        Whether only the last to start (or the never-treated) serve as comparison.
    leads : bool
        Whether periods before go-live are compared too.
    """
    tables: list[tuple[IntArray, FloatArray, FloatArray]] = []
    finite = np.isfinite(groups.start)
    for cohort in np.unique(groups.start[finite & (groups.start > 0)]).astype(int).tolist():
        period = np.arange(0 if leads else cohort, periods)
        part, size = _differences(groups, cohort, np.maximum(period, cohort - 1), last_only)
        tables.append((np.column_stack([np.full(len(period), cohort), period]), part, size))
    cells = np.concatenate([np.zeros((0, 2), dtype=np.int64), *(cells for cells, *_ in tables)])
    parts = np.concatenate([np.zeros((0, len(groups.start))), *(part for _, part, _ in tables)])
    sizes = np.concatenate([np.zeros(0), *(size for *_, size in tables)])
    found = sizes > 0
    return Differences(cells[found], sizes[found], parts[found], cells[~found & (cells[:, 1] >= cells[:, 0])])


def _differences(groups: Groups, cohort: int, until: IntArray, last_only: bool) -> tuple[FloatArray, FloatArray]:
    """One cohort against those in control until each period, over the strata where there are any."""
    parts = np.zeros((len(until), len(groups.start)))
    sizes = np.zeros(len(until))
    for stratum in np.unique(groups.stratum[groups.start == cohort]):
        here = groups.stratum == stratum
        own = here & (groups.start == cohort)
        control = here & (groups.start > until[:, None]) & ~own
        if last_only:
            control &= groups.start == groups.start[here].max()
        weight = control * groups.weight
        total = weight.sum(axis=1)
        matched = total > 0
        mass = groups.weight[own].sum()
        parts += matched[:, None] * mass * (own - weight / np.where(matched, total, 1.0)[:, None])
        sizes += matched * mass
    return parts / np.where(sizes > 0, sizes, 1.0)[:, None], sizes


def spread_of(groups: Groups, outcome: FloatArray, means: FloatArray) -> FloatArray:
    """Covariance over periods of each group's outcomes, (groups, periods, periods); nan for a lone cluster."""
    periods = outcome.shape[1]
    spread = np.full((len(groups.count), periods, periods), np.nan)
    for g, rows in enumerate(groups.rows()):
        if len(rows) > 1:
            scaled = (outcome[rows] - means[g]) * (groups.share[rows] * len(rows))[:, None]
            spread[g] = scaled.T @ scaled / (len(rows) - 1)
    return spread


def lent(groups: Groups, spread: FloatArray, untreated: FloatArray) -> FloatArray:
    """Lend a lone cluster's group the pooled covariance of groups of two or more, else that of everyone.

    Parameters
    ----------
    spread : array (groups, periods, periods)
        nan where a group is one cluster.
    untreated : array (clusters, periods)
        Outcomes with an estimate of the effect taken off, for the case that every group is one cluster.
    """
    alone = groups.count < 2
    free = np.where(alone, 0, groups.count - 1)
    if free.sum() > 0:
        pooled = np.einsum("g,gts->ts", free, np.nan_to_num(spread)) / free.sum()
    else:
        member = untreated[groups.of >= 0]
        centred = member - member.mean(axis=0)
        pooled = centred.T @ centred / max(len(member) - 1, 1)
    return np.where(alone[:, None, None], pooled, spread)
