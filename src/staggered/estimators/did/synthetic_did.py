"""Synthetic difference-in-differences, cohort by cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ...data.frame import Frame
from ...data.panel import Panel
from ...inference.fixed_weights import FixedWeightsJackknife
from ...inference.jackknife import Jackknife
from ...inference.placebo import Placebo
from ...kernel.point import Point
from ...kernel.protocols import Inference
from ...value import FloatArray
from ..fitting import Fitting
from ..linear import counting, require_by
from .aggregate import BY, Summary, summarise
from .synthetic import CHOSEN, Donors, Synthetic, donors_of, synthetic_of


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SyntheticDid(Fitting):
    """Each cohort against a weighted average of councils in control throughout, less their weighted past.

        τ_g = (Ȳ_g,post − Σ_s λ_s Ȳ_gs) − Σ_i ω_i (Ȳ_i,post − Σ_s λ_s Y_is),   τ = Σ_g N_g T_g τ_g / Σ_g N_g T_g

    The donors' weights ω make their course before go-live parallel to the cohort's, and the periods' weights λ make
    the donors' past predict what came after. Both are found exactly, where the authors' code stops searching early (on
    California's Proposition 99 it gives −15.6038, the minimum is at −15.6054). Councils with gaps are left out, as are
    those treated from the start; when nobody is never treated the last cohort serves as donors until its own start.

    Parameters
    ----------
    by : {"overall", "event", "cohort", "calendar", "cell"}

    Raises
    ------
    IdentificationError
        Nobody is in control throughout, or no cohort has two periods before go-live.

    References
    ----------
    Arkhangelsky and others (2021), American Economic Review 111:4088; several cohorts: Clarke, Pailañir, Athey and
    Imbens (2023), arXiv 2301.11859; by event time: Ciccia (2024), arXiv 2407.09565.

    Examples
    --------
    >>> import staggered as sg
    >>> untreated = np.add.outer([1.0, 4.0, 2.0, 3.0], [0.0, 1.0, 3.0, 2.0])
    >>> treatment = [[0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    >>> panel = sg.Panel(sg.Frame(sg.Design(treatment)), untreated - 5 * np.array(treatment))
    >>> float(sg.SyntheticDid().point(panel).values[0].round(9))
    -5.0
    """

    by: Literal["overall", "event", "cohort", "calendar", "cell"] = "overall"

    def __post_init__(self) -> None:
        require_by(self.by, BY, "SyntheticDid")

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "synthetic difference-in-differences"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Arkhangelsky D, Athey S, Hirshberg DA, Imbens GW, Wager S (2021). Synthetic difference-in-differences. "
            "American Economic Review 111:4088-4118.",
            "Clarke D, Pailañir D, Athey S, Imbens G (2023). Synthetic difference-in-differences estimation. "
            "arXiv 2301.11859.",
        )

    @property
    def large_sample(self) -> Inference:
        """The paper's jackknife, which keeps the weights."""
        return FixedWeightsJackknife()

    def default_inference(self, frame: Frame) -> Inference:
        """Jackknife where every cohort has two councils or more, else placebos while there are donors enough."""
        found = donors_of(frame, "SyntheticDid")
        treated = sum(len(one.members) for one in found.cohorts)
        if min(len(one.members) for one in found.cohorts) > 1:
            return Fitting.default_inference(self, frame)
        return Placebo() if len(found.donors) > treated else Jackknife()

    def point(self, panel: Panel) -> Point:
        """Values on this panel."""
        found = donors_of(panel.frame, "SyntheticDid")
        outcome = np.where(found.frame.used, panel.outcome, 0.0)
        each = _fitted(found, outcome)
        summary = _summary(found, each, self.by)
        notes = found.notes
        if self.by in ("event", "cell"):
            notes = (*notes, CHOSEN)
        return Point(
            terms=summary.terms,
            values=summary.weights @ _effects(each, outcome, self.by),
            estimand=counting(summary.estimand, found.frame),
            notes=(*notes, _rests_on(found, each)),
            headed=summary.headed,
        )

    def without_each(self, panel: Panel) -> FloatArray:
        """Values without each cluster, the weights of the others kept, (clusters, k); nan where a cohort is lost."""
        found = donors_of(panel.frame, "SyntheticDid")
        outcome = np.where(found.frame.used, panel.outcome, 0.0)
        each = _fitted(found, outcome)
        whole = _summary(found, each, self.by)
        values = np.tile(whole.weights @ _effects(each, outcome, self.by), (len(outcome), 1))
        rows = np.concatenate([found.donors, *(one.members for one in found.cohorts)])
        for row in rows.tolist():
            left = [one.without(row) for one in each]
            smaller = [one for one in left if one is not None]
            values[row] = np.nan
            if len(smaller) == len(each):
                rest = tuple(smaller)
                values[row] = _summary(found, rest, self.by).weights @ _effects(rest, outcome, self.by)
        return values

    def weights(self, panel: Panel) -> pd.DataFrame:
        """Who makes up each cohort's comparison: one row per cohort and donor with weight, the largest first."""
        found = donors_of(panel.frame, "SyntheticDid")
        outcome = np.where(found.frame.used, panel.outcome, 0.0)
        names, periods = panel.design.clusters, panel.design.periods
        rows = [
            (periods[one.cohort.start], names[one.donors[k]], float(one.unit[k]))
            for one in _fitted(found, outcome)
            for k in np.argsort(-one.unit, kind="stable")
            if one.unit[k] > 0
        ]
        return pd.DataFrame(rows, columns=["cohort", "cluster", "weight"])


def _fitted(found: Donors, outcome: FloatArray) -> tuple[Synthetic, ...]:
    return tuple(synthetic_of(cohort, found.donors, outcome) for cohort in found.cohorts)


def _summary(found: Donors, each: tuple[Synthetic, ...], by: str) -> Summary:
    cells = [(one.cohort.start, t) for one in each for t in one.cohort.shown(by)]
    sizes = [one.cohort.size for one in each for _ in one.cohort.shown(by)]
    return summarise(found.frame.design, np.array(cells, dtype=np.int64), np.array(sizes), by, found.lost)


def _effects(each: tuple[Synthetic, ...], outcome: FloatArray, by: str) -> FloatArray:
    return np.concatenate([one.path(outcome)[one.cohort.shown(by)] for one in each])


def _rests_on(found: Donors, each: tuple[Synthetic, ...]) -> str:
    """Say how many donors carry the comparison."""
    effective = min(float(1 / (one.unit**2).sum()) for one in each)
    donors = "1 council" if len(found.donors) == 1 else f"{len(found.donors)} councils"
    return (
        f"The comparison is put together from {donors} in control throughout, worth {effective:.1f} equally weighted "
        "ones" + (" for the cohort with the fewest." if len(each) > 1 else ".")
    )
