"""The people behind the cells: one row each, kept beside the means for models that look inside a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import DataError
from ..value import BoolArray, FloatArray, IntArray, Value, read_only


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Persons(Value):
    """Outcomes of people, with the cell in which each was seen.

    Parameters
    ----------
    cluster, period : array (n,)
        Row and column of the design.
    outcome : array (n,)
        Finite numbers: people without an outcome are not among them.
    unit : array (n,) or None
        Number of the person who is followed, the same in every period; None when nobody is followed.
    covariates : mapping of str to array (n,)
        Numbers to adjust for; nan where a person's is not known.

    Raises
    ------
    DataError
        Columns of different lengths, or an outcome that is no number.

    Examples
    --------
    >>> people = Persons(cluster=[0, 0, 1], period=[0, 0, 1], outcome=[1.0, 2.0, 4.0])
    >>> people.means(people.outcome, (2, 2))
    array([[1.5, nan],
           [nan, 4. ]])
    """

    cluster: IntArray
    period: IntArray
    outcome: FloatArray
    unit: IntArray | None = None
    covariates: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.outcome)
        named = {"cluster": self.cluster, "period": self.period, "unit": self.unit, **self.covariates}
        for name, column in named.items():
            if column is not None and np.shape(column) != (count,):
                raise DataError(
                    f"{name} has shape {np.shape(column)} for {count} people.",
                    "Each person needs their own entry.",
                    "Give columns of one length.",
                )
        outcome = np.asarray(self.outcome, dtype=float)
        wrong = np.flatnonzero(~np.isfinite(outcome))
        if len(wrong):
            raise DataError(
                f"The outcome of {len(wrong):,} people is missing or infinite (the first is number {wrong[0] + 1}).",
                "A person without an outcome has no place in a cell's mean.",
                "Leave those people out, so that they are counted and said.",
            )
        set_field = object.__setattr__
        set_field(self, "outcome", read_only(outcome))
        set_field(self, "cluster", read_only(np.asarray(self.cluster, dtype=np.int64)))
        set_field(self, "period", read_only(np.asarray(self.period, dtype=np.int64)))
        if self.unit is not None:
            set_field(self, "unit", read_only(np.asarray(self.unit, dtype=np.int64)))
        columns = {name: read_only(np.asarray(column, dtype=float)) for name, column in self.covariates.items()}
        set_field(self, "covariates", columns)

    def cell(self, periods: int) -> IntArray:
        """Cell of each person, counted cluster by cluster."""
        return np.asarray(self.cluster * periods + self.period)

    def counts(self, shape: tuple[int, int]) -> FloatArray:
        """People of each cell, (clusters, periods)."""
        return np.bincount(self.cell(shape[1]), minlength=shape[0] * shape[1]).reshape(shape).astype(float)

    def means(self, values: FloatArray, shape: tuple[int, int]) -> FloatArray:
        """Mean of some values in each cell, (clusters, periods); nan where there is nobody."""
        count = self.counts(shape).ravel()
        total = np.bincount(self.cell(shape[1]), weights=values, minlength=len(count))
        return np.asarray(np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)).reshape(shape)

    def keep(self, rows: BoolArray) -> Persons:
        """Keep some of the people."""
        return Persons(
            cluster=self.cluster[rows],
            period=self.period[rows],
            outcome=self.outcome[rows],
            unit=None if self.unit is None else self.unit[rows],
            covariates={name: column[rows] for name, column in self.covariates.items()},
        )
