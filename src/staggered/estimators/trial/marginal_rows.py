"""What estimating equations need of the data: people alike in everything but their outcome, counted and summed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...data.panel import Panel
from ...errors import DataError, listing
from ...value import BoolArray, FloatArray, IntArray
from .counted import counts_of, require_possible
from .sufficient import precision

FAMILIES = ("gaussian", "binomial", "poisson")


@dataclass(frozen=True, slots=True)
class Rows:
    """Groups of people of one cell with the same covariates, cluster by cluster.

    Parameters
    ----------
    cluster, period : array (G,)
        Sorted by cluster, then period.
    count : array (G,)
        Outcomes in the group: its people, or 1 where only the cell's total is known.
    total, squares : array (G,)
        Sum of the outcomes and of their squares.
    offset : array (G,)
        What is known of the linear predictor: log population.
    weight : array (G,)
        Precision of an outcome beside the others, where outcomes are means.
    covariates : array (G, q)
    names : tuple of str
        Of the covariates.
    """

    cluster: IntArray
    period: IntArray
    count: FloatArray
    total: FloatArray
    squares: FloatArray
    offset: FloatArray
    weight: FloatArray
    covariates: FloatArray
    names: tuple[str, ...]

    @property
    def observations(self) -> float:
        """Number of outcomes."""
        return float(self.count.sum())

    def keep(self, kept: BoolArray) -> Rows:
        """Keep some of the groups."""
        return Rows(
            self.cluster[kept],
            self.period[kept],
            self.count[kept],
            self.total[kept],
            self.squares[kept],
            self.offset[kept],
            self.weight[kept],
            self.covariates[kept],
            self.names,
        )


def rows_of(panel: Panel, family: str) -> Rows:
    """Group the people of a panel, or take its cells apart as far as the family allows.

    From cell totals alone a binomial outcome is known of everyone (so many 1, the rest 0). Of counts only the total
    of a cell is known, which is one outcome with the population as offset; of means, one outcome with its precision,
    or everyone's where the variance within cells is known too.

    Raises
    ------
    DataError
        Outcomes that the family cannot have; a population that is missing; covariates not known of everyone.
    """
    if panel.people is None:
        return _from_cells(panel, family)
    people = panel.people.keep(panel.frame.used[panel.people.cluster, panel.people.period])
    lacking = {name: int(np.isnan(column).sum()) for name, column in people.covariates.items()}
    if any(lacking.values()):
        said = listing([f"{name} of {count:,} people" for name, count in lacking.items() if count])
        raise DataError(
            f"Not known: {said}, of {len(people.outcome):,} in all.",
            "Leaving those people out, filling in a guess or marking them are different analyses.",
            "Choose one and say so, or compare them with missing_data() of staggered.diagnostics.missing.",
        )
    require_possible(panel, family, people.outcome, people.cluster, people.period)
    cell = people.cell(panel.outcome.shape[1])
    keys = pd.DataFrame({"cell": cell, **{f"x{k}": column for k, column in enumerate(people.covariates.values())}})
    group = keys.groupby(list(keys.columns), sort=True).ngroup().to_numpy()
    count = np.bincount(group).astype(float)
    one = np.zeros(len(count), dtype=np.int64)
    one[group] = np.arange(len(group))
    covariates = np.column_stack([np.zeros((len(group), 0)), *people.covariates.values()])
    return Rows(
        cluster=people.cluster[one],
        period=people.period[one],
        count=count,
        total=np.bincount(group, weights=people.outcome).astype(float),
        squares=np.bincount(group, weights=people.outcome**2).astype(float),
        offset=np.zeros(len(count)),
        weight=np.ones(len(count)),
        covariates=covariates[one],
        names=tuple(people.covariates),
    )


def _from_cells(panel: Panel, family: str) -> Rows:
    frame, used = panel.frame, panel.frame.used
    cluster, period = np.nonzero(used)
    size, outcome = panel.design.size[used], panel.outcome[used]
    offset, weight, count = np.zeros(len(size)), np.ones(len(size)), np.ones(len(size))
    total, squares = outcome, outcome**2
    if family == "gaussian" and panel.within is not None:
        count, total = size, size * outcome
        squares = size * outcome**2 + np.where(size > 1, np.nan_to_num(panel.within[used]), 0.0) * (size - 1)
    elif family == "gaussian":
        weight = precision(frame)[used]
    else:
        total = counts_of(panel, family)[used]
        squares = total**2
        if family == "binomial":
            count, squares = size, total
        else:
            offset = np.log(size)
    covariates = [column[used] for column in frame.covariates.values()]
    return Rows(
        cluster=cluster,
        period=period,
        count=count,
        total=total,
        squares=squares,
        offset=offset,
        weight=weight,
        covariates=np.column_stack([np.zeros((len(size), 0)), *covariates]),
        names=tuple(frame.covariates),
    )
