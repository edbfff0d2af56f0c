"""Weights on the schedule: which council-periods an estimate rests on, and which count backwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..data.frame import Frame
from ..design.design import Design
from ..errors import DataError, DesignError, listing
from ..kernel.protocols import LinearEstimator, has_settled_rule, require_estimator
from ..kernel.rule import Rule
from ..results.words import number_words
from ..value import FloatArray

_NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True)
class Weights:
    """What an estimator makes of every council-period of a design, before any outcome is seen.

    Parameters
    ----------
    rule : Rule
    estimator : str
    """

    rule: Rule
    estimator: str

    @property
    def values(self) -> FloatArray:
        """Weights of the first (overall) term, (clusters, periods)."""
        return np.asarray(self.rule.by_cluster()[0])

    @property
    def negative(self) -> float:
        """Sum of the negative weights on treated cells: effects that count backwards."""
        on_treated = self.values[self._treated]
        return float(on_treated[on_treated < -_NEGLIGIBLE].sum())

    @property
    def _treated(self) -> np.ndarray:
        return np.nan_to_num(self.rule.frame.design.treatment) > 0

    def by_exposure(self) -> pd.DataFrame:
        """Sum of the weights on treated cells by period of exposure, for every term.

        A term that puts weight on exposures other than its own is contaminated by them.
        """
        exposure = self.rule.frame.design.exposure
        periods = np.unique(exposure[self._treated])
        rows = [[float(grid[exposure == period].sum()) for period in periods] for grid in self.rule.by_cluster()]
        labels = [term.label for term in self.rule.terms]
        return pd.DataFrame(rows, index=pd.Index(labels, name="term"), columns=pd.Index(periods, name="exposure"))

    def table(self) -> pd.DataFrame:
        """One row per council-period in use: treated, exposure, weight."""
        frame = self.rule.frame
        row, column = np.nonzero(frame.used)
        design = frame.design
        return pd.DataFrame(
            {
                "cluster": [design.clusters[k] for k in row],
                "period": [design.periods[k] for k in column],
                "treated": design.treatment[frame.used],
                "exposure": design.exposure[frame.used],
                "weight": self.values[frame.used],
            }
        )

    def text(self) -> str:
        """Say in a paragraph what the estimate rests on."""
        values, treated = self.values, self._treated
        used = self.rule.frame.used
        resting = (np.abs(values) > _NEGLIGIBLE) & used
        design = self.rule.frame.design
        said = (
            f"By {self.estimator}, the effect rests on {int((resting & treated).sum())} of "
            f"{int((used & treated).sum())} treated council-periods, set against "
            f"{int((resting & ~treated).sum())} in control."
        )
        heaviest = np.argsort(-np.abs(values).sum(axis=1))[:3]
        said += f" The councils that weigh most are {listing([design.clusters[k] for k in heaviest])}."
        if self.negative < -_NEGLIGIBLE:
            backwards = int((treated & (values < -_NEGLIGIBLE)).sum())
            said += (
                f" {backwards} treated council-period{'s count' if backwards > 1 else ' counts'} backwards "
                f"(weights of {number_words(self.negative, 2)} together): "
                "councils already treated serve as comparison, so an effect that grows can come out too small, or "
                "with the wrong sign."
            )
        return said + "".join(f" {note}" for note in self.rule.notes)

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"estimator": self.estimator, "negative": self.negative, "rows": self.table().to_dict(orient="records")}


def weights(estimator: LinearEstimator, design: Design | Frame) -> Weights:
    """Weigh every council-period of a design as an estimator does.

    Parameters
    ----------
    estimator : linear estimator
    design : Design or Frame
        A frame brings its own gaps, weights and covariates.

    Examples
    --------
    >>> import staggered as sg
    >>> found = sg.weights(sg.Twfe(), sg.stepped(clusters=6, steps=6))
    >>> found.negative < 0
    True
    """
    require_estimator(estimator)
    if not has_settled_rule(estimator):
        raise DesignError(
            f"The {estimator.name} has no weights before the outcome is known.",
            "Its weights are found from the outcomes themselves.",
            "Fit it, or look at the weights of Twfe(), GroupTime(), Imputation() or Gls(...).",
        )
    if not isinstance(design, (Design, Frame)):
        raise DataError(
            f"weights was given {type(design).__name__} in place of a design.",
            "Weights stand on the councils and periods of a rollout.",
            "Give a design, or panel.frame.",
        )
    frame = design if isinstance(design, Frame) else Frame(design)
    return Weights(estimator.rule(frame), estimator.name)
