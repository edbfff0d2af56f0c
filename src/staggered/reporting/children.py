"""Children: what a difference in a rate stands for in numbers of children."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..data.panel import Panel
from ..study.study import Study
from ..value import FloatArray
from .ratios import left_as_ratios


@dataclass(frozen=True, slots=True)
class Children:
    """Numbers of children in the treated cells of a panel of rates.

    Parameters
    ----------
    total : float
        Children counted in them.
    at_risk : float
        Children among whom they were counted.
    cells : int
        Council-periods.
    councils : int
    log : bool
        Whether effects are differences of logarithms.
    per : float
        Children in the rate's unit.
    """

    total: float
    at_risk: float
    cells: int
    councils: int
    log: bool
    per: float

    @property
    def average(self) -> float:
        """Children counted in the average council-period."""
        return self.total / self.cells

    def difference(self, effect: float) -> float:
        """Children in the average council-period that a difference stands for, if it held in each alike.

        Of a log rate: what was counted less what it would have been, count · (1 − exp(−effect)).
        """
        if not math.isfinite(effect):
            return math.nan
        return -self.average * math.expm1(-effect) if self.log else effect / self.per * self.at_risk / self.cells

    def words(self, effect: float) -> str:
        """Write it for a sentence.

        Examples
        --------
        >>> Children(total=2000.0, at_risk=1e6, cells=10, councils=2, log=True, per=1.0).words(-0.1)
        'about 21 fewer children'
        """
        if not math.isfinite(effect):
            return "no end"
        number = round(abs(self.difference(effect)))
        if number == 0:
            return "less than one child either way"
        noun = "child" if number == 1 else "children"
        return f"about {number:,} {'more' if effect > 0 else 'fewer'} {noun}"


def children_of(study: Study, panel: Panel) -> Children | None:
    """Count the children behind a panel of rates; None where the outcome is no rate of children."""
    told = study.spec.data
    if told is None or told.size is None or told.per is None or told.rows != "cells" or left_as_ratios(study):
        return None
    treated = panel.frame.used & (np.nan_to_num(panel.design.treatment) > 0)
    counts = counted(panel, log=told.log, per=told.per)
    return Children(
        total=float(counts[treated].sum()),
        at_risk=float(panel.design.size[treated].sum()),
        cells=int(treated.sum()),
        councils=int(treated.any(axis=1).sum()),
        log=told.log,
        per=told.per,
    )


def counted(panel: Panel, *, log: bool, per: float) -> FloatArray:
    """Numbers of children behind the rates, (clusters, periods)."""
    rate = np.exp(panel.outcome) if log else panel.outcome
    return np.asarray(rate * panel.design.size / per)
