"""Two-way fixed effects: one coefficient on treatment, with cluster and period effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...data.frame import Frame
from ...errors import listing
from ...kernel.least_squares import averaging, centred, require_identified, weighted_operator
from ...kernel.patterns import Patterns, patterns_of
from ...kernel.rule import Rule
from ...results.estimate import Term
from ...value import BoolArray
from ..linear import Linear, counting


@dataclass(frozen=True, slots=True, eq=False)
class Twfe(Linear):
    """Least squares with cluster and period effects and one treatment coefficient.

        Y_ct = α_c + λ_t + X_ct θ + e_ct

    When effects vary over time or between cohorts it weighs them unevenly, some negatively.

    References
    ----------
    Goodman-Bacon (2021), Journal of Econometrics 225:254.

    Examples
    --------
    >>> import staggered as sg
    >>> frame = sg.Frame(sg.Design([[0, 1], [0, 0]]))
    >>> sg.Twfe().rule(frame).W.round(12).tolist()
    [[-1.0, 1.0, 1.0, -1.0]]
    """

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "two-way fixed effects"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Goodman-Bacon A (2021). Difference-in-differences with variation in treatment timing. "
            "Journal of Econometrics 225:254-277.",
        )

    def rule(self, frame: Frame) -> Rule:
        """Weights of the treatment coefficient."""
        patterns = patterns_of(frame)
        used = patterns.used.astype(float)
        count, periods = used.shape
        centre = averaging(patterns.mass)
        dummies = np.broadcast_to(np.eye(periods), (count, periods, periods))
        columns = centred(np.concatenate([patterns.treatment[:, :, None], dummies], axis=2), centre, used)
        treated, others = columns[:, :, 0], columns[:, :, 1:].reshape(-1, periods)
        require_identified(treated.ravel(), others, patterns.mass.ravel(), "the cluster and period effects")
        solve = weighted_operator(columns, patterns.mass)
        return Rule(
            terms=(Term("treatment effect"),),
            weights=solve[:1],
            frame=frame,
            patterns=patterns,
            fitted=columns,
            solve=solve,
            family=np.zeros(count, dtype=np.int64),
            centre=centre,
            lone=_lone(frame),
            estimand=counting("two-way fixed-effects coefficient of treatment", frame),
            notes=always_treated_note(frame, patterns),
        )


def _lone(frame: Frame) -> BoolArray | None:
    """Clusters alone on one of only two sides, (1, clusters): the fit leaves their score at 0, whatever happened."""
    sizes = frame.starting()
    if np.count_nonzero(sizes) != 2 or sizes[sizes > 0].min() > 1:
        return None
    start = np.minimum(frame.design.start, len(sizes) - 1).astype(np.int64)
    return np.asarray(frame.seen & (sizes[start] == 1))[None]


def always_treated_note(frame: Frame, patterns: Patterns) -> tuple[str, ...]:
    """Name clusters that are treated whenever they are seen, and so stand in as a comparison."""
    untreated = np.any(patterns.used & ~(patterns.treatment > 0), axis=1)
    always = np.flatnonzero((patterns.used.any(axis=1) & ~untreated)[patterns.group])
    if not len(always):
        return ()
    names = listing([frame.design.clusters[k] for k in always])
    return (f"Treated from the first period on, and yet a comparison for those that start later: {names}.",)
