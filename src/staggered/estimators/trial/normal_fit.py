"""Fits of a normal model: to one outcome or to many at once, in the outcome's own units."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...errors import DataError
from ...results.components import Components
from ...value import BoolArray, FloatArray
from .climb import Maximum, maximise
from .kenward_roger import kenward_roger, parameter_covariance, satterthwaite_spread, slopes
from .normal import NormalModel
from .reml import Problem, evaluate

_NOTHING = 1e-18


@dataclass(frozen=True, slots=True)
class NormalFit:
    """B fits of one model.

    The outcome was centred by least squares and divided by a typical residual before the likelihood was
    climbed, so that tolerances mean the same whatever its units; everything here is in its own units again.

    Parameters
    ----------
    model : NormalModel
    problem : Problem
        In scaled units.
    maximum : Maximum
        In scaled units.
    unit : array (B,)
        What one scaled unit is.
    origin : array (B, p)
        Coefficients taken off before scaling.
    """

    model: NormalModel
    problem: Problem
    maximum: Maximum
    unit: FloatArray
    origin: FloatArray

    @property
    def beta(self) -> FloatArray:
        """Coefficients, (B, p)."""
        return np.asarray(self.origin + self.maximum.point.beta * self.unit[:, None])

    @property
    def covariance(self) -> FloatArray:
        """Φ = (X'V⁻¹X)⁻¹, (B, p, p)."""
        return np.asarray(self.maximum.point.covariance * self.unit[:, None, None] ** 2)

    @property
    def theta(self) -> FloatArray:
        """Covariance parameters, (B, K)."""
        return np.asarray(self.maximum.point.theta * self._units)

    @property
    def _units(self) -> FloatArray:
        return np.asarray(self.unit[:, None] ** self.model.structure.powers)

    @property
    def criterion(self) -> FloatArray:
        """−2 log-likelihood, (B,), as lme4 prints it."""
        scale = self.problem.freedom * np.log(self.unit**2)
        return np.asarray(self.maximum.point.criterion + scale - self.model.data.log_weight)

    @property
    def converged(self) -> BoolArray:
        """Where the climb arrived."""
        return self.maximum.converged

    @property
    def at_boundary(self) -> BoolArray:
        """Parameters at the end of their range, (B, K)."""
        bounds = self.model.structure.bounds
        theta = self.maximum.point.theta
        return np.asarray((theta <= bounds[:, 0]) | (theta >= bounds[:, 1]))

    def contrasts(self, rows: FloatArray) -> FloatArray:
        """Contrasts of the effect's coefficients (k, m) as contrasts of all coefficients, (k, p)."""
        wide = np.zeros((len(rows), self.model.columns.shape[2]))
        wide[:, self.model.effect_rows] = rows
        return wide

    def variance(self, contrast: FloatArray) -> FloatArray:
        """Covariance of contrasts (B, k, k), the variance parameters taken as known."""
        return np.asarray(contrast @ self.covariance @ contrast.T)

    def satterthwaite(self, contrast: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Covariance of contrasts (B, k, k), its derivatives (B, K, k, k) and the parameters' covariance."""
        point = self.maximum.point
        scale = self.unit[:, None, None] ** 2
        spread = satterthwaite_spread(point, self.maximum.free)
        return self.variance(contrast), slopes(point, contrast) * scale[:, None], spread

    def kenward_roger(self, contrast: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Adjusted covariance of contrasts (B, k, k), derivatives (B, K, k, k) and the parameters' covariance."""
        scale = self.unit[:, None, None] ** 2
        point, problem = self.maximum.point, self.problem
        structure, theta, _ = problem.structure.linear(point.theta)
        if structure.names != problem.structure.names:
            # The adjustment depends on the parameters; theirs are variances and covariances.
            problem = replace(problem, structure=structure)
            point = evaluate(problem, theta)
        adjusted, spread = kenward_roger(problem, point)
        return contrast @ adjusted @ contrast.T * scale, slopes(point, contrast) * scale[:, None], spread

    def working(self, row: int = 0) -> FloatArray:
        """Fitted covariance of each cluster's coordinates, (C, L, L) (one block where effects are shared), scaled."""
        return np.asarray(self.stacked_working(slice(row, row + 1))[0])

    def stacked_working(self, rows: slice = slice(None)) -> FloatArray:
        """The same for many fits, (B, C, L, L), in scaled units."""
        return self.model.structure.at(self.maximum.point.theta[rows]).value

    def components(self, row: int = 0) -> Components:
        """Variance components of one fit, with their standard errors."""
        point = self.maximum.point
        spread = parameter_covariance(point.observed[row : row + 1], self.maximum.free[row : row + 1])
        structure, theta, turned = self.model.structure.linear(point.theta[row : row + 1])
        spread = turned @ spread @ np.swapaxes(turned, 1, 2)
        units = self.unit[row] ** structure.powers
        errors = np.sqrt(np.maximum(np.diag(spread[0]), 0.0)) * units
        return Components(
            names=structure.names,
            values=theta[0] * units,
            errors=np.where(errors > 0, errors, np.nan),
            criterion=float(self.criterion[row]),
            restricted=self.problem.restricted,
            observations=self.problem.observations,
        )


def fit_normal(
    model: NormalModel,
    outcome: FloatArray | None = None,
    left: FloatArray | None = None,
    *,
    columns: FloatArray | None = None,
    rows: BoolArray | None = None,
    restricted: bool | None = None,
) -> NormalFit:
    """Fit a model to outcomes (B, C, L) with leftover sums of squares (B, J); to its own when none are given.

    Raises
    ------
    DataError
        An outcome that calendar time and the effect explain without any remainder.
    """
    data = model.data
    kept = np.ones(len(data.outcome), dtype=bool) if rows is None else rows
    outcome = data.outcome[None] if outcome is None else outcome
    left = data.squares[kept].sum(axis=0)[None] if left is None else left
    design = model.columns if columns is None else columns
    tall = design[kept].reshape(-1, design.shape[2])
    flat = outcome[:, kept].reshape(len(outcome), -1)
    origin = np.linalg.lstsq(tall, flat.T, rcond=None)[0].T
    rest = outcome - np.einsum("clp,bp->bcl", design, origin)
    squares = (rest[:, kept] ** 2).sum(axis=(1, 2)) + left.sum(axis=1)
    total = (outcome[:, kept] ** 2).sum(axis=(1, 2)) + left.sum(axis=1)
    if (squares <= _NOTHING * np.maximum(total, 1e-300)).any():
        raise DataError(
            "Calendar time and the effect explain the outcome without any remainder.",
            "Nothing is left from which uncertainty could be known.",
            "Check that the outcome is not constant or made up from period and treatment.",
        )
    degrees = data.degrees[kept].sum() + data.real[kept].sum() - design.shape[2]
    unit = np.sqrt(squares / max(degrees, 1.0))
    problem = model.problem(
        rest / unit[:, None, None], left / unit[:, None] ** 2, columns=columns, rows=rows, restricted=restricted
    )
    return NormalFit(model, problem, maximise(problem), unit, origin)
