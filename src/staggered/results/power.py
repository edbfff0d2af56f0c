"""Power: what a plan can show, with the conventions it was computed under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..value import FloatArray, Value, read_only
from .words import number_words


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Power(Value):
    """Power of one plan, or of a grid of plans.

    Parameters
    ----------
    powers, errors, degrees, effects : arrays (n,)
        Power, standard error, degrees of freedom (inf: normal) and effect, a row per plan or term.
    alpha : float
        Two-sided significance level; both tails count.
    inputs : mapping of str to sequence
        What differs between the rows.
    estimator : str
    conventions : tuple of str
        How icc, SD, degrees of freedom and tails are meant, in sentences.
    references : tuple of str
        Papers that the methods come from.
    needed : float or None
        The solved number, when one was asked for, of `what`.
    what : str
        "effect", "clusters", "size" or "periods" when one of them was asked for.
    target : float or None
        Power for which it was solved.
    """

    powers: FloatArray
    errors: FloatArray
    degrees: FloatArray
    effects: FloatArray
    alpha: float = 0.05
    inputs: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    estimator: str = "generalised least squares"
    conventions: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    needed: float | None = None
    what: str = ""
    target: float | None = None

    def __post_init__(self) -> None:
        for name in ("powers", "errors", "degrees", "effects"):
            object.__setattr__(self, name, read_only(np.atleast_1d(np.asarray(getattr(self, name), dtype=float))))

    def _shape(self, numbers: FloatArray) -> Any:
        return float(numbers[0]) if len(numbers) == 1 else numbers

    @property
    def power(self) -> Any:
        """Power: a float for one plan, else an array."""
        return self._shape(self.powers)

    @property
    def se(self) -> Any:
        """Standard error of the estimate."""
        return self._shape(self.errors)

    @property
    def df(self) -> Any:
        """Degrees of freedom; inf for the normal."""
        return self._shape(self.degrees)

    @property
    def effect(self) -> Any:
        """Effect on the scale of the analysis; the solved one when a detectable effect was asked for."""
        return self._shape(self.effects)

    def table(self) -> pd.DataFrame:
        """One row per plan: what differs, then effect, standard error, degrees of freedom and power."""
        return pd.DataFrame(
            {
                **{name: list(values) for name, values in self.inputs.items()},
                "effect": self.effects,
                "std_error": self.errors,
                "df": self.degrees,
                "alpha": self.alpha,
                "power": self.powers,
            }
        )

    def text(self) -> str:
        """Say in a paragraph what the plan can show, and under which conventions."""
        if len(self.powers) > 1:
            low, high = float(np.nanmin(self.powers)), float(np.nanmax(self.powers))
            first = f"Over the {len(self.powers)} settings, power runs from {100 * low:.0f}% to {100 * high:.0f}%."
        elif self.what == "effect":
            first = (
                f"The smallest effect this plan would detect with {100 * (self.target or 0):.0f}% power is "
                f"{number_words(abs(self.effect)).lstrip('+')} in either direction (standard error {self.se:.3g})."
            )
        elif self.what:
            unit = {"size": "people per cluster-period"}.get(self.what, self.what)
            first = (
                f"To find an effect of {number_words(self.effect)} with {100 * (self.target or 0):g}% power, "
                f"this plan needs {self.needed:,} {unit}. Power is then {_percent(self.power)} "
                f"(standard error {self.se:.3g})."
            )
        else:
            first = (
                f"If the true effect is {number_words(self.effect)}, this plan has {_percent(self.power)} power "
                f"(standard error {self.se:.3g})."
            )
        test = f"Two-sided test at {100 * self.alpha:g}%."
        return " ".join([first, test, *self.conventions])

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {
            "estimator": self.estimator,
            "alpha": self.alpha,
            "rows": self.table().to_dict(orient="records"),
            "conventions": list(self.conventions),
            "references": list(self.references),
            "needed": self.needed,
            "what": self.what,
            "target": self.target,
        }

    def __repr__(self) -> str:
        return f"<Power, {self.estimator}>\n{self.table().to_string(index=False)}"


def _percent(power: float) -> str:
    """Power in percent; never a certainty that it is not."""
    return ">99.9%" if 0.9995 <= power < 1 else f"{100 * power:.1f}%"
