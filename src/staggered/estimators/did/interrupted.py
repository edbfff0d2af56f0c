"""Interrupted time series of one council, by itself or less its comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ...data.frame import Frame
from ...data.panel import Panel
from ...errors import DesignError, IdentificationError, listing
from ...inference.model_based import ModelBased
from ...kernel.point import Point
from ...kernel.protocols import Inference
from ...results.estimate import Estimate, Term
from ...results.uncertainty import Sampling
from ...value import FloatArray, IntArray
from ..fitting import Fitting
from .autoregressive import Autoregressive, autoregressive

_FEWEST = 3
_COMFORTABLE = 8
_OWN_PAST = (
    "Its own past is all it is compared with: whatever else changed from go-live on is counted as effect, and seasons "
    "are not taken out."
)
_OTHERS = (
    "What changed for everyone alike is taken out; what changed for this council alone, for another reason, is not."
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class InterruptedSeries(Fitting):
    """A line before go-live, carried on, against what came after: a change of level and a change of slope.

        y_t = a + b t + level·1{t ≥ g} + slope·(t − g)·1{t ≥ g} + u_t,    Corr(u_t, u_s) = ρ^|t − s|

    For one treated council. The first term is the average difference from the line over the treated periods. ρ is
    found by restricted maximum likelihood and the degrees of freedom allow for not knowing it, because ordinary
    autocorrelation corrections reject far too often in series as short as councils' (see the interrupted-series page).

    Parameters
    ----------
    comparison : {"none", "mean"}
        The council's own outcome, or that less the average of councils that are never treated (comparative
        interrupted time series: the change that the others did not have).

    Raises
    ------
    DesignError
        Several treated councils.
    IdentificationError
        Fewer than 3 periods before or from go-live; nobody to compare with.

    References
    ----------
    Wagner and others (2002), Journal of Clinical Pharmacy and Therapeutics 27:299; comparative: Linden (2015), Stata
    Journal 15:480; short series: Turner and others (2021), BMC Medical Research Methodology 21:181.

    Examples
    --------
    >>> import staggered as sg
    >>> from staggered.estimators.did.interrupted import InterruptedSeries
    >>> line = 30 - 0.5 * np.arange(12.0)
    >>> outcome = line - np.where(np.arange(12) >= 6, 4.0, 0.0) + 0.1 * np.sin(np.arange(12))
    >>> panel = sg.Panel(sg.Frame(sg.Design([[0] * 6 + [1] * 6])), outcome[None])
    >>> estimate = InterruptedSeries().fit(panel)
    >>> [term.label for term in estimate.terms]
    ['overall', 'level change', 'slope change']
    >>> round(estimate.overall.value, 1)
    -3.9
    """

    comparison: Literal["none", "mean"] = "none"

    fewest: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.comparison not in ("none", "mean"):
            raise DesignError(
                f"InterruptedSeries was given comparison={self.comparison!r}.",
                "It says what the council is compared with besides its own past.",
                'Use "none" or "mean".',
            )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        kind = "interrupted" if self.comparison == "none" else "comparative interrupted"
        return f"{kind} time series"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Wagner AK, Soumerai SB, Zhang F, Ross-Degnan D (2002). Segmented regression analysis of interrupted time "
            "series studies in medication use research. Journal of Clinical Pharmacy and Therapeutics 27:299-309.",
            "Turner SL, Forbes AB, Karahalios A, Taljaard M, McKenzie JE (2021). Evaluation of statistical methods "
            "used in the analysis of interrupted time series studies. BMC Medical Research Methodology 21:181.",
        )

    def default_inference(self, frame: Frame) -> Inference:
        """The series' own: one council has no others to learn from."""
        return ModelBased()

    def point(self, panel: Panel) -> Point:
        """Values on this panel."""
        return self._fitted(panel)[0]

    def by_model(self, panel: Panel) -> Estimate:
        """Estimate with the variance of the series, and degrees of freedom for an estimated correlation."""
        point, fit = self._fitted(panel)
        return Estimate(
            terms=point.terms,
            values=point.values,
            uncertainty=Sampling(fit.covariance, fit.degrees),
            estimator=self.name,
            inference="restricted likelihood of autocorrelated errors",
            estimand=point.estimand,
            outcome=panel.name,
            notes=(*point.notes, *panel.notes),
            headed=True,
            references=self.references,
        )

    def _fitted(self, panel: Panel) -> tuple[Point, Autoregressive]:
        council = _treated(panel.frame)
        series, others, notes = self._series(panel, council)
        design = panel.design
        start = int(design.start[council])
        place = np.flatnonzero(np.isfinite(series))
        before, after = int((place < start).sum()), int((place >= start).sum())
        _require_length(design.clusters[council], before, after)
        since = np.maximum(place - start, 0.0)
        treated = (place >= start).astype(float)
        columns = np.column_stack([np.ones(len(place)), place - start, treated, since])
        contrasts = np.array([[0, 0, 1, since[treated > 0].mean()], [0, 0, 1, 0], [0, 0, 0, 1]])
        fit = autoregressive(columns, series[place], place.astype(float), contrasts)
        against = "" if self.comparison == "none" else f" less the average of {len(others)} others"
        said = (
            f"{design.clusters[council]}: {before} periods before go-live and {after} from then on; the correlation "
            f"between neighbouring periods is estimated as {fit.correlation:.2f}."
        )
        if min(before, after) < _COMFORTABLE:
            said += f" Fewer than {_COMFORTABLE} on either side say little about a slope."
        point = Point(
            terms=(Term("overall"), Term("level change"), Term("slope change")),
            values=fit.values,
            estimand=f"average difference over the treated periods between {design.clusters[council]}{against} and "
            "its earlier line carried on",
            notes=(*notes, said, _OWN_PAST if self.comparison == "none" else _OTHERS),
            headed=True,
        )
        return point, fit

    def _series(self, panel: Panel, council: int) -> tuple[FloatArray, IntArray, tuple[str, ...]]:
        """Outcomes of the council, less its comparison's; nan where not in use."""
        frame = panel.frame
        used, own = frame.used, np.where(frame.used[council], panel.outcome[council], np.nan)
        if self.comparison == "none":
            return own, np.zeros(0, dtype=np.int64), ()
        assert frame.weights is not None
        never = np.isinf(frame.design.start) & used.any(axis=1)
        whole = never & used[:, np.isfinite(own)].all(axis=1)
        if not whole.any():
            raise IdentificationError(
                "No council that is never treated is observed whenever the treated one is.",
                "A comparative series takes their average off.",
                'Add such councils, or use comparison="none".',
            )
        gaps = np.flatnonzero(never & ~whole)
        others = np.flatnonzero(whole)
        weight = frame.weights[others] * used[others]
        total = weight.sum(axis=0)
        mean = (weight * np.where(used[others], panel.outcome[others], 0.0)).sum(axis=0) / np.where(total > 0, total, 1)
        names = listing([frame.design.clusters[k] for k in gaps])
        notes = (f"Left out of the comparison, because of gaps: {names}.",) if len(gaps) else ()
        return own - mean, others, notes


def _treated(frame: Frame) -> int:
    """The one council that goes live.

    Raises
    ------
    IdentificationError
        There is none.
    DesignError
        There are several.
    """
    frame.require_absorbing("InterruptedSeries")
    found = np.flatnonzero(frame.seen & np.isfinite(frame.design.start))
    if not len(found):
        raise IdentificationError(
            "No council with data goes live.",
            "An interrupted series follows one from before its go-live to after it.",
            "Give the go-live date, or check the start column.",
        )
    if len(found) > 1:
        raise DesignError(
            f"InterruptedSeries was given {len(found)} treated councils: "
            f"{listing([frame.design.clusters[k] for k in found])}.",
            "It follows the course of one.",
            "Keep one, or use an estimator for several, such as Imputation() or SyntheticDid().",
        )
    return int(found[0])


def _require_length(name: str, before: int, after: int) -> None:
    if min(before, after) < _FEWEST:
        raise IdentificationError(
            f"{name} has {before} periods before go-live and {after} from then on.",
            "A line and its continuation need at least three points each.",
            "Use shorter periods (quarters or months), add years, or compare with other councils by Imputation().",
        )
