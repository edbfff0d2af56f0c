"""An effect that varies at random over exposure time, alike in all clusters: mean, curve and their error.

    y = X β + U b + ε,   b ~ N(0, ν²),   b̂ = ν² U'V⁻¹(y − X β̂),   V = V_ε + ν² U U'
    Var(δ̂ + b̂ − δ − b) = ν² − ν⁴ U'V⁻¹U + (A − K X) Φ (A − K X)',   K = ν² U'V⁻¹

Maleyeff, Li, Haneuse and Wang (2023), Biometrics 79:2551.
"""

from __future__ import annotations

import numpy as np

from ...results.likelihood import Satterthwaite
from ...value import FloatArray
from .normal_fit import NormalFit

_STEP = 1e-4


def exposure_curve(fit: NormalFit, *, adjusted: bool) -> tuple[FloatArray, Satterthwaite]:
    """Mean effect and effect at each exposure time, (1 + S,), with the errors of predicting them.

    Parameters
    ----------
    adjusted : bool
        Whether the mean's own variance and degrees of freedom are Kenward and Roger's; the curve's are Satterthwaite's.
    """
    point = fit.maximum.point
    scale = fit.unit[0] ** 2
    theta = point.theta[0]
    values, plain = _at(fit, theta)
    steps = np.maximum(_STEP * theta, _STEP * theta.max() * 1e-2)
    slope = np.stack(
        [
            (_at(fit, theta + row)[1] - _at(fit, theta - row * (theta > row))[1]) / span
            for row, span in zip(np.diag(steps), np.where(theta > steps, 2, 1) * steps, strict=True)
        ]
    )
    wide = fit.contrasts(np.ones((1, 1)))
    exact, exact_slope, spread = fit.kenward_roger(wide) if adjusted else fit.satterthwaite(wide)
    covariance = plain * scale
    covariance[0, 0] = exact[0, 0, 0]
    slope = slope * scale
    slope[:, 0, 0] = exact_slope[0, :, 0, 0]
    centred = values * fit.unit[0] + (wide @ fit.origin[0])
    return centred, Satterthwaite(covariance, plain * scale, slope, spread[0])


def _at(fit: NormalFit, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and curve in scaled units, and the covariance of their errors, at some parameters."""
    problem, model = fit.problem, fit.model
    assert model.crossed is not None
    precision = np.linalg.inv(problem.structure.at(theta[None]).value[0, 0])
    columns = problem.columns[0]
    shared = model.crossed.reshape(-1, model.crossed.shape[2])
    variance = theta[problem.structure.names.index("exposure")]
    # Directions of the covariates within cells carry the residual variance alone; their leftovers have no columns.
    phi = np.linalg.inv(columns.T @ precision @ columns)
    beta = phi @ columns.T @ precision @ problem.total[0, 0]
    kernel = variance * shared.T @ precision
    mean = np.zeros((1, columns.shape[1]))
    mean[0, model.effect_rows] = 1
    curve = np.vstack([np.zeros((1, len(columns))), kernel])
    reach = np.vstack([mean, np.repeat(mean, len(kernel), axis=0)]) - curve @ columns
    error = reach @ phi @ reach.T
    error[1:, 1:] += variance * np.eye(len(kernel)) - variance * kernel @ shared
    values = np.concatenate([mean @ beta, mean[0] @ beta + kernel @ (problem.total[0, 0] - columns @ beta)])
    return values, error
