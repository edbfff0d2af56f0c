"""The gaussian model with everything linear integrated out: one exact density of the hyperparameters.

    y_i = X_i β + e_i,   e_i ~ N(0, V_i),   V_i = s_u² R(ρ) + σ² N_i + s_a² 11' + s_b² d d',   β ~ N(m, B)
    log p(y | φ) = −½ [ Σ log|V_i| + Σ r_i'V_i⁻¹r_i + log|I + S X'V⁻¹X S| − |z|² ],   r = y − X m,  S = B^½

Councils with the same schedule, gaps and covariates share V_i and X_i: the data enter through the sums and
scatter matrices of those groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.panel import Panel
from ..errors import ConvergenceError
from ..results.square_root import symmetric_root
from ..value import FloatArray, IntArray
from .layout import Layout

_JITTER = 1e-9
# Points at once: few enough that their matrices stay in the processor's cache.
_BLOCK = 64
DIGITS = 1e-9


@dataclass(frozen=True, slots=True)
class Groups:
    """Councils that share schedule, gaps and covariates.

    Parameters
    ----------
    of : array (clusters,)
        Group of each council.
    count : array (groups,)
    columns : array (groups, periods, q)
    treatment, used : array (groups, periods)
    base : array (groups,)
        Which of the distinct patterns of gaps and noise each group has.
    base_used, base_noise : array (bases, periods)
    """

    of: IntArray
    count: FloatArray
    columns: FloatArray
    treatment: FloatArray
    used: FloatArray
    base: IntArray
    base_used: FloatArray
    base_noise: FloatArray

    @classmethod
    def within(cls, layout: Layout, noise: FloatArray) -> Groups:
        """Find the groups."""
        used = layout.used.astype(float)
        flat = np.concatenate([layout.columns.reshape(len(used), -1), layout.treatment, used, noise], axis=1)
        _, first, of, count = np.unique(flat, axis=0, return_index=True, return_inverse=True, return_counts=True)
        gaps = np.concatenate([used[first], noise[first]], axis=1)
        distinct, base = np.unique(gaps, axis=0, return_inverse=True)
        periods = used.shape[1]
        return cls(
            of=of.ravel(), count=count.astype(float), columns=layout.columns[first], treatment=layout.treatment[first],
            used=used[first], base=base.ravel(), base_used=distinct[:, :periods], base_noise=distinct[:, periods:],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Data and groups of one gaussian fit.

    Parameters
    ----------
    layout : Layout
    groups : Groups
    residual : array (clusters, periods)
        Outcome less the prior mean, 0 where nothing is observed.
    within : (float, float)
        Degrees of freedom and sum of squares between people of one cell; (0, 0) without people.
    """

    layout: Layout
    groups: Groups
    residual: FloatArray
    within: tuple[float, float]

    @classmethod
    def of(cls, layout: Layout, panel: Panel) -> Gaussian:
        """Prepare a panel. People read one by one tell the variance between them as well."""
        used = layout.used
        noise, within = used.astype(float), (0.0, 0.0)
        if panel.within is not None:
            size = panel.design.size[used]
            noise = np.where(used, 1 / np.where(used, panel.design.size, 1.0), 0.0)
            within = (float((size - 1).sum()), float(((size - 1) * np.nan_to_num(panel.within[used])).sum()))
        residual = np.where(used, panel.outcome - layout.columns @ layout.mean, 0.0)
        return cls(layout, Groups.within(layout, noise), residual, within)

    def with_residual(self, residual: FloatArray) -> Gaussian:
        """The same with another outcome."""
        return Gaussian(self.layout, self.groups, residual, self.within)

    def log_density(self, normal: FloatArray) -> FloatArray:
        """Log of likelihood and prior at standard normal coordinates (points, h), up to a constant."""
        sums, scatter = sufficient(self.groups, self.residual[None])
        found = [self._block(normal[at : at + _BLOCK], sums[0], scatter[0]) for at in range(0, len(normal), _BLOCK)]
        return np.concatenate(found)

    def _block(self, normal: FloatArray, sums: FloatArray, scatter: FloatArray) -> FloatArray:
        hyper = self.layout.hyper.at(normal)
        inverse, log_size = inverted(self.groups, hyper)
        scale = self.layout.scales(hyper)
        matrix, pulled = precision(self.groups, inverse, scale, sums)
        quadratic, size = unexplained(matrix, pulled, inverse.reshape(len(normal), -1) @ scatter.reshape(-1))
        log_size = log_size @ self.groups.count + size
        degrees, squares = self.within
        people = degrees * np.log(hyper["noise"]) + 0.5 * squares / hyper["noise"] ** 2 if degrees else 0.0
        return np.asarray(-0.5 * (quadratic + log_size) - people - 0.5 * (normal**2).sum(axis=1))

    def draw(self, points: FloatArray, rows: IntArray, generator: np.random.Generator) -> tuple[FloatArray, ...]:
        """Coefficients (draws, q), council levels and council effects (draws, clusters), at points chosen by row."""
        kept, place = np.unique(rows, return_inverse=True)
        return self.given(self.layout.hyper.at(points[kept]), place, generator)

    def given(
        self, every: dict[str, FloatArray], place: IntArray, generator: np.random.Generator
    ) -> tuple[FloatArray, ...]:
        """Draw all that is linear given the hyperparameters.

        Draws come in pairs that mirror each other around the conditional mean, so that means carry no
        sampling error beyond the choice of `place`, one set of hyperparameters for each pair.
        """
        layout, groups = self.layout, self.groups
        sums, _ = sufficient(groups, self.residual[None])
        mirrored = 2 * len(place)
        fixed = np.empty((mirrored, layout.columns.shape[2]))
        levels, effects = np.empty((mirrored, len(groups.of))), np.empty((mirrored, len(groups.of)))
        for at in range(0, len(next(iter(every.values()))), _BLOCK):
            mine = np.flatnonzero((place >= at) & (place < at + _BLOCK))
            local = place[mine] - at
            hyper = {name: values[at : at + _BLOCK] for name, values in every.items()}
            inverse, _ = inverted(groups, hyper)
            scale = layout.scales(hyper)
            matrix, pulled = precision(groups, inverse, scale, sums[0])
            upper = np.swapaxes(np.linalg.inv(rooted(matrix)), 1, 2) * scale[:, :, None]
            bare = np.divide(pulled, scale, out=np.zeros_like(pulled), where=scale > 0)
            half = np.matmul(np.swapaxes(upper, 1, 2), bare[..., None])
            centre = np.matmul(upper, half)[..., 0]
            shock = generator.standard_normal((len(mine), centre.shape[1], 1))
            spread = np.matmul(upper[local], shock)[..., 0]
            gain, tail = council_gain(groups, inverse, hyper)
            seen = np.matmul(np.take(gain, groups.of, axis=1), self.residual[..., None])[..., 0]
            fitted = np.matmul(gain, groups.columns)
            rest = np.matmul(tail[local][:, groups.of], generator.standard_normal((len(mine), len(groups.of), 2, 1)))
            for sign, target in ((1, mine), (-1, len(place) + mine)):
                beta = centre[local] + sign * spread
                explained = np.matmul(fitted[local], beta[:, None, :, None])[..., 0]
                both = seen[local] - explained[:, groups.of] + sign * rest[..., 0]
                fixed[target] = layout.mean + beta
                levels[target], effects[target] = both[..., 0], both[..., 1]
        return fixed, levels, effects


