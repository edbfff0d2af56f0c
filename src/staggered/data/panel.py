"""The panel: a frame with its outcome. Reading and checking happen before one exists."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..design.design import Design
from ..errors import DataError, listing
from ..results.check import Check
from ..value import FloatArray, Value, read_only
from .checks import check
from .frame import Frame
from .persons import Persons


@dataclass(frozen=True, slots=True, eq=False)
class Panel(Value):
    """Outcomes of clusters by periods, with the design they were observed under.

    Parameters
    ----------
    frame : Frame
        Schedule, weights, covariates.
    outcome : array (clusters, periods)
        Cell means; nan where the data hold nothing.
    name : str
        What the outcome is, in plain English.
    notes : tuple of str
        What was done to the data on the way in, in sentences.
    within : array (clusters, periods), optional
        Variance between the people of each cell, when the data came person by person.
    people : Persons, optional
        The people themselves, for models that look inside a cell.

    Raises
    ------
    DataError
        Outcomes that are missing or infinite in cells the frame calls present; people of other cells.
    """

    frame: Frame
    outcome: FloatArray
    name: str = "the outcome"
    notes: tuple[str, ...] = ()
    within: FloatArray | None = None
    people: Persons | None = None

    def __post_init__(self) -> None:
        outcome = np.array(self.outcome, dtype=float)
        design = self.frame.design
        if outcome.shape != design.treatment.shape:
            raise DataError(
                f"The outcome has shape {outcome.shape}, the design {design.treatment.shape}.",
                "Each cell of the design needs its own outcome.",
                "Give one row per cluster and one column per period.",
            )
        assert self.frame.present is not None
        wrong = self.frame.present & ~np.isfinite(outcome)
        if wrong.any():
            named = [f"{design.clusters[i]} in {design.periods[t]}" for i, t in np.argwhere(wrong)]
            raise DataError(
                f"The outcome is missing or infinite for {listing(named)}.",
                "An estimate would silently rest on the other cells.",
                "Fill in the value, or leave the row out so that the gap is counted and said.",
            )
        object.__setattr__(self, "outcome", read_only(np.where(self.frame.present, outcome, np.nan)))
        if self.people is not None:
            object.__setattr__(self, "people", _of_present_cells(self.people, self.frame))

    @property
    def design(self) -> Design:
        """Schedule under which the outcome was observed."""
        return self.frame.design

    @property
    def y(self) -> FloatArray:
        """Outcomes of the used cells, (n,), cluster by cluster."""
        return np.asarray(self.outcome[self.frame.used])

    def without(self, row: int) -> Panel:
        """Set one cluster's data aside; the design stays as it is."""
        return replace(self, frame=self.frame.without(row))

    def checks(self) -> list[Check]:
        """Look at what a reader of any result from these data should know, one finding each.

        Gaps, hidden small counts, unusual values, outcomes that never change, uneven sizes, councils
        treated from the start, treatment that goes back, periods without a comparison, short
        histories, few councils and steps of a single one.
        """
        return check(self.frame, self.outcome)

    def to_frame(self) -> pd.DataFrame:
        """One row per used cell: cluster, period, treated, exposure, size, weight and outcome."""
        design, used = self.frame.design, self.frame.used
        assert self.frame.weights is not None
        row, column = np.nonzero(used)
        table = pd.DataFrame(
            {
                "cluster": np.array(design.clusters, dtype=object)[row],
                "period": pd.Series([design.periods[t] for t in column]),
                "treated": design.treatment[used],
                "exposure": design.exposure[used],
                "size": design.size[used],
                "weight": self.frame.weights[used],
                "outcome": self.outcome[used],
            }
        )
        for name, column_values in self.frame.covariates.items():
            table[name] = column_values[used]
        return table


def require_panel(given: object) -> None:
    """Refuse what is no panel, such as a table, a frame or a design.

    Raises
    ------
    DataError
    """
    if not isinstance(given, Panel):
        raise DataError(
            f"A panel was expected, not {type(given).__name__}.",
            "An analysis needs the rollout and the outcome together, checked.",
            "Read one with sg.read(...), or build sg.Panel(frame, outcome).",
        )


def _of_present_cells(people: Persons, frame: Frame) -> Persons:
    """People of the cells that have an outcome; refuse a cell without people, and people without a cell."""
    assert frame.present is not None
    shape = frame.present.shape
    inside = (people.cluster < shape[0]) & (people.period < shape[1]) & (people.cluster >= 0) & (people.period >= 0)
    if not inside.all():
        raise DataError(
            f"{int((~inside).sum()):,} people stand outside the {shape[0]} clusters and {shape[1]} periods.",
            "Each person is seen in a cell of the design.",
            "Number clusters and periods from 0, as the design does.",
        )
    present = frame.present[people.cluster, people.period]
    kept = people if present.all() else people.keep(present)
    empty = frame.present & (kept.counts(shape) == 0)
    if empty.any():
        names = frame.design
        named = [f"{names.clusters[i]} in {names.periods[t]}" for i, t in np.argwhere(empty)]
        raise DataError(
            f"There is an outcome but nobody in {listing(named)}.",
            "A cell's mean and its people would tell two stories.",
            "Give the people of every cell that has an outcome.",
        )
    return kept
