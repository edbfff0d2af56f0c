"""Power for several primary outcomes: each of them, at least one, and all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import listing
from ..value import FloatArray, Value, read_only

_RULES = {
    "holm": "Holm's adjustment keeps the chance of one false alarm or more over all outcomes at {alpha:g}%.",
    "bonferroni": "Each outcome is tested at {alpha:g}% ÷ {count} (Bonferroni), which keeps the chance of one false "
    "alarm or more at {alpha:g}%.",
    "none": "Each outcome is tested at {alpha:g}% without adjustment: right where the trial succeeds only if all of "
    "them are found, and too often alarmed where one is enough.",
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JointPower(Value):
    """Power of a plan with several primary outcomes.

    Parameters
    ----------
    outcomes : tuple of str
    alone : array (k,)
        Power of each if it were the only one.
    each : array (k,)
        Chance that each is found under the rule.
    any, all : float
        Chance that at least one is found (disjunctive power), and that all are (joint power).
    rule : {"holm", "bonferroni", "none"}
    correlation : array (k, k)
        Of the estimates.
    alpha : float
    draws : int
        Monte Carlo draws behind `each`, `any` and `all`.
    conventions : tuple of str
    """

    outcomes: tuple[str, ...]
    alone: FloatArray
    each: FloatArray
    any: float
    all: float
    rule: str
    correlation: FloatArray
    alpha: float
    draws: int
    conventions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("alone", "each", "correlation"):
            object.__setattr__(self, name, read_only(np.asarray(getattr(self, name), dtype=float)))

    @property
    def mcse(self) -> float:
        """Largest Monte Carlo standard error of any of the chances."""
        shares = np.array([*self.each, self.any, self.all])
        return float(np.sqrt(shares * (1 - shares) / self.draws).max())

    def table(self) -> pd.DataFrame:
        """One row per outcome, then at least one and all of them."""
        rows = [*self.outcomes, "at least one", "all"]
        blank = [float("nan")] * 2
        return pd.DataFrame(
            {"outcome": rows, "alone": [*self.alone, *blank], "power": [*self.each, self.any, self.all]}
        )

    def text(self) -> str:
        """Say in a paragraph what the plan can show of all its outcomes."""
        parts = [f"{name} {100 * power:.1f}%" for name, power in zip(self.outcomes, self.each, strict=True)]
        rule = _RULES[self.rule].format(alpha=100 * self.alpha, count=len(self.outcomes))
        return " ".join(
            [
                f"With {len(self.outcomes)} primary outcomes, the chance to find each is {listing(parts)}; "
                f"at least one is found with {100 * self.any:.1f}% and all of them with {100 * self.all:.1f}%.",
                rule,
                f"Simulated test statistics of {self.draws:,} studies (Monte Carlo standard error at most "
                f"{100 * self.mcse:.2g} percentage points).",
                *self.conventions,
            ]
        )

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {
            "rule": self.rule,
            "alpha": self.alpha,
            "draws": self.draws,
            "mcse": self.mcse,
            "rows": self.table().to_dict(orient="records"),
            "correlation": self.correlation.tolist(),
            "conventions": list(self.conventions),
        }
