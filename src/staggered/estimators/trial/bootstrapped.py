"""Parametric bootstrap of a normal model: data drawn from its fit, all fitted in one batch."""

from __future__ import annotations

import numpy as np

from ...results.likelihood import Studentised
from ...value import FloatArray
from .normal import NormalModel
from .normal_fit import NormalFit, fit_normal


def bootstrap(
    model: NormalModel, fit: NormalFit, null: NormalFit, contrast: FloatArray, draws: int, seed: int
) -> tuple[Studentised, int]:
    """Ratios of estimate to error under the fit and under the fit without effect, and how many draws did not converge.

    Parameters
    ----------
    contrast : array (k, p)
        Terms as combinations of all coefficients.
    """
    generator = np.random.default_rng(seed)
    value = contrast @ fit.beta[0]
    error = np.sqrt(np.diag(contrast @ fit.covariance[0] @ contrast.T))
    ratios, lost = _ratios(model, fit, value, contrast, draws, generator)
    null_ratios, null_lost = _ratios(model, null, np.zeros(len(value)), contrast, draws, generator)
    return Studentised(error, ratios, null_ratios), lost + null_lost


def _ratios(
    model: NormalModel,
    truth: NormalFit,
    target: FloatArray,
    contrast: FloatArray,
    draws: int,
    generator: np.random.Generator,
) -> tuple[FloatArray, int]:
    outcome, left = drawn(truth, draws, generator)
    again = fit_normal(model, outcome, left)
    values = again.beta @ contrast.T
    errors = np.sqrt(np.einsum("kp,bpq,kq->bk", contrast, again.covariance, contrast))
    ratios = np.where(again.converged[:, None], (values - target) / errors, np.nan)
    return ratios, int((~again.converged).sum())


def drawn(truth: NormalFit, draws: int, generator: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Outcomes (draws, C, L) and leftover sums of squares (draws, J) from a fitted model."""
    model, unit = truth.model, truth.unit[0]
    root = np.linalg.cholesky(truth.working())
    noise = generator.standard_normal((draws, *model.data.outcome.shape)) * model.data.real
    mean = model.columns @ truth.beta[0]
    outcome = mean + unit * (root @ noise[..., None])[..., 0]
    level = truth.theta[0] @ model.load.T
    degrees = model.data.degrees.sum(axis=0)
    return outcome, level * generator.chisquare(degrees, (draws, len(degrees)))
