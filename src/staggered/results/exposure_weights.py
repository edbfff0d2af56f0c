"""Weights on exposure times: what an analysis estimates when the effect changes with the time since the start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import listing
from ..value import FloatArray, IntArray, Value, read_only

_NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ExposureWeights(Value):
    """What one number of an analysis makes of an effect δ(s) that changes with exposure time: Σ w(s) δ(s).

    Parameters
    ----------
    exposure : array (S,)
        Exposure times; 1 is the first treated period.
    weights : array (S,)
        w(s), which sum to 1 where the analysis estimates an average effect.
    estimator : str
    """

    exposure: IntArray
    weights: FloatArray
    estimator: str

    def __post_init__(self) -> None:
        for name in ("exposure", "weights"):
            object.__setattr__(self, name, read_only(np.asarray(getattr(self, name))))

    @property
    def negative(self) -> IntArray:
        """Exposure times with a negative weight."""
        return np.asarray(self.exposure[self.weights < -_NEGLIGIBLE])

    def average(self, effects: FloatArray) -> float:
        """Σ w(s) δ(s): what the analysis would estimate for these effects by exposure time."""
        return float(self.weights @ np.asarray(effects, dtype=float))

    def table(self) -> pd.DataFrame:
        """One row per exposure time."""
        return pd.DataFrame(
            {"exposure": self.exposure, "weight": self.weights, "negative": self.weights < -_NEGLIGIBLE}
        )

    def text(self) -> str:
        """Say whose average the analysis is, and whether any effect counts the wrong way round."""
        low, high = int(self.weights.argmin()), int(self.weights.argmax())
        said = [
            f"If the effect changes with the time since the start, {self.estimator} estimates a weighted average of it "
            f"over {len(self.exposure)} periods of exposure.",
            f"The weight is largest for period {self.exposure[high]} of treatment ({self.weights[high]:.2f}) and "
            f"smallest for period {self.exposure[low]} ({self.weights[low]:.2f}).",
        ]
        if len(self.negative):
            said.append(
                f"Negative weights: an effect in period {listing(self.negative.tolist())} of treatment pulls the "
                "estimate the other way, so it can have the wrong sign. Estimate the effect by exposure time instead."
            )
        return " ".join(said)

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"estimator": self.estimator, "rows": self.table().to_dict(orient="records")}
