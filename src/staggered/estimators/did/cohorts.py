"""Cohorts of a frame: their weights, their means, and what is said of those that cannot be compared."""

from __future__ import annotations

import numpy as np

from ...data.frame import Frame
from ...errors import listing
from ...kernel.patterns import Patterns
from ...value import FloatArray, IntArray
from .comparisons import Comparisons


def unit_weights(patterns: Patterns) -> FloatArray:
    """Average weight of each pattern's cells in use, (patterns,)."""
    return np.asarray(patterns.mass.sum(axis=1) / np.maximum(patterns.used.sum(axis=1), 1))


def cohort_sizes(patterns: Patterns, start: FloatArray, cohorts: IntArray) -> FloatArray:
    """Total weight of each of the cohorts named, (len(cohorts),)."""
    return np.asarray((start == cohorts[:, None]) @ unit_weights(patterns))


def cohort_means(patterns: Patterns, start: FloatArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Fitted values that are each cohort's own mean in each period: A, B and the family (cohort) of each pattern."""
    _, family = np.unique(start, return_inverse=True)
    total = np.zeros((family.max() + 1, patterns.mass.shape[1]))
    np.add.at(total, family, patterns.mass)
    mean = np.divide(patterns.mass, total[family], out=np.zeros_like(patterns.mass), where=total[family] > 0)
    identity = np.eye(patterns.mass.shape[1])
    return patterns.used[:, :, None] * identity, identity[:, None, :] * mean, family


def lost_notes(frame: Frame, found: Comparisons) -> tuple[str, ...]:
    """Name what could not be estimated."""
    design, notes = frame.design, []
    if found.baseless:
        cohorts = {cohort for cohort, _ in found.baseless}
        named = listing([name for name, s in zip(design.clusters, design.start.tolist(), strict=True) if s in cohorts])
        notes.append(f"Left out for want of a period before treatment: {named}.")
    for cells, why in (
        (found.unmatched, "with nobody left in control to compare with"),
        (found.unpaired, "with nobody observed both then and before treatment"),
    ):
        if cells:
            named = listing([f"cohort {design.periods[g]} in {design.periods[t]}" for g, t in cells])
            notes.append(f"Not estimable, {why}: {named}.")
    return tuple(notes)


def unpaired_note(frame: Frame, patterns: Patterns, start: FloatArray, found: Comparisons, why: str) -> tuple[str, ...]:
    """Name treated cells that gaps keep out of their cohort's effect."""
    design, gone = frame.design, []
    for (cohort, period), parts in zip(found.cells[found.after], found.parts[found.after], strict=True):
        own = np.flatnonzero((start == cohort) & patterns.used[:, period] & (parts == 0))
        if not len(own):
            continue
        clusters = np.flatnonzero(np.isin(patterns.group, own))
        gone += [f"{design.clusters[k]} in {design.periods[period]}" for k in clusters]
    if not gone:
        return ()
    return (f"Left out, {why}: {listing(gone)}.",)


def nothing_fitted(patterns: Patterns) -> tuple[FloatArray, FloatArray, IntArray]:
    """A, B and families of an estimator that has no single residual map."""
    count, periods = patterns.used.shape
    return np.zeros((count, periods, 0)), np.zeros((0, count, periods)), np.zeros(count, dtype=np.int64)
