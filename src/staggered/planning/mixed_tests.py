"""Tests of mixed models on many data sets at once: one climb of the likelihood for all of them.

Data sets of one design share columns and structure, so that each step of the climb, the adjustment of
Kenward and Roger, and a cluster-robust variance are operations on stacks of small matrices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from ..data.frame import Frame
from ..data.panel import Panel
from ..estimators.trial.effects import effect_columns
from ..estimators.trial.kenward_roger import degrees_of_freedom
from ..estimators.trial.matrices import inverse, turned
from ..estimators.trial.mixed import Mixed
from ..estimators.trial.normal import NormalModel, normal_model
from ..estimators.trial.normal_fit import NormalFit, fit_normal
from ..estimators.trial.sandwich import sandwich
from ..inference.cluster import Cluster
from ..inference.model_based import ModelBased
from ..inference.permutation import Permutation
from ..inference.reallocations import reallocations
from ..kernel.protocols import Inference
from ..value import FloatArray, IntArray
from .linear_tests import Tested

_ORDERS_AT_ONCE = 500
_DRAWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class MixedTest:
    """Test of the first term of a mixed model.

    Parameters
    ----------
    estimator : Mixed
    inference : Inference
        `ModelBased`, `Cluster` or `Permutation`.
    frame : Frame
    level : float
        Of the interval whose half width is given.
    """

    estimator: Mixed
    inference: Inference
    frame: Frame
    level: float

    def __call__(self, outcomes: FloatArray, within: FloatArray | None) -> Tested:
        """Test data sets of cell means and variances within cells, both (draws, clusters, periods)."""
        panel = self._panel(within)
        model = self.estimator.model(panel)
        coordinates = _coordinates(model, self.frame, outcomes)
        fit = _fit(model, self.frame, outcomes, within)
        assert model.effect is not None
        contrast = fit.contrasts(model.effect.contrast[:1])
        estimates = fit.beta @ contrast[0]
        half = np.full(len(estimates), np.nan)
        if isinstance(self.inference, Permutation):
            p_values = self._by_permutation(panel, outcomes, within)
        else:
            robust = isinstance(self.inference, Cluster)
            variance, df = self._robust(fit, coordinates, contrast) if robust else self._own(fit, contrast)
            errors = np.sqrt(variance)
            p_values = 2 * special.stdtr(df, -np.abs(estimates / errors))
            half = special.stdtrit(df, (1 + self.level) / 2) * errors
        lost = ~fit.converged
        zero = fit.at_boundary.any(axis=1) & ~lost
        half = np.where(lost, np.nan, half)
        p_values = np.where(lost, np.nan, p_values)
        return Tested(estimates, p_values, estimates - half, estimates + half, int(zero.sum()))

    def _panel(self, within: FloatArray | None) -> Panel:
        """Stand in for any data set: what the model is made of does not depend on outcomes."""
        blank = np.where(self.frame.used, 0.0, np.nan)
        return Panel(self.frame, blank, within=None if within is None else blank)

    def _own(self, fit: NormalFit, contrast: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Variance and degrees of freedom by the model."""
        plain, slopes, spread = fit.satterthwaite(contrast)
        covariance = plain
        if self.estimator.df == "kenward-roger":
            covariance, slopes, spread = fit.kenward_roger(contrast)
        elif self.estimator.df != "satterthwaite":
            df = self.estimator.counted_degrees(self.frame, fit.model)
            return plain[:, 0, 0], np.full(len(plain), df)
        return covariance[:, 0, 0], degrees_of_freedom(plain[:, 0], slopes[:, :, 0], spread)[:, 0]

    def _robust(self, fit: NormalFit, coordinates: FloatArray, contrast: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Cluster-robust variance and its degrees of freedom."""
        assert isinstance(self.inference, Cluster)
        columns = fit.model.columns
        # In the units of the climb, as the fitted covariance is.
        residual = (coordinates - np.einsum("clp,bp->bcl", columns, fit.beta)) / fit.unit[:, None, None]
        covariance, df = sandwich(columns, fit.stacked_working(), residual, contrast, self.inference.kind)
        return covariance[:, 0, 0] * fit.unit**2, df[:, 0]

    def _by_permutation(self, panel: Panel, outcomes: FloatArray, within: FloatArray | None) -> FloatArray:
        """Exact or sampled p-values with weights from fits without the effect."""
        assert isinstance(self.inference, Permutation)
        choices = self.estimator.choices(panel)
        null = normal_model(panel, replace(choices, effect="", working=choices.working.without_treatment()))
        fit = _fit(null, self.frame, outcomes, within)
        schedule = effect_columns(self.frame, choices.effect, knots=choices.knots, delay=choices.delay)
        columns = np.concatenate([null.columns, null.data.spread(schedule.grid)], axis=2)
        contrast = np.zeros((1, columns.shape[2]))
        contrast[:, null.columns.shape[2] :] = schedule.contrast[:1]
        weighted = inverse(fit.stacked_working()) @ columns
        information = (turned(columns) @ weighted).sum(axis=1)
        reach = np.linalg.solve(information, np.broadcast_to(contrast[0], information.shape[:2])[:, :, None])
        weights = (weighted @ reach[:, None])[..., 0] * null.data.root
        others = reallocations(self.frame.design, self.inference.draws, self.inference.seed, self.inference.allowed)
        return _reached(weights, outcomes, others.orders)


def mixed_test(estimator: Mixed, inference: Inference | None, frame: Frame, level: float) -> MixedTest | None:
    """Give the test of many data sets at once; None where each must be fitted by itself."""
    inference = inference or ModelBased()
    if estimator.effect == "random-exposure" or estimator.cohort:
        return None
    whole = isinstance(inference, ModelBased) or (isinstance(inference, Cluster) and inference.by is None)
    alike = (
        isinstance(inference, Permutation)
        and inference.strata is None
        and not inference.studentised
        and bool(frame.used.all())
        and not frame.covariates
        and bool((frame.design.size == frame.design.size[0]).all())
    )
    return MixedTest(estimator, inference, frame, level) if whole or alike else None


def _coordinates(model: NormalModel, frame: Frame, outcomes: FloatArray) -> FloatArray:
    """Cell means times √people."""
    return np.asarray(np.where(frame.used, outcomes, 0.0) * model.data.root)


def _fit(model: NormalModel, frame: Frame, outcomes: FloatArray, within: FloatArray | None) -> NormalFit:
    """Fit data sets of cell means and variances within cells."""
    used, coordinates = frame.used, _coordinates(model, frame, outcomes)
    if within is None:
        return fit_normal(model, coordinates, np.zeros((len(outcomes), 0)))
    spare = np.where(used, np.maximum(frame.design.size - 1, 0.0), 0.0)
    squares = (np.where(spare > 0, within, 0.0) * spare).sum(axis=(1, 2))
    return fit_normal(model, coordinates, squares[:, None])


def _reached(weights: FloatArray, outcomes: FloatArray, orders: IntArray) -> FloatArray:
    """Share of allocations, the actual one among them, whose estimate is as large, (draws,)."""
    clusters = np.arange(weights.shape[1])
    p_values = np.empty(len(outcomes))
    for start in range(0, len(outcomes), _DRAWS_AT_ONCE):
        part = slice(start, start + _DRAWS_AT_ONCE)
        table = np.moveaxis(weights[part] @ turned(outcomes[part]), 0, -1)
        actual = table[clusters, clusters].sum(axis=0)
        count = np.ones(actual.shape)
        for some in np.array_split(orders, max(1, len(orders) // _ORDERS_AT_ONCE)):
            count += (np.abs(table[some, clusters].sum(axis=1)) >= np.abs(actual) * (1 - 1e-10)).sum(axis=0)
        p_values[part] = count / (len(orders) + 1)
    return p_values
