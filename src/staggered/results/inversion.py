"""A randomisation test turned round: the constant effects that it does not reject."""

from __future__ import annotations

import numpy as np

from ..value import BoolArray, FloatArray

_NEGLIGIBLE = 1e-9


def accepted_effects(
    value: float, null: FloatArray, slope: FloatArray, own: float, alpha: float
) -> tuple[float, float]:
    """Ends of the set of constant effects τ whose p-value is above `alpha`.

    Taking τ off the treated cells leaves value − τ·own of the estimate and null − τ·slope of what each
    other allocation makes of the same outcomes. The p-value of τ is the share of allocations, the actual
    one included, that are at least as far from 0 as the actual one.

    Parameters
    ----------
    value, own : float
        The estimate, and what it makes of an effect of 1 in the actual treated cells.
    null, slope : array (allocations,)
        The same for every other allocation; nan where the term cannot be estimated, which counts as far from 0.
    alpha : float

    Returns
    -------
    tuple of float
        The smallest and the largest such τ; infinite where no τ on that side is rejected, nan where τ
        does not move the term at all.

    Examples
    --------
    >>> accepted_effects(2.0, np.array([-2.0, 0.5, -0.5]), np.array([-1.0, 0.0, 0.0]), 1.0, 0.5)
    (1.5, 2.5)
    """
    if not np.isfinite(value) or abs(own) < _NEGLIGIBLE:
        return np.nan, np.nan
    others_needed = int(np.floor(alpha * (len(null) + 1) + 1e-9))
    if others_needed <= 0:
        return -np.inf, np.inf
    starts, ends = _extreme_stretches(value, null, slope, own)
    # The number of allocations that are as far from 0 rises where a stretch starts and falls after one ends.
    starts, ends = np.sort(starts), np.sort(ends)
    low = starts[_covering(starts, starts, ends) >= others_needed]
    high = ends[_covering(ends, starts, ends) >= others_needed]
    if not len(low) or not len(high):
        return value / own, value / own
    return float(low[0]), float(high[-1])


def _covering(at: FloatArray, starts: FloatArray, ends: FloatArray) -> FloatArray:
    """How many closed stretches hold each point."""
    return np.asarray(np.searchsorted(starts, at, side="right") - np.searchsorted(ends, at, side="left"), dtype=float)


def _extreme_stretches(value: float, null: FloatArray, slope: FloatArray, own: float) -> tuple[FloatArray, FloatArray]:
    """Stretches of τ in which each allocation is at least as far from 0 as the actual one: starts and ends.

    |null − τ·slope| ≥ |value − τ·own| is (d₁ − τ s₁)(d₂ − τ s₂) ≥ 0 with d = null ∓ value, s = slope ∓ own:
    between the roots of a parabola, outside them, or, when one s is 0, on one side of a single root.
    """
    known = np.isfinite(null) & np.isfinite(slope)
    unknown = np.full(int((~known).sum()), np.inf)
    null, slope = null[known], slope[known]
    d1, s1 = _apart(null, value), _apart(slope, own)
    d2, s2 = _apart(null, -value), _apart(slope, -own)
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = d1 / s1, d2 / s2
    low, high = np.minimum(first, second), np.maximum(first, second)
    between, outside = s1 * s2 < 0, s1 * s2 > 0
    infinite = np.full(int(outside.sum()), np.inf)
    half_starts, half_ends = _half_lines(
        np.where(s1 == 0, d1, d2), np.where(s1 == 0, second, first), np.where(s1 == 0, s2, s1), (s1 == 0) | (s2 == 0)
    )
    starts = np.concatenate([-unknown, low[between], -infinite, high[outside], half_starts])
    ends = np.concatenate([unknown, high[between], low[outside], infinite, half_ends])
    return starts, ends


def _half_lines(
    factor: FloatArray, root: FloatArray, steepness: FloatArray, included: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Stretches of factor · (root − τ) · steepness ≥ 0: everything where the factor is 0, else one side of the root."""
    sign = np.sign(factor * steepness)
    starts = np.where(sign < 0, root, -np.inf)
    ends = np.where(sign > 0, root, np.inf)
    return starts[included], ends[included]


def _apart(numbers: FloatArray, one: float) -> FloatArray:
    """Differences from one number, exactly 0 where only rounding sets the two apart."""
    difference = numbers - one
    scale = np.maximum(np.abs(numbers), abs(one))
    return np.where(np.abs(difference) <= _NEGLIGIBLE * scale, 0.0, difference)
