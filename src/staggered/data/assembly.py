"""From records on a grid to a panel: outcome, sizes, schedule, weights and what goes with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..design.design import Design
from ..errors import DataError, listing
from ..value import BoolArray, FloatArray, IntArray
from .adoption import to_schedule
from .calendar import Calendar
from .comparison import compared
from .councils import text_of, told, who
from .frame import Frame
from .grid import Grid, gaps, require_once, when
from .numbers import require_filled, to_numbers
from .panel import Panel
from .people import cell_means, follow, gather
from .persons import Persons
from .request import Request
from .source import Table
from .treated import to_treatment

_Notes = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """Outcomes and sizes on the grid.

    Parameters
    ----------
    outcome : array (clusters, periods)
        nan where there is none.
    size : array (clusters, periods), optional
        People; None when nobody said how many.
    within : array (clusters, periods), optional
        Variance between the people of a cell.
    records : array (n,)
        Which records have an outcome.
    notes : tuple of str
        What was done to get there.
    """

    outcome: FloatArray
    size: FloatArray | None
    within: FloatArray | None
    records: BoolArray
    notes: _Notes


def to_panel(table: Table, asked: Request, grid: Grid, calendar: Calendar) -> Panel:
    """Put a panel together from the columns of a request.

    Raises
    ------
    DataError, DesignError, IdentificationError
        As `read` says.
    """
    seen = _people(table, asked, grid) if asked.people else _cells(table, asked, grid)
    present = np.isfinite(seen.outcome)
    _require_outcomes(present, grid, asked.outcome)
    treatment, schedule_notes = _schedule(table, asked, grid, calendar)
    design = Design(
        treatment,
        np.ones(grid.shape) if seen.size is None else _filled(seen.size, present),
        clusters=grid.councils.names,
        periods=grid.periods,
        dates=calendar.extents.known,
        strata=() if asked.strata is None else _strata(table, asked.strata, grid, treatment),
    )
    weights, weight_notes = _weights(table, asked, grid, seen)
    columns, covariate_notes = _covariates(table, asked, grid, seen.records)
    frame = Frame(
        design,
        present=present,
        weights=None if weights is None else _filled(weights, present),
        labels={name: _labels(table, name, grid) for name in asked.keep},
        covariates=_cell_covariates(columns, seen.records, grid, present),
        per="child" if asked.per_child else "council",
    )
    notes = (
        _opening(table, grid, asked),
        *table.notes,
        *seen.notes,
        *schedule_notes,
        *weight_notes,
        *covariate_notes,
        gaps(grid, present),
        *(() if asked.start is None and asked.treated is None else compared(design, frame.used, grid)),
    )
    name = asked.outcome if asked.per is None else f"{asked.outcome} per {asked.per:,.12g}"
    people = _persons(table, asked, grid, seen.records, columns) if asked.people else None
    return Panel(frame, seen.outcome, name, tuple(note for note in notes if note), seen.within, people)


def _cells(table: Table, asked: Request, grid: Grid) -> Observed:
    require_once(grid)
    values, notes = to_numbers(table.frame[asked.outcome], asked.outcome, grid, "outcome")
    records = np.isfinite(values)
    if asked.size is None:
        return Observed(grid.place(values), None, None, records, notes)
    size, size_notes = _positive(table, asked.size, grid, records, "size")
    if asked.per is not None:
        _require_counts(values, asked.outcome, grid)
        values = np.divide(values, size, out=np.full(len(values), np.nan), where=records) * asked.per
    return Observed(grid.place(values), grid.place(size), None, records, (*notes, *size_notes))


def _require_counts(values: FloatArray, column: str, grid: Grid) -> None:
    """Refuse numbers below 0 among those that are divided by a size to give a rate."""
    wrong = np.flatnonzero(values < 0)
    if len(wrong):
        raise DataError(
            f"The outcome {column!r} is below 0: {told(wrong, lambda k: f'{values[k]:g} for {grid.say(k)}')}.",
            "It is divided by the size to give a rate, and nobody can be counted less than not at all.",
            "Correct it. Files that write -1 for hidden or missing numbers need those cells blank.",
        )


def _people(table: Table, asked: Request, grid: Grid) -> Observed:
    values, notes = to_numbers(table.frame[asked.outcome], asked.outcome, grid, "outcome")
    followed = "" if asked.unit is None else follow(table.frame[asked.unit], asked.unit, grid)
    records = np.isfinite(values)
    per = asked.per or 1.0
    people = gather(values, grid)
    without = int((~records).sum())
    left_out = f"{without:,} of {len(values):,} people have no {asked.outcome!r} and are left out." if without else ""
    return Observed(people.mean * per, people.count, people.within * per**2, records, (*notes, left_out, followed))


def _require_outcomes(present: BoolArray, grid: Grid, outcome: str) -> None:
    """Refuse a period in which nobody has an outcome, and a council that never has one."""
    periods = np.flatnonzero(~present.any(axis=0))
    if len(periods):
        rows = grid.spreadsheet()

        def say(k: int) -> str:
            listed = rows[:, k][rows[:, k] > 0].tolist()
            return f"{when(grid.periods[k])} (blank in row {listing([*listed], 3)})"

        raise DataError(
            f"No council has an outcome {outcome!r} in {told(periods, say)}.",
            "Estimators would step over the period unseen and count every later exposure one period short.",
            "Fill the outcome in; if the period is simply not out yet, delete its rows.",
        )
    empty = np.flatnonzero(~present.any(axis=1))
    if len(empty):
        first = grid.spreadsheet()

        def name(k: int) -> str:
            return f"{who(grid.councils.names[k])} (from row {first[k][first[k] > 0].min()})"

        raise DataError(
            f"There is no outcome {outcome!r} in any period for {told(empty, name)}.",
            "A council without outcomes says nothing, and counting it would overstate how many there are.",
            "Fill the outcomes in, or delete the rows of that council.",
        )


def _schedule(table: Table, asked: Request, grid: Grid, calendar: Calendar) -> tuple[FloatArray, _Notes]:
    """Treatment of every cell; all control when the request names no schedule."""
    if asked.start is not None:
        return to_schedule(table.frame[asked.start], asked.start, grid, calendar, asked.adopt, asked.partial)
    if asked.treated is not None:
        return to_treatment(table.frame[asked.treated], asked.treated, grid)
    return np.zeros(grid.shape), ("Neither start nor treated was given: every council-period is taken as untreated.",)


def _weights(table: Table, asked: Request, grid: Grid, seen: Observed) -> tuple[FloatArray | None, _Notes]:
    if asked.weights is None or asked.per_child:
        return (None if asked.weights is None else seen.size), ()
    values, notes = _positive(table, str(asked.weight_column), grid, seen.records, "weight")
    return grid.place(values), notes


def _positive(table: Table, column: str, grid: Grid, needed: BoolArray, role: str) -> tuple[FloatArray, _Notes]:
    """Numbers above 0 on every record that has an outcome."""
    values, notes = to_numbers(table.frame[column], column, grid, role)
    require_filled(
        values,
        needed,
        grid,
        f"The {role} {column!r} is blank",
        why=f"An outcome without its {role} cannot be used.",
        fix=f"Fill the {role} in, or blank the outcome so that the cell is counted as a gap.",
    )
    wrong = np.flatnonzero(needed & ~(values > 0))
    if len(wrong):
        raise DataError(
            f"The {role} {column!r} is not above 0: {told(wrong, lambda k: f'{values[k]:g} for {grid.say(k)}')}.",
            "A cell of nobody carries no information." if role == "size" else "A weight says how much a cell counts.",
            f"Correct it, or delete the row: what should not count is left out, not given a {role} of 0.",
        )
    return values, notes


def _covariates(table: Table, asked: Request, grid: Grid, records: BoolArray) -> tuple[dict[str, FloatArray], _Notes]:
    """Numbers to adjust for, record by record; of people they may be blank, which is said."""
    found: dict[str, FloatArray] = {}
    notes: _Notes = ()
    for name in asked.covariates:
        values, said = to_numbers(table.frame[name], name, grid, "covariate")
        blank = int((np.isnan(values) & records).sum())
        if asked.people and blank:
            said = (*said, _unknown(name, blank, int(records.sum())))
        else:
            require_filled(
                values,
                records,
                grid,
                f"The covariate {name!r} is blank",
                why="Adjusting for it would silently leave those outcomes out.",
                fix="Fill it in, blank the outcome so that the row is counted as a gap, or leave the covariate out.",
            )
        found[name], notes = values, (*notes, *said)
    return found, notes


def _unknown(name: str, blank: int, people: int) -> str:
    share = 100 * blank / people
    return (
        f"The covariate {name!r} is blank for {blank:,} of {people:,} people ({share:.1f}%). They are kept; a model "
        "that adjusts for it must be told what to do about them."
    )


def _cell_covariates(
    columns: dict[str, FloatArray], records: BoolArray, grid: Grid, present: BoolArray
) -> dict[str, FloatArray]:
    """Means of the covariates on the grid, over those who have them."""
    means: dict[str, FloatArray] = {}
    for name, values in columns.items():
        means[name] = cell_means(values, records & np.isfinite(values), grid)
        nobody = np.argwhere(present & np.isnan(means[name]))
        if len(nobody):

            def say(k: int, cells: IntArray = nobody) -> str:
                council, period = cells[k]
                return f"{who(grid.councils.names[council])} in {when(grid.periods[period])}"

            raise DataError(
                f"The covariate {name!r} is blank for everyone in {told(np.arange(len(nobody)), say)}.",
                "Adjusting for it would silently leave those outcomes out.",
                "Fill it in, or leave the covariate out.",
            )
    return means


def _persons(table: Table, asked: Request, grid: Grid, records: BoolArray, columns: dict[str, FloatArray]) -> Persons:
    """Give the people who have an outcome; a person who is followed is an identifier within a council."""
    values, _ = to_numbers(table.frame[asked.outcome], asked.outcome, grid, "outcome")
    unit = None
    if asked.unit is not None:
        codes, found = pd.factorize(table.frame[asked.unit])
        unit = pd.factorize((grid.councils.codes * len(found) + codes)[records])[0]
    cluster, period = np.divmod(grid.cell[records], len(grid.periods))
    return Persons(
        cluster=cluster,
        period=period,
        outcome=values[records] * (asked.per or 1.0),
        unit=unit,
        covariates={name: column[records] for name, column in columns.items()},
    )


def _strata(table: Table, column: str, grid: Grid, treatment: FloatArray) -> tuple[str, ...]:
    """Stratum of each cluster; those that never go live may have none, because they swap with nobody."""
    never = np.asarray(~(np.nan_to_num(treatment) > 0).any(axis=1))
    return tuple(label or "no stratum" for label in _labels(table, column, grid, never))


def _labels(table: Table, column: str, grid: Grid, may_be_blank: BoolArray | None = None) -> tuple[str, ...]:
    """Label of each cluster from a column that must not change within one."""
    codes, values = pd.factorize(table.frame[column])
    texts = np.array([*map(text_of, values), ""], dtype=object)
    keys, shown = pd.factorize(texts)
    first = grid.constant(
        keys[codes],
        lambda k: shown[keys[codes[k]]] or "blank",
        f"The column {column!r} changes within a council",
        why="It is used as something that holds for a council throughout.",
        fix="Write the same on every row of a council; what changes over time goes into covariates=.",
    )
    labels = texts[codes[first]]
    blank = np.flatnonzero((labels == "") if may_be_blank is None else (labels == "") & ~may_be_blank)
    if len(blank):
        raise DataError(
            f"The column {column!r} is blank for {told(blank, lambda k: grid.councils.say(int(first[k])))}.",
            "Blanks would be taken for a group of their own.",
            "Fill it in on every row.",
        )
    return tuple(labels)


def _filled(values: FloatArray, present: BoolArray) -> FloatArray:
    """Give cells without an outcome the mean of their council: they are not used, but a size must be a number."""
    if present.all():
        return values
    known = np.where(present, values, 0.0)
    means = known.sum(axis=1) / present.sum(axis=1)
    return np.where(present, values, means[:, None])


def _opening(table: Table, grid: Grid, asked: Request) -> str:
    rows, (count, width) = len(table.rows), grid.shape
    what = "people" if asked.people else "rows"
    return f"Read {rows:,} {what}: {count:,} councils by {width:,} periods, {grid.periods[0]} to {grid.periods[-1]}."
