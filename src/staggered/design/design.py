"""The design: who is treated when, how many people are seen, and what may be swapped with what."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DesignError, listing
from ..value import BoolArray, DateArray, FloatArray, IntArray, Value, read_only, settled


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Design(Value):
    """A rollout: clusters (councils, teams) by periods, each cell control, treated or not observed.

    Parameters
    ----------
    treatment : array (clusters, periods)
        0 control, 1 treated, a fraction when partly implemented, nan where not observed
        (before a cluster joins, in transition, after it leaves).
    size : float or array
        People per cluster-period: one number, one per cluster, or one per cell.
    clusters : sequence of str, optional
        Names; "1", "2", ... when absent.
    periods : sequence, optional
        Labels of the periods; 1, 2, ... when absent.
    dates : array (periods, 2) of datetime64[D], optional
        First and last day of each period.
    strata : sequence of str, optional
        Clusters swap schedules only within a stratum.
    name : str
        What the design is called in outputs.

    Attributes
    ----------
    observed : array (clusters, periods) of bool
        Which cells the design observes.
    start : array (clusters,)
        Index of each cluster's first treated period (from 0); inf when it is never treated.

    Raises
    ------
    DesignError
        Treatment outside 0–1, a size that is not positive, duplicate names, lengths that do not
        match, a period or a cluster that nobody observes.

    Examples
    --------
    >>> design = Design([[0, 1, 1], [0, 0, 1]], size=20)
    >>> design.start, design.allocations()
    (array([1., 2.]), 2)
    """

    treatment: FloatArray
    size: FloatArray
    clusters: tuple[str, ...]
    periods: tuple[object, ...]
    dates: DateArray | None
    strata: tuple[str, ...]
    name: str
    observed: BoolArray = field(init=False, repr=False)
    start: FloatArray = field(init=False, repr=False)

    def __init__(
        self,
        treatment: ArrayLike,
        size: ArrayLike = 1.0,
        *,
        clusters: Sequence[object] = (),
        periods: Sequence[object] = (),
        dates: ArrayLike | None = None,
        strata: Sequence[object] | None = None,
        name: str = "",
    ) -> None:
        matrix = _treatment(treatment)
        count, width = matrix.shape
        names = _names(clusters, count, "clusters", "row") or tuple(str(k + 1) for k in range(count))
        labels = _names(periods, width, "periods", "column") or tuple(range(1, width + 1))
        groups = tuple(str(s) for s in strata) if strata is not None and len(strata) else ("all",) * count
        if len(groups) != count:
            raise DesignError(
                f"{len(groups)} strata were given for {count} clusters.",
                "A stratum says which clusters may swap schedules, so every cluster needs one.",
                "Give one stratum per cluster, in the order of the clusters.",
            )
        councils = tuple(str(one) for one in names)
        set_field = object.__setattr__
        set_field(self, "treatment", read_only(matrix))
        set_field(self, "observed", settled(~np.isnan(matrix)))
        set_field(self, "start", settled(_starts(matrix)))
        set_field(self, "clusters", councils)
        set_field(self, "periods", labels)
        set_field(self, "strata", groups)
        set_field(self, "size", read_only(_sizes(size, matrix, councils, labels)))
        set_field(self, "dates", _dates(dates, labels))
        set_field(self, "name", name)
        _require_somebody(self)

    @property
    def exposure(self) -> IntArray:
        """Periods of treatment so far, (clusters, periods): 0 in control, 1 in the first treated period."""
        width = self.treatment.shape[1]
        columns = np.arange(width)
        # A comparison with nan is False: what is not observed is not treated.
        treated = self.treatment > 0
        last_control = np.maximum.accumulate(np.where(self.observed & ~treated, columns, -1), axis=1)
        next_treated = np.minimum.accumulate(np.where(treated, columns, width)[:, ::-1], axis=1)[:, ::-1]
        spell = np.take_along_axis(next_treated, np.minimum(last_control + 1, width - 1), axis=1)
        return np.where(treated, columns - spell + 1, 0).astype(np.int64)

    @property
    def midpoints(self) -> FloatArray:
        """Middle of each period in days since the first day, or its index when there are no dates."""
        if self.dates is None:
            return np.arange(self.treatment.shape[1], dtype=float)
        days = self.dates.astype("datetime64[D]").astype(np.int64)
        return np.asarray((days[:, 0] + days[:, 1] + 1) / 2 - days[0, 0], dtype=float)

    @property
    def absorbing(self) -> BoolArray:
        """Whether each cluster, once treated, stays treated wherever it is observed."""
        return self.reversals()[:, 0] < 0

    def reversals(self) -> IntArray:
        """Last treated and first control column around each cluster's first reversal; −1 where there is none."""
        found = np.full((len(self.treatment), 2), -1)
        for row in np.flatnonzero(_goes_back(self.treatment)):
            seen = np.flatnonzero(self.observed[row])
            fall = np.flatnonzero(np.diff(self.treatment[row, seen]) < 0)[0]
            found[row] = seen[fall], seen[fall + 1]
        return found

    def allocations(self) -> int:
        """Count the different ways in which the schedules can be dealt out within strata."""
        total = 1
        for stratum in dict.fromkeys(self.strata):
            rows = [k for k, s in enumerate(self.strata) if s == stratum]
            repeats = Counter(self.treatment[k].tobytes() for k in rows)
            total *= math.factorial(len(rows)) // math.prod(map(math.factorial, repeats.values()))
        return total

    def batched(self, batches: int, lag: int) -> Design:
        """Roll the same design out again to new clusters, each batch `lag` periods after the one before.

        A batch is not observed before its first period or after its last, and schedules are dealt out within
        a batch. Period effects are shared by batches that overlap; with a lag of all periods or more none do,
        which is also the precision of a design whose overlapping batches have period effects of their own.

        Parameters
        ----------
        batches : int
        lag : int
            From 1 to the number of periods.

        References
        ----------
        Kasza, Bowden, Hooper and Forbes (2022), Statistics in Medicine 41:3627.

        Examples
        --------
        >>> Design([[0, 1, 1], [0, 0, 1]]).batched(2, lag=1).treatment
        array([[ 0.,  1.,  1., nan],
               [ 0.,  0.,  1., nan],
               [nan,  0.,  1.,  1.],
               [nan,  0.,  0.,  1.]])
        """
        width = self.treatment.shape[1]
        if batches < 1 or not 1 <= lag <= width or self.dates is not None:
            raise DesignError(
                f"{batches} batches were asked for, {lag} periods apart, of a design with {width} periods"
                f"{' that have dates' if self.dates is not None else ''}.",
                "Each batch begins whole periods after the one before, and no later than that ends.",
                f"Give batches from 1 and a lag from 1 to {width}; with dates, name the go-live of every cluster.",
            )
        numbered = self.clusters == tuple(str(k + 1) for k in range(len(self.clusters)))
        number = range(1, batches + 1)
        return Design(
            _in_batches(self.treatment, batches, lag),
            _in_batches(self.size, batches, lag),
            clusters=() if numbered else [f"{name}, batch {k}" for k in number for name in self.clusters],
            strata=[f"{stratum}, batch {k}".removeprefix("all, ") for k in number for stratum in self.strata],
            name=f"{self.name or 'design'} in {batches} batches",
        )

    def __repr__(self) -> str:
        count, width = self.treatment.shape
        title = f"{self.name}: " if self.name else ""
        return f"<Design {title}{count} clusters × {width} periods>"


