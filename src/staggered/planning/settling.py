"""Where a working covariance comes to rest when the truth is a plan's, which may be another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize

from ..estimators.trial.correlation import Working
from ..kernel.rule import Rule
from ..model.covariance import Cells
from ..model.plan import Plan
from ..value import FloatArray

_MANY = 1e9
"""People in a cell of whom only what the cluster shares is left."""
_NOTHING = 1e-8


def settled_blocks(plan: Plan, rule: Rule, working: Working, cohort: bool, restricted: bool) -> FloatArray:
    """Covariance of cell means, (clusters, periods, periods), that a mixed model finds in endless data from a plan.

        θ* = argmin Σ_c { (m−1) [log|S_θ| + tr S_θ⁻¹S] + log|V_θ| + tr V_θ⁻¹V }
                    + log|X'V_θ⁻¹X| − tr (X'V_θ⁻¹X)⁻¹ X'V_θ⁻¹VV_θ⁻¹X

    with V the plan's covariance of a cluster's cell means, S that of one person's own part, and V_θ, S_θ the
    same under the working covariance: the expected restricted likelihood of the people.

    Parameters
    ----------
    plan : Plan
    rule : Rule
        Generalised least squares at the plan's covariance: its columns are the model's.
    working : Working
    cohort : bool
        Whether the model has effects of people.
    restricted : bool
        Restricted likelihood; else the likelihood, without its last two terms.

    References
    ----------
    White (1982), Econometrica 50:1, on likelihoods of models that are not true.
    """
    truth = _truth(plan, rule)
    scale = float(np.mean(np.diagonal(truth.means, axis1=1, axis2=2)[truth.used > 0]))
    truth = replace(truth, means=truth.means / scale, own=truth.own / scale)

    def deviance(roots: FloatArray) -> float:
        return _deviance(truth, working, cohort, restricted, roots)

    found = min((_climb(deviance, start) for start in _starts(truth, working, cohort)), key=lambda one: float(one.fun))
    between, own = _working(truth, working, cohort, found.x)
    means = scale * (between + own / truth.size[:, :, None])
    group = rule.patterns.group
    return np.asarray(means[group])


@dataclass(frozen=True, slots=True)
class _Truth:
    """What a plan says of one cluster of each pattern.

    Parameters
    ----------
    columns : array (patterns, periods, p)
    count : array (patterns,)
    used, size, treatment : array (patterns, periods)
    means, own : array (patterns, periods, periods)
        Covariance of the cell means, and of one person's own part.
    midpoints : array (periods,)
        Middle of each period in days, for decay by date.
    """

    columns: FloatArray
    count: FloatArray
    used: FloatArray
    size: FloatArray
    treatment: FloatArray
    means: FloatArray
    own: FloatArray
    midpoints: FloatArray


def _truth(plan: Plan, rule: Rule) -> _Truth:
    patterns, cells = rule.patterns, Cells.of(plan.design)
    total = plan.outcome.total_variance(plan.design, plan.effect)
    shared = plan.covariance.blocks(replace(cells, size=np.full_like(cells.size, _MANY)), total)
    first = patterns.first
    means = plan.blocks()[first]
    larger = np.maximum(cells.size[:, :, None], cells.size[:, None, :])[first]
    return _Truth(
        columns=rule.fitted,
        count=patterns.count.astype(float),
        used=patterns.used.astype(float),
        size=cells.size[first],
        treatment=cells.treatment[first],
        means=means,
        own=(means - shared[first]) * larger,
        midpoints=cells.midpoints,
    )


def _working(truth: _Truth, working: Working, cohort: bool, roots: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What clusters share and what a person brings, (patterns, periods, periods) each, at roots of the variances."""
    periods = truth.size.shape[1]
    same, given = np.eye(periods), iter(roots)
    own = next(given) ** 2 * same + (next(given) ** 2 if cohort else 0.0)
    shared, lasting = np.zeros((1, periods, periods)), 0.0
    if working.base != "independent":
        lasting = float(next(given) ** 2)
        shared = np.full((1, periods, periods), lasting)
    if working.base == "nested":
        shared = shared + next(given) ** 2 * same
    if working.base == "decay":
        place = np.arange(periods) if working.per_days is None else truth.midpoints / working.per_days
        memory = np.clip(np.tanh(next(given)), 0.0 if working.per_days is not None else -1.0, 1.0)
        shared = shared * memory ** np.abs(np.subtract.outer(place, place))
    if working.treatment:
        slope = float(next(given) ** 2)
        treated = truth.treatment
        both = treated[:, :, None] * treated[:, None, :]
        corr = float(np.tanh(next(given))) if working.treatment == "correlated" else 0.0
        either = treated[:, :, None] + treated[:, None, :]
        shared = shared + slope * both + corr * np.sqrt(lasting * slope) * either
    return np.asarray(shared + np.zeros_like(truth.means)), np.asarray(own + np.zeros_like(truth.means))


