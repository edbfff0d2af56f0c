"""Several primary outcomes: joint and disjunctive power, with the multiplicity paid for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ..errors import DesignError, StaggeredError, listing
from ..kernel.protocols import Estimator
from ..model.plan import Plan
from ..results.joint_power import JointPower
from ..results.power import Power
from ..results.square_root import symmetric_root
from ..value import BoolArray, FloatArray
from .power import power

Rule = Literal["holm", "bonferroni", "none"]
_LEAST_EIGENVALUE = -1e-9


def joint_power(
    plans: Mapping[str, Plan],
    *,
    correlation: ArrayLike,
    rule: Rule = "holm",
    estimator: Estimator | None = None,
    alpha: float = 0.05,
    df: str | float | None = None,
    draws: int = 200_000,
    seed: int = 1,
) -> JointPower:
    """Chance to find each of several primary outcomes, at least one of them, and all.

        T_k = (θ_k/se_k + Z_k) / √S_kk,   Z ~ N(0, R),   df·S ~ Wishart(df, R)

    with R the correlation of the estimates; with the normal distribution S is 1.

    Parameters
    ----------
    plans : mapping of str to Plan
        One for each outcome, by its name.
    correlation : float or array (k, k)
        Correlation of the estimates: one number for every pair, or a matrix. Where outcomes go together alike
        between people and between councils, it is that correlation.
    rule : {"holm", "bonferroni", "none"}
        How false alarms are kept down. "none" is right where all must be found (co-primary outcomes).
    estimator, alpha, df
        As in `power`; the degrees of freedom must be the same for all.
    draws : int
        Simulated sets of test statistics.
    seed : int

    Returns
    -------
    JointPower

    Raises
    ------
    DesignError
        Fewer than two plans, a correlation that no estimates can have, or degrees of freedom that differ.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6:65; Senn and Bretz (2007), Pharmaceutical Statistics 6:161.

    Examples
    --------
    >>> import staggered as sg
    >>> def plan(effect):
    ...     return sg.Plan(design=sg.stepped(24, steps=4), outcome=sg.Outcome(sd=1.0),
    ...                    covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(effect))
    >>> found = joint_power({"referrals": plan(0.2), "re-referrals": plan(0.15)}, correlation=0.3)
    >>> bool(found.all < found.each.min() < found.each.max() < found.any)
    True
    """
    found = _alone(plans, estimator, alpha, df)
    names, matrix = [*plans], _matrix(correlation, len(plans))
    if rule not in get_args(Rule):
        raise DesignError(
            f"rule is {rule!r}.", "It says how false alarms are kept down.", f"Use one of {', '.join(get_args(Rule))}."
        )
    degrees = {float(one.degrees[0]) for one in found}
    if len(degrees) > 1:
        raise DesignError(
            f"The outcomes have {listing([f'{one:g}' for one in sorted(degrees)])} degrees of freedom.",
            "They are tested on the same clusters, and their statistics are drawn together.",
            'Give df= a number or "normal".',
        )
    distances = np.array([one.effects[0] / one.errors[0] for one in found])
    p_values = _p_values(distances, matrix, degrees.pop(), draws, np.random.default_rng(seed))
    rejected = _rejected(p_values, alpha, rule)
    shared = [sentence for sentence in found[0].conventions if all(sentence in one.conventions for one in found)]
    return JointPower(
        outcomes=tuple(names),
        alone=np.array([one.powers[0] for one in found]),
        each=rejected.mean(axis=0),
        any=float(rejected.any(axis=1).mean()),
        all=float(rejected.all(axis=1).mean()),
        rule=rule,
        correlation=matrix,
        alpha=alpha,
        draws=draws,
        conventions=tuple(shared),
    )


def _alone(plans: Mapping[str, Plan], estimator: Estimator | None, alpha: float, df: str | float | None) -> list[Power]:
    """Power of each outcome as if it were the only one."""
    if len(plans) < 2:
        raise DesignError(
            f"joint_power was given {len(plans)} outcome{'' if len(plans) == 1 else 's'}.",
            "With one outcome there is nothing to be adjusted for.",
            "Give two or more plans by name, or use sg.power.",
        )
    found = []
    for name, plan in plans.items():
        try:
            found.append(power(plan, estimator, alpha=alpha, df=df))
        except StaggeredError as error:
            raise type(error)(f"{name}: {error.what}", error.why, error.fix) from error
    return found


def _matrix(given: ArrayLike, count: int) -> FloatArray:
    matrix = np.array(given, dtype=float)
    if matrix.ndim == 0:
        matrix = np.full((count, count), float(matrix)) + (1 - float(matrix)) * np.eye(count)
    fits = matrix.shape == (count, count) and np.allclose(matrix, matrix.T) and np.allclose(np.diag(matrix), 1)
    if not fits:
        raise DesignError(
            f"The correlation of {count} outcomes, of shape {matrix.shape}, is not symmetric with 1 on its diagonal.",
            "Each pair of outcomes needs its correlation.",
            f"Give one number, or a table of {count} × {count}.",
        )
    smallest = float(np.linalg.eigvalsh(matrix).min())
    if smallest < _LEAST_EIGENVALUE:
        raise DesignError(
            f"The outcomes' correlation is not positive semi-definite: its smallest eigenvalue is {smallest:.3g}.",
            "No estimates can be correlated like that.",
            "Bring the correlations nearer to 0.",
        )
    return matrix


def _p_values(
    distances: FloatArray, correlation: FloatArray, df: float, draws: int, generator: np.random.Generator
) -> FloatArray:
    """Two-sided p-values of simulated studies, (draws, k)."""
    root = symmetric_root(correlation)
    statistics = distances + generator.standard_normal((draws, len(distances))) @ root
    if np.isinf(df):
        return np.asarray(2 * special.ndtr(-np.abs(statistics)))
    return np.asarray(2 * special.stdtr(df, -np.abs(statistics / np.sqrt(_spreads(root, df, draws, generator)))))


def _spreads(root: FloatArray, df: float, draws: int, generator: np.random.Generator) -> FloatArray:
    """Diagonal of Wishart(df, R)/df by Bartlett's decomposition, (draws, k)."""
    count = len(root)
    lower = np.zeros((draws, count, count))
    below = np.tril_indices(count, -1)
    lower[:, below[0], below[1]] = generator.standard_normal((draws, len(below[0])))
    freedom = np.maximum(df - np.arange(count), 1e-3)
    lower[:, np.arange(count), np.arange(count)] = np.sqrt(generator.chisquare(freedom, (draws, count)))
    # R = L L' with L lower triangular, so that the diagonal of L A A' L' is what each outcome's own variance would be.
    triangular = np.linalg.qr(root.T).R.T
    return np.asarray(((triangular @ lower) ** 2).sum(axis=2) / df)


def _rejected(p_values: FloatArray, alpha: float, rule: Rule) -> BoolArray:
    """Which outcomes are found in each study, (draws, k)."""
    count = p_values.shape[1]
    if rule != "holm":
        return np.asarray(p_values <= (alpha / count if rule == "bonferroni" else alpha))
    order = np.argsort(p_values, axis=1)
    ranked = np.take_along_axis(p_values, order, axis=1)
    # Holm stops at the first that fails: all before it are rejected.
    passed = np.logical_and.accumulate(ranked <= alpha / (count - np.arange(count)), axis=1)
    found = np.zeros_like(passed)
    np.put_along_axis(found, order, passed, axis=1)
    return np.asarray(found)
