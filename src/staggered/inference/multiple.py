"""Several outcomes at once: p-values that hold for the whole family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ..errors import DataError, listing
from ..results.estimate import Estimate
from ..results.resampled import Resampled
from ..results.uncertainty import Reference
from ..value import FloatArray, Value


@dataclass(frozen=True, slots=True, eq=False)
class Family(Value):
    """Outcomes with their own and their adjusted p-values.

    Parameters
    ----------
    outcomes : tuple of str
    values, p_values, adjusted : array (outcomes,)
    method : str
    """

    outcomes: tuple[str, ...]
    values: FloatArray
    p_values: FloatArray
    adjusted: FloatArray
    method: str

    def table(self) -> pd.DataFrame:
        """One row per outcome."""
        return pd.DataFrame(
            {
                "outcome": self.outcomes,
                "estimate": self.values,
                "p_value": self.p_values,
                "p_adjusted": self.adjusted,
            }
        )

    def text(self) -> str:
        """Say in a paragraph what holds for the family."""
        parts = [
            f"{name}: p = {p:.3g}, adjusted {q:.3g}"
            for name, p, q in zip(self.outcomes, self.p_values, self.adjusted, strict=True)
        ]
        return (
            f"{len(self.outcomes)} outcomes were tested; adjusted for that ({self.method}), the chance of one false "
            f"alarm or more is held at the level chosen. {'; '.join(parts)}."
        )

    def to_dict(self) -> dict[str, object]:
        """Give the table as plain values."""
        return {"method": self.method, "rows": self.table().to_dict(orient="records")}


def adjust(estimates: Sequence[Estimate], method: Literal["holm", "romano-wolf"] = "holm") -> Family:
    """Adjust the p-values of several outcomes for being several.

    Parameters
    ----------
    estimates : sequence of Estimate
        One per outcome; of a `by=` table the overall row counts.
    method : {"holm", "romano-wolf"}
        Holm needs only the p-values. Romano and Wolf's step-down uses how the outcomes move together: the
        estimates must come from the same draws (`Permutation` or `Bootstrap` with one seed on one panel of clusters).

    Raises
    ------
    DataError
        Estimates without draws, or with draws that do not belong together.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6:65; Romano and Wolf (2005), Econometrica 73:1237.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    for one in estimates or ():
        if not isinstance(one, Estimate):
            raise DataError(
                f"A family was given {type(one).__name__} in place of an estimate.",
                "It adjusts the p-values of several outcomes for each other.",
                "Give a list of what .fit() returned.",
            )
    if not estimates:
        raise DataError("No estimate was given.", "A family has at least one outcome.", "Give a list of estimates.")
    heads = [one.select([0]) for one in estimates]
    values = np.array([float(one.values[0]) for one in heads])
    p_values = np.array([float(one.uncertainty.p_value(one.values)[0]) for one in heads])
    if method == "holm":
        adjusted = holm(p_values)
    elif method == "romano-wolf":
        adjusted = step_down(values, _draws(heads))
    else:
        raise DataError(
            f"adjust was given method={method!r}.", "It says how p-values are adjusted.", 'Use "holm" or "romano-wolf".'
        )
    return Family(tuple(one.outcome for one in heads), values, p_values, adjusted, method)


def holm(p_values: FloatArray) -> FloatArray:
    """Holm's step-down p-values."""
    order = np.argsort(p_values)
    factors = len(p_values) - np.arange(len(p_values))
    stepped = np.maximum.accumulate(p_values[order] * factors)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def step_down(values: FloatArray, draws: FloatArray) -> FloatArray:
    """Romano and Wolf's step-down p-values from joint draws under no effect, (draws, outcomes)."""
    scale = np.nanstd(draws, axis=0)
    ratio = np.abs(values / scale)
    spread = np.abs(draws / scale)
    order = np.argsort(-ratio)
    adjusted = np.empty(len(values))
    highest = 0.0
    for rank, outcome in enumerate(order):
        largest = spread[:, order[rank:]].max(axis=1)
        p = (1 + (~(largest < ratio[outcome] * (1 - 1e-9))).sum()) / (1 + len(draws))
        highest = max(highest, float(p))
        adjusted[outcome] = highest
    return adjusted


def _draws(estimates: Sequence[Estimate]) -> FloatArray:
    """Joint draws under no effect, (draws, outcomes)."""
    columns = []
    for one in estimates:
        if isinstance(one.uncertainty, Reference):
            columns.append(one.uncertainty.null[:, 0])
        elif isinstance(one.uncertainty, Resampled):
            columns.append(one.uncertainty.errors[:, 0])
    names = {one.inference for one in estimates}
    if len(columns) < len(estimates) or len({len(column) for column in columns}) > 1 or len(names) > 1:
        raise DataError(
            f"Romano–Wolf was asked for with {listing(sorted(names))}.",
            "It compares outcomes under the same draws.",
            "Fit every outcome with the same Permutation(seed=...) or Bootstrap(seed=...), or use Holm.",
        )
    return np.column_stack(columns)
