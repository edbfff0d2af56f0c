"""Variance components of a fitted model, and the correlations that they stand for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..value import FloatArray, Value

_MEANING = {
    "residual": "variance between people (or of a cell's mean, per unit of weight)",
    "cluster": "variance between clusters that lasts",
    "cluster-period": "variance of clusters within a period beyond what lasts",
    "decay": "correlation of a cluster with itself one step of time apart",
    "treatment": "variance between clusters of the treatment effect",
    "covariance": "covariance of a cluster's level with its treatment effect",
    "person": "variance between people that lasts",
    "exposure": "variance of the effect between exposure times",
}


@dataclass(frozen=True, slots=True, eq=False)
class Components(Value):
    """Estimated covariance parameters.

    Parameters
    ----------
    names : tuple of str
    values, errors : array (K,)
        Standard errors are nan for parameters at the end of their range.
    criterion : float
        −2 log-likelihood, restricted or not.
    restricted : bool
    observations : float
    """

    names: tuple[str, ...]
    values: FloatArray
    errors: FloatArray
    criterion: float
    restricted: bool
    observations: float

    def __getitem__(self, name: str) -> float:
        """Value of a parameter; 0 for a variance that the model does not have."""
        return float(self.values[self.names.index(name)]) if name in self.names else 0.0

    @property
    def icc(self) -> float:
        """Within-period intracluster correlation on total variance, in control cells."""
        shared = self["cluster"] + self["cluster-period"]
        return shared / (shared + self["person"] + self["residual"])

    @property
    def cac(self) -> float:
        """Share of that correlation left between periods (one step of time apart for decay)."""
        if "decay" in self.names:
            return self["decay"]
        shared = self["cluster"] + self["cluster-period"]
        return self["cluster"] / shared if shared > 0 else math.nan

    @property
    def iac(self) -> float:
        """Share of the non-cluster variance that is a person's own."""
        return self["person"] / (self["person"] + self["residual"])

    @property
    def zero(self) -> tuple[str, ...]:
        """Variances estimated as zero."""
        return tuple(
            name
            for name, value in zip(self.names, self.values, strict=True)
            if value == 0 and name not in {"decay", "covariance"}
        )

    def table(self) -> pd.DataFrame:
        """One row per parameter."""
        return pd.DataFrame(
            {
                "parameter": list(self.names),
                "estimate": self.values,
                "std_error": self.errors,
                "meaning": [_MEANING.get(name, "") for name in self.names],
            }
        )

    def text(self) -> str:
        """Say in a paragraph how alike people of one cluster are."""
        parts = [f"Within a period, people of one cluster are correlated by {self.icc:.3g} (icc)."]
        if "decay" in self.names:
            parts.append(f"One step of time apart {100 * self.cac:.0f}% of it is left.")
        elif "cluster-period" in self.names and self.icc > 0:
            parts.append(f"Between periods {100 * self.cac:.0f}% of it is left (cac).")
        if "person" in self.names:
            parts.append(f"A person's own level makes up {100 * self.iac:.0f}% of the rest (iac).")
        if self["treatment"] > 0:
            parts.append(f"The effect differs between clusters by an SD of {math.sqrt(self['treatment']):.3g}.")
        if self.zero:
            parts.append(f"Estimated as zero: the variance of {' and '.join(self.zero)}.")
        return " ".join(parts)

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {
            "parameters": dict(zip(self.names, np.asarray(self.values).tolist(), strict=True)),
            "icc": self.icc,
            "cac": self.cac,
            "criterion": self.criterion,
            "method": "REML" if self.restricted else "ML",
        }
