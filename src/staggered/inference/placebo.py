"""Placebo variance: the treated schedules given to councils in control, as if they had started."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..allocation.seeds import Seed, require_draws, whole_seed
from ..data.panel import Panel
from ..errors import IdentificationError
from ..kernel.point import Point
from ..kernel.protocols import PointEstimator
from ..results.estimate import Estimate
from ..results.uncertainty import Sampling
from ..value import FloatArray, IntArray, Value
from .assemble import assembled


@dataclass(frozen=True, slots=True, eq=False)
class Placebo(Value):
    """Spread of the estimate when councils that never start are given the treated councils' schedules.

        V = 1/B Σ_b (τ_b − τ̄)²,   τ_b from the councils in control alone, some of them treated in name

    The treated are set aside. It needs more councils in control than treated, and takes the treated to vary as
    much as the others; with one treated council nothing else can be had. t with (councils in control − 1) degrees
    of freedom.

    Parameters
    ----------
    draws : int
        Draws of who is treated in name; with one treated council each of the others serves once instead.
    seed : int, SeedSequence or Generator

    Raises
    ------
    IdentificationError
        No more councils in control than treated ones, or no placebo can be estimated.

    References
    ----------
    Arkhangelsky and others (2021), American Economic Review 111:4088, algorithm 4; several cohorts: Clarke and
    others (2023), arXiv 2301.11859, algorithm 2.

    Examples
    --------
    >>> import staggered as sg
    >>> design = sg.Design([[0, 0, 0, 1, 1]] + [[0, 0, 0, 0, 0]] * 9)
    >>> panel = sg.simulate(sg.Plan(design=design, outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> fit = sg.SyntheticDid().fit(panel, Placebo())
    >>> fit.se > 0, fit.df
    (True, 8.0)
    """

    draws: int = 200
    seed: Seed = 1

    def __post_init__(self) -> None:
        require_draws(self.draws, 2, "A spread needs more than one draw.", 200)

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "placebos among councils in control"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Arkhangelsky D, Athey S, Hirshberg DA, Imbens GW, Wager S (2021). Synthetic difference-in-differences. "
            "American Economic Review 111:4088-4118.",
        )

    def estimate(self, estimator: PointEstimator, panel: Panel) -> Estimate:
        """Estimate, then estimate placebos."""
        point = estimator.point(panel)
        treated, control = _sides(panel)
        if len(control) <= len(treated):
            raise IdentificationError(
                f"Placebos were asked for with {len(treated)} treated councils and {len(control)} never treated.",
                "The treated schedules are given to councils in control, and some must be left to compare with.",
                "Bring more councils that never start, or use Jackknife().",
            )
        found = _placebos(estimator, panel, point, self._assignments(treated, control))
        known = np.isfinite(found)
        if known.sum(axis=0).max() < 2:
            raise IdentificationError(
                "No placebo can be estimated.",
                "With the treated set aside, councils in control have nobody to be compared with.",
                "Bring more councils that never start, or use Jackknife().",
            )
        count = np.maximum(known.sum(axis=0), 1)
        centred = np.where(known, found - np.nansum(found, axis=0) / count, 0.0)
        both = known.T.astype(float) @ known
        covariance = np.where(both > 1, centred.T @ centred / np.maximum(both, 1), np.nan)
        uncertainty = Sampling(covariance, np.full(len(point.values), len(control) - 1.0))
        return assembled(estimator, panel, point, uncertainty, self, _notes(len(control), found))

    def _assignments(self, treated: IntArray, control: IntArray) -> list[tuple[IntArray, IntArray]]:
        """Pairs of who is treated in name and whose schedule each receives."""
        if len(treated) == 1:
            return [(np.array([one]), treated) for one in control]
        generator = np.random.default_rng(whole_seed(self.seed))
        return [(generator.choice(control, len(treated), replace=False), treated) for _ in range(self.draws)]


def _sides(panel: Panel) -> tuple[IntArray, IntArray]:
    """Clusters with data that are treated within the panel, and those that never are."""
    taking_part = panel.frame.seen
    ever = np.isfinite(panel.design.start)
    return np.flatnonzero(taking_part & ever), np.flatnonzero(taking_part & ~ever)


def _placebos(
    estimator: PointEstimator, panel: Panel, point: Point, assignments: list[tuple[IntArray, IntArray]]
) -> FloatArray:
    """Estimates under each assignment, (assignments, k); nan where a term cannot be had."""
    place = {term.label: k for k, term in enumerate(point.terms)}
    found = np.full((len(assignments), len(point.terms)), np.nan)
    for r, (chosen, schedules) in enumerate(assignments):
        try:
            other = estimator.point(_in_name(panel, chosen, schedules))
        except IdentificationError:
            continue
        for term, value in zip(other.terms, other.values, strict=True):
            if term.label in place:
                found[r, place[term.label]] = value
    return found


def _in_name(panel: Panel, chosen: IntArray, schedules: IntArray) -> Panel:
    """The panel without the treated, the chosen having their schedules."""
    frame = panel.frame
    assert frame.present is not None
    treatment, present = frame.design.treatment.copy(), frame.present.copy()
    treatment[chosen] = frame.design.treatment[schedules]
    treatment[schedules] = 0.0
    present[schedules] = False
    return replace(panel, frame=replace(frame, design=replace(frame.design, treatment=treatment), present=present))


def _notes(controls: int, found: FloatArray) -> tuple[str, ...]:
    lost = int(np.isnan(found).any(axis=1).sum())
    notes = (
        f"{len(found)} placebos among {controls} never treated; the treated are taken to vary as much as they do.",
    )
    return (*notes, f"{lost} of them leave something without an estimate.") if lost else notes
