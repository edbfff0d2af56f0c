"""Restricted likelihood of normal models, exact, for many data sets at once.

    −2 log L_R = Σ log|V_c| + log|X'V⁻¹X| + r'V⁻¹r + (n − p) log 2π,   r = y − X β̂

with its first and second derivatives. Clusters alike in columns and covariance are solved once (a kind).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...value import BoolArray, FloatArray, IntArray
from .matrices import inverse, turned
from .structure import Derivatives, Structure


@dataclass(frozen=True, slots=True)
class Problem:
    """B data sets of one design, in coordinates.

    Parameters
    ----------
    columns : array (G, L, p)
        Fixed-effect columns of each kind of cluster.
    times : array (G,)
        Clusters of each kind.
    square : array (B, G, L, L)
        Sums over the clusters of a kind of outcome times outcome.
    total : array (B, G, L)
        Sums of the outcome.
    structure : Structure
    load : array (J, K)
        Variance of each leftover sum of squares as weights of the parameters.
    degrees : array (J,)
    left : array (B, J)
        Leftover sums of squares.
    observations : float
    restricted : bool
        REML; else ML.
    """

    columns: FloatArray
    times: FloatArray
    square: FloatArray
    total: FloatArray
    structure: Structure
    load: FloatArray
    degrees: FloatArray
    left: FloatArray
    observations: float
    restricted: bool = True

    def subset(self, rows: BoolArray | IntArray) -> Problem:
        """Some of the data sets."""
        return replace(self, square=self.square[rows], total=self.total[rows], left=self.left[rows])

    @property
    def freedom(self) -> float:
        """Observations less fixed effects (REML), or observations (ML)."""
        return self.observations - (self.columns.shape[2] if self.restricted else 0)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The criterion at parameters (B, K), and what it is made of.

    Parameters
    ----------
    theta : array (B, K)
    criterion : array (B,)
        −2 log-likelihood.
    gradient : array (B, K)
    observed, expected : array (B, K, K)
        Second derivatives of the criterion, and their expectation.
    beta : array (B, p)
    covariance : array (B, p, p)
        Φ = (X'V⁻¹X)⁻¹.
    sensitivity : array (B, K, p, p)
        X'V⁻¹ V_k V⁻¹X.
    pulls : array (B, K, p)
        X'V⁻¹ V_k V⁻¹ r.
    """

    theta: FloatArray
    criterion: FloatArray
    gradient: FloatArray
    observed: FloatArray
    expected: FloatArray
    beta: FloatArray
    covariance: FloatArray
    sensitivity: FloatArray
    pulls: FloatArray


