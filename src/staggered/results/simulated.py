"""Simulated power: what a plan's whole analysis does, data set by data set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..value import FloatArray, Value
from .words import number_words


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Simulated(Value):
    """Estimates and p-values of one analysis over simulated data sets.

    Parameters
    ----------
    estimates, p_values : array (draws,)
        Nan where a fit failed or gave no p-value.
    covered : array (draws,)
        1 where the interval held the true effect, nan where there is none.
    singular : int
        Fits that ended on a boundary; they count in power like the others.
    effect : float
        What the analysis estimates under the truth.
    alpha : float
    estimator, inference : str
    conventions, references : tuple of str
    """

    estimates: FloatArray
    p_values: FloatArray
    covered: FloatArray
    singular: int
    effect: float
    alpha: float
    estimator: str
    inference: str
    conventions: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    @property
    def draws(self) -> int:
        """Data sets that were simulated."""
        return len(self.p_values)

    @property
    def failed(self) -> int:
        """Data sets without a p-value; they count as not rejected in `power`."""
        return int(np.isnan(self.p_values).sum())

    @property
    def power(self) -> float:
        """Share of all data sets in which no effect is rejected, the failed ones among them."""
        return float((self.p_values < self.alpha).mean())

    @property
    def mcse(self) -> float:
        """Monte Carlo standard error of `power`."""
        return float(np.sqrt(self.power * (1 - self.power) / self.draws))

    @property
    def type1(self) -> float:
        """Share of rejections when there is no effect; nan when there is one."""
        return self.power if self.effect == 0 else float("nan")

    @property
    def bias(self) -> float:
        """Mean estimate less what should be estimated."""
        return float(np.nanmean(self.estimates) - self.effect)

    @property
    def se(self) -> float:
        """SD of the estimates over the data sets."""
        return float(np.nanstd(self.estimates, ddof=1))

    @property
    def coverage(self) -> float:
        """Share of the intervals that hold the true effect, of those that exist."""
        known = self.covered[np.isfinite(self.covered)]
        return float(known.mean()) if len(known) else float("nan")

    def table(self) -> pd.DataFrame:
        """One row: power with its Monte Carlo error, and everything that went wrong."""
        return pd.DataFrame(
            [
                {
                    "estimator": self.estimator,
                    "inference": self.inference,
                    "effect": self.effect,
                    "alpha": self.alpha,
                    "power": self.power,
                    "mcse": self.mcse,
                    "type1": self.type1,
                    "bias": self.bias,
                    "sd_of_estimates": self.se,
                    "coverage": self.coverage,
                    "draws": self.draws,
                    "failed": self.failed,
                    "singular": self.singular,
                }
            ]
        )

    def text(self) -> str:
        """Say in a paragraph what the simulation showed, failures first."""
        wrong = []
        if self.failed:
            wrong.append(f"{self.failed} of {self.draws} analyses gave no p-value and count as not finding anything.")
        if self.singular:
            wrong.append(f"{self.singular} ended on a boundary and count like the others.")
        rate = f"{100 * self.power:.1f}% (Monte Carlo standard error {100 * self.mcse:.1f} points)"
        if self.effect == 0:
            found = (
                f"With no effect at all, the analysis wrongly finds one in {rate} of {self.draws} simulated data sets."
            )
        else:
            found = (
                f"With a true effect of {number_words(self.effect)}, the analysis finds one "
                f"in {rate} of {self.draws} simulated data sets."
            )
        how = f"Analysed by {self.estimator}, {self.inference}; two-sided test at {100 * self.alpha:g}%."
        return " ".join([*wrong, found, how, *self.conventions])

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {
            "rows": self.table().to_dict(orient="records"),
            "conventions": list(self.conventions),
            "references": list(self.references),
        }
