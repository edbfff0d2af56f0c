"""The frame: everything an estimator may look at before it sees the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..design.design import Design
from ..errors import DataError, DesignError, listing
from ..value import BoolArray, FloatArray, IntArray, Value, read_only, settled


@dataclass(frozen=True, slots=True, eq=False)
class Frame(Value):
    """A design with what the data hold of it: weights, covariates and labels, no outcome in sight.

    Parameters
    ----------
    design : Design
        Schedule and sizes.
    present : array (clusters, periods), optional
        Cells for which the data hold an outcome, whether the design uses them or not (a cell blanked
        by a transition may still have been measured). All that the design observes when absent.
    weights : array (clusters, periods), optional
        Weight of each cell in the estimate; ones (every council counts alike) when absent.
    labels : mapping of str to sequence of str
        Columns that are constant within a cluster, such as a region or a coarser cluster.
    covariates : mapping of str to array (clusters, periods)
        Numbers to adjust for.
    per : str
        Of what the estimate is an average: "council" or "child".

    Attributes
    ----------
    used : array (clusters, periods) of bool
        Cells that are both observed by the design and present in the data.
    seen : array (clusters,) of bool
        Clusters with data in use.

    Raises
    ------
    DataError
        Arrays that do not fit the design, or a weight that is not positive in a cell in use.

    Examples
    --------
    >>> frame = Frame(Design([[0, 1], [0, 0]]), present=[[True, True], [False, True]])
    >>> frame.used.tolist()
    [[True, True], [False, True]]
    """

    design: Design
    present: BoolArray | None = None
    weights: FloatArray | None = None
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    covariates: Mapping[str, FloatArray] = field(default_factory=dict)
    per: str = "council"
    used: BoolArray = field(init=False, repr=False)
    seen: BoolArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        shape = self.design.treatment.shape
        present = self.design.observed if self.present is None else np.asarray(self.present, dtype=bool)
        weights = np.ones(shape) if self.weights is None else np.asarray(self.weights, dtype=float)
        for name, grid in (("present", present), ("weights", weights), *self.covariates.items()):
            _require_shape(name, np.shape(grid), shape)
        used = settled(present & self.design.observed)
        wrong = used & ~(np.isfinite(weights) & (weights > 0))
        if wrong.any():
            named = [f"{self.design.clusters[i]} in {self.design.periods[t]}" for i, t in np.argwhere(wrong)]
            raise DataError(
                f"The weight is not a positive number for {listing(named)}.",
                "A cell that counts for nothing, or for less, would silently drop out of the estimate.",
                "Give its weight, or leave the row out so that the gap is counted and said.",
            )
        object.__setattr__(self, "present", read_only(present))
        object.__setattr__(self, "weights", read_only(weights))
        object.__setattr__(self, "used", used)
        object.__setattr__(self, "seen", settled(np.asarray(used.any(axis=1))))

    def starting(self) -> IntArray:
        """Clusters with data that start in each period and, last, those that never do, (periods + 1,)."""
        never = self.used.shape[1]
        start = self.design.start[self.seen]
        return np.bincount(np.minimum(start, never).astype(np.int64), minlength=never + 1)

    def dealt(self, order: IntArray) -> Frame:
        """Give the same clusters each other's schedules: cluster i receives the schedule of `order[i]`."""
        return replace(self, design=replace(self.design, treatment=self.design.treatment[order]))

    def without(self, row: int) -> Frame:
        """Set one cluster's data aside; the design, and so every period and event time, stays as it is."""
        assert self.present is not None
        present = self.present.copy()
        present[row] = False
        return replace(self, present=present)

    def keep(self, rows: IntArray | BoolArray, names: tuple[str, ...] = ()) -> Frame:
        """Keep some of the clusters, in the given order, under other names where they are given."""
        assert self.present is not None and self.weights is not None
        where = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else np.asarray(rows)
        old = self.design
        design = replace(
            old,
            treatment=old.treatment[where],
            size=old.size[where],
            clusters=names or tuple(old.clusters[k] for k in where),
            strata=tuple(old.strata[k] for k in where),
        )
        return Frame(
            design=design,
            present=self.present[where],
            weights=self.weights[where],
            labels={name: tuple(column[k] for k in where) for name, column in self.labels.items()},
            covariates={name: column[where] for name, column in self.covariates.items()},
            per=self.per,
        )

    def require_absorbing(self, estimator: str) -> None:
        """Refuse treatment that goes back.

        Raises
        ------
        DesignError
            Naming each council with the periods around its first reversal.
        """
        turns = self.design.reversals()
        back = np.flatnonzero(turns[:, 0] >= 0)
        if len(back):
            periods = self.design.periods
            around = [(self.design.clusters[k], periods[turns[k, 0]], periods[turns[k, 1]]) for k in back]
            named = [f"{name} (from treated in {last} to control in {first})" for name, last, first in around]
            raise DesignError(
                f"Treatment goes back: {listing(named)}.",
                f"{estimator} needs treatment to stay on once it starts.",
                "Mark those cells as not observed (blank), or use Gls, which allows crossover designs.",
            )


def _require_shape(name: str, given: tuple[int, ...], needed: tuple[int, ...]) -> None:
    if given != needed:
        raise DataError(
            f"{name} has shape {given}, the design {needed}.",
            "Each cell of the design needs its own entry.",
            "Give one row per cluster and one column per period.",
        )
