"""Likelihood profiles of a normal model's effects: every point of every profile is one fit of a batch."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from ...results.likelihood import Profile
from ...value import FloatArray
from .normal import NormalModel
from .normal_fit import fit_normal

_POINTS = 41
_REACH = 6.0
_DEEP = 4.5
_WIDENINGS = 5


def profiles(model: NormalModel, contrast: FloatArray) -> tuple[FloatArray, Profile]:
    """Maximum-likelihood values of contrasts of the effect's coefficients, (k,), and their profiles."""
    best = fit_normal(model, restricted=False)
    wide = best.contrasts(contrast)
    values = wide @ best.beta[0]
    errors = np.sqrt(np.diag(wide @ best.covariance[0] @ wide.T))
    found = [
        _profile(model, row, value, error, best.criterion[0])
        for row, value, error in zip(contrast, values, errors, strict=True)
    ]
    points, roots, at_zero = (np.array(part) for part in zip(*found, strict=True))
    return values, Profile(points, roots, at_zero, errors)


def _profile(
    model: NormalModel, row: FloatArray, value: float, error: float, lowest: float
) -> tuple[FloatArray, FloatArray, float]:
    """Points of one profile, their signed roots, and the root at no effect."""
    reach = _REACH * error
    for _ in range(_WIDENINGS):
        points = value + np.linspace(-reach, reach, _POINTS)
        rise = _criterion(model, row, np.append(points, 0.0)) - lowest
        roots = np.sign(np.append(points, 0.0) - value) * np.sqrt(np.maximum(rise, 0.0))
        if roots[0] <= -_DEEP and roots[-2] >= _DEEP:
            break
        reach *= 2
    return points, np.maximum.accumulate(roots[:-1]), float(roots[-1])


def _criterion(model: NormalModel, row: FloatArray, points: FloatArray) -> FloatArray:
    """−2 log-likelihood with a contrast of the effect held at each point, everything else at its best."""
    here = model.effect_rows
    effect = model.columns[:, :, here]
    along = effect @ (row / (row @ row))
    others = np.concatenate([model.columns[:, :, : here.start], effect @ linalg.null_space(row[None])], axis=2)
    outcome = model.data.outcome - points[:, None, None] * along
    left = np.broadcast_to(model.data.squares.sum(axis=0), (len(points), model.data.squares.shape[1]))
    return fit_normal(model, outcome, left, columns=others, restricted=False).criterion