def _in_batches(table: FloatArray, batches: int, lag: int) -> FloatArray:
    """Copies of a table one below the other, each moved to the right, with nan around them."""
    count, width = table.shape
    whole = np.full((batches * count, width + lag * (batches - 1)), np.nan)
    for k in range(batches):
        whole[k * count : (k + 1) * count, k * lag : k * lag + width] = table
    return whole


def _treatment(given: ArrayLike) -> FloatArray:
    treatment = to_numbers(given, "The treatment matrix")
    if treatment.ndim != 2 or 0 in treatment.shape:
        raise DesignError(
            f"The treatment matrix has shape {treatment.shape}.",
            "A design has one row per cluster and one column per period.",
            "Give a list of rows, such as [[0, 1, 1], [0, 0, 1]].",
        )
    wrong = ~np.isnan(treatment) & ~((treatment >= 0) & (treatment <= 1))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise DesignError(
            f"Treatment is {treatment[row, column]:g} in row {row + 1}, column {column + 1}.",
            "A cell is 0 (control), 1 (treated), a fraction in between, or blank (nan: not observed).",
            "Correct the cell.",
        )
    return treatment


def _starts(treatment: FloatArray) -> FloatArray:
    """Index of each row's first treated column; inf when it has none."""
    # A comparison with nan is False: what is not observed is not treated.
    treated = treatment > 0
    return np.where(treated.any(axis=1), treated.argmax(axis=1), np.inf)


