"""The rule: estimates linear in the outcome, est = W y, with the residuals that belong to them.

Three thin matrices serve every estimator. They are kept per pattern (clusters alike in schedule, gaps
and weights): cluster i of pattern g with share s_i has the weights s_i · W[:, g, :] and the residuals

    e_i = y_i − 1 · (centre_g · y_i) − A_g β,      β = B ȳ,

with ȳ the patterns' share-weighted means. `centre` absorbs cluster effects, so they need no columns.
Patterns may fall into families that share no coefficient (cohorts with means of their own); each family
then has its own β from its own patterns' means, which keeps A and B thin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..data.frame import Frame
from ..results.estimate import Term
from ..value import BoolArray, FloatArray, IntArray
from .patterns import Patterns


class Influence(Protocol):
    """An estimator's own account of each cluster's contribution, in place of W·e."""

    def scores(self, patterns: Patterns, outcome: FloatArray) -> FloatArray:
        """Contribution of each cluster to each term, (k, clusters)."""
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """An estimator made concrete on one frame, before any outcome is seen.

    Parameters
    ----------
    terms : tuple of Term
        What each of the k rows estimates.
    weights : array (k, patterns, periods)
        W by pattern, on the pattern's mean.
    frame : Frame
    patterns : Patterns
    fitted : array (patterns, periods, p)
        A, with the cluster's centre already taken off.
    solve : array (p, patterns, periods)
        B, on the patterns' means.
    family : array (patterns,)
        Family of each pattern; all 0 where the patterns share their coefficients.
    centre : array (patterns, periods) or None
        Averaging weights of each cluster's own level; None when no cluster effects are absorbed.
    working : array (patterns, periods, periods) or None
        Covariance assumed by the fit; None: independent with variance 1/weight.
    influence : Influence or None
        The estimator's own scores.
    lone : array (k, clusters) of bool or None
        Clusters that are alone on their side of a comparison that the term rests on: their residuals
        there are zero whatever happened.
    estimand : str
    notes : tuple of str
    headed : bool
        Whether the first term is the overall one.
    """

    terms: tuple[Term, ...]
    weights: FloatArray
    frame: Frame
    patterns: Patterns
    fitted: FloatArray
    solve: FloatArray
    family: IntArray
    centre: FloatArray | None = None
    working: FloatArray | None = None
    influence: Influence | None = None
    lone: BoolArray | None = None
    estimand: str = "average effect on treated cells"
    notes: tuple[str, ...] = ()
    headed: bool = False

    def filled(self, outcome: FloatArray) -> FloatArray:
        """Outcomes with 0 in the cells that are not in use, which carry no weight."""
        return np.where(self.frame.used, outcome, 0.0)

    def estimate(self, outcome: FloatArray) -> FloatArray:
        """W y: the k estimates of one outcome grid (clusters, periods)."""
        means = self.patterns.means(self.filled(outcome))
        return np.asarray(np.tensordot(self.weights, means, axes=2))

    def by_cluster(self) -> FloatArray:
        """W spread over clusters, (k, clusters, periods)."""
        return np.asarray(self.weights[:, self.patterns.group] * self.patterns.share[None, :, None])

    @property
    def W(self) -> FloatArray:
        """Dense weights on the used cells, (k, n), cluster by cluster."""
        return np.asarray(self.by_cluster()[:, self.frame.used])

    def residuals(self, outcome: FloatArray) -> FloatArray:
        """Outcome less fitted values, (clusters, periods); 0 where not in use."""
        outcome, group = self.filled(outcome), self.patterns.group
        each = np.einsum("pgt,gt->gp", self.solve, self.patterns.means(outcome))
        coefficients = np.zeros((self.family.max() + 1, each.shape[1]))
        np.add.at(coefficients, self.family, each)
        fitted = np.einsum("gtp,gp->gt", self.fitted, coefficients[self.family])[group]
        if self.centre is not None:
            fitted = fitted + (self.centre[group] * outcome).sum(axis=1)[:, None]
        return np.asarray(np.where(self.frame.used, outcome - fitted, 0.0))

    def scores(self, outcome: FloatArray) -> FloatArray:
        """Contribution of each cluster to each term, (k, clusters)."""
        if self.influence is not None:
            return self.influence.scores(self.patterns, self.filled(outcome))
        return self.patterns.products(self.weights, self.residuals(outcome))

    def variance(self, blocks: FloatArray) -> FloatArray:
        """W V W', (k, k), for covariance blocks (clusters, periods, periods) of the cell means."""
        weights = self.by_cluster()
        return np.asarray(np.einsum("kcp,cpq,mcq->km", weights, blocks, weights, optimize=True))
