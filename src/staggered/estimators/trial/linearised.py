"""A fitted generalised linear mixed model as a linear one: working outcomes in a handful of coordinates per cluster.

Around a fit, ỹ = x'β + v + (y − μ)/w has variance 1/w given v. Times √w, the rows of a cluster lie, as far as columns
and random effects can see, in a space of few dimensions: one coordinate for each cell, its weighted mean, and one for
each direction in which covariates of people vary within cells. Nothing of a generalised least-squares estimate or of
its sandwich variance is lost.

CR2's square root is taken of these scaled residuals, (1 − H)^{-1/2}, so that people and cell totals give one answer.
R's clubSandwich takes it after multiplying by the variances once more, which is as unbiased under the working model,
differs by some tenths of a per cent, and changes when people are added up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...value import FloatArray
from .glmm_family import mean_of
from .glmm_fit import GlmmFit
from .grouped import Grouped
from .matrices import turned

_NEGLIGIBLE = 1e-10


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Coordinates of the clusters of one data set.

    Parameters
    ----------
    root : array (C, T)
        √ of the weight of each cell.
    means : array (C, T, q)
        Weighted means of covariates.
    within : array (C, q, q)
        Covariates' deviations from them.
    back : array (C, q, q)
        Turns Σ (x − mean) r into the coordinates of r.
    """

    root: FloatArray
    means: FloatArray
    within: FloatArray
    back: FloatArray

    @classmethod
    def of(cls, moments: FloatArray) -> Coordinates:
        """From Σ w (1, x)(1, x)' of each cell, (C, T, 1 + q, 1 + q)."""
        weight, sums = moments[..., 0, 0], moments[..., 0, 1:]
        means = sums / np.where(weight > 0, weight, 1.0)[..., None]
        spread = (moments[..., 1:, 1:] - means[..., :, None] * sums[..., None, :]).sum(axis=1)
        whole = moments[..., 1:, 1:].sum(axis=1)
        size = np.sqrt(np.diagonal(whole, axis1=1, axis2=2))
        size = np.where(size > 0, size, 1.0)
        values, vectors = np.linalg.eigh(spread / (size[:, :, None] * size[:, None, :]))
        kept = values > _NEGLIGIBLE
        long = np.where(kept, np.sqrt(np.where(kept, values, 1.0)), 0.0)
        short = np.where(kept, 1 / np.sqrt(np.where(kept, values, 1.0)), 0.0)
        within = long[:, :, None] * turned(vectors) * size[:, None, :]
        return cls(np.sqrt(weight), means, within, short[:, :, None] * turned(vectors) / size[:, None, :])

    def columns(self, basis: FloatArray) -> FloatArray:
        """Columns given as matrices of (1, x), (C, T, p, 1 + q), in the coordinates, (C, T + q, p)."""
        cells = basis[..., 0] + np.einsum("ctju,ctu->ctj", basis[..., 1:], self.means)
        # The coefficients of covariates are the same in every cell.
        inside = self.within @ turned(basis[:, 0, :, 1:])
        return np.concatenate([cells * self.root[..., None], inside], axis=1)

    def residual(self, effect: FloatArray, sums: FloatArray) -> FloatArray:
        """Residual v + (y − μ)/w in the coordinates, (C, T + q), from v (C, T) and Σ (y − μ)(1, x) of each cell."""
        own = self.root * effect + sums[..., 0] / np.where(self.root > 0, self.root, 1.0)
        inside = (sums[..., 1:] - self.means * sums[..., :1]).sum(axis=1)
        return np.concatenate([own, (self.back @ inside[..., None])[..., 0]], axis=1)

    def working(self, sigma: FloatArray) -> FloatArray:
        """1 + √w Σ √w, (C, T + q, T + q)."""
        count, width = self.root.shape
        size = width + self.within.shape[1]
        result = np.zeros((count, size, size))
        result[:, :width, :width] = self.root[:, :, None] * sigma * self.root[:, None, :]
        return np.asarray(result + np.eye(size))

    @property
    def wide_root(self) -> FloatArray:
        """√w of each coordinate, 0 for directions within cells, (C, T + q)."""
        return np.concatenate([self.root, np.zeros(self.within.shape[:2])], axis=1)


@dataclass(frozen=True, slots=True)
class Linearised:
    """Columns (C, L, p), working covariance (C, L, L) and residual (C, L) of one fit."""

    coordinates: Coordinates
    columns: FloatArray
    working: FloatArray
    residual: FloatArray


def linearised(fit: GlmmFit, row: int = 0) -> Linearised:
    """Linearise one of the fits."""
    data = fit.data.keep(np.array([row]))
    eta = fit.point.eta[row : row + 1]
    weight = expected_weight(data, eta, np.exp(fit.point.dispersion[row]))
    slope = fit.point.rows.slope[row : row + 1]
    frame = Coordinates.of(data.moments(weight)[0])
    sigma = data.covariance(fit.point.theta[row : row + 1])[0][0]
    return Linearised(
        frame,
        frame.columns(data.basis()),
        frame.working(sigma),
        frame.residual(fit.point.mode[row], data.first_moments(slope)[0]),
    )


def expected_weight(data: Grouped, eta: FloatArray, dispersion: float) -> FloatArray:
    """Expected −∂²ℓ/∂η² of every row."""
    mean = mean_of(data.family, eta)
    if data.family == "binomial":
        return np.asarray(data.count * mean * (1 - mean))
    return np.asarray(
        data.count * mean / (1 + dispersion * mean) if data.family == "negbinomial" else data.count * mean
    )