def sufficient(groups: Groups, residual: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sums (data sets, groups, periods) and scatter (data sets, groups, periods, periods) of residuals."""
    member = np.eye(len(groups.count))[:, groups.of]
    sums = np.einsum("wc,nct->nwt", member, residual)
    scatter = np.stack(
        [
            np.einsum("ncs,nct->nst", mine, mine, optimize=True)
            for k in range(len(member))
            for mine in [residual[:, groups.of == k]]
        ],
        axis=1,
    )
    return sums, scatter


def course(hyper: dict[str, FloatArray], periods: int) -> FloatArray:
    """Covariance of a council's slow deviations, (points, periods, periods); 0 without them."""
    count = len(next(iter(hyper.values())))
    if "course" not in hyper:
        return np.zeros((count, periods, periods))
    lag = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    with np.errstate(divide="ignore"):
        kept = np.exp(np.log(hyper["persistence"])[:, None, None] * np.maximum(lag, 0.5 * (lag > 0)))
    return np.asarray(hyper["course"][:, None, None] ** 2 * np.where(lag == 0, 1.0, kept))


def base_covariances(groups: Groups, hyper: dict[str, FloatArray]) -> FloatArray:
    """Covariance of a council's residuals without its own effect, (points, bases, periods, periods).

    Where nothing is observed it is that of an independent unit variable, which changes no determinant.
    """
    used = groups.base_used
    periods = used.shape[1]
    shared = course(hyper, periods) + hyper["councils"][:, None, None] ** 2
    total = shared[:, None] * (used[:, :, None] * used[:, None, :])
    diagonal = np.arange(periods)
    total[:, :, diagonal, diagonal] += hyper["noise"][:, None, None] ** 2 * groups.base_noise
    total[:, :, diagonal, diagonal] *= 1 + _JITTER
    total[:, :, diagonal, diagonal] += 1 - used
    return np.asarray(total)


def inverted(groups: Groups, hyper: dict[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Inverse (points, groups, periods, periods) and log determinant (points, groups) of each council's covariance.

    A council's own effect adds a matrix of rank one, whose inverse is known from that of the rest.
    """
    covariance = base_covariances(groups, hyper)
    root = rooted(covariance)
    log_size: FloatArray = 2 * np.log(np.einsum("...kk->...k", root)).sum(axis=-1)
    inverse = np.take(np.linalg.inv(covariance), groups.base, axis=1)
    pulled = np.einsum("gwst,wt->gws", inverse, groups.treatment)
    variance = hyper["heterogeneity"][:, None] ** 2
    grown = 1 + variance * np.einsum("gws,ws->gw", pulled, groups.treatment)
    inverse -= (variance / grown)[..., None, None] * pulled[..., :, None] * pulled[..., None, :]
    return inverse, log_size[:, groups.base] + np.log(grown)


def rooted(matrices: FloatArray) -> FloatArray:
    """Cholesky root of each matrix; where rounding has made some indefinite, with the smallest eigenvalues lifted.

    That happens only where a spread is as good as 0, far out in the tails of every posterior.
    """
    try:
        return np.asarray(np.linalg.cholesky(matrices), dtype=float)
    except np.linalg.LinAlgError:
        if not np.isfinite(matrices).all():
            raise ConvergenceError(
                "The covariance of the councils' outcomes cannot be inverted.",
                "Some hyperparameters make outcomes that differ look as if they must be equal.",
                "Check for an outcome that never varies, or give priors on the scale of the outcome.",
            ) from None
    values, vectors = np.linalg.eigh(matrices)
    half = vectors * np.sqrt(np.maximum(values, _JITTER * values[..., -1:]))[..., None, :]
    root = np.swapaxes(np.linalg.qr(np.swapaxes(half, -1, -2), mode="r"), -1, -2)
    return np.asarray(root * np.sign(np.einsum("...kk->...k", root))[..., None, :])


def unexplained(matrix: FloatArray, pulled: FloatArray, total: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What the columns leave of a sum of squares, t − p'M⁻¹p, and log|M|, at each point.

    With the residuals as one more column, the last pivot of the Cholesky root is the root of what is left.
    """
    wide = np.empty((len(matrix), matrix.shape[1] + 1, matrix.shape[1] + 1))
    wide[:, :-1, :-1] = matrix
    wide[:, -1, :-1] = wide[:, :-1, -1] = pulled
    wide[:, -1, -1] = 1 + total
    pivots = np.einsum("gkk->gk", _roots_or_nan(wide))
    left = pivots[:, -1] ** 2 - 1
    # Noise that is as good as 0 makes a sum of squares of which rounding leaves nothing that can be relied on.
    sure = left > DIGITS * total
    return np.where(sure, left, np.inf), np.where(sure, 2 * np.log(np.abs(pivots[:, :-1])).sum(axis=1), 0.0)


def _roots_or_nan(matrices: FloatArray) -> FloatArray:
    """Cholesky root of each matrix, nan where it is not positive definite."""
    try:
        return np.asarray(np.linalg.cholesky(matrices), dtype=float)
    except np.linalg.LinAlgError:
        if len(matrices) == 1:
            return np.full_like(matrices, np.nan)
        return np.concatenate([_roots_or_nan(one[None]) for one in matrices])


def precision(
    groups: Groups, inverse: FloatArray, scale: FloatArray, sums: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The matrix I + S X'V⁻¹X S and the vector S X'V⁻¹ r, at each point."""
    q = groups.columns.shape[2]
    weighted = np.matmul(inverse, groups.columns).reshape(len(inverse), -1, q)
    by_group = (groups.columns * groups.count[:, None, None]).reshape(-1, q)
    matrix = np.matmul(by_group.T, weighted)
    matrix *= scale[:, :, None] * scale[:, None, :]
    matrix[:, np.arange(q), np.arange(q)] += 1
    return matrix, scale * np.matmul(sums.reshape(-1), weighted)


def council_gain(groups: Groups, inverse: FloatArray, hyper: dict[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    """What residuals say of a council's level and effect: gain (points, groups, 2, periods) and root of the rest."""
    carrier = np.stack([groups.used, groups.treatment], axis=1)
    spread = np.stack([hyper["councils"], hyper["heterogeneity"]], axis=1)[:, None, :, None]
    gain = spread**2 * np.matmul(carrier, inverse)
    # In units of the prior SDs, where what is left can never fall below 0 by more than rounding.
    told = spread * np.matmul(np.matmul(carrier, inverse), carrier.transpose(0, 2, 1)) * np.swapaxes(spread, 2, 3)
    return gain, spread * symmetric_root(np.eye(2) - told)
