"""Leaving out one council at a time: does the answer rest on any of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..data.panel import Panel, require_panel
from ..errors import listing
from ..inference.jackknife import leave_one_out
from ..kernel.protocols import PointEstimator, require_estimator
from ..results.words import number_words
from ..value import FloatArray, Value


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut(Value):
    """The overall estimate without each council.

    Parameters
    ----------
    clusters : tuple of str
    without : array (clusters,)
        nan where nothing is left to estimate from.
    value : float
        The estimate with everyone.
    outcome : str
    """

    clusters: tuple[str, ...]
    without: FloatArray
    value: float
    outcome: str = "the outcome"

    def table(self) -> pd.DataFrame:
        """One row per council, the most influential first."""
        table = pd.DataFrame({"left_out": self.clusters, "estimate": self.without, "change": self.without - self.value})
        return table.sort_values("change", key=np.abs, ascending=False, na_position="first", ignore_index=True)

    def text(self) -> str:
        """Say in a paragraph how much it rests on one council."""
        lost = [name for name, value in zip(self.clusters, self.without, strict=True) if np.isnan(value)]
        known = np.where(np.isnan(self.without), self.value, self.without)
        most = int(np.argmax(np.abs(known - self.value)))
        said = (
            f"The estimate for {self.outcome} is {number_words(self.value)}; without one council in turn it lies "
            f"between {number_words(float(known.min()))} and {number_words(float(known.max()))}, and changes most "
            f"without {self.clusters[most]} (to {number_words(float(known[most]))})."
        )
        if known.min() < 0 < known.max():
            said += " Its sign depends on a single council."
        if lost:
            said += f" Without {listing(lost)} nothing is left to estimate it from."
        return said

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"outcome": self.outcome, "value": self.value, "rows": self.table().to_dict(orient="records")}


def without_each(estimator: PointEstimator, panel: Panel) -> LeftOut:
    """Estimate again without each council in turn.

    Parameters
    ----------
    estimator : estimator
        Of its terms the first (the overall one) is followed.
    panel : Panel

    Examples
    --------
    >>> import staggered as sg
    >>> panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=8, steps=4), outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> len(without_each(sg.Twfe(), panel).table())
    8
    """
    require_panel(panel)
    require_estimator(estimator)
    point = estimator.point(panel)
    estimates, _ = leave_one_out(estimator, panel, point.terms, point.values)
    return LeftOut(panel.design.clusters, estimates[:, 0], float(point.values[0]), panel.name)
