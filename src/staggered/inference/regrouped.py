"""Means and variances of groups that start together, under many re-allocations at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from ..data.panel import Panel
from ..kernel.rule import Rule
from ..results.studentised import Studentised
from ..value import FloatArray, IntArray

_CHUNK = 4_000_000


@runtime_checkable
class Regrouping(Protocol):
    """An estimator whose weights look at the outcome only through groups that start together."""

    def regroups(self, panel: Panel) -> bool:
        """Whether clusters of this panel differ in nothing but their schedules, with two or more in each group."""
        ...

    def regrouped(self, panel: Panel, orders: IntArray) -> Studentised:
        """Estimates and variances under the actual order and all others."""
        ...


@dataclass(frozen=True, slots=True)
class Regrouped:
    """Who is in which group under each order; groups keep their sizes.

    Parameters
    ----------
    group : array (clusters,)
        Group of each cluster's actual schedule.
    count : array (groups,)
    """

    group: IntArray
    count: IntArray

    @property
    def alone(self) -> bool:
        """Whether some group is a single cluster, whose variance cannot be seen."""
        return bool((self.count < 2).any())

    def members(self, orders: IntArray) -> IntArray:
        """Clusters under each order, sorted by the group that they fall into, (orders, clusters)."""
        receives = np.argsort(orders, axis=1)
        return np.asarray(receives[:, np.argsort(self.group, kind="stable")])

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums over groups of values (orders, clusters) that are sorted by group, (orders, groups)."""
        starts = np.concatenate([[0], np.cumsum(self.count)[:-1]])
        return np.asarray(np.add.reduceat(values, starts, axis=1))

    def values(self, weights: FloatArray, grid: FloatArray, members: IntArray) -> FloatArray:
        """What the weights (groups, periods) of the group that each cluster falls into make of its own row."""
        table = weights @ grid.T
        return np.asarray(table[np.sort(self.group), members])

    def covariance(self, one: FloatArray, other: FloatArray) -> FloatArray:
        """Covariance of two sums of group means, Σ_g cov_g/n_g, from values sorted by group, (orders,)."""
        joint = self.sums(one * other) - self.sums(one) * self.sums(other) / self.count
        return np.asarray((joint / (self.count * np.maximum(self.count - 1, 1))).sum(axis=1))

    def mean(self, values: FloatArray) -> FloatArray:
        """Sum of group means, (orders,)."""
        return np.asarray((self.sums(values) / self.count).sum(axis=1))


def chunks(orders: IntArray) -> list[IntArray]:
    """Orders a few at a time, so that memory stays small."""
    size = max(1, _CHUNK // orders.shape[1])
    return [orders[first : first + size] for first in range(0, len(orders), size)]


def regrouped_of(rule: Rule) -> Regrouped:
    """Groups of a rule's clusters: one stratum and one pattern."""
    strata = {name: k for k, name in enumerate(dict.fromkeys(rule.frame.design.strata))}
    codes = np.array([strata[name] for name in rule.frame.design.strata])
    _, group, count = np.unique(
        codes * len(rule.patterns.first) + rule.patterns.group, return_inverse=True, return_counts=True
    )
    return Regrouped(group, count)


def studentised(rule: Rule, outcome: FloatArray, effect: FloatArray, orders: IntArray) -> Studentised:
    """Estimate over Neyman's standard error under the actual order and all others, as functions of the effect.

    Parameters
    ----------
    rule : Rule
        Of clusters that differ in nothing but their schedules.
    outcome, effect : array (clusters, periods)
        Outcomes, and an effect of 1 in the actual treated cells.
    """
    groups = regrouped_of(rule)
    every = np.vstack([np.arange(orders.shape[1]), orders])
    weights = rule.by_cluster()
    first = np.array([np.argmax(groups.group == g) for g in range(len(groups.count))])
    numerator = np.empty((2, len(every), len(weights)))
    square = np.empty((3, len(every), len(weights)))
    for k, row in enumerate(weights):
        scaled = row[first] * groups.count[:, None]
        at = 0
        for some in chunks(every):
            members = groups.members(some)
            y, x = (groups.values(scaled, grid, members) for grid in (rule.filled(outcome), effect))
            rows = slice(at, at + len(some))
            numerator[0, rows, k], numerator[1, rows, k] = groups.mean(y), groups.mean(x)
            square[0, rows, k] = groups.covariance(y, y)
            square[1, rows, k] = groups.covariance(y, x)
            square[2, rows, k] = groups.covariance(x, x)
            at += len(some)
    return Studentised(numerator, square)