def to_numbers(given: ArrayLike, what: str) -> FloatArray:
    """An array of numbers, or an error that names what holds none."""
    try:
        return np.array(given, dtype=float)
    except (TypeError, ValueError):
        raise DesignError(
            f"{what} holds text, or rows of different lengths.",
            "It is made of numbers: one for all, one per cluster, or one for each cluster and period.",
            "Give numbers in rows of equal length; nan where nothing is observed.",
        ) from None


def _names(given: Sequence[object], count: int, what: str, part: str) -> tuple[object, ...]:
    names = tuple(given)
    if names and len(names) != count:
        raise DesignError(
            f"{len(names)} {what} were named but the treatment matrix has {count} {part}s.",
            f"Every {part} needs its own name.",
            f"Give {count} names, or none.",
        )
    repeated = [name for name, times in Counter(map(str, names)).items() if times > 1]
    if repeated:
        raise DesignError(
            f"The name {listing(repeated)} is given to more than one of the {what}.",
            "Two with one name cannot be told apart in any output.",
            "Give each its own name.",
        )
    return names


def _sizes(given: ArrayLike, treatment: FloatArray, clusters: Sequence[str], periods: Sequence[object]) -> FloatArray:
    size = to_numbers(given, "The size")
    count, width = treatment.shape
    if size.ndim == 1 and size.shape[0] == count:
        size = size[:, None]
    if (
        size.ndim > 2
        or (size.ndim == 1 and size.shape[0] != 1)
        or (size.ndim == 2 and size.shape not in {(count, 1), (count, width)})
    ):
        raise DesignError(
            f"Sizes of shape {size.shape} do not fit {count} clusters and {width} periods.",
            "A size is people per cluster-period.",
            "Give one number, one number per cluster, or one per cell.",
        )
    size = np.broadcast_to(size, treatment.shape).copy()
    wrong = ~np.isnan(treatment) & ~(np.isfinite(size) & (size > 0))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise DesignError(
            f"{clusters[row]} has size {size[row, column]:g} in period {periods[column]}.",
            "A cell of nobody carries no information, and a size must be a positive number.",
            "Give the number of people, or leave the cell's treatment blank (not observed).",
        )
    size[np.isnan(treatment)] = np.where(np.isfinite(size[np.isnan(treatment)]), size[np.isnan(treatment)], 0.0)
    return size


def _dates(given: ArrayLike | None, periods: Sequence[object]) -> DateArray | None:
    if given is None:
        return None
    dates = np.array(given, dtype="datetime64[D]")
    if dates.shape != (len(periods), 2):
        raise DesignError(
            f"Dates of shape {dates.shape} were given for {len(periods)} periods.",
            "Each period needs its first and its last day.",
            "Give one pair of dates per period.",
        )
    if (dates[:, 0] > dates[:, 1]).any() or (dates[1:, 0] <= dates[:-1, 1]).any():
        raise DesignError(
            "The periods' dates are not in order, or overlap.",
            "Each period must begin after the one before has ended.",
            "Sort the periods by date and mend the overlap.",
        )
    return read_only(dates)


def _goes_back(treatment: FloatArray) -> BoolArray:
    """Which rows fall anywhere, gaps passed over."""
    filled = np.where(np.isnan(treatment), -1.0, treatment)
    highest = np.maximum.accumulate(filled, axis=1)
    return np.asarray(((treatment < highest) & ~np.isnan(treatment)).any(axis=1))


def _require_somebody(design: Design) -> None:
    nobody = [design.periods[k] for k in np.flatnonzero(~design.observed.any(axis=0))]
    if nobody:
        raise DesignError(
            f"No cluster is observed in period {listing(nobody)}.",
            "A period without data says nothing, and estimators would step over it unseen.",
            "Leave the period out, or fill in who is observed.",
        )
    absent = [design.clusters[k] for k in np.flatnonzero(~design.observed.any(axis=1))]
    if absent:
        raise DesignError(
            f"{listing(absent)} is not observed in any period.",
            "A cluster without data says nothing.",
            "Leave it out, or fill in when it is observed.",
        )
