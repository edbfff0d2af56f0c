"""The within-period comparison of stepped wedges: treated against control in each period, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ...data.frame import Frame
from ...data.panel import Panel
from ...errors import DesignError, IdentificationError
from ...kernel.patterns import Patterns, patterns_of
from ...kernel.point import Point
from ...kernel.rule import Rule
from ...results.estimate import Term
from ...value import BoolArray, FloatArray, IntArray
from ..linear import Linear, counting, require_by


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WithinPeriod(Linear):
    """Thompson's comparison: each period's treated less its control clusters, periods weighted by precision.

        θ = Σ_t w_t (Ȳ_t,treated − Ȳ_t,control) / Σ_t w_t,   w_t = 1 / { s²_t (1/n_1t + 1/n_0t) }

    It makes no use of a cluster's own history, and so no assumption about it: right when the order was drawn at
    random. Its natural inference is `Permutation`.

    Parameters
    ----------
    weights : {"count", "variance"}
        s² taken as the same in every period, so that the weights are settled before the outcome is known; or
        estimated in each from both arms, as in the paper (a period with one cluster in each arm takes the
        average of the others).
    by : {"overall", "calendar"}

    Raises
    ------
    IdentificationError
        No period has both treated and control clusters.

    References
    ----------
    Thompson and others (2018), Statistics in Medicine 37:2487.

    Examples
    --------
    >>> import staggered as sg
    >>> rule = sg.WithinPeriod().rule(sg.Frame(sg.stepped(clusters=3, steps=3)))
    >>> rule.by_cluster()[0, :, 1:3]
    array([[ 0.5 ,  0.25],
           [-0.25,  0.25],
           [-0.25, -0.5 ]])
    """

    by: Literal["overall", "calendar"] = "overall"
    weights: Literal["count", "variance"] = "count"

    laws: ClassVar[tuple[str, ...]] = ("periods", "treated")

    def __post_init__(self) -> None:
        require_by(self.by, ("overall", "calendar"), "WithinPeriod")
        if self.weights not in ("count", "variance"):
            raise DesignError(
                f"WithinPeriod was given weights={self.weights!r}.",
                "They say how periods are averaged.",
                'Use "count" or "variance".',
            )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "within-period comparison (Thompson)"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Thompson JA, Davey C, Fielding K, Hargreaves JR, Hayes RJ (2018). Robust analysis of stepped wedge trials "
            "using cluster-level summaries within periods. Statistics in Medicine 37:2487-2500.",
        )

    @property
    def settled(self) -> bool:
        """Whether the periods' weights do not look at the outcome."""
        return self.weights == "count"

    def rule(self, frame: Frame) -> Rule:
        """Weights as settled by the numbers of clusters.

        Raises
        ------
        DesignError
            With weights="variance", which needs an outcome.
        """
        if self.weights != "count":
            raise DesignError(
                'WithinPeriod(weights="variance") has no weights before the outcome is known.',
                "Each period counts by how variable it turns out to be.",
                'Plan with WithinPeriod(weights="count").',
            )
        patterns, arms = _arms(frame)
        return self._rule(frame, patterns, arms, np.ones(patterns.used.shape[1]))

    def rule_at(self, panel: Panel) -> Rule:
        """Weights settled on this panel."""
        patterns, arms = _arms(panel.frame)
        variance = np.ones(patterns.used.shape[1])
        if self.weights == "variance":
            variance = _variance(patterns, arms, np.where(panel.frame.used, panel.outcome, 0.0))
        return self._rule(panel.frame, patterns, arms, variance)

    def point(self, panel: Panel) -> Point:
        """Values on this panel."""
        return Point.of(self.rule_at(panel), panel.outcome)

    def _rule(self, frame: Frame, patterns: Patterns, arms: BoolArray, variance: FloatArray) -> Rule:
        mass = arms * patterns.mass
        total = mass.sum(axis=1)
        both = np.asarray((total > 0).all(axis=0))
        mean = np.divide(mass, total[:, None], out=np.zeros_like(mass), where=total[:, None] > 0)
        precision = np.where(both, 1 / (variance * (1 / np.maximum(total, 1e-300)).sum(axis=0)), 0.0)
        contrast = (mean[1] - mean[0]) * both
        overall = contrast * precision / precision.sum()
        periods = frame.design.periods
        rows, terms = [overall], [Term("overall")]
        if self.by == "calendar":
            for t in np.flatnonzero(both):
                rows.append(contrast * (np.arange(len(both)) == t))
                terms.append(Term(f"period {periods[t]}", period=periods[t]))
        weights = np.stack(rows)
        fitted, solve = _arm_means(arms, mean)
        return Rule(
            terms=tuple(terms),
            weights=weights,
            frame=frame,
            patterns=patterns,
            fitted=fitted,
            solve=solve,
            family=np.zeros(len(patterns.first), dtype=np.int64),
            lone=_lone(patterns, arms, weights),
            estimand=counting("difference between treated and control in the same period", frame),
            headed=self.by == "calendar",
        )


def _arms(frame: Frame) -> tuple[Patterns, BoolArray]:
    """Patterns, and who is in control and who treated when, (2, patterns, periods); partly treated is neither."""
    patterns = patterns_of(frame)
    arms = np.stack([patterns.used & (patterns.treatment == level) for level in (0.0, 1.0)])
    if not arms.any(axis=1).all(axis=0).any():
        raise IdentificationError(
            "No period has both treated and control clusters.",
            "A within-period comparison sets the one against the other.",
            "Add clusters that start later or never.",
        )
    return patterns, arms


def _variance(patterns: Patterns, arms: BoolArray, outcome: FloatArray) -> FloatArray:
    """Pooled variance of the two arms in each period, (periods,)."""
    squares = np.zeros(arms.shape[2])
    free = np.zeros(arms.shape[2])
    for arm in arms[:, patterns.group]:
        count = arm.sum(axis=0)
        mean = (outcome * arm).sum(axis=0) / np.maximum(count, 1)
        squares += (((outcome - mean) * arm) ** 2).sum(axis=0)
        free += np.maximum(count - 1, 0)
    usable = np.asarray(arms.any(axis=1).all(axis=0)) & (free > 0)
    if not usable.any() or squares[usable].sum() == 0:
        return np.ones(arms.shape[2])
    common = squares[usable].sum() / free[usable].sum()
    variance = np.where(usable, squares / np.maximum(free, 1), common)
    # A period in which nothing varies would outweigh all others for good.
    return np.asarray(np.maximum(variance, 1e-6 * common))


def _arm_means(arms: BoolArray, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A and B of fitted values that are the arm's mean in each period."""
    count, periods = arms.shape[1:]
    identity = np.eye(periods)
    fitted = np.concatenate([arm[:, :, None] * identity for arm in arms], axis=2)
    solve = np.concatenate([identity[:, None, :] * one for one in mean])
    return fitted.reshape(count, periods, 2 * periods), solve


def _lone(patterns: Patterns, arms: BoolArray, weights: FloatArray) -> BoolArray:
    """Clusters that are an arm on their own in a period on which a term rests, (k, clusters)."""
    found = np.zeros((len(weights), len(patterns.group)), dtype=bool)
    for arm in arms:
        number: IntArray = (arm * patterns.count[:, None]).sum(axis=0)
        for period in np.flatnonzero(number == 1):
            who = int(np.argmax(arm[:, period]))
            found[weights[:, who, period] != 0, patterns.first[who]] = True
    return found
