"""Effects in subgroups, and whether they differ, each with a flag that says if that was planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..data.panel import Panel
from ..data.read import read
from ..errors import DataError, IdentificationError, listing
from ..kernel.protocols import Inference, PointEstimator
from ..results.estimate import Estimate, Term
from ..results.uncertainty import Sampling
from ..value import FloatArray, Value

_FEWEST = 3


@dataclass(frozen=True, slots=True, eq=False)
class Subgroups(Value):
    """Effects in subgroups and their differences from the largest.

    Parameters
    ----------
    column : str
    prespecified : bool
        Whether the protocol names this subgroup.
    groups : tuple of str
        The largest first.
    people : tuple of int
    effects : tuple of Estimate
    differences : Estimate or None
        Interactions: effect in each other group less that in the first.
    """

    column: str
    prespecified: bool
    groups: tuple[str, ...]
    people: tuple[int, ...]
    effects: tuple[Estimate, ...]
    differences: Estimate

    @property
    def status(self) -> str:
        """What a reader must know first."""
        return "pre-specified" if self.prespecified else "exploratory"

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """One row per group, then one per difference."""
        columns = ["estimate", "std_error", "df", "p_value", "conf_low", "conf_high"]
        own = pd.DataFrame([one.select([0]).table(level).iloc[0][columns] for one in self.effects]).astype(float)
        own.insert(0, "term", [f"{self.column}: {name}" for name in self.groups])
        own.insert(1, "people", self.people)
        apart = self.differences.table(level)[["term", *columns]]
        table = pd.concat([own, apart], ignore_index=True)
        table["status"] = self.status
        return table[["term", "status", "people", *columns]].astype({"people": "Int64"})

    def text(self) -> str:
        """Say in a paragraph whether effects differ, and how far that may be trusted."""
        low, high = self.differences.uncertainty.interval(self.differences.values, 0.95)
        apart = [
            term.label for term, down, up in zip(self.differences.terms, low, high, strict=True) if down > 0 or up < 0
        ]
        planned = (
            "The protocol named this subgroup."
            if self.prespecified
            else "The protocol did not name this subgroup: whatever shows is a question for another study."
        )
        found = (
            f"The 95% interval of {listing(apart)} does not include zero."
            if apart
            else "Every 95% interval of a difference includes none: these data cannot tell whether effects differ."
        )
        return (
            f"Effects by {self.column} ({self.status}). {planned} {found} Whether an effect is there in one group and "
            "not in another is answered by the difference, never by one interval leaving out 0 and the other not."
        )

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"column": self.column, "status": self.status, "rows": self.table().to_dict(orient="records")}


def subgroups(
    data: pd.DataFrame,
    column: str,
    estimator: PointEstimator,
    inference: Inference | None = None,
    *,
    reading: Mapping[str, str],
    prespecified: bool,
    covariates: Sequence[str] = (),
) -> Subgroups:
    """Estimate the effect in each group of people, and the differences between groups.

    Groups share councils, so their effects are not independent: the variance of a difference is that of leaving out
    each council in turn (a jackknife), with t and councils − 1 degrees of freedom.

    Parameters
    ----------
    data : DataFrame
        One row per person.
    column : str
        The groups; people of whom it is not known are left out and counted in a note.
    estimator : estimator that can be fitted again
    inference : Inference, optional
        Of the effects themselves; the estimator's default when absent.
    reading : mapping of str to str
        The columns, as `read` takes them: cluster, period, outcome, and treated or start.
    prespecified : bool
        Whether the protocol names this subgroup; it stands beside every number.
    covariates : sequence of str
        Columns of numbers to adjust for, in each group anew.

    Raises
    ------
    DataError
        A single group, or a group in which nothing can be estimated.
    """
    if column not in data:
        raise DataError(
            f"There is no column {column!r}.",
            f"The columns are {listing([repr(name) for name in data.columns], most=20)}.",
            "Write the name as it stands in the data.",
        )
    sizes = data[column].value_counts()
    if len(sizes) < 2:
        raise DataError(
            f"The column {column!r} has {len(sizes)} group.",
            "A subgroup is compared with another.",
            "Name a column with at least two values.",
        )
    panels = []
    for group in sizes.index:
        rows = data[data[column] == group]
        panels.append(read(rows, rows="people", covariates=list(covariates), **reading))  # type: ignore[arg-type]  # columns by name
    names = tuple(str(group) for group in sizes.index)
    effects = tuple(estimator.fit(panel, inference) for panel in panels)
    unknown = int(data[column].isna().sum())
    notes = (f"{unknown:,} people of whom {column} is not known are left out.",) if unknown else ()
    differences = _differences(estimator, panels, names, notes)
    return Subgroups(column, prespecified, names, tuple(int(n) for n in sizes), effects, differences)


def _differences(
    estimator: PointEstimator, panels: Sequence[Panel], names: Sequence[str], notes: tuple[str, ...]
) -> Estimate:
    """Differences of the first term from the first group, by leaving out each council from all groups at once."""
    councils = sorted({name for panel in panels for name in panel.design.clusters})
    if len(councils) < _FEWEST:
        raise DataError(
            f"Differences between groups were asked for with {len(councils)} councils.",
            "Their uncertainty is seen by leaving out one council at a time.",
            f"Bring at least {_FEWEST} councils together.",
        )
    point = estimator.point(panels[0])
    whole = _first_terms(estimator, panels, None)
    without = np.stack([_first_terms(estimator, panels, council) for council in councils])
    values, others = whole[1:] - whole[0], without[:, 1:] - without[:, :1]
    apart = (others - values) * np.sqrt((len(councils) - 1) / len(councils))
    lost = [council for council, row in zip(councils, others, strict=True) if np.isnan(row).any()]
    said = (f"No standard error: without {listing(lost)} some effect cannot be estimated.",) if lost else ()
    degrees = np.full(len(values), len(councils) - 1.0)
    return Estimate(
        terms=tuple(Term(f"{name} less {names[0]}") for name in names[1:]),
        values=values,
        uncertainty=Sampling(apart.T @ apart, degrees),
        estimator=estimator.name,
        inference="jackknife over councils, left out of all groups at once",
        estimand=f"difference between groups of the {point.estimand}",
        outcome=panels[0].name,
        notes=(*said, *notes),
        references=estimator.references,
    )


def _first_terms(estimator: PointEstimator, panels: Sequence[Panel], council: str | None) -> FloatArray:
    """First term in each group, without a council; nan where it cannot be estimated."""
    found = np.full(len(panels), np.nan)
    for k, panel in enumerate(panels):
        names = panel.design.clusters
        kept = panel.without(names.index(council)) if council in names else panel
        try:
            found[k] = estimator.point(kept).values[0]
        except IdentificationError:
            continue
    return found
