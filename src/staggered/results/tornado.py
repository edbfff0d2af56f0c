"""A tornado: how far power moves when one assumption at a time goes to either end of its range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..value import FloatArray, Value, read_only


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Tornado(Value):
    """Power with one assumption at a time at the ends of its range, the widest swing first.

    Parameters
    ----------
    names : tuple of str
        What is varied.
    own : array (n,)
        The plan's own value of each.
    values : array (n, 2)
        The two ends.
    powers : array (n, 2)
        Power at each end, all else as planned.
    power : float
        Power of the plan itself.
    target, alpha : float
    conventions : tuple of str
    """

    names: tuple[str, ...]
    own: FloatArray
    values: FloatArray
    powers: FloatArray
    power: float
    target: float = 0.8
    alpha: float = 0.05
    conventions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("own", "values", "powers"):
            object.__setattr__(self, name, read_only(np.asarray(getattr(self, name), dtype=float)))

    def table(self) -> pd.DataFrame:
        """One row per assumption."""
        return pd.DataFrame(
            {
                "assumption": list(self.names),
                "planned": self.own,
                "from": self.values[:, 0],
                "to": self.values[:, 1],
                "power_from": self.powers[:, 0],
                "power_to": self.powers[:, 1],
                "swing": np.abs(self.powers[:, 1] - self.powers[:, 0]),
            }
        )

    def text(self) -> str:
        """Say which assumption matters most, and whether any of them takes the plan below its target."""
        first, last = self._said(0), self._said(len(self.names) - 1)
        said = [f"As planned, power is {100 * self.power:.1f}%.", f"It moves most with {first}."]
        if len(self.names) > 1:
            said.append(f"It moves least with {last}.")
        lowest = self.powers.min(axis=1)
        short = [name for name, low in zip(self.names, lowest, strict=True) if low < self.target]
        if self.power >= self.target and short:
            said.append(f"Power falls below {100 * self.target:g}% within the range of {' and of '.join(short)}.")
        said.append("One assumption is varied at a time; two that are both worse than planned do more harm together.")
        return " ".join([*said, f"Two-sided test at {100 * self.alpha:g}%.", *self.conventions])

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {
            "power": self.power,
            "target": self.target,
            "alpha": self.alpha,
            "rows": self.table().to_dict(orient="records"),
            "conventions": list(self.conventions),
        }

    def _said(self, row: int) -> str:
        (start, end), (low, high) = self.values[row], self.powers[row]
        return f"{self.names[row]}: {100 * low:.1f}% at {start:g}, {100 * high:.1f}% at {end:g}"
