"""Counts and shares by nested Laplace: at each point of the hyperparameters the rest is a normal around its mode.

    log p(φ | y) ≈ log p(y, x̂ | φ) − ½ log|H(φ)| + log p(φ),   x̂ the mode of all coefficients, H the curvature there

Councils touch each other only through the shared coefficients, so that the curvature is a small dense matrix
bordered by a 2 × 2 block per council. All points are solved at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, gammaln

from ..value import FloatArray, IntArray
from .gaussian import Groups, rooted
from .layout import Layout

_ITERATIONS = 40
# A last step this short leaves an error of its square.
_STILL = 0.01
_LEAP = 2.0
_HIGHEST = 30.0
# Points at once: few enough that their matrices stay in the processor's cache.
_BLOCK = 64
_FAR = 4.0


@dataclass(frozen=True, slots=True)
class Mode:
    """Where the coefficients are most probable at each point, and how sharply, all in units of their prior SD.

    Parameters
    ----------
    height : array (points,)
        Log of the Laplace approximation to the likelihood.
    shared : array (points, q)
    own : array (points, clusters, 2)
    root : array (points, q, q)
        Cholesky root of the curvature of the shared coefficients, councils integrated out.
    border : array (points, clusters, 2, q)
    block : array (points, clusters, 2, 2)
        Inverse curvature of each council's own, the shared held fixed.
    """

    height: FloatArray
    shared: FloatArray
    own: FloatArray
    root: FloatArray
    border: FloatArray
    block: FloatArray


@dataclass(frozen=True, slots=True)
class Counts:
    """Data of one fit to counts.

    Parameters
    ----------
    layout : Layout
    groups : Groups
    count, size : array (clusters, periods)
        0 where nothing is observed. Children at risk: trials of the binomial, exposure of the others.
    products : (array (groups × periods, q (q + 1) / 2), array (q, q) of int)
        Products of every two columns in each cell, and the place of each pair among them.
    start : (array (q,) or (points, q), array (clusters, 2) or (points, clusters, 2))
        Where to begin the search for the mode, as departures from the prior means.
    """

    layout: Layout
    groups: Groups
    count: FloatArray
    size: FloatArray
    products: tuple[FloatArray, IntArray]
    start: tuple[FloatArray, FloatArray]

    @classmethod
    def of(cls, layout: Layout, count: FloatArray, size: FloatArray) -> Counts:
        """Prepare counts out of a size."""
        used = layout.used
        groups = Groups.within(layout, used.astype(float))
        width = layout.columns.shape[2]
        row, column = np.triu_indices(width)
        flat, place = groups.columns.reshape(-1, width), np.zeros((width, width), dtype=np.int64)
        place[row, column] = place[column, row] = np.arange(len(row))
        products = flat[:, row] * flat[:, column], place
        nowhere = np.zeros(width), np.zeros((len(used), 2))
        cold = cls(layout, groups, np.where(used, count, 0.0), np.where(used, size, 0.0), products, nowhere)
        # The modes at different hyperparameters lie near each other: one of them is a good beginning for all.
        typical = np.zeros((1, layout.hyper.count))
        mode, (scale, own_scale) = cold.mode(typical), cold._scales(typical)
        return replace(cold, start=((scale * mode.shared)[0], own_scale * mode.own[0]))

    def log_density(self, normal: FloatArray) -> FloatArray:
        """Log of likelihood (by Laplace) and prior at standard normal coordinates (points, h)."""
        found = np.concatenate([mode.height for mode in self.modes(normal)])
        return np.asarray(found - 0.5 * (normal**2).sum(axis=1))

    def modes(self, normal: FloatArray) -> Iterator[Mode]:
        """Modes block by block; the first block, as a plane over its points, says where to look for the rest."""
        first = self.mode(normal[:_BLOCK])
        yield first
        if len(normal) <= _BLOCK:
            return
        scale, own_scale = self._scales(normal[:_BLOCK])
        flat = np.concatenate([scale * first.shared, (own_scale[:, None] * first.own).reshape(len(scale), -1)], axis=1)
        plane = np.linalg.lstsq(_with_one(normal[:_BLOCK]), flat, rcond=None)[0]
        for at in range(_BLOCK, len(normal), _BLOCK):
            block = normal[at : at + _BLOCK]
            shared, own = np.split(_with_one(block) @ plane, [scale.shape[1]], axis=1)
            near = replace(self, start=(shared, own.reshape(len(block), -1, 2)))
            yield near.mode(block)

    def _scales(self, normal: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Prior SD of the shared coefficients (points, q) and of councils' own (points, 2)."""
        hyper = self.layout.hyper.at(normal)
        return self.layout.scales(hyper), np.stack([hyper["councils"], hyper["heterogeneity"]], axis=1)

    def mode(self, normal: FloatArray) -> Mode:
        """Find the mode of all coefficients at every point by Newton's method."""
        hyper = self.layout.hyper.at(normal)
        scale, own_scale = self._scales(normal)
        shared = np.clip(self.start[0] / scale, -_FAR, _FAR)
        own = np.clip(self.start[1] / own_scale[:, None], -_FAR, _FAR)
        for _ in range(_ITERATIONS):
            predictor = self._predictor(shared * scale, own * own_scale[:, None])
            slope, bend = self.slopes(predictor, hyper)
            matrix, border, block = self._curvature(bend, scale, own_scale)
            pull, own_pull = self._pull(slope, scale, own_scale)
            pull, own_pull = pull - shared, own_pull - own
            told = np.matmul(block, own_pull[..., None])
            flat = border.reshape(len(border), -1, border.shape[3])
            reduced = pull[..., None] - np.matmul(flat.transpose(0, 2, 1), told.reshape(len(border), -1, 1))
            step = np.linalg.solve(matrix, reduced)[..., 0]
            crossed = np.matmul(flat, step[..., None]).reshape(*own.shape, 1)
            own_step = (told - np.matmul(block, crossed))[..., 0]
            moved = np.abs(self._predictor(step * scale, own_step * own_scale[:, None], base=False)).max(axis=(1, 2))
            short = np.minimum(1.0, _LEAP / np.maximum(moved, 1e-12))
            shared = shared + short[:, None] * step
            own = own + short[:, None, None] * own_step
            if moved.max() < _STILL:
                break
        predictor = self._predictor(shared * scale, own * own_scale[:, None])
        matrix, border, block = self._curvature(self.slopes(predictor, hyper)[1], scale, own_scale)
        root = rooted(matrix)
        log_size = 2 * np.log(np.einsum("gkk->gk", root)).sum(axis=1) - np.log(np.linalg.det(block)).sum(axis=1)
        prior = 0.5 * (shared**2).sum(axis=1) + 0.5 * (own**2).sum(axis=(1, 2))
        height = self.height(predictor, hyper)
        return Mode(height - prior - 0.5 * log_size, shared, own, root, border, block)

    def draw(self, points: FloatArray, rows: IntArray, generator: np.random.Generator) -> tuple[FloatArray, ...]:
        """Coefficients (draws, q), council levels and council effects (draws, clusters), in mirrored pairs."""
        kept, place = np.unique(rows, return_inverse=True)
        clusters = len(self.groups.of)
        fixed = np.empty((2 * len(rows), self.layout.columns.shape[2]))
        both = np.empty((2 * len(rows), clusters, 2))
        for at, mode in zip(range(0, len(kept), _BLOCK), self.modes(points[kept]), strict=True):
            mine = np.flatnonzero((place >= at) & (place < at + _BLOCK))
            local = place[mine] - at
            scale, own_scale = (each[local] for each in self._scales(points[kept[at : at + _BLOCK]]))
            upper = np.swapaxes(np.linalg.inv(mode.root), 1, 2)
            shift = np.matmul(upper[local], generator.standard_normal((len(mine), fixed.shape[1], 1)))[..., 0]
            answer = np.matmul(mode.block, mode.border)
            tail = np.linalg.cholesky(mode.block)[local]
            own = np.matmul(tail, generator.standard_normal((len(mine), clusters, 2, 1)))[..., 0]
            own -= np.matmul(answer[local].reshape(len(mine), -1, fixed.shape[1]), shift[..., None]).reshape(own.shape)
            for sign, target in ((1, mine), (-1, len(rows) + mine)):
                fixed[target] = self.layout.mean + scale * (mode.shared[local] + sign * shift)
                both[target] = own_scale[:, None] * (mode.own[local] + sign * own)
        return fixed, both[..., 0], both[..., 1]

    def height(self, predictor: FloatArray, hyper: dict[str, FloatArray]) -> FloatArray:
        """Log likelihood, (points,)."""
        eta = np.minimum(predictor, _HIGHEST)
        family = self.layout.structure.family
        if family == "binomial":
            cells = self.count * eta - self.size * np.logaddexp(0.0, eta)
        else:
            known = np.where(self.layout.used, self.size, 1.0)
            mean, log_mean = known * np.exp(eta), eta + np.log(known)
            if family == "poisson":
                cells = self.count * log_mean - mean
            else:
                shape = self._shape(hyper)
                cells = gammaln(self.count + shape) - gammaln(shape) - shape * np.log1p(mean / shape)
                cells += self.count * (log_mean - np.log(shape + mean))
        return np.asarray(np.where(self.layout.used, cells, 0.0).sum(axis=(1, 2)))

    def slopes(self, predictor: FloatArray, hyper: dict[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
        """Slope and curvature of the log likelihood in each cell's predictor, 0 where nothing is observed."""
        eta = np.minimum(predictor, _HIGHEST)
        if self.layout.structure.family == "binomial":
            share = expit(eta)
            mean = self.size * share
            return self.count - mean, mean * (1 - share)
        mean = self.size * np.exp(eta)
        if self.layout.structure.family == "poisson":
            return self.count - mean, mean
        shape = self._shape(hyper)
        weight = shape / (shape + mean)
        return (self.count - mean) * weight, mean * weight * (shape + self.count) / (shape + mean)

    @staticmethod
    def _shape(hyper: dict[str, FloatArray]) -> FloatArray:
        return np.asarray(1 / (hyper["dispersion"][:, None, None] ** 2 + 1e-10))

    def _predictor(self, shared: FloatArray, own: FloatArray, *, base: bool = True) -> FloatArray:
        """Linear predictor of every cell from coefficients on their own scale, the prior mean added."""
        columns = self.groups.columns
        beta = shared + self.layout.mean if base else shared
        fitted = (beta @ columns.reshape(-1, columns.shape[2]).T).reshape(len(shared), *self.groups.used.shape)
        return np.asarray(fitted[:, self.groups.of] + own[..., :1] + own[..., 1:] * self.layout.treatment)

    def _pull(self, slope: FloatArray, scale: FloatArray, own_scale: FloatArray) -> tuple[FloatArray, FloatArray]:
        member = np.eye(len(self.groups.count))[:, self.groups.of]
        grouped = np.einsum("wc,gct->gwt", member, slope, optimize=True)
        columns = self.groups.columns
        shared = scale * (grouped.reshape(len(slope), -1) @ columns.reshape(-1, columns.shape[2]))
        own = np.stack([slope.sum(axis=2), (slope * self.layout.treatment).sum(axis=2)], axis=2)
        return shared, own * own_scale[:, None]

    def _curvature(
        self, bend: FloatArray, scale: FloatArray, own_scale: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Curvature of the shared, councils integrated out, the border, and the inverse block of each council."""
        member = np.eye(len(self.groups.count))[:, self.groups.of]
        grouped = np.einsum("wc,gct->gwt", member, bend, optimize=True).reshape(len(bend), -1)
        products, place = self.products
        dense = np.take(grouped @ products, place, axis=1)
        treatment = self.layout.treatment
        # One product for each council over all points is far quicker than one for each point and council.
        carried = np.stack([bend, bend * treatment]).transpose(2, 0, 1, 3)
        border = np.matmul(carried, self.layout.columns[:, None]).transpose(2, 0, 1, 3)
        border = border * (own_scale[:, None, :, None] * scale[:, None, None, :])
        block = np.empty((*bend.shape[:2], 2, 2))
        block[..., 0, 0] = bend.sum(axis=2)
        block[..., 0, 1] = block[..., 1, 0] = (bend * treatment).sum(axis=2)
        block[..., 1, 1] = (bend * treatment**2).sum(axis=2)
        block *= own_scale[:, None, :, None] * own_scale[:, None, None, :]
        inverse = _inverse_of_pair(np.eye(2) + block)
        dense *= scale[:, :, None] * scale[:, None, :]
        flat = border.reshape(len(bend), -1, dense.shape[1])
        dense -= np.matmul(flat.transpose(0, 2, 1), np.matmul(inverse, border).reshape(flat.shape))
        dense[:, np.arange(dense.shape[1]), np.arange(dense.shape[1])] += 1
        return dense, border, inverse


def _with_one(points: FloatArray) -> FloatArray:
    return np.concatenate([np.ones((len(points), 1)), points], axis=1)


def _inverse_of_pair(block: FloatArray) -> FloatArray:
    """Inverse of each 2 × 2 matrix."""
    found = np.empty_like(block)
    found[..., 0, 0], found[..., 1, 1] = block[..., 1, 1], block[..., 0, 0]
    found[..., 0, 1], found[..., 1, 0] = -block[..., 0, 1], -block[..., 1, 0]
    size = block[..., 0, 0] * block[..., 1, 1] - block[..., 0, 1] * block[..., 1, 0]
    return np.asarray(found / size[..., None, None])
