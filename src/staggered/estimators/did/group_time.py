"""Group-time effects: each cohort in each period against clusters not yet, or never, treated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...data.frame import Frame
from ...data.panel import Panel
from ...errors import DesignError, IdentificationError
from ...inference.cluster import Cluster
from ...kernel.patterns import Patterns, each_apart, patterns_of
from ...kernel.protocols import Inference
from ...kernel.rule import Rule
from ...results.estimate import Term
from ...value import FloatArray, IntArray
from ..linear import Linear, counting, require_by
from .adjusted import Method
from .adjusted_rule import AdjustedScores, adjusted_cells, lone_treated
from .aggregate import BY, summarise
from .cohorts import cohort_means, cohort_sizes, lost_notes, nothing_fitted, unit_weights, unpaired_note
from .comparisons import Comparisons, comparisons_of
from .left_out import adjusted_without_each
from .own_comparison import OwnComparison


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GroupTime(Linear):
    """Callaway and Sant'Anna's group-time average treatment effects.

        ATT(g, t) = E[Y_t − Y_b | cohort g] − E[Y_t − Y_b | comparison],   b = g − 1 − anticipation

    Parameters
    ----------
    controls : {"notyet", "never"}
        Who is compared with: clusters not treated by the later of t and b, or never treated.
    anticipation : int
        Periods before go-live in which behaviour may already change.
    base : {"varying", "universal"}
        Base of pre-treatment cells: the period before t, or b throughout.
    shares : {"sampled", "fixed"}
        Whether the cohorts' sizes count as sampled (R did's convention) in the scores.
    method : {"reg", "ipw", "dr"}
        How covariates read with the panel are adjusted for: by regressing the comparison's changes on them, by
        weighting the comparison with the odds of starting, or both (doubly robust). All the same without covariates.
    compare : {"changes", "levels"}
        Each cluster's own change, or the levels of whoever is observed then and before (repeated
        cross-sections, and panels in which few are observed throughout).
    by : {"overall", "event", "cohort", "calendar", "cell"}

    Raises
    ------
    IdentificationError
        No cohort has a comparison.

    References
    ----------
    Callaway and Sant'Anna (2021), Journal of Econometrics 225:200; with covariates Sant'Anna and Zhao (2020),
    Journal of Econometrics 219:101.

    Examples
    --------
    >>> import staggered as sg
    >>> rule = sg.GroupTime().rule(sg.Frame(sg.Design([[0, 1], [0, 0]])))
    >>> rule.W.tolist()
    [[-1.0, 1.0, 1.0, -1.0]]
    """

    controls: Literal["notyet", "never"] = "notyet"
    anticipation: int = 0
    base: Literal["varying", "universal"] = "varying"
    shares: Literal["sampled", "fixed"] = "sampled"
    method: Method = "reg"
    compare: Literal["changes", "levels"] = "changes"
    by: Literal["overall", "event", "cohort", "calendar", "cell"] = "overall"

    def __post_init__(self) -> None:
        require_by(self.by, BY, "GroupTime")
        for field, value, allowed in (
            ("controls", self.controls, ("notyet", "never")),
            ("base", self.base, ("varying", "universal")),
            ("shares", self.shares, ("sampled", "fixed")),
            ("method", self.method, ("reg", "ipw", "dr")),
            ("compare", self.compare, ("changes", "levels")),
        ):
            if value not in allowed:
                raise DesignError(
                    f"GroupTime was given {field}={value!r}.",
                    "It is one of its options.",
                    f"Use one of {', '.join(allowed)}.",
                )
        if self.anticipation < 0:
            raise DesignError(
                f"GroupTime was given anticipation={self.anticipation}.",
                "It counts the periods before go-live in which behaviour may already change.",
                "Give 0 or more.",
            )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        against = "not-yet-treated" if self.controls == "notyet" else "never-treated"
        return f"group-time effects (Callaway–Sant'Anna, {against} comparison)"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Callaway B, Sant'Anna PHC (2021). Difference-in-differences with multiple time periods. "
            "Journal of Econometrics 225:200-230.",
            "Sant'Anna PHC, Zhao J (2020). Doubly robust difference-in-differences estimators. "
            "Journal of Econometrics 219:101-122.",
        )

    @property
    def large_sample(self) -> Inference:
        """The influence functions of the paper."""
        return Cluster("CR0")

    def rule(self, frame: Frame) -> Rule:
        """Weights of the summary asked for."""
        frame.require_absorbing("GroupTime")
        adjusts, levels = bool(frame.covariates), self.compare == "levels"
        patterns = each_apart(frame) if adjusts else patterns_of(frame)
        start = frame.design.start[patterns.first]
        found = self._comparisons(patterns, start)
        _require_some(frame, found, self.controls)
        unpaired = unpaired_note(frame, patterns, start, found, "not being observed in the period compared with")
        notes, cells = (*lost_notes(frame, found), *unpaired), None
        if adjusts:
            found, cells, said = adjusted_cells(frame, patterns, found, self.method, levels=levels)
            notes = (*notes, *said)
            _require_some(frame, found, self.controls, said)
        unit = unit_weights(patterns)
        sizes = cohort_sizes(patterns, start, found.cells[:, 0])
        summary = summarise(frame.design, found.cells, sizes, self.by, found.lost)
        weights = found.weights(summary.weights, patterns.used.shape[1])
        sampled = self.shares == "sampled"
        fitted, solve, family = nothing_fitted(patterns) if adjusts else cohort_means(patterns, start)
        return Rule(
            terms=summary.terms,
            weights=weights,
            frame=frame,
            patterns=patterns,
            fitted=fitted,
            solve=solve,
            family=family,
            influence=OwnComparison(found, summary, weights, start, unit, sampled)
            if cells is None
            else AdjustedScores(found, cells, summary, start, unit, sampled),
            lone=found.lone(patterns, summary.weights)
            if cells is None
            else lone_treated(cells, summary, len(patterns.group)),
            estimand=counting(summary.estimand, frame),
            notes=notes,
            headed=summary.headed,
        )

    def without_each_of(self, panel: Panel, rows: IntArray) -> Iterator[tuple[int, tuple[Term, ...], FloatArray]]:
        """Terms and values without each of the clusters, where covariates are adjusted for."""
        frame = panel.frame
        if not frame.covariates:
            return iter(())
        frame.require_absorbing("GroupTime")
        patterns = each_apart(frame)
        found = self._comparisons(patterns, frame.design.start)
        levels = self.compare == "levels"
        return adjusted_without_each(panel, patterns, found, rows, method=self.method, levels=levels, by=self.by)

    def _comparisons(self, patterns: Patterns, start: FloatArray) -> Comparisons:
        return comparisons_of(
            patterns,
            start,
            controls=self.controls,
            anticipation=self.anticipation,
            universal=self.base == "universal",
            levels=self.compare == "levels",
        )


def _require_some(frame: Frame, found: Comparisons, controls: str, said: tuple[str, ...] = ()) -> None:
    """Refuse when no treated cell can be estimated.

    Raises
    ------
    IdentificationError
        With the reasons.
    """
    if found.after.any():
        return
    if controls == "never" and not np.isinf(frame.design.start[frame.seen]).any():
        raise IdentificationError(
            "No cluster with data is never treated.",
            'With controls="never" only those serve as comparison.',
            'Use controls="notyet", or add clusters that never start.',
        )
    reasons = " ".join((*lost_notes(frame, found), *said))
    once = not (frame.used.sum(axis=1) > 1).any()
    raise IdentificationError(
        f"No cohort can be compared with anyone. {reasons}".strip(),
        "Every comparison needs clusters that are still in control, and a period before treatment.",
        'Nobody is observed twice: use GroupTime(compare="levels").'
        if once
        else "Add clusters that start later or never, or a baseline period.",
    )
