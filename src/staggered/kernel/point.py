"""The point: what an estimator found on one panel, before anyone asks how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

from ..results.estimate import Term
from ..value import BoolArray, FloatArray
from .rule import Rule


@dataclass(frozen=True, slots=True)
class Point:
    """Values with what every estimate says of itself.

    Parameters
    ----------
    terms : tuple of Term
    values : array (k,)
    scores : array (k, clusters) or None
        Contribution of each cluster to each value's error; None where the estimator has none to give.
    lone : array (k, clusters) of bool or None
        Clusters whose scores are zero whatever happened there.
    estimand : str
    notes : tuple of str
    headed : bool
    """

    terms: tuple[Term, ...]
    values: FloatArray
    scores: FloatArray | None = None
    lone: BoolArray | None = None
    estimand: str = "average effect on treated cells"
    notes: tuple[str, ...] = ()
    headed: bool = False

    @classmethod
    def of(cls, rule: Rule, outcome: FloatArray) -> Point:
        """Apply a rule to an outcome; its scores stay with the rule."""
        return cls(
            terms=rule.terms,
            values=rule.estimate(outcome),
            lone=rule.lone,
            estimand=rule.estimand,
            notes=rule.notes,
            headed=rule.headed,
        )
