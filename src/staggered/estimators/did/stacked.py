"""Stacked difference-in-differences: one clean experiment per cohort, the same window for all, weighted to agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...data.frame import Frame
from ...errors import DesignError, IdentificationError, listing
from ...inference.cluster import Cluster
from ...kernel.patterns import Patterns, patterns_of
from ...kernel.protocols import Inference
from ...kernel.rule import Rule
from ...value import BoolArray, FloatArray
from ..linear import Linear, counting, require_by
from .aggregate import BY, summarise
from .cohorts import cohort_means, cohort_sizes, unit_weights, unpaired_note
from .comparisons import Comparisons, parts_of
from .own_comparison import OwnComparison


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stacked(Linear):
    """Each cohort with clusters in control throughout its window, stacked by time from go-live, Wing's weights.

        θ_e = Σ_g (N_g/N) { (Ȳ_g,g+e − Ȳ_g,g−1) − (Ȳ_C(g),g+e − Ȳ_C(g),g−1) },   −before ≤ e ≤ after

    The cohorts are the same at every e, so the path over time is not one of changing composition.

    Parameters
    ----------
    before, after : int, optional
        The window: periods before go-live, and periods after the first treated one. The widest in which every
        cohort that has a comparison at all can be followed when left out.
    residuals : {"own", "stack"}
        From what the residuals in the scores are taken: each cohort's experiment, or averages over the stack at
        the same time from go-live, as in the paper's regression (what happened in a year to all then counts as noise).
    by : {"overall", "event", "cohort", "calendar", "cell"}

    Raises
    ------
    IdentificationError
        No cohort can be followed through the window.

    References
    ----------
    Wing, Freedman and Hollingsworth (2024), NBER working paper 32054.

    Examples
    --------
    >>> import staggered as sg
    >>> rule = sg.Stacked(by="event").rule(sg.Frame(sg.stepped(clusters=6, steps=3)))
    >>> [term.label for term in rule.terms]
    ['overall', 'event 0']
    """

    by: Literal["overall", "event", "cohort", "calendar", "cell"] = "overall"
    before: int | None = None
    after: int | None = None
    residuals: Literal["own", "stack"] = "own"

    def __post_init__(self) -> None:
        require_by(self.by, BY, "Stacked")
        for field, value, least in (("before", self.before, 1), ("after", self.after, 0)):
            if value is not None and value < least:
                raise DesignError(
                    f"Stacked was given {field}={value}.",
                    "The window runs from `before` periods before go-live to `after` periods after the first treated.",
                    f"Give {least} or more, or leave it out.",
                )
        if self.residuals not in ("own", "stack"):
            raise DesignError(
                f"Stacked was given residuals={self.residuals!r}.",
                "It says from what the residuals in the scores are taken.",
                'Use "own" or "stack".',
            )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "stacked difference-in-differences (Wing–Freedman–Hollingsworth)"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Wing C, Freedman SM, Hollingsworth A (2024). Stacked difference-in-differences. "
            "National Bureau of Economic Research working paper 32054.",
        )

    @property
    def large_sample(self) -> Inference:
        """Scores summed over each cluster's appearances in the stack."""
        return Cluster("CR1")

    def rule(self, frame: Frame) -> Rule:
        """Weights of the summary asked for."""
        frame.require_absorbing("Stacked")
        patterns = patterns_of(frame)
        start = frame.design.start[patterns.first]
        before, after = _window(patterns, start, self.before, self.after)
        found = _experiments(patterns, start, before, after)
        if not len(found.cells):
            raise _nobody(before, after)
        sizes = cohort_sizes(patterns, start, found.cells[:, 0])
        summary = summarise(frame.design, found.cells, sizes, self.by, found.lost)
        weights = found.weights(summary.weights, patterns.used.shape[1])
        fitted, solve, family = cohort_means(patterns, start)
        return Rule(
            terms=summary.terms,
            weights=weights,
            frame=frame,
            patterns=patterns,
            fitted=fitted,
            solve=solve,
            family=family,
            influence=OwnComparison(
                comparisons=found,
                summary=summary,
                weights=weights,
                start=start,
                unit=unit_weights(patterns),
                sampled=False,
                pooled=_by_event(found, sizes) if self.residuals == "stack" else None,
            ),
            lone=_lone(patterns, found, len(summary.terms))
            if self.residuals == "stack"
            else found.lone(patterns, summary.weights),
            estimand=counting(summary.estimand, frame),
            notes=(
                _window_note(frame, patterns, start, found, before, after),
                *unpaired_note(frame, patterns, start, found, "not being observed throughout the window"),
            ),
            headed=summary.headed,
        )


