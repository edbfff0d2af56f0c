"""The gaussian model for the chains, everything linear integrated out: they walk over the spreads alone.

The density is that of `gaussian`, written in PyTensor so that it has a gradient. Where the coefficients are sampled as
well, slow courses, noise and council levels trade places along a ridge on which no chain makes headway.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np

from ..value import FloatArray
from .gaussian import Gaussian
from .layout import Layout

_JITTER = 1e-9


@dataclass(frozen=True, slots=True)
class Steps:
    """Columns whose coefficients are not normal, and are sampled: those of an effect that never turns back.

    Parameters
    ----------
    first, count : int
    """

    first: int
    count: int

    @classmethod
    def of(cls, layout: Layout) -> Steps:
        """Find them."""
        spread = layout.hyper.names.index("exposure") if "exposure" in layout.hyper.names else -2
        places = np.flatnonzero(layout.spread == spread)
        monotone = layout.structure.exposure == "monotone" and len(places) > 0
        return cls(int(places[0]), len(places)) if monotone else cls(layout.columns.shape[2], 0)

    def out_of(self, layout: Layout) -> Layout:
        """The layout in which these coefficients are 0."""
        scale = layout.scale.copy()
        scale[self.first : self.first + self.count] = 0.0
        return replace(layout, scale=scale)


def density(model: Gaussian, hyper: dict[str, Any], steps: Any, data: dict[str, Any]) -> Any:
    """Log density of the residuals given the hyperparameters, up to a constant.

    Parameters
    ----------
    model : Gaussian
    hyper : dict of str to scalar
    steps : vector or None
        Coefficients of the columns that are not integrated out.
    data : dict of str to matrix
        ``residual k``, the councils of the k-th pattern of gaps by their periods; ``within``, degrees of freedom and
        sum of squares between people.
    """
    pt, groups = import_module("pytensor.tensor"), model.groups
    scale = _scales(pt, model.layout, hyper)
    variance = hyper["heterogeneity"] ** 2
    matrix, pulled, left, size = pt.eye(len(model.layout.scale)), 0.0, 0.0, 0.0
    for k in range(len(groups.base_used)):
        seen = np.flatnonzero(groups.base_used[k] > 0)
        mine = np.flatnonzero(groups.base == k)
        member = np.equal.outer(groups.of[np.isin(groups.of, mine)], mine).astype(float)
        root = _root(pt, hyper, seen, groups.base_noise[k][seen])
        columns, treatment = groups.columns[mine][:, seen], groups.treatment[mine][:, seen]
        residual = data[f"residual {k}"]
        if steps is not None:
            place = Steps.of(model.layout)
            moved = pt.dot(columns[:, :, place.first : place.first + place.count], steps)
            residual = residual - pt.dot(member, moved)
        x, d, r = _whitened(pt, root, columns, treatment, residual)
        # A council's own effect adds a matrix of rank one, whose inverse is known from that of the rest.
        grown = 1 + variance * (d**2).sum(axis=1)
        share = variance / grown
        count = member.sum(axis=0)
        toward = (x * d[:, :, None]).sum(axis=1)
        flat = (x * np.sqrt(count)[:, None, None]).reshape((-1, len(model.layout.scale)))
        weighted = toward * pt.sqrt(share * count)[:, None]
        matrix = matrix + (flat.T @ flat - weighted.T @ weighted) * scale[:, None] * scale[None, :]
        sums = pt.dot(member.T, r)
        own = (sums * d).sum(axis=1)
        pulled = pulled + scale * (
            (x * sums[:, :, None]).sum(axis=(0, 1)) - (toward * (share * own)[:, None]).sum(axis=0)
        )
        mirrored = (r * pt.dot(member, d)).sum(axis=1)
        left = left + (r**2).sum() - (pt.dot(member, share) * mirrored**2).sum()
        size = size + 2 * count.sum() * pt.log(pt.diagonal(root)).sum() + (count * pt.log(grown)).sum()
    whole = pt.linalg.cholesky(matrix, on_error="nan")
    explained = pt.linalg.solve_triangular(whole, pulled, lower=True)
    found = -0.5 * (left - (explained**2).sum() + size) - pt.log(pt.diagonal(whole)).sum()
    degrees, squares = data["within"][0], data["within"][1]
    return found - degrees * pt.log(hyper["noise"]) - 0.5 * squares / hyper["noise"] ** 2


def _scales(pt: Any, layout: Layout, hyper: dict[str, Any]) -> Any:
    """Prior SD of every coefficient; 0 for those that are sampled."""
    table = pt.stack([*(hyper[name] for name in layout.hyper.names), pt.ones(())])
    return Steps.of(layout).out_of(layout).scale * table[layout.spread]


def _root(pt: Any, hyper: dict[str, Any], seen: Any, noise: FloatArray) -> Any:
    """Cholesky root of the covariance of a council's residuals, its own effect left out."""
    lag = np.abs(np.subtract.outer(seen, seen)).astype(float)
    course = hyper["course"] ** 2 * hyper["persistence"] ** lag if "course" in hyper else 0.0
    total = course + hyper["councils"] ** 2 + pt.diag(hyper["noise"] ** 2 * noise)
    return pt.linalg.cholesky(total + _JITTER * pt.diag(pt.diagonal(total)), on_error="nan")


def _whitened(pt: Any, root: Any, columns: FloatArray, treatment: FloatArray, residual: Any) -> tuple[Any, Any, Any]:
    """Columns (groups, periods, q), treatment (groups, periods) and residuals (councils, periods) times L⁻¹."""
    groups, periods, q = columns.shape
    fixed = np.concatenate([columns.transpose(1, 0, 2).reshape(periods, -1), treatment.T], axis=1)
    found = pt.linalg.solve_triangular(root, pt.concatenate([pt.as_tensor(fixed), residual.T], axis=1), lower=True)
    x = found[:, : groups * q].reshape((periods, groups, q)).transpose((1, 0, 2))
    return x, found[:, groups * q : groups * (q + 1)].T, found[:, groups * (q + 1) :].T


def drawn(
    model: Gaussian, hyper: dict[str, FloatArray], steps: FloatArray | None, generator: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Coefficients (draws, q), council levels and effects (draws, clusters), one for each draw of the spreads."""
    count = len(hyper["noise"])
    if steps is None:
        return _first(count, model.given(hyper, np.arange(count), generator))
    place, layout = Steps.of(model.layout), model.layout
    inside = slice(place.first, place.first + place.count)
    plain = Gaussian(place.out_of(layout), model.groups, model.residual, model.within)
    found = []
    for k in range(count):
        moved = plain.with_residual(model.residual - layout.columns[:, :, inside] @ steps[k])
        one = {name: values[k : k + 1] for name, values in hyper.items()}
        fixed, levels, effects = _first(1, moved.given(one, np.zeros(1, dtype=np.int64), generator))
        fixed[:, inside] += steps[k]
        found.append((fixed, levels, effects))
    fixed, levels, effects = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return fixed, levels, effects


def _first(count: int, pairs: tuple[FloatArray, ...]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of draws that come in pairs mirrored around their mean, the first of each."""
    fixed, levels, effects = (values[:count] for values in pairs)
    return fixed, levels, effects
