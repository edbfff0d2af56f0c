"""What every inference shares: asking an estimator for its rule, and binding an answer into an estimate."""

from __future__ import annotations

import numpy as np

from ..data.panel import Panel
from ..errors import DesignError
from ..kernel.point import Point
from ..kernel.protocols import Inference, PointEstimator, has_rule, has_settled_rule
from ..kernel.rule import Rule
from ..results.estimate import Estimate
from ..results.uncertainty import Uncertainty
from ..value import FloatArray
from .expected_size import OF_ITS_OWN, size_note


def rule_of(estimator: PointEstimator, panel: Panel, inference: str) -> Rule:
    """Give the estimator's rule on this panel.

    Raises
    ------
    DesignError
        The estimator is not linear in the outcome.
    """
    if has_rule(estimator):
        return estimator.rule_at(panel)
    raise DesignError(
        f"{inference[:1].upper()}{inference[1:]} was asked for with {estimator.name}.",
        "It needs estimates that are sums of weighted outcomes, and these are not.",
        "Use Jackknife(), or Permutation() if the order was drawn at random.",
    )


def scores_of(estimator: PointEstimator, panel: Panel, inference: str) -> tuple[Point, FloatArray]:
    """Values and each cluster's contribution to their error, (k, clusters).

    Raises
    ------
    DesignError
        The estimator has no such contributions.
    """
    if has_rule(estimator):
        rule = estimator.rule_at(panel)
        return Point.of(rule, panel.outcome), rule.scores(panel.outcome)
    point = estimator.point(panel)
    if point.scores is None:
        raise DesignError(
            f"{inference[:1].upper()}{inference[1:]} was asked for with {estimator.name}.",
            "It needs each cluster's contribution to the error, which this estimator does not give.",
            "Use Jackknife(), or Permutation() if the order was drawn at random.",
        )
    return point, point.scores


def assembled(
    estimator: PointEstimator,
    panel: Panel,
    point: Point,
    uncertainty: Uncertainty,
    inference: Inference,
    notes: tuple[str, ...],
) -> Estimate:
    """Bind values, uncertainty and every note on the way into one estimate."""
    # The table is of estimators whose weights do not look at the outcome, and of a few by themselves.
    tabled = has_settled_rule(estimator) or estimator.name in OF_ITS_OWN
    sized = tabled and len(point.values) > 0 and bool(np.isfinite(uncertainty.se()[0]))
    expected = size_note(panel.frame, inference.name, estimator.name) if sized else ()
    return Estimate(
        terms=point.terms,
        values=point.values,
        uncertainty=uncertainty,
        estimator=estimator.name,
        inference=inference.name,
        estimand=point.estimand,
        outcome=panel.name,
        notes=(*point.notes, *notes, *expected, *panel.notes),
        headed=point.headed,
        references=tuple(dict.fromkeys((*estimator.references, *inference.references))),
    )
