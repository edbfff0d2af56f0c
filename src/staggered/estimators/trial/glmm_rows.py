"""What a generalised linear mixed model needs of the data: people alike in cell and covariates, counted together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import gammaln

from ...data.panel import Panel
from ...data.persons import Persons
from ...value import BoolArray, FloatArray, IntArray
from .counted import counts_of, require_possible
from .normal import require_covariates

_WORTH_IT = 0.7


@dataclass(frozen=True, slots=True)
class Rows:
    """Groups of people of one cell with the same covariates, in the order of the cells.

    Parameters
    ----------
    cell : array (n,)
        Rising.
    total, count : array (n,)
        Sum of the outcomes and how many there are; for the negative binomial each group has one value, `total`.
    offset : array (n,)
        Logarithm of the population behind one outcome.
    covariates : array (n, q)
        Centred, and divided by their SD.
    names : tuple of str
        Of the covariates.
    people : array (n,)
        People behind each row.
    constant : float
        Log-likelihood of the outcomes that does not depend on any parameter.
    """

    cell: IntArray
    total: FloatArray
    count: FloatArray
    offset: FloatArray
    covariates: FloatArray
    names: tuple[str, ...]
    people: FloatArray
    constant: float

    def keep(self, kept: BoolArray) -> Rows:
        """Keep some of the groups, and the covariates that still differ between them."""
        covariates = self.covariates[kept]
        differs = np.ptp(covariates, axis=0) > 0 if len(covariates) else np.zeros(covariates.shape[1], dtype=bool)
        return replace(
            self,
            cell=self.cell[kept],
            total=self.total[kept],
            count=self.count[kept],
            offset=self.offset[kept],
            covariates=covariates[:, differs],
            names=tuple(name for name, keep in zip(self.names, differs, strict=True) if keep),
            people=self.people[kept],
        )


def rows_of(panel: Panel, family: str) -> Rows:
    """Group the people of a panel; without people a row is a cell's total.

    Binomial totals and Poisson sums lose nothing. Of negative binomial counts every value counts, so that people are
    grouped by it too, and a cell's total is one count of its own.

    Raises
    ------
    DataError
        Outcomes that the family cannot have, a population that is missing, covariates that are not known of everyone.
    """
    if panel.people is None:
        return _from_cells(panel, family)
    require_covariates(panel)
    used = panel.frame.used
    people = panel.people
    inside = used[people.cluster, people.period]
    if not inside.all():
        people = people.keep(inside)
    require_possible(panel, family, people.outcome, people.cluster, people.period)
    cell = people.cell(used.shape[1])
    group, size = _groups(cell, people, family)
    first = np.zeros(size, dtype=np.int64)
    first[group[::-1]] = np.arange(len(group))[::-1]
    order = np.argsort(cell[first], kind="stable")
    count = np.bincount(group, minlength=size)[order].astype(float)
    sums = people.outcome[first] if family == "negbinomial" else np.bincount(group, weights=people.outcome)
    covariates = np.column_stack([np.zeros((size, 0)), *(_scaled(c, c[first]) for c in people.covariates.values())])
    lost = 0.0 if family == "binomial" else -float(gammaln(people.outcome + 1).sum())
    return Rows(
        cell=cell[first][order],
        total=sums[order].astype(float),
        count=count,
        offset=np.zeros(size),
        covariates=covariates[order],
        names=tuple(people.covariates),
        people=count,
        constant=lost,
    )


def _groups(cell: IntArray, people: Persons, family: str) -> tuple[IntArray, int]:
    """Number of each person's group, and how many groups there are; everyone alone where grouping saves little."""
    columns = [*people.covariates.values(), *([people.outcome] if family == "negbinomial" else [])]
    group, found = pd.factorize(cell)
    for column in columns:
        codes, values = pd.factorize(column)
        if len(values) > _WORTH_IT * len(cell):
            return np.arange(len(cell)), len(cell)
        group, found = pd.factorize(group * len(values) + codes)
        if len(found) > _WORTH_IT * len(cell):
            return np.arange(len(cell)), len(cell)
    return np.asarray(group), len(found)


def _scaled(column: FloatArray, values: FloatArray) -> FloatArray:
    spread = float(column.std())
    return np.asarray((values - column.mean()) / (spread if spread > 0 else 1.0))


def _from_cells(panel: Panel, family: str) -> Rows:
    used, size = panel.frame.used, panel.design.size
    count = counts_of(panel, family)[used]
    people = size[used]
    lost = 0.0 if family == "binomial" else -float(gammaln(count + 1).sum())
    return Rows(
        cell=np.flatnonzero(used),
        total=count,
        count=people if family == "binomial" else np.ones(len(count)),
        offset=np.zeros(len(count)) if family == "binomial" else np.log(people),
        covariates=np.zeros((len(count), 0)),
        names=(),
        people=people,
        constant=lost,
    )
