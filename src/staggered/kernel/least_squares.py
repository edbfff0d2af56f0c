"""Least squares on patterns: the operators B and A of weighted and generalised fits."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from ..errors import IdentificationError
from ..value import BoolArray, FloatArray

_NEGLIGIBLE = 1e-9


def centred(columns: FloatArray, centre: FloatArray, used: FloatArray) -> FloatArray:
    """Take each pattern's centre-weighted mean off its columns; 0 where not in use.

    Parameters
    ----------
    columns : array (patterns, periods, p)
    centre : array (patterns, periods)
        Averaging weights, summing to 1 over periods.
    used : array (patterns, periods)
    """
    level = np.einsum("gt,gtp->gp", centre, columns)
    return np.asarray((columns - level[:, None, :]) * used[:, :, None])


def averaging(mass: FloatArray) -> FloatArray:
    """Weights that average over periods: each row of `mass` divided by its sum (0 where it has none)."""
    total = mass.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(mass, total, out=np.zeros_like(mass), where=total > 0))


def weighted_operator(columns: FloatArray, mass: FloatArray) -> FloatArray:
    """B (p, patterns, periods) of weighted least squares: coefficients = B · means.

    Collinear columns share their coefficient (minimum norm), as a pseudo-inverse does.
    """
    patterns, periods, p = columns.shape
    root = np.sqrt(mass)
    tall = (columns * root[:, :, None]).reshape(-1, p)
    operator = np.linalg.pinv(tall, rcond=_NEGLIGIBLE)
    return np.asarray(operator.reshape(p, patterns, periods) * root)


def determined_operator(columns: FloatArray, mass: FloatArray) -> tuple[FloatArray, BoolArray]:
    """B (p, patterns, periods) of least squares, and which coefficients the data determine.

    By the normal equations: the columns are dummies, which are far from ill-conditioned unless they are
    collinear outright, and then the shortest of the solutions is taken.
    """
    shape = columns.shape
    weighted = (columns * mass[:, :, None]).reshape(-1, shape[2])
    flat = columns.reshape(-1, shape[2])
    normal = weighted.T @ flat
    scale = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    standard = normal / np.outer(scale, scale)
    try:
        factor = linalg.cho_factor(standard, lower=True)
        if np.abs(np.diag(factor[0])).min() < 1e-5:
            raise linalg.LinAlgError
        solved = linalg.cho_solve(factor, (weighted / scale).T)
        known = np.ones(shape[2], dtype=bool)
    except linalg.LinAlgError:
        values, vectors = linalg.eigh(standard)
        kept = values > _NEGLIGIBLE * values.max()
        inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
        solved = inverse @ (weighted / scale).T
        known = np.abs(vectors[:, ~kept]).max(axis=1, initial=0.0) < 1e-7
    return np.asarray(solved / scale[:, None]).reshape(shape[2], *shape[:2]), known


def generalised_operator(columns: FloatArray, precision: FloatArray, count: FloatArray) -> FloatArray:
    """B (p, patterns, periods) of generalised least squares.

    Parameters
    ----------
    columns : array (patterns, periods, p)
    precision : array (patterns, periods, periods)
        Inverse covariance of one cluster's cells, 0 where a cell is not in use.
    count : array (patterns,)
        Clusters in each pattern.
    """
    weighted = precision @ columns * count[:, None, None]
    normal = np.einsum("gtp,gtq->pq", columns, weighted)
    # A column of zeros (a period that nobody was observed in) gets the coefficient 0.
    normal += np.diag((np.diag(normal) == 0).astype(float))
    try:
        return np.asarray(np.linalg.solve(normal, weighted.reshape(-1, weighted.shape[2]).T)).reshape(
            -1, *weighted.shape[:2]
        )
    except np.linalg.LinAlgError:
        raise IdentificationError(
            "The model's columns are collinear on these cells.",
            "Then no single set of coefficients fits best.",
            "Check that every period is observed and that treatment varies within periods.",
        ) from None


def masked_inverse(blocks: FloatArray, used: FloatArray) -> FloatArray:
    """Inverse of each block's used part, 0 elsewhere; blocks (..., periods, periods), used (..., periods)."""
    both = used[..., :, None] * used[..., None, :]
    diagonal = np.eye(blocks.shape[-1]) * (1 - used)[..., :, None]
    return np.asarray(np.linalg.inv(blocks * both + diagonal) * both)


def require_identified(treatment: FloatArray, others: FloatArray, weight: FloatArray, what: str) -> None:
    """Refuse a treatment column that the other columns explain.

    Parameters
    ----------
    treatment : array (n,)
    others : array (n, p)
    weight : array (n,)
        0 for cells not in use.
    what : str
        What cannot be told apart from the effect, for the message.
    """
    root = np.sqrt(weight)
    target = treatment * root
    rest = others * root[:, None]
    coefficients, *_ = np.linalg.lstsq(rest, target, rcond=None)
    left = target - rest @ coefficients
    if not float(left @ left) > _NEGLIGIBLE * max(float(target @ target), 1e-300):
        raise IdentificationError(
            f"The effect cannot be told apart from {what}.",
            "It rests on periods in which some are treated while others are still in control, and there is none.",
            "Add a period before everyone is treated, or clusters that start later or never.",
        )
