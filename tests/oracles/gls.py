"""Generalised least squares of a plan with full matrices over its cells, the covariance written out pair by pair.

Nothing of the package but the numbers in a plan is used here: variances, correlations and counts are put
together again from their definitions.
"""

from dataclasses import dataclass

import numpy as np

import staggered as sg
from staggered.model.covariance import Covariance, Unstructured
from staggered.value import FloatArray


@dataclass(frozen=True)
class Pairs:
    """Every pair of observed cells: arrays (n, n), the first cell of the pair in rows."""

    same_cluster: FloatArray
    same_cell: FloatArray
    lag: FloatArray
    days: FloatArray
    larger: FloatArray
    spread: FloatArray
    treated: FloatArray
    first: FloatArray
    second: FloatArray


def variance_of_one(outcome: sg.Outcome, mean: FloatArray) -> FloatArray:
    """Variance of one person's outcome around a mean, on the scale of the analysis."""
    if outcome.family == "gaussian":
        return np.full(mean.shape, float(outcome.sd) ** 2)  # type: ignore[arg-type]
    if outcome.family == "binomial":
        natural = mean * (1 - mean)
    else:
        counted = mean * outcome.exposure
        natural = (counted + (outcome.dispersion or 0) * counted**2) / outcome.exposure**2
    slope = {"identity": np.ones_like(mean), "log": mean, "logit": mean * (1 - mean)}[str(outcome.link)]
    return natural / slope**2


def pairs_of(plan: sg.Plan, variance: FloatArray) -> Pairs:
    """Pairs of the observed cells, for a variance of one person in each cell (clusters, periods)."""
    design = plan.design
    seen = ~np.isnan(design.treatment)
    row, period = np.nonzero(seen)
    middle = period.astype(float)
    if design.dates is not None:
        begin, end = (design.dates[:, k].astype("datetime64[D]").astype(float) for k in (0, 1))
        middle = ((begin + end + 1) / 2)[period]
    size, treated, total = (grid[seen] for grid in (design.size, design.treatment, variance))
    same = (row[:, None] == row).astype(float)
    return Pairs(
        same_cluster=same,
        same_cell=np.eye(len(row)),
        lag=np.abs(period[:, None] - period).astype(float),
        days=np.abs(middle[:, None] - middle),
        larger=np.maximum(size[:, None], size),
        spread=np.sqrt(np.outer(total, total)),
        treated=treated,
        first=np.broadcast_to(period[:, None], same.shape),
        second=np.broadcast_to(period, same.shape),
    )


def between_periods(covariance: Covariance, pairs: Pairs) -> FloatArray:
    """Correlation of a cluster's own level between the periods of each pair."""
    if isinstance(covariance, sg.Nested):
        return np.where(pairs.lag == 0, 1.0, covariance.cac)
    if isinstance(covariance, sg.Decay) and covariance.time == "date":
        return covariance.cac ** (pairs.days / covariance.per_days)
    if isinstance(covariance, (sg.Decay, sg.ProportionalDecay)):
        return covariance.cac**pairs.lag
    if isinstance(covariance, Unstructured):
        return np.asarray(covariance.correlation)[pairs.first, pairs.second]
    return np.ones_like(pairs.lag)


def seen_again(retention: float | tuple[float, ...] | None, lag: FloatArray) -> FloatArray:
    """Share of people seen at both ends of a lag."""
    if retention is None:
        return np.ones_like(lag)
    if isinstance(retention, float):
        return np.where(lag == 0, 1.0, retention)
    table = dict(enumerate((1.0, *retention)))
    return np.vectorize(lambda k: table.get(int(k), 0.0))(lag)


def covariance_of(plan: sg.Plan, variance: FloatArray) -> FloatArray:
    """Covariance of all observed cell means, (n, n)."""
    pairs, structure = pairs_of(plan, variance), plan.covariance
    base = structure.base if isinstance(structure, sg.RandomTreatment) else structure
    if isinstance(base, sg.ProportionalDecay):
        fading = base.cac**pairs.lag
        return pairs.same_cluster * pairs.spread * fading * (base.icc + (1 - base.icc) / pairs.larger)
    given = getattr(base, "variance", None)
    if isinstance(base, sg.Independent):
        cluster, own = np.zeros_like(pairs.spread), pairs.spread
    elif given is not None:
        cluster, own = np.full_like(pairs.spread, given), pairs.spread
    elif getattr(base, "scale", "outcome") == "latent":
        cluster, own = np.full_like(pairs.spread, base.icc / (1 - base.icc) * np.pi**2 / 3), pairs.spread
    else:
        cluster, own = base.icc * pairs.spread, (1 - base.icc) * pairs.spread
    people = base.iac * seen_again(base.retention, pairs.lag) / pairs.larger
    people = people + (1 - base.iac) * pairs.same_cell / pairs.larger
    covariance = cluster * between_periods(base, pairs) + own * people
    if isinstance(structure, sg.RandomTreatment):
        eta2 = structure.sd**2 if structure.sd is not None else structure.share * cluster
        tau2 = cluster * (base.cac if isinstance(base, sg.Nested) else 1.0)
        treated = pairs.treated
        covariance = covariance + eta2 * np.outer(treated, treated)
        covariance = covariance + structure.corr * np.sqrt(tau2 * eta2) * (treated[:, None] + treated)
    return pairs.same_cluster * covariance


def columns_of(design: sg.Design) -> FloatArray:
    """Treatment and one indicator per period for each observed cell, (n, 1 + periods)."""
    seen = ~np.isnan(design.treatment)
    _, period = np.nonzero(seen)
    return np.column_stack([design.treatment[seen], np.eye(design.treatment.shape[1])[period]])


def dense_gls(plan: sg.Plan, variance: FloatArray, effects: FloatArray) -> tuple[float, float]:
    """Standard error of the effect, and what is estimated on average when the truth is `effects` in each cell."""
    columns, covariance = columns_of(plan.design), covariance_of(plan, variance)
    weighted = np.linalg.solve(covariance, columns)
    spread = np.linalg.inv(columns.T @ weighted)
    truth = effects[~np.isnan(plan.design.treatment)]
    return float(np.sqrt(spread[0, 0])), float(spread[0] @ (weighted.T @ truth))
