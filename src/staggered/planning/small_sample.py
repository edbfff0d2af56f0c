"""Degrees of freedom and standard errors that a mixed model would report at planning values.

The variances of the model are taken as known to the formula but not to the analysis: their information is
that which the people of the plan carry on average (restricted maximum likelihood), and

    df = 2 v² / (g'W g),   v = c Φ c',   g_k = ∂v/∂θ_k,   W = expected covariance of the estimates of θ.

Kenward and Roger's standard error also counts what estimating θ costs: v + Λ, the variance of the estimate
to the same order as their adjustment Φ + 2Λ of the smaller estimated Φ.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import DesignError
from ..estimators.trial.kenward_roger import degrees_of_freedom, kenward_roger, parameter_covariance, slopes
from ..estimators.trial.reml import Problem, evaluate
from ..estimators.trial.structure import Decaying, Part, Structure, Variance
from ..kernel.rule import Rule
from ..model.covariance import Covariance, Decay, Independent, Nested, RandomTreatment
from ..model.plan import Plan
from ..value import FloatArray
from .random_parts import Parts, parts_of

_TOOL = "A mixed model's degrees of freedom"


def model_based(plan: Plan, rule: Rule, contrast: FloatArray, df: str) -> tuple[FloatArray, FloatArray, str]:
    """Standard errors and degrees of freedom of contrasts (k, terms), and a sentence on them.

    Raises
    ------
    DesignError
        An outcome that is not gaussian, an estimator that is not a regression, an open cohort.
    """
    if plan.outcome.family != "gaussian":
        raise DesignError(
            f"df={df!r} was asked for a {plan.outcome.family} outcome.",
            "It follows from how well variances are estimated, and here they follow from the means.",
            'Use df="clusters-2", or simulate=2000 to run the analysis itself.',
        )
    if rule.centre is not None or rule.family.max() > 0:
        raise DesignError(
            f"df={df!r} belongs to a mixed model, and this estimator is none.",
            "It takes out each cluster's own level, or is put together from many comparisons.",
            'Use df="clusters-2" or df="normal", or Gls with the plan\'s correlation.',
        )
    problem, theta = _problem(plan, rule)
    point = evaluate(problem, theta)
    rows = contrast @ _terms(rule)
    spread = parameter_covariance(point.expected, np.ones(theta.shape, dtype=bool))
    slope = np.diagonal(slopes(point, rows)[0], axis1=1, axis2=2)
    variance = np.diag(rows @ point.covariance[0] @ rows.T)
    degrees = degrees_of_freedom(variance, slope, spread[0])
    if df == "kenward-roger":
        adjusted, _ = kenward_roger(problem, point)
        variance = (variance + np.diag(rows @ adjusted[0] @ rows.T)) / 2
    shown = f"{degrees[0]:.1f}" if len(degrees) == 1 else f"{degrees.min():.1f} to {degrees.max():.1f}"
    name = {"kenward-roger": "Kenward and Roger", "satterthwaite": "Satterthwaite"}[df]
    said = f"t with {shown} degrees of freedom ({name}, at planning values), as a mixed model of people would report."
    return np.sqrt(variance), degrees, said


def _terms(rule: Rule) -> FloatArray:
    """Terms of a rule as combinations of its coefficients, (terms, p)."""
    own = len(rule.terms) - rule.headed
    rows = np.eye(own, rule.solve.shape[0])
    return np.vstack([rows.mean(axis=0), rows]) if rule.headed else rows


def _problem(plan: Plan, rule: Rule) -> tuple[Problem, FloatArray]:
    """Restricted likelihood of the plan's people, and its variances, (1, K)."""
    patterns = rule.patterns
    used = patterns.used.astype(float)
    people = np.where(patterns.used, plan.design.size[patterns.first], 0.0)
    root = np.sqrt(people)
    columns = rule.fitted[:, :, np.abs(rule.fitted).max(axis=(0, 1)) > 0] * root[:, :, None]
    found = _structure(plan, patterns.treatment, root, plan.design.midpoints)
    structure = Structure(used, found[0], 1.0)
    theta = np.array([found[1]])
    load, degrees = _leftovers(patterns.count.astype(float), people, structure.names)
    kinds, periods = columns.shape[:2]
    problem = Problem(
        columns=columns,
        times=patterns.count.astype(float),
        square=np.zeros((1, kinds, periods, periods)),
        total=np.zeros((1, kinds, periods)),
        structure=structure,
        load=load,
        degrees=degrees,
        left=np.zeros((1, len(degrees))),
        observations=float(patterns.count @ people.sum(axis=1)),
    )
    return problem, theta


