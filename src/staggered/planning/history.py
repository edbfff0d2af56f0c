"""REML for cluster-by-period means whose sampling noise is known: the numbers behind a council's own history.

    y_ct = β_t + u_ct + e_ct,   Cov(u_cs, u_ct) = s² · c(|s − t|),   Var(e_ct) = v_ct known

with c(lag) = 1 (exchangeable), cac for every lag above 0 (nested), or cac^lag (decay). Period effects take
off the national trend and season.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from ..value import BoolArray, FloatArray

_HIGHEST_CAC = 1.0
_LOG_RANGE = (-9.0, 4.0)


@dataclass(frozen=True, slots=True)
class History:
    """Cell means with what is known of them; every array (clusters, periods).

    Parameters
    ----------
    means : array
    noise : array
        Sampling variance of each mean.
    used : array of bool
    structure : str
        "exchangeable", "nested" or "decay".
    """

    means: FloatArray
    noise: FloatArray
    used: BoolArray
    structure: str

    @property
    def scale(self) -> float:
        """Variance of the means after period effects, by which s² is measured."""
        deviation = np.where(self.used, self.means, np.nan)
        return float(np.nanvar(deviation - np.nanmean(deviation, axis=0)))

    def correlation(self, cac: FloatArray) -> FloatArray:
        """Correlation of the cluster part between periods, (..., periods, periods)."""
        periods = np.arange(self.means.shape[1])
        lag = np.abs(np.subtract.outer(periods, periods))
        cac = np.asarray(cac)[..., None, None]
        if self.structure == "exchangeable":
            return np.ones((*cac.shape[:-2], *lag.shape))
        return np.where(lag > 0, cac, 1.0) if self.structure == "nested" else np.asarray(cac**lag)


def criterion(history: History, variance: FloatArray, cac: FloatArray) -> FloatArray:
    """−2 × restricted log-likelihood, up to a constant, for arrays of s² and cac of one shape."""
    used = history.used.astype(float)
    both = used[:, :, None] * used[:, None, :]
    shared = np.asarray(variance)[..., None, None] * history.correlation(cac)
    eye = np.eye(used.shape[1])
    own = eye * np.where(history.used, history.noise, 1.0)[:, None, :]
    blocks = shared[..., None, :, :] * both + own
    precision = np.linalg.inv(blocks) * both
    _, logdet = np.linalg.slogdet(blocks)
    information = precision.sum(axis=-3)
    y = np.where(history.used, history.means, 0.0)
    weighted = np.einsum("...cpq,cq->...cp", precision, y)
    total = weighted.sum(axis=-2)
    fitted = np.linalg.solve(information, total[..., None])[..., 0]
    _, logdet_information = np.linalg.slogdet(information)
    quadratic = np.einsum("...cp,cp->...", weighted, y) - (total * fitted).sum(axis=-1)
    return np.asarray(logdet.sum(axis=-1) + logdet_information + quadratic)


@dataclass(frozen=True, slots=True)
class Fit:
    """Maximum of the restricted likelihood and what lies around it.

    Parameters
    ----------
    variance, cac : float
    lowest : float
        The criterion there.
    """

    variance: float
    cac: float
    lowest: float


def fitted(history: History) -> Fit:
    """Maximise the restricted likelihood from the best points of a coarse grid."""
    scale = history.scale

    def at(point: FloatArray) -> float:
        value = criterion(history, np.array(np.exp(point[0]) * scale), np.array(_cac(point[1], history)))
        return float(value) if np.isfinite(value) else 1e300

    logs = np.linspace(*_LOG_RANGE, 14)
    turns = np.array([special.logit(0.999)]) if history.structure == "exchangeable" else np.linspace(-5.0, 7.0, 9)
    grid = np.stack(np.meshgrid(logs, turns, indexing="ij"), axis=-1).reshape(-1, 2)
    values = criterion(history, np.exp(grid[:, 0]) * scale, _cac(grid[:, 1], history))
    best = min(
        (
            optimize.minimize(
                at, grid[k], method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-8, "maxiter": 2000}
            )
            for k in np.argsort(values)[:2]
        ),
        key=lambda found: float(found.fun),
    )
    return Fit(float(np.exp(best.x[0]) * scale), float(_cac(best.x[1], history)), float(best.fun))


def _cac(turn: FloatArray, history: History) -> FloatArray:
    if history.structure == "exchangeable":
        return np.full(np.shape(turn), _HIGHEST_CAC)
    return np.asarray(special.expit(turn))


def profile_interval(
    fit: Fit, profile: Callable[[float], float], centre: float, ends: tuple[float, float], level: float
) -> tuple[float, float]:
    """Values at which the profiled criterion rises by the χ² quantile; an end of the range where it never does."""
    rise = float(special.chdtri(1, 1 - level))

    def above(value: float) -> float:
        return profile(value) - fit.lowest - rise

    def bound(end: float) -> float:
        return end if above(end) <= 0 else float(optimize.brentq(above, centre, end, xtol=1e-4))

    return bound(ends[0]), bound(ends[1])


def profile_variance(history: History, value: float) -> float:
    """Criterion at s² = exp(value) · scale with cac at its best."""
    variance = np.exp(value) * history.scale
    if history.structure == "exchangeable":
        return float(criterion(history, np.array(variance), np.array(1.0)))
    return _best(lambda turn: float(criterion(history, np.array(variance), np.array(special.expit(turn)))), (-8.0, 9.0))


def profile_cac(history: History, turn: float) -> float:
    """Criterion at cac = expit(turn) with s² at its best."""
    cac, scale = special.expit(turn), history.scale
    return _best(lambda log: float(criterion(history, np.exp(log) * scale, np.array(cac))), _LOG_RANGE)


def _best(value: Callable[[float], float], ends: tuple[float, float]) -> float:
    """Smallest value of a smooth function of one number between two ends."""
    return float(optimize.minimize_scalar(value, bounds=ends, method="bounded", options={"xatol": 1e-3}).fun)


def plausible(history: History, fit: Fit, count: int, generator: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Draws of (s², cac) from the restricted likelihood under flat priors on s and cac."""
    scale = history.scale
    sd = np.linspace(0.0, 1.0, 41)[1:] * 3 * np.sqrt(max(fit.variance, 0.05 * scale))
    cac = np.array([1.0]) if history.structure == "exchangeable" else (np.arange(30) + 0.5) / 30
    grid = np.stack(np.meshgrid(sd, cac, indexing="ij"), axis=-1).reshape(-1, 2)
    values = np.concatenate([criterion(history, part[:, 0] ** 2, part[:, 1]) for part in np.array_split(grid, 20)])
    weight = np.exp(-(values - values.min()) / 2)
    chosen = generator.choice(len(grid), count, p=weight / weight.sum())
    width = np.array([sd[1] - sd[0], 0.0 if len(cac) == 1 else 1 / len(cac)])
    drawn = grid[chosen] + (generator.random((count, 2)) - 0.5) * width
    return np.maximum(drawn[:, 0], 1e-12) ** 2, np.clip(drawn[:, 1], 0.0, 1.0)
