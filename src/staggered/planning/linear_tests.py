"""Tests of linear estimators on many data sets at once.

An estimator that is a rule has estimates, cluster scores and leave-one-out estimates that are linear in
the outcome. Each is found once, by looking at what it makes of an outcome of 1 in a single cell; after
that a thousand data sets cost one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from ..data.frame import Frame
from ..data.panel import Panel
from ..estimators.linear import Linear
from ..inference.cluster import Cluster
from ..inference.jackknife import Jackknife, clusters_behind, degrees_of_freedom, leave_one_out
from ..inference.permutation import Permutation, exchangeable_rows
from ..inference.reallocations import reallocations, require_measured, with_strata
from ..inference.small_sample import adjusted_scores
from ..kernel.protocols import Inference
from ..kernel.rule import Rule
from ..value import FloatArray

_MOST_CELLS = 1500
_CHUNK_OF_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Tested:
    """Estimates of the first term over data sets, with p-values and the ends of their intervals.

    Parameters
    ----------
    estimates, p_values, lows, highs : array (draws,)
        The ends are nan where there is no interval.
    singular : int
        Fits that ended on a boundary.
    """

    estimates: FloatArray
    p_values: FloatArray
    lows: FloatArray
    highs: FloatArray
    singular: int = 0


LinearTest = Callable[[FloatArray], Tested]


def linear_test(estimator: Linear, inference: Inference, frame: Frame, level: float) -> LinearTest | None:
    """Test of the first term that takes outcomes (draws, clusters, periods); None where none is to be had."""
    if not frame.used.all() or frame.used.size > _MOST_CELLS:
        return None
    rule = estimator.rule(frame)
    if isinstance(inference, Cluster) and inference.by is None and inference.kind in {"CR2", "CR3"}:
        return _by_scores(rule, inference, level)
    if isinstance(inference, Jackknife):
        return _by_jackknife(estimator, rule, frame, level)
    if isinstance(inference, Permutation):
        return _by_permutation(rule, inference, frame)
    return None


def known_variance_test(rule: Rule, blocks: FloatArray, df: float, level: float) -> LinearTest:
    """Test with the standard error that the plan's own covariance gives."""
    weights = rule.by_cluster()[0]
    error = float(np.sqrt(rule.variance(blocks)[0, 0]))

    def test(outcomes: FloatArray) -> Tested:
        estimates = np.tensordot(outcomes, weights, axes=2)
        return _t_test(estimates, np.full(len(estimates), error), df, level)

    return test


def _t_test(estimates: FloatArray, errors: FloatArray, df: float, level: float) -> Tested:
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = -np.abs(estimates / errors)
    tails = special.ndtr(distance) if np.isinf(df) else special.stdtr(df, distance)
    quantile = special.ndtri((1 + level) / 2) if np.isinf(df) else special.stdtrit(df, (1 + level) / 2)
    p_values = np.asarray(2 * tails, dtype=np.float64)
    return Tested(estimates, p_values, estimates - quantile * errors, estimates + quantile * errors)


def _cells(frame: Frame) -> FloatArray:
    """An outcome of 1 in each single cell, (cells, clusters, periods)."""
    count = frame.used.size
    return np.eye(count).reshape(count, *frame.used.shape)


def _by_scores(rule: Rule, inference: Cluster, level: float) -> LinearTest:
    """Cluster-robust test: scores of each cluster as linear maps."""
    weights = rule.by_cluster()[0].ravel()
    found = [adjusted_scores(rule, cell, inference.kind) for cell in _cells(rule.frame)]
    scores = np.stack([one[0][0] for one in found], axis=1)
    df = float(found[0][1][0])
    lone = rule.lone is not None and bool(np.any(rule.lone[0]))
    blind = lone or bool(found[0][2][0].any())

    def test(outcomes: FloatArray) -> Tested:
        flat = outcomes.reshape(len(outcomes), -1)
        errors = np.sqrt(((flat @ scores.T) ** 2).sum(axis=1))
        return _t_test(flat @ weights, np.full_like(errors, np.nan) if blind else errors, df, level)

    return test


def _by_jackknife(estimator: Linear, rule: Rule, frame: Frame, level: float) -> LinearTest:
    """Jackknife: the estimates without each cluster as linear maps."""
    weights = rule.by_cluster()[0].ravel()
    terms = rule.terms[:1]
    behind = clusters_behind(rule)[:1]
    clusters, df = float(behind[0]), float(degrees_of_freedom(frame, behind)[0])
    without = np.stack(
        [
            leave_one_out(estimator, Panel(frame, cell), terms, rule.estimate(cell)[:1])[0][:, 0]
            for cell in _cells(frame)
        ],
        axis=1,
    )

    def test(outcomes: FloatArray) -> Tested:
        flat = outcomes.reshape(len(outcomes), -1)
        estimates = flat @ weights
        difference = flat @ without.T - estimates[:, None]
        errors = np.sqrt((clusters - 1) / clusters * (difference**2).sum(axis=1))
        return _t_test(estimates, errors, df, level)

    return test


def _by_permutation(rule: Rule, inference: Permutation, frame: Frame) -> LinearTest | None:
    """Randomisation test: every data set's table of schedules by clusters, summed along each order."""
    panel = with_strata(Panel(frame, np.zeros(frame.used.shape)), inference.strata)
    if not exchangeable_rows(panel, rule):
        return None
    others = reallocations(panel.design, inference.draws, inference.seed, inference.allowed)
    require_measured(panel, others.orders)
    weights = rule.by_cluster()[0]
    clusters = np.arange(weights.shape[0])

    def test(outcomes: FloatArray) -> Tested:
        p_values, estimates = np.empty(len(outcomes)), np.empty(len(outcomes))
        for start in range(0, len(outcomes), _CHUNK_OF_DRAWS):
            part = slice(start, start + _CHUNK_OF_DRAWS)
            table = np.einsum("ap,dbp->abd", weights, outcomes[part])
            estimates[part] = table[clusters, clusters].sum(axis=0)
            reached = np.zeros(len(outcomes[part]))
            for orders in np.array_split(others.orders, max(1, len(others.orders) // 500)):
                null = table[orders, clusters].sum(axis=1)
                reached += (np.abs(null) >= np.abs(estimates[part]) * (1 - 1e-10)).sum(axis=0)
            p_values[part] = (1 + reached) / (len(others.orders) + 1)
        none = np.full(len(outcomes), np.nan)
        return Tested(estimates, p_values, none, none)

    return test