def _structure(
    plan: Plan, treatment: FloatArray, root: FloatArray, midpoints: FloatArray
) -> tuple[tuple[Part, ...], list[float]]:
    """Parts of the covariance in coordinates √people × mean, and the values of all variances, the residual first."""
    covariance = plan.covariance
    base: Covariance = covariance.base if isinstance(covariance, RandomTreatment) else covariance
    values = _parts(plan, base)
    joined, same = root[:, :, None] * root[:, None, :], np.eye(root.shape[1])
    parts: list[Part] = []
    theta = [values.residual]
    if values.decay is not None:
        assert isinstance(base, Decay)
        days = 1.0 if base.per_days is None else base.per_days
        position = np.arange(len(midpoints), dtype=float) if base.per_days is None else midpoints / days
        lag = np.broadcast_to(np.abs(np.subtract.outer(position, position)), joined.shape)
        parts.append(Decaying(joined, lag, base.per_days is None))
        theta += [values.cluster, values.decay]
    elif not isinstance(base, Independent):
        parts.append(Variance("cluster", joined))
        theta.append(values.cluster)
    if isinstance(base, Nested):
        parts.append(Variance("cluster-period", joined * same))
        theta.append(values.passing)
    if values.treatment:
        weighted = root * treatment
        if values.corr:
            cross = root[:, :, None] * weighted[:, None, :]
            parts.append(Variance("covariance", cross + cross.swapaxes(1, 2)))
            theta.append(values.corr * np.sqrt(values.cluster) * values.treatment)
        parts.append(Variance("treatment", weighted[:, :, None] * weighted[:, None, :]))
        theta.append(values.treatment**2)
    if values.person:
        seen = (root > 0).astype(float)
        parts.append(Variance("person", seen[:, :, None] * seen[:, None, :]))
        theta.append(values.person)
    return tuple(parts), theta


def _parts(plan: Plan, base: Covariance) -> Parts:
    """Variances of the plan; a decay by dates is one per period to `parts_of`."""
    if isinstance(base, Decay) and base.time == "date":
        counted = replace(base, time="period", per_days=None)
        covariance = plan.covariance
        varied = replace(covariance, base=counted) if isinstance(covariance, RandomTreatment) else counted
        return parts_of(replace(plan, covariance=varied), _TOOL)
    return parts_of(plan, _TOOL)


def _leftovers(count: FloatArray, people: FloatArray, names: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    """Sums of squares of people within cells: variance as weights of the parameters (J, K), dimensions (J,)."""
    residual = np.array([float(name == "residual") for name in names])
    if "person" not in names:
        spare = float(count @ np.maximum(people - 1, 0.0).sum(axis=1))
        kept = spare > 0
        return residual[None][:kept], np.array([spare])[:kept]
    own = np.array([float(name == "person") for name in names])
    attended = (people > 0).sum(axis=1)
    spare = np.maximum(people.max(axis=1) - 1, 0.0) * count
    rows = [residual, *(residual + periods * own for periods in np.unique(attended))]
    dimensions = [float(spare @ (attended - 1)), *(float(spare[attended == p].sum()) for p in np.unique(attended))]
    kept_rows = np.array(dimensions) > 0
    return np.array(rows)[kept_rows], np.array(dimensions)[kept_rows]
