"""Attained power: how much of it depends on who draws which step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..value import FloatArray, IntArray, Value

_SAME = 0.0005
_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Attained(Value):
    """Power under each of many allocations of unequal clusters.

    Parameters
    ----------
    power, se : array (allocations,)
    orders : array (allocations, clusters)
        Cluster i follows the schedule planned for cluster ``orders[r, i]``.
    target : float
        Power that was hoped for.
    clusters : tuple of str
    starts : tuple
        First treated period of each planned schedule; None: never.
    complete : bool
        Whether every allowed allocation is among them.
    conventions, references : tuple of str
    """

    power: FloatArray
    se: FloatArray
    orders: IntArray
    target: float
    clusters: tuple[str, ...]
    starts: tuple[object, ...]
    complete: bool
    conventions: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    @property
    def expected(self) -> float:
        """Mean power over the allocations."""
        return float(self.power.mean())

    @property
    def worst(self) -> float:
        """Lowest power among them."""
        return float(self.power.min())

    @property
    def below(self) -> float:
        """Share of the allocations whose power falls short of the target."""
        return float((self.power < self.target).mean())

    def order(self, which: int) -> dict[str, object]:
        """First treated period of each cluster under one of the allocations."""
        return {name: self.starts[k] for name, k in zip(self.clusters, self.orders[which], strict=True)}

    def table(self) -> pd.DataFrame:
        """Quantiles of power and standard error over the allocations."""
        return pd.DataFrame(
            {
                "quantile": _QUANTILES,
                "power": np.quantile(self.power, _QUANTILES),
                # High power goes with a small standard error, so its quantiles are read from the other end.
                "std_error": np.quantile(self.se, 1 - np.array(_QUANTILES)),
            }
        )

    def text(self) -> str:
        """Say in a paragraph how much the draw matters."""
        count = len(self.power)
        which = f"all {count:,} allowed allocations" if self.complete else f"{count:,} allocations drawn at random"
        return " ".join(
            [
                f"Over {which}, power averages {100 * self.expected:.0f}%.",
                f"{100 * self.below:.0f}% of them fall short of {100 * self.target:.0f}%.",
                self._extremes(),
                *self.conventions,
            ]
        )

    def _extremes(self) -> str:
        """Name the orders of lowest and highest power, where the order matters."""
        if np.ptp(self.power) < _SAME:
            return "It is the same whoever draws which step."
        best, worst = self.order(int(self.power.argmax())), self.order(int(self.power.argmin()))
        return (
            f"It is lowest ({100 * self.worst:.0f}%) when the order is {_spoken(worst)} and highest "
            f"({100 * float(self.power.max()):.0f}%) when it is {_spoken(best)}."
        )

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {
            "expected": self.expected,
            "worst": self.worst,
            "below_target": self.below,
            "target": self.target,
            "allocations": len(self.power),
            "complete": self.complete,
            "rows": self.table().to_dict(orient="records"),
            "conventions": list(self.conventions),
            "references": list(self.references),
        }


def _spoken(order: dict[str, object], most: int = 6) -> str:
    """An order in words: who starts when, the first few."""
    by_start = sorted(order.items(), key=lambda pair: (pair[1] is None, str(pair[1])))
    named = ", ".join(f"{name} {'never' if start is None else f'from {start}'}" for name, start in by_start[:most])
    return named + (f" and {len(order) - most} more" if len(order) > most else "")
