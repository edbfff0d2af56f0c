"""Generalised estimating equations of clusters, solved from sums over groups of people alike.

With scaled residuals r_j = (y_j − μ_j)/√v_j and columns d_j = x_j μ'_j/√v_j, cluster i adds

    U_i = D_i'R_i⁻¹r_i / φ,    B_i = D_i'R_i⁻¹D_i / φ

to the equations Σ U_i = 0 and their information Σ B_i. The working correlation R_i = a I + Z C Z' (a = 1 − α₀, Z
tells in which period a person was seen) has the inverse (I − Z C (a I + N C)⁻¹ Z')/a, N the people of each period:
only sums over cells and one matrix (periods × periods) a cluster are ever needed, whatever the number of people.

Liang and Zeger (1986), Biometrika 73:13; Li, Turner and Preisser (2018), Biometrics 74:1450 (nested).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...errors import ConvergenceError
from ...value import FloatArray, IntArray
from .marginal_correlation import Correlation, correlation_of
from .marginal_links import Link
from .marginal_rows import Rows
from .matrices import turned

_ARRIVED = 1e-16
_STEPS = 200
_HALVINGS = 40
_RUNAWAY = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Equations:
    """Estimating equations ready to be solved.

    Parameters
    ----------
    rows : Rows
    columns : array (G, p)
    link : Link
    working : str
    shape : tuple of int
        Clusters and periods.
    start : array (p,)
        Coefficients to start from, at which every mean is possible.
    """

    rows: Rows
    columns: FloatArray
    link: Link
    working: str
    shape: tuple[int, int]
    start: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Where the equations are solved.

    Parameters
    ----------
    beta : array (p,)
    scores : array (C, p)
        U_i.
    information : array (C, p, p)
        B_i.
    scale : float
        φ: mean square of the Pearson residuals.
    correlation : Correlation
    mean : array (G,)
    """

    beta: FloatArray
    scores: FloatArray
    information: FloatArray
    scale: float
    correlation: Correlation
    mean: FloatArray

    @property
    def covariance(self) -> FloatArray:
        """(Σ B_i)⁻¹, the variance if the working correlation were right, (p, p)."""
        return np.asarray(np.linalg.inv(self.information.sum(axis=0)))


def solve(equations: Equations) -> Solution:
    """Solve for coefficients, scale and correlation together, or stop where they run away (see `runs_away`).

    Raises
    ------
    ConvergenceError
        No solution was reached.
    """
    beta = equations.start
    here = evaluate(equations, beta)
    for _ in range(_STEPS):
        total = here.scores.sum(axis=0)
        information = here.information.sum(axis=0)
        size = np.sqrt(np.maximum(np.diag(information), 1e-300))
        try:
            step = np.linalg.solve(information / np.outer(size, size), total / size) / size
        except np.linalg.LinAlgError:
            break
        beta = _within(equations, beta, step)
        here = evaluate(equations, beta)
        if not np.isfinite(here.scores).all():
            break
        if total @ step < _ARRIVED or runs_away(equations, beta):
            return here
    raise ConvergenceError(
        "The estimating equations were not solved: their steps did not become small.",
        "A number from there would be an accident of where the search stopped.",
        'Try working="independence", fewer covariates, or another link; a difference in risk also comes from '
        'family="gaussian".',
    )


def runs_away(equations: Equations, beta: FloatArray) -> bool:
    """Whether coefficients are on their way to infinity, as when outcomes never or always occur somewhere."""
    if equations.link.link == "identity":
        return False
    return bool(np.abs(equations.columns @ beta).max() > _RUNAWAY)


def _within(equations: Equations, beta: FloatArray, step: FloatArray) -> FloatArray:
    """Go as much of a step as keeps every mean possible."""
    for halving in range(_HALVINGS):
        moved = beta + step * 0.5**halving
        if equations.link.possible(_mean(equations, moved)).all():
            return moved
    return beta


def _mean(equations: Equations, beta: FloatArray) -> FloatArray:
    return equations.link.mean(np.asarray(equations.columns @ beta + equations.rows.offset))


def evaluate(equations: Equations, beta: FloatArray) -> Solution:
    """Scores and information at some coefficients, with the scale and correlation that belong to them."""
    rows, link = equations.rows, equations.link
    mean = _mean(equations, beta)
    root = np.sqrt(rows.weight / np.maximum(link.variance(mean), 1e-300))
    lifted = equations.columns * (link.slope(mean) * root)[:, None]
    residual = (rows.total - rows.count * mean) * root
    square = np.maximum(rows.squares - 2 * mean * rows.total + rows.count * mean**2, 0.0) * root**2
    cell = rows.cluster * equations.shape[1] + rows.period
    people, sums, squares = (_summed(values, cell, equations.shape) for values in (rows.count, residual, square))
    scale = float(square.sum() / rows.observations)
    correlation = correlation_of(equations.working, sums, squares, people, scale)
    columns = np.stack([_summed(rows.count * column, cell, equations.shape) for column in lifted.T], axis=2)
    inner = _inner(correlation, people)
    apart = 1 - correlation.by_lag[0]
    scores = (
        _by_cluster(lifted, residual[:, None], equations)[:, :, 0] - _through(columns, inner, sums[:, :, None])[:, :, 0]
    )
    information = _by_cluster(lifted, lifted * rows.count[:, None], equations) - _through(columns, inner, columns)
    divisor = apart * scale
    return Solution(
        beta=beta,
        scores=scores / divisor,
        information=(information + turned(information)) / 2 / divisor,
        scale=scale,
        correlation=correlation,
        mean=mean,
    )


def _summed(values: FloatArray, cell: IntArray, shape: tuple[int, int]) -> FloatArray:
    return np.bincount(cell, weights=values, minlength=shape[0] * shape[1]).reshape(shape).astype(float)


def _inner(correlation: Correlation, people: FloatArray) -> FloatArray:
    """C (a I + N C)⁻¹ of every cluster, (C, T, T)."""
    matrix = correlation.matrix
    apart = 1 - correlation.by_lag[0]
    middle = apart * np.eye(len(matrix)) + people[:, :, None] * matrix
    return np.asarray(matrix @ np.linalg.inv(middle))


def _through(left: FloatArray, inner: FloatArray, right: FloatArray) -> FloatArray:
    return np.asarray(turned(left) @ inner @ right)


def _by_cluster(left: FloatArray, right: FloatArray, equations: Equations) -> FloatArray:
    """Products of the rows of each cluster, (C, p, q); one matrix product a cluster, which BLAS does fastest."""
    ends = np.searchsorted(equations.rows.cluster, np.arange(equations.shape[0] + 1))
    return np.stack([left[a:b].T @ right[a:b] for a, b in pairwise(ends)])
