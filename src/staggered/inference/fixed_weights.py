"""The jackknife of synthetic difference-in-differences: one cluster left out, the weights of the others kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from ..data.panel import Panel
from ..errors import DesignError, listing
from ..kernel.protocols import PointEstimator
from ..results.estimate import Estimate
from ..results.uncertainty import Sampling
from ..value import FloatArray, Value
from .assemble import assembled


@runtime_checkable
class Keeping(PointEstimator, Protocol):
    """An estimator that can leave a cluster out and keep the weights of the others."""

    def without_each(self, panel: Panel) -> FloatArray:
        """Values without each cluster, (clusters, k)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FixedWeightsJackknife(Value):
    """Delete one cluster, keep the weights of the others: (C−1)/C Σ (θ_−i − θ)², t with C − 1 df.

    Quicker than `Jackknife`, which settles the weights again, and valid where they are estimated well. A cohort of
    one council leaves nothing to delete: the standard error is nan.

    Raises
    ------
    DesignError
        An estimator without such weights.

    References
    ----------
    Arkhangelsky and others (2021), American Economic Review 111:4088, algorithm 3.

    Examples
    --------
    >>> import staggered as sg
    >>> design = sg.Design([[0, 0, 0, 1, 1]] * 3 + [[0, 0, 0, 0, 0]] * 9)
    >>> panel = sg.simulate(sg.Plan(design=design, outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> sg.SyntheticDid().fit(panel, FixedWeightsJackknife()).se > 0
    True
    """

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "jackknife over clusters, weights kept"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Arkhangelsky D, Athey S, Hirshberg DA, Imbens GW, Wager S (2021). Synthetic difference-in-differences. "
            "American Economic Review 111:4088-4118.",
        )

    def estimate(self, estimator: PointEstimator, panel: Panel) -> Estimate:
        """Estimate, then leave out each cluster."""
        if not isinstance(estimator, Keeping):
            raise DesignError(
                f"{self.name[:1].upper()}{self.name[1:]} was asked for with {estimator.name}.",
                "That estimator has no weights which could be kept while a cluster is left out.",
                "Use Jackknife(), which solves again.",
            )
        point = estimator.point(panel)
        difference = estimator.without_each(panel) - point.values
        clusters = int(panel.frame.seen.sum())
        covariance = (clusters - 1) / clusters * difference.T @ difference
        degrees = np.where(np.isnan(np.diag(covariance)), np.nan, clusters - 1.0)
        alone = [
            panel.design.clusters[k]
            for k in np.flatnonzero((np.isnan(difference) & np.isfinite(point.values)).any(axis=1))
        ]
        notes = (
            (
                f"No standard error: without {listing(alone)} a cohort or its comparison is gone, and the weights of "
                "the others say nothing of it. Use Placebo() or Permutation().",
            )
            if alone
            else ()
        )
        return assembled(estimator, panel, point, Sampling(covariance, degrees), self, notes)
