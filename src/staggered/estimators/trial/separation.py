"""Separation: combinations of columns that tell events from the rest without fail, whose coefficients run away.

A direction d separates when x'd is 0 for rows with both kinds of outcome, at most 0 for rows without events and at
least 0 for rows with nothing else, and not 0 for all. The likelihood then rises for ever along d. Konis (2007),
Linear programming algorithms for detecting separated data in binary logistic regression models, DPhil thesis, Oxford.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from ...value import BoolArray, FloatArray
from .grouped import Grouped

_NOTHING = 1e-9
_SEEN = 1e-6
_FAR = 10.0
_AWAY = 6.0


@dataclass(frozen=True, slots=True)
class Separated:
    """Rows that are told without fail, what tells them, and whether the effect is among it."""

    rows: BoolArray
    names: tuple[str, ...]
    effect: bool


def suspicious(data: Grouped, eta: FloatArray) -> bool:
    """Whether a fit has run so far from the overall level that something may tell events from the rest."""
    return bool((_distance(data, eta) > _FAR).any())


def separated(data: Grouped, names: tuple[str, ...], eta: FloatArray) -> Separated | None:
    """Find a separating direction of the fixed columns; None when there is none.

    Parameters
    ----------
    names : tuple of str
        Of the coefficients before the effect's.
    eta : array (n,)
        Linear predictor where a fit stopped: rows that it did not carry away are not told by anything.
    """
    total, count = data.total[0], data.count
    away = _distance(data, eta) > _AWAY
    none = (total == 0) & away
    every = (total == count) & away if data.family == "binomial" else np.zeros(len(total), dtype=bool)
    sign = np.where(none, -1.0, np.where(every, 1.0, 0.0))
    mixed = (sign == 0).astype(float)
    free = _null_space(data, mixed)
    if not free.shape[1] or not sign.any():
        return None
    extreme = np.flatnonzero(sign)
    faces = sign[extreme, None] * (_rows(data, extreme) @ free)
    faces = np.unique(np.where(np.abs(faces) < _NOTHING, 0.0, faces), axis=0)
    found = linprog(-faces.sum(axis=0), A_ub=-faces, b_ub=np.zeros(len(faces)), bounds=(-1, 1), method="highs")
    if found.status != 0 or found.x is None or (faces @ found.x).sum() < _SEEN:
        return None
    direction = free @ found.x
    told = np.zeros(len(total), dtype=bool)
    told[extreme] = np.abs(_rows(data, extreme) @ direction) > _SEEN
    size = np.abs(direction) > _SEEN
    named = tuple(name for name, moved in zip(names, size, strict=False) if moved)
    # Covariates are centred, so that periods move with them without telling anything.
    own = tuple(name for name in named if not name.startswith(("period ", "time ")))
    return Separated(told, own or named, bool(size[len(names) :].any()))


def _distance(data: Grouped, eta: FloatArray) -> FloatArray:
    """How far the linear predictor of each row lies from the overall level."""
    exposure = data.count * (1.0 if data.family == "binomial" else np.exp(data.offset[0]))
    weight = data.count if data.family == "negbinomial" else 1.0
    level = ((data.total[0] * weight).sum() + 0.5) / (exposure.sum() + 1)
    centre = np.log(level / (1 - level)) if data.family == "binomial" else np.log(level)
    return np.asarray(np.abs(eta - data.offset[0] - centre))


def _null_space(data: Grouped, weight: FloatArray) -> FloatArray:
    """Directions in which rows with both kinds of outcome do not move, (p, r)."""
    basis = data.basis()
    gram = np.einsum("ctju,ctuv,ctkv->jk", basis, data.moments(weight[None])[0], basis, optimize=True)
    whole = np.einsum("ctju,ctuv,ctkv->jk", basis, data.moments(np.ones((1, len(weight))))[0], basis, optimize=True)
    size = np.sqrt(np.maximum(np.diag(whole), 1e-300))
    values, vectors = np.linalg.eigh(gram / np.outer(size, size))
    return np.asarray(vectors[:, values < _NOTHING] / size[:, None] * size.mean())


def _rows(data: Grouped, chosen: np.ndarray) -> FloatArray:
    """Columns of some rows, (rows, p)."""
    result = data.columns.reshape(-1, data.fixed)[data.cell[chosen]].copy()
    result[:, data.place] += data.covariates[chosen]
    return np.asarray(result)
