"""Scores of cohort-by-period effects: residuals from each comparison's own means, and sampled cohort shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...kernel.patterns import Patterns
from ...value import FloatArray, IntArray
from .aggregate import Summary
from .comparisons import Comparisons


@dataclass(frozen=True, slots=True)
class OwnComparison:
    """Influence functions of Callaway and Sant'Anna (2021), Theorem 2 and Corollary 2, as scores.

    Parameters
    ----------
    comparisons : Comparisons
    summary : Summary
        How cells become terms, with its derivative in the cohorts' weights.
    weights : array (k, patterns, periods)
        Of the terms, on the patterns' means.
    start : array (patterns,)
        First treated period of each pattern.
    unit : array (patterns,)
        Total weight of each pattern.
    sampled : bool
        Whether the cohorts' shares count as sampled.
    pooled : array (cells, cells) or None
        Averages the cells' means before residuals are taken from them; None: each cell's own.
    """

    comparisons: Comparisons
    summary: Summary
    weights: FloatArray
    start: FloatArray
    unit: FloatArray
    sampled: bool
    pooled: FloatArray | None = None

    def scores(self, patterns: Patterns, outcome: FloatArray) -> FloatArray:
        """Contribution of each cluster to each term, (k, clusters)."""
        means = patterns.means(outcome)
        offset = -(self.summary.weights @ self.comparisons.centres(means, self.pooled))
        if self.sampled:
            offset += self._share_slopes(means)
        return patterns.products(self.weights, outcome, offset)

    def _share_slopes(self, means: FloatArray) -> FloatArray:
        """Derivative of each term in its cohorts' weights, times the pattern's weight, (k, patterns)."""
        cohorts: IntArray = np.unique(self.comparisons.cells[:, 0])
        member = self.start[:, None] == cohorts[None, :]
        return np.asarray(self.summary.share_slopes(self.comparisons.effects(means)) @ member.T * self.unit)
