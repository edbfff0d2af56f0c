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
from .patterns import Patterns, row_products


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
        return outcome if self.frame.used.all() else np.where(self.frame.used, outcome, 0.0)

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
        left = outcome - self._explained(outcome)[group]
        if self.centre is not None:
            left -= row_products(self.centre[None], group, outcome)[0][:, None]
        left[~self.frame.used] = 0.0
        return np.asarray(left)

    def residual_products(
        self, loads: FloatArray, outcome: FloatArray, pattern: IntArray, kind: IntArray
    ) -> FloatArray:
        """Sum over periods of loads times residuals, (k, clusters), without making the residuals.

        a'e = (a − centre · Σa)'y − a'Aβ, which asks for one product with the outcome.

        Parameters
        ----------
        loads : array (k, kinds, periods)
            a of every cluster of a kind.
        outcome : array (clusters, periods)
        pattern : array (kinds,)
            Pattern of each kind.
        kind : array (clusters,)
        """
        outcome = self.filled(outcome)
        loads = loads * self.patterns.used[pattern]
        offset = -np.einsum("kit,it->ki", loads, self._explained(outcome)[pattern])
        if self.centre is not None:
            loads = loads - loads.sum(axis=2, keepdims=True) * self.centre[pattern]
        return row_products(loads, kind, outcome, offset)

    def _explained(self, outcome: FloatArray) -> FloatArray:
        """A β by pattern, (patterns, periods), at an outcome without gaps."""
        each = np.einsum("pgt,gt->gp", self.solve, self.patterns.means(outcome))
        coefficients = np.zeros((self.family.max() + 1, each.shape[1]))
        np.add.at(coefficients, self.family, each)
        return np.asarray(np.einsum("gtp,gp->gt", self.fitted, coefficients[self.family]))

    def scores(self, outcome: FloatArray) -> FloatArray:
        """Contribution of each cluster to each term, (k, clusters)."""
        if self.influence is not None:
            return self.influence.scores(self.patterns, self.filled(outcome))
        every, group = np.arange(len(self.patterns.first)), self.patterns.group
        return self.residual_products(self.weights, outcome, every, group) * self.patterns.share

    def variance(self, blocks: FloatArray) -> FloatArray:
        """W V W', (k, k), for covariance blocks (clusters, periods, periods) of the cell means."""
        weights = self.by_cluster()
        return np.asarray(np.einsum("kcp,cpq,mcq->km", weights, blocks, weights, optimize=True))
