"""Information content: what each cell, cluster or period of a plan is worth."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..value import FloatArray, Value, read_only


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Information(Value):
    """Variance without each part of a plan ÷ variance with it.

    Parameters
    ----------
    what : {"cells", "clusters", "periods"}
        What is left out, one at a time.
    ratio : array (clusters, periods), (clusters,) or (periods,)
        1: nothing is lost; inf: without it the effect cannot be estimated; nan: not observed anyway.
    powers : array like `ratio`
        Power without it; nan where the effect cannot be estimated.
    clusters, periods : tuple
        Names.
    se, power : float
        Standard error and power of the whole plan.
    conventions, references : tuple of str
    """

    what: str
    ratio: FloatArray
    powers: FloatArray
    clusters: tuple[str, ...]
    periods: tuple[object, ...]
    se: float
    power: float
    conventions: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("ratio", "powers"):
            object.__setattr__(self, name, read_only(np.asarray(getattr(self, name), dtype=float)))

    def table(self) -> pd.DataFrame:
        """One row per cell, cluster or period, the most valuable first."""
        seen = np.argwhere(~np.isnan(self.ratio))
        names: dict[str, list[object]] = {}
        if self.what in {"cells", "clusters"}:
            names["cluster"] = [self.clusters[place[0]] for place in seen]
        if self.what in {"cells", "periods"}:
            names["period"] = [self.periods[place[-1]] for place in seen]
        ratio = self.ratio[tuple(seen.T)]
        table = pd.DataFrame(
            {
                **names,
                "variance_ratio": ratio,
                "std_error_without": self.se * np.sqrt(ratio),
                "power_without": self.powers[tuple(seen.T)],
            }
        )
        return table.sort_values("variance_ratio", ascending=False, kind="stable", ignore_index=True)

    def text(self) -> str:
        """Say in a paragraph what would be missed most and what least."""
        table = self.table()
        said = [f"The whole plan has {100 * self.power:.1f}% power (standard error {self.se:.3g})."]
        usual = table[np.isfinite(table["variance_ratio"])]
        vital = len(table) - len(usual)
        if vital:
            said.append(f"Without any one of {vital} of the {len(table)} {self.what} no effect could be estimated.")
        if len(usual):
            first, last = (usual.iloc[[place]].to_dict(orient="records")[0] for place in (0, -1))
            said += [f"Missed most: {_missed(first)}.", f"Missed least: {_missed(last)}."]
        return " ".join([*said, *self.conventions])

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {
            "what": self.what,
            "std_error": self.se,
            "power": self.power,
            "rows": self.table().to_dict(orient="records"),
            "conventions": list(self.conventions),
            "references": list(self.references),
        }


def _missed(row: Mapping[Hashable, Any]) -> str:
    """What a row stands for and what would be left without it, in words."""
    parts = []
    if "cluster" in row:
        parts.append(f"cluster {row['cluster']}" if row["cluster"].isdigit() else row["cluster"])
    if "period" in row:
        parts.append(f"period {row['period']}")
    ratio, left = f"{row['variance_ratio']:.2f}", 100 * row["power_without"]
    return f"{' in '.join(parts)} (without it the variance would be {ratio} times as large and power {left:.1f}%)"