def criterion(problem: Problem, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """−2 log-likelihood of every data set at each of M parameters, (M, B), with σ² at its best, also (M, B)."""
    value = problem.structure.at(theta).value
    precision = inverse(value)
    times, columns = problem.times, problem.columns
    constant = np.linalg.slogdet(value)[1] @ times
    level = theta @ problem.load.T
    constant = constant + np.log(level) @ problem.degrees
    weighted = turned(columns) @ precision
    information = np.einsum("mgpq,g->mpq", weighted @ columns, times)
    if problem.restricted:
        constant = constant + np.linalg.slogdet(information)[1]
    kinds, width = columns.shape[:2]
    flat = problem.total.reshape(len(problem.total), -1)
    cross = np.einsum("mpk,bk->mbp", np.moveaxis(weighted, 1, 2).reshape(len(theta), -1, kinds * width), flat)
    fitted = np.linalg.solve(information, turned(cross))
    squares = precision.reshape(len(theta), -1) @ problem.square.reshape(len(problem.square), -1).T
    squares = squares + (1 / level) @ problem.left.T - np.einsum("mbp,mpb->mb", cross, fitted)
    scale = np.maximum(squares, 1e-300) / problem.freedom
    return constant[:, None] + problem.freedom * np.log(scale), scale


def evaluate(problem: Problem, theta: FloatArray) -> Evaluation:
    """Criterion of each data set at its own parameters, with first and second derivatives."""
    parts = problem.structure.at(theta)
    columns, times = problem.columns, problem.times
    precision = inverse(parts.value)
    weighted = precision @ columns
    phi = inverse(_over_kinds(turned(columns) @ weighted, times))
    cross = turned(_stacked(weighted)) @ problem.total.reshape(len(problem.total), -1, 1)
    beta = phi @ cross
    rest, spread, quadratic = _residual_squares(problem, precision, beta)
    level = theta @ problem.load.T
    value = np.linalg.slogdet(parts.value)[1] @ times + np.log(level) @ problem.degrees + quadratic
    value = value + (problem.left / level).sum(axis=1) + problem.freedom * np.log(2 * np.pi)
    if problem.restricted:
        value = value - np.linalg.slogdet(phi)[1]
    pulled = (precision @ rest[..., None]).reshape(len(rest), 1, -1, 1)
    slopes = _slopes(problem, parts, precision, weighted, phi, spread, pulled, 1 / level)
    return Evaluation(theta, value, beta=beta[:, :, 0], covariance=phi, **slopes)


def _over_kinds(blocks: FloatArray, times: FloatArray) -> FloatArray:
    """Sum of blocks (..., G, p, q) over kinds, each as often as it occurs."""
    return np.asarray((blocks * times[:, None, None]).sum(axis=-3))


def _stacked(blocks: FloatArray) -> FloatArray:
    """Kinds and coordinates on one axis: (..., G, L, p) to (..., G L, p)."""
    return blocks.reshape(*blocks.shape[:-3], -1, blocks.shape[-1])


def _flat(blocks: FloatArray) -> FloatArray:
    """All axes after the first two on one: (B, K, ...) to (B, K, n)."""
    return blocks.reshape(*blocks.shape[:2], -1)


def _residual_squares(
    problem: Problem, precision: FloatArray, beta: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sums of residuals by kind, V⁻¹ Σ r r' V⁻¹, and Σ r'V⁻¹r."""
    times = problem.times
    fitted = (problem.columns @ beta[:, None])[..., 0]
    rest = problem.total - times[:, None] * fitted
    outer = problem.total[..., :, None] * fitted[..., None, :]
    squares = problem.square - outer - turned(outer)
    squares = squares + times[:, None, None] * fitted[..., :, None] * fitted[..., None, :]
    half = precision @ squares
    return rest, half @ precision, np.trace(half, axis1=2, axis2=3).sum(axis=1)


def _slopes(
    problem: Problem,
    parts: Derivatives,
    precision: FloatArray,
    weighted: FloatArray,
    phi: FloatArray,
    spread: FloatArray,
    pulled: FloatArray,
    per_level: FloatArray,
) -> dict[str, FloatArray]:
    """Gradient, observed and expected second derivatives, and X'V⁻¹V_kV⁻¹X."""
    times, load, restricted = problem.times, problem.load, problem.restricted
    moved = parts.first @ precision[:, None]
    seen = moved @ problem.columns
    spreads = parts.first @ spread[:, None]
    count = times[:, None, None]
    sensitivity = turned(_stacked(weighted * count))[:, None] @ _stacked(seen)
    pulls = (turned(_stacked(seen)) @ pulled)[..., 0]
    gradient = np.einsum("bkgll,g->bk", moved, times) - np.einsum("bkgll->bk", spreads)
    gradient = gradient + (per_level * problem.degrees - problem.left * per_level**2) @ load
    trace = _flat(moved * count) @ turned(_flat(turned(moved)))
    trace = trace + turned(load) @ ((per_level**2 * problem.degrees)[:, :, None] * load)
    bend = _flat(moved) @ turned(_flat(turned(spreads))) - pulls @ phi @ turned(pulls)
    bend = bend + turned(load) @ ((problem.left * per_level**3)[:, :, None] * load)
    if restricted:
        share = phi[:, None] @ sensitivity
        gradient = gradient - np.trace(share, axis1=2, axis2=3)
        ahead = (precision[:, None] @ seen) @ phi[:, None, None]
        trace = trace - 2 * _flat(ahead * count) @ turned(_flat(seen)) + _flat(share) @ turned(_flat(turned(share)))
    observed = 2 * bend - trace
    for (k, m), matrix in parts.second.items():
        extra = ((times[:, None, None] * precision - spread) * matrix).sum(axis=(1, 2, 3))
        if restricted:
            extra = extra - (phi * _over_kinds(turned(weighted) @ matrix @ weighted, times)).sum(axis=(1, 2))
        observed[:, k, m] += extra
        if k != m:
            observed[:, m, k] += extra
    return {"gradient": gradient, "observed": observed, "expected": trace, "sensitivity": sensitivity, "pulls": pulls}
