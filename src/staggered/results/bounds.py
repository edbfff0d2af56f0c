"""Bounds: an effect's interval when the parallel-trends assumption may fail by so much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ..value import FloatArray, Value
from .words import number_words

Restriction = Literal["relative", "smoothness"]


@dataclass(frozen=True, slots=True, eq=False)
class Bounds(Value):
    """Intervals of one effect under growing departures from parallel trends.

    Parameters
    ----------
    kind : {"relative", "smoothness"}
    m : array (n,)
        How large a departure may be: a multiple of the largest one before go-live, or a change of slope.
    low, high : array (n,)
        Ends of the interval at each m.
    value : float
        The estimate itself.
    original : tuple of float
        Its interval when trends are parallel.
    breakdown : float
        Largest m up to which the interval leaves out 0; 0 when it never does.
    of : str
        Which effect.
    level : float
    outcome : str
    notes, references : tuple of str
    """

    kind: Restriction
    m: FloatArray
    low: FloatArray
    high: FloatArray
    value: float
    original: tuple[float, float]
    breakdown: float
    of: str
    level: float
    outcome: str = "the outcome"
    notes: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    def interval(self, m: float) -> tuple[float, float]:
        """Interval at one of the m that were asked for."""
        k = int(np.argmin(np.abs(self.m - m)))
        return float(self.low[k]), float(self.high[k])

    def table(self) -> pd.DataFrame:
        """One row per m."""
        return pd.DataFrame({"m": self.m, "conf_low": self.low, "conf_high": self.high})

    def text(self) -> str:
        """Say in a paragraph how far the conclusion carries."""
        low, high = self.original
        said = [
            f"{self.of[:1].upper()}{self.of[1:]}, for {self.outcome}: {number_words(self.value)}, with a "
            f"{100 * self.level:g}% interval from {number_words(low)} to {number_words(high)} if trends would have "
            "stayed parallel."
        ]
        what = (
            "departures after go-live up to {m:g} times the largest one before it"
            if self.kind == "relative"
            else "trends that bend by up to {m:g} from one period to the next"
        )
        for m, one, other in zip(self.m, self.low, self.high, strict=True):
            said.append(
                f"Allowing for {what.format(m=m)}, it runs from {number_words(float(one))} to "
                f"{number_words(float(other))}."
            )
        if low <= 0 <= high:
            said.append("It includes no effect even with parallel trends, so there is no conclusion to break down.")
        elif self.breakdown > 0:
            largest = what.format(m=float(f"{self.breakdown:.3g}"))
            said.append(f"No effect stays outside it with {largest}, and not beyond.")
        else:
            said.append("The slightest such departure is enough for it to include no effect.")
        return " ".join([*said, *self.notes])

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {
            "kind": self.kind,
            "of": self.of,
            "outcome": self.outcome,
            "value": self.value,
            "level": self.level,
            "original": list(self.original),
            "breakdown": self.breakdown,
            "rows": self.table().to_dict(orient="records"),
            "notes": list(self.notes),
            "references": list(self.references),
        }