def _window(patterns: Patterns, start: FloatArray, before: int | None, after: int | None) -> tuple[int, int]:
    """The window as given, or the widest in which every cohort with a comparison can be followed."""
    cohorts = [g for g in np.unique(start[np.isfinite(start)]).astype(int).tolist() if g > 0]
    reach = {g: _reach(patterns, start, g, before or 1) for g in cohorts}
    reachable = {g: far for g, far in reach.items() if far >= 0}
    if not reachable:
        raise _nobody(before, after)
    after = min(reachable.values()) if after is None else after
    if before is None:
        before = min((g for g, far in reachable.items() if far >= after), default=1)
    return before, after


def _reach(patterns: Patterns, start: FloatArray, cohort: int, before: int) -> int:
    """Last event time up to which a cohort has clusters in control throughout; −1 when there is none."""
    far = -1
    for event in range(patterns.used.shape[1] - cohort):
        if _experiment(patterns, start, cohort, before, event) is None:
            break
        far = event
    return far


def _experiment(patterns: Patterns, start: FloatArray, cohort: int, before: int, after: int) -> FloatArray | None:
    """Weights of one cohort and of those in control throughout its window; None when it cannot be followed."""
    if cohort - before < 0 or cohort + after >= patterns.used.shape[1]:
        return None
    whole = np.asarray(patterns.used[:, cohort - before : cohort + after + 1].all(axis=1))
    treated, control = (start == cohort) & whole, (start > cohort + after) & whole
    if not (treated.any() and control.any()):
        return None
    return np.asarray(parts_of(patterns.mass[None, :, cohort - 1], treated[None], control[None])[0])


def _experiments(patterns: Patterns, start: FloatArray, before: int, after: int) -> Comparisons:
    """Every cohort's comparisons over the window, its base left out, for cohorts that can be followed."""
    found: list[tuple[int, int, int]] = []
    parts: list[FloatArray] = []
    for cohort in np.unique(start[np.isfinite(start)]).astype(int).tolist():
        part = _experiment(patterns, start, cohort, before, after)
        if part is not None:
            window = [p for p in range(cohort - before, cohort + after + 1) if p != cohort - 1]
            found += [(cohort, period, cohort - 1) for period in window]
            parts += [part] * len(window)
    table = np.array(found, dtype=np.int64).reshape(-1, 3)
    weights = np.array(parts).reshape(len(table), len(start))
    return Comparisons(table[:, :2], table[:, 2], weights, weights)


def _lone(patterns: Patterns, found: Comparisons, terms: int) -> BoolArray:
    """The only cluster on its side of the whole stack, (k, clusters): residuals are taken from means over the stack."""
    alone = np.zeros((terms, len(patterns.group)), dtype=bool)
    for side in (found.parts > 0, found.parts < 0):
        who = np.flatnonzero(side.any(axis=0))
        if patterns.count[who].sum() == 1:
            alone[:, patterns.first[who[0]]] = True
    return alone


def _by_event(found: Comparisons, sizes: FloatArray) -> FloatArray:
    """Average the cohorts' means at the same event time, as one regression on the stack does, (cells, cells)."""
    event = found.cells[:, 1] - found.cells[:, 0]
    same = (event[:, None] == event[None, :]) * sizes
    return np.asarray(same / same.sum(axis=1, keepdims=True))


def _window_note(
    frame: Frame, patterns: Patterns, start: FloatArray, found: Comparisons, before: int, after: int
) -> str:
    """Say what the window is and who cannot be followed through it."""
    design = frame.design
    kept = np.unique(found.cells[:, 0])
    out = [int(g) for g in np.unique(start[np.isfinite(start)]) if g not in kept]
    who = [name for name, own in zip(design.clusters, design.start.tolist(), strict=True) if own in out]
    window = f"Window: {before} before go-live to {after} after the first treated period, the same for every cohort."
    if not out:
        return window
    cohorts = listing([design.periods[g] for g in out])
    return f"{window} Left out, as they cannot be followed through it: cohorts {cohorts} ({listing(who)})."


def _nobody(before: int | None, after: int | None) -> IdentificationError:
    asked = (
        f" from {before} periods before to {after} after go-live" if before is not None and after is not None else ""
    )
    return IdentificationError(
        f"No cohort can be followed{asked} next to clusters in control throughout.",
        "A stacked comparison needs the whole window for the cohort and for those it is compared with.",
        "Ask for a shorter window, or use GroupTime() or Imputation().",
    )
