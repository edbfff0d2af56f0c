"""Designs side by side: what each can show, and what it asks of the councils."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..value import FloatArray, Value, read_only

_MOST_NAMED = 3
_NUMBERS = ("powers", "errors", "degrees", "effects", "detectable", "council_periods", "treated", "people")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DesignComparison(Value):
    """Several designs side by side.

    Parameters
    ----------
    names : tuple of str
        What each is called.
    powers, errors, degrees, effects : array (designs,)
        Power, standard error, degrees of freedom (inf: normal) and the effect that is to be found.
    detectable : array (designs,)
        Size of the smallest constant effect that is found with the target power.
    council_periods, treated, people : array (designs,)
        Cells that are observed, those among them with any treatment, and people over all of them.
    months : array (designs,)
        From the first day to the last; nan where the design has no dates.
    cost : array (designs,)
        nan where no cost per council-period is given.
    smallest_p : array (designs,)
        Smallest p-value that randomisation can give: 1 ÷ the number of allocations (twice that where each
        allocation has a mirror image, as with two equal arms).
    target, alpha : float
        Power that `detectable` refers to, and the two-sided level.
    shared : tuple of str
        Conventions that hold for all of them.
    own : tuple of tuple of str
        Conventions of each that differ.
    references : tuple of str
        Papers that the methods come from.
    """

    names: tuple[str, ...]
    powers: FloatArray
    errors: FloatArray
    degrees: FloatArray
    effects: FloatArray
    detectable: FloatArray
    council_periods: FloatArray
    treated: FloatArray
    people: FloatArray
    months: FloatArray
    cost: FloatArray
    smallest_p: FloatArray
    target: float = 0.8
    alpha: float = 0.05
    shared: tuple[str, ...] = ()
    own: tuple[tuple[str, ...], ...] = ()
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (*_NUMBERS, "months", "cost", "smallest_p"):
            object.__setattr__(self, name, read_only(np.asarray(getattr(self, name), dtype=float)))

    def table(self) -> pd.DataFrame:
        """One row per design; months and cost only where they are known."""
        columns: dict[str, Sequence[object] | FloatArray] = {
            "design": list(self.names),
            "power": self.powers,
            "effect": self.effects,
            "std_error": self.errors,
            "detectable": self.detectable,
            "df": self.degrees,
            "council_periods": self.council_periods,
            "treated": self.treated,
            "people": self.people,
        }
        if not np.isnan(self.months).all():
            columns["months"] = self.months
        if not np.isnan(self.cost).all():
            columns["cost"] = self.cost
        return pd.DataFrame({**columns, "smallest_p": self.smallest_p})

    def text(self) -> str:
        """Say in a paragraph which design shows most, which asks least, and what each allows."""
        said = [self._most(), self._reaching(), self._least(), self._permutation()]
        test = f"Two-sided tests at {100 * self.alpha:g}%."
        alike: dict[tuple[str, ...], list[str]] = {}
        for name, told in zip(self.names, self.own, strict=False):
            if told:
                alike.setdefault(told, []).append(name)
        own = [f"{'; '.join(names)}: {' '.join(told)}" for told, names in alike.items()]
        return " ".join([*(one for one in said if one), test, *self.shared, *own])

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {
            "alpha": self.alpha,
            "target": self.target,
            "rows": self.table().to_dict(orient="records"),
            "conventions": list(self.shared),
            "own_conventions": {name: list(told) for name, told in zip(self.names, self.own, strict=False) if told},
        }

    def _most(self) -> str:
        if not self.effects.any():
            return self._without_effect()
        order = np.argsort(-self.powers, kind="stable")
        best, last = order[0], order[-1]
        first = f"{self.names[best]} has the highest power, {_percent(self.powers[best])}"
        if len(order) == 1:
            return f"{self.names[best]} has {_percent(self.powers[best])} power."
        if np.ptp(self.powers) < 1e-9:
            return f"All {len(order)} designs have the same power, {_percent(self.powers[best])}."
        return f"{first}; {self.names[last]} has the lowest, {_percent(self.powers[last])}."

    def _without_effect(self) -> str:
        best = int(np.argmin(self.detectable))
        return (
            f"The plans give no effect, so their power is alpha. {self.names[best]} detects the smallest effect "
            f"with {100 * self.target:g}% power: {self.detectable[best]:.3g}."
        )

    def _reaching(self) -> str:
        reach = [name for name, power in zip(self.names, self.powers, strict=True) if power >= self.target]
        aim = f"{100 * self.target:g}%"
        if not self.effects.any() or len(self.names) == 1:
            return ""
        if len(reach) in {0, len(self.names)}:
            return f"{'All of them reach' if reach else 'None of them reaches'} {aim}."
        if len(reach) > _MOST_NAMED:
            return f"{aim} is reached by {len(reach)} of the {len(self.names)}."
        return f"{aim} is reached by {' and '.join([', '.join(reach[:-1]), reach[-1]] if reach[1:] else reach)}."

    def _least(self) -> str:
        if len(self.names) == 1:
            return ""
        parts = []
        for words, numbers in (("council-periods", self.council_periods), ("people", self.people)):
            least = int(np.argmin(numbers))
            if np.ptp(numbers) > 0:
                parts.append(f"{self.names[least]} needs the fewest {words}, {numbers[least]:,.0f}")
        said = "; ".join(parts) + "." if parts else "All of them need the same council-periods and people."
        return f"{said} People are counted in every period in which they are seen."

    def _permutation(self) -> str:
        short = [name for name, p in zip(self.names, self.smallest_p, strict=True) if p > self.alpha]
        if not short:
            return ""
        return (
            f"{' and '.join(short)}: so few allocations exist that a permutation test can never give "
            f"p ≤ {self.alpha:g}."
        )


def _percent(power: float) -> str:
    return f"{100 * power:.1f}%"
