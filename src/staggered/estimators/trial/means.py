"""Means of people in coordinates of their cluster, and what is left of each person around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...data.persons import Persons
from ...errors import DataError
from ...value import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Deviations:
    """Deviations of people from their means along directions that share a variance.

    Parameters
    ----------
    cluster : array (n,)
        Whose each deviation is.
    values : array (n, 1 + q)
        Outcome and covariates.
    own : float
        How often a person's own variance enters.
    degrees : array (C,)
        Dimensions in each cluster.
    """

    cluster: IntArray
    values: FloatArray
    own: float
    degrees: FloatArray


@dataclass(frozen=True, slots=True)
class CellMeans:
    """Means of each cell, and deviations of people from them.

    Parameters
    ----------
    cluster, cell : array (n,)
        Of each person.
    count : array (C, periods)
        People of each cell.
    """

    cluster: IntArray
    cell: IntArray
    count: FloatArray

    @classmethod
    def of(cls, people: Persons, shape: tuple[int, int]) -> CellMeans:
        """Count the people of each cell."""
        return cls(people.cluster, people.cell(shape[1]), people.counts(shape))

    @property
    def root(self) -> FloatArray:
        """√people of each cell, (C, periods)."""
        return np.asarray(np.sqrt(self.count))

    @property
    def period(self) -> IntArray:
        """Period of each cell, (C, periods)."""
        return np.broadcast_to(np.arange(self.count.shape[1]), self.count.shape)

    @property
    def person(self) -> None:
        """Nobody is followed."""

    def split(self, values: FloatArray) -> tuple[FloatArray, list[Deviations]]:
        """Means times √people, (C, L, 1 + q), and deviations."""
        means = _grouped_means(values, self.cell, self.count.ravel())
        degrees = np.maximum(self.count - 1, 0.0).sum(axis=1)
        apart = Deviations(self.cluster, values - means[self.cell], 0.0, degrees)
        return means.reshape(*self.count.shape, -1) * self.root[:, :, None], [apart]


@dataclass(frozen=True, slots=True)
class CohortMeans:
    """Means of people who attended the same periods, and deviations along and across a person's own mean.

    Parameters
    ----------
    count : int
        Clusters.
    group : array (groups, 3)
        Cluster, people and periods attended of each group of people alike.
    cluster, member, macro : array (n,)
        Cluster, person and group-period of each row.
    of_group : array (people,)
        Group of each person.
    place : array (macros, 2)
        Cluster and coordinate of each group-period.
    macro_group : array (macros,)
    root, period : array (C, L)
    person : array (C, L, L)
    """

    count: int
    group: IntArray
    cluster: IntArray
    member: IntArray
    macro: IntArray
    of_group: IntArray
    place: tuple[IntArray, IntArray]
    macro_group: IntArray
    root: FloatArray
    period: IntArray
    person: FloatArray | None

    @classmethod
    def of(cls, people: Persons, shape: tuple[int, int]) -> CohortMeans:
        """Group people by cluster and by the periods that they attended.

        Raises
        ------
        DataError
            A person who stands twice in a period.
        """
        assert people.unit is not None
        _, member = np.unique(people.cluster * (people.unit.max() + 1) + people.unit, return_inverse=True)
        if len(np.unique(member * shape[1] + people.period)) < len(member):
            raise DataError(
                "A person stands more than once in a period.",
                "That person would count twice.",
                "Keep one row per person and period.",
            )
        attended = np.zeros((member.max() + 1, shape[1] + 1))
        attended[member, people.period] = 1
        attended[member, -1] = people.cluster
        patterns, of_group = np.unique(attended, axis=0, return_inverse=True)
        of_group = of_group.ravel()
        size, length = np.bincount(of_group), patterns[:, :-1].sum(axis=1).astype(np.int64)
        owner = patterns[:, -1].astype(np.int64)
        # Group-periods in the order of their clusters, numbered afresh within each.
        order = np.argsort(owner, kind="stable")
        rank, period = np.nonzero(patterns[order, :-1])
        macro_group = order[rank]
        holder = owner[macro_group]
        first = np.concatenate([[0], np.cumsum(np.bincount(holder, minlength=shape[0]))])
        coordinate = np.arange(len(holder)) - first[holder]
        number = np.full(patterns[:, :-1].shape, -1)
        number[macro_group, period] = np.arange(len(holder))
        width = int(coordinate.max()) + 1
        root, where, code = np.zeros((shape[0], width)), np.zeros((shape[0], width), int), np.zeros((shape[0], width))
        root[holder, coordinate] = np.sqrt(size[macro_group])
        where[holder, coordinate] = period
        code[holder, coordinate] = macro_group + 1
        same = (code[:, :, None] == code[:, None, :]) & (code[:, :, None] > 0)
        return cls(
            count=shape[0],
            group=np.column_stack([owner, size, length]),
            cluster=people.cluster,
            member=member,
            macro=number[of_group[member], people.period],
            of_group=of_group,
            place=(holder, coordinate),
            macro_group=macro_group,
            root=root,
            period=where,
            person=same.astype(float),
        )

    def split(self, values: FloatArray) -> tuple[FloatArray, list[Deviations]]:
        """Means times √people, (C, L, 1 + q), and deviations."""
        owner, size, length = self.group.T
        means = _grouped_means(values, self.macro, size[self.macro_group].astype(float))
        apart = values - means[self.macro]
        periods = length[self.of_group]
        own = (
            np.stack([np.bincount(self.member, weights=column, minlength=len(periods)) for column in apart.T], axis=1)
            / np.sqrt(periods)[:, None]
        )
        across = apart - (own / np.sqrt(periods)[:, None])[self.member]
        spare = np.bincount(owner, weights=(size - 1.0) * (length - 1), minlength=self.count).astype(float)
        found = [Deviations(self.cluster, across, 0.0, spare)]
        for attended in np.unique(length):
            those, groups = periods == attended, length == attended
            degrees = np.bincount(owner[groups], weights=size[groups] - 1.0, minlength=self.count).astype(float)
            found.append(Deviations(owner[self.of_group[those]], own[those], float(attended), degrees))
        coordinates = np.zeros((*self.root.shape, values.shape[1]))
        coordinates[self.place] = means
        return coordinates * self.root[:, :, None], found


def _grouped_means(values: FloatArray, group: IntArray, count: FloatArray) -> FloatArray:
    sums = [np.bincount(group, weights=column, minlength=len(count)) for column in values.T]
    return np.asarray(np.stack(sums, axis=1) / np.maximum(count, 1.0)[:, None])