def _starts(truth: _Truth, working: Working, cohort: bool) -> list[FloatArray]:
    """Roots to begin at: all that cells share lasting, or half of it."""
    person = float(np.mean(np.diagonal(truth.own, axis1=1, axis2=2)[truth.used > 0]))
    shared = max(1.0 - person / float(truth.size[truth.used > 0].mean()), 0.05)
    starts = []
    for share in (0.9, 0.5):
        parts = [np.sqrt(person * (0.7 if cohort else 1.0)), *([np.sqrt(0.3 * person)] if cohort else [])]
        if working.base != "independent":
            parts.append(np.sqrt(share * shared))
        if working.base == "nested":
            parts.append(np.sqrt((1 - share) * shared))
        if working.base == "decay":
            parts.append(float(np.arctanh(share)))
        if working.treatment:
            parts += [np.sqrt(0.2 * shared), *([0.1] if working.treatment == "correlated" else [])]
        starts.append(np.array(parts))
    return starts


def _climb(deviance: Callable[[FloatArray], float], start: FloatArray) -> optimize.OptimizeResult:
    loose = optimize.minimize(deviance, start, method="Nelder-Mead", options={"maxiter": 600, "fatol": 1e-9})
    return optimize.minimize(deviance, loose.x, method="BFGS", options={"gtol": 1e-7})


def _deviance(truth: _Truth, working: Working, cohort: bool, restricted: bool, roots: FloatArray) -> float:
    """Twice the expected negative log-likelihood."""
    between, own = _working(truth, working, cohort, roots)
    both = truth.used[:, :, None] * truth.used[:, None, :]
    apart = np.eye(truth.size.shape[1]) * (1 - truth.used)[:, :, None]
    means = (between + own / truth.size[:, :, None]) * both + apart
    sign, logs = np.linalg.slogdet(means)
    if not (sign > 0).all() or roots[0] ** 2 < _NOTHING:
        return np.inf
    precision = np.linalg.inv(means) * both
    total = truth.count @ (logs + np.einsum("kij,kji->k", precision, truth.means * both))
    total += truth.count @ _within(truth, own * both + apart, cohort)
    if restricted:
        weighted = precision @ truth.columns
        normal = np.einsum("k,kip,kiq->pq", truth.count, truth.columns, weighted)
        spread = np.einsum("k,kip,kij,kjq->pq", truth.count, weighted, truth.means * both, weighted, optimize=True)
        total += np.linalg.slogdet(normal)[1] - np.trace(np.linalg.solve(normal, spread))
    return float(total)


def _within(truth: _Truth, own: FloatArray, cohort: bool) -> FloatArray:
    """Part of people's deviations from their cell's mean, for one cluster of each pattern."""
    if not cohort:
        diagonal = np.diagonal(own, axis1=1, axis2=2)
        true = np.diagonal(truth.own, axis1=1, axis2=2)
        return np.asarray(
            (truth.used * np.maximum(truth.size - 1, 0.0) * (np.log(diagonal) + true / diagonal)).sum(axis=1)
        )
    people = np.maximum((truth.size * truth.used).max(axis=1) - 1, 0.0)
    seen = truth.used[:, :, None] * truth.used[:, None, :]
    fit = np.linalg.slogdet(own)[1] + np.einsum("kij,kji->k", np.linalg.inv(own), truth.own * seen)
    return np.asarray(people * fit)
