"""Cluster-robust variance CR0–CR3 for every linear estimator, with Satterthwaite degrees of freedom."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..data.panel import Panel
from ..errors import DataError, FewClustersWarning, IdentificationError, listing
from ..kernel.point import Point
from ..kernel.protocols import PointEstimator
from ..results.estimate import Estimate
from ..results.uncertainty import Sampling
from ..value import BoolArray, FloatArray, Value
from .assemble import assembled, rule_of, scores_of
from .sides import MANY
from .small_sample import adjusted_scores

BLIND = "No analytic standard error"
"""How the note begins that says why a standard error is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Cluster(Value):
    """Cluster-robust variance: the sum over clusters of squared scores.

    Parameters
    ----------
    kind : {"CR0", "CR1", "CR2", "CR3"}
        CR0 plain; CR1 times C/(C−1), t with C−1; CR2 and CR3 adjust the residuals of each cluster
        (unbiased under the working model, jackknife-like), t with Satterthwaite's df.
    by : str, optional
        A label kept with the panel: a coarser cluster to sum scores over (CR0, CR1).

    Warns
    -----
    FewClustersWarning
        CR0 or CR1 with fewer than 40 clusters; any kind where a cluster alone in its cohort or as a comparison leaves
        it blind, once asked for by name.

    References
    ----------
    Bell and McCaffrey (2002), Survey Methodology 28:169; Pustejovsky and Tipton (2018), Journal of
    Business and Economic Statistics 36:672.

    Examples
    --------
    >>> import staggered as sg
    >>> panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=12, steps=3), outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> round(sg.Twfe().fit(panel, sg.Cluster("CR2")).se, 4) > 0
    True
    """

    kind: Literal["CR0", "CR1", "CR2", "CR3"] = "CR2"
    by: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in {"CR0", "CR1", "CR2", "CR3"}:
            raise DataError(
                f"Cluster was given {self.kind!r}.",
                "It names the small-sample correction.",
                "Use CR0, CR1, CR2 or CR3.",
            )
        if self.by is not None and self.kind in {"CR2", "CR3"}:
            raise DataError(
                f"Cluster({self.kind!r}) was given by={self.by!r}.",
                "CR2 and CR3 adjust each cluster's own residuals, which a coarser cluster does not have here.",
                'Use Cluster("CR1", by=...), or read the panel with the coarser cluster.',
            )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return f"cluster-robust variance ({self.kind})" + (f" by {self.by}" if self.by else "")

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Bell RM, McCaffrey DF (2002). Bias reduction in standard errors for linear regression with "
            "multi-stage samples. Survey Methodology 28:169-181.",
            "Pustejovsky JE, Tipton E (2018). Small-sample methods for cluster-robust variance estimation "
            "and hypothesis testing in fixed effects models. Journal of Business and Economic Statistics "
            "36:672-683.",
        )

    def estimate(self, estimator: PointEstimator, panel: Panel) -> Estimate:
        """Estimate with this variance."""
        if self.kind in {"CR2", "CR3"}:
            rule = rule_of(estimator, panel, self.name)
            point = Point.of(rule, panel.outcome)
            scores, degrees, exhausted = adjusted_scores(rule, panel.outcome, self.kind)
            factor = 1.0
        else:
            point, each = scores_of(estimator, panel, self.name)
            exhausted = np.zeros(each.shape, dtype=bool)
            scores = summed(each, panel, self.by)
            count = scores.shape[1]
            factor = count / (count - 1) if self.kind == "CR1" else 1.0
            degrees = np.full(len(point.values), count - 1.0 if self.kind == "CR1" else np.inf)
            warn_if_few(self.kind, count)
        covariance = factor * scores @ scores.T
        if point.lone is not None:
            exhausted = exhausted | point.lone
        blind = exhausted.any(axis=1)
        covariance[blind] = covariance[:, blind] = degrees[blind] = np.nan
        uncertainty = Sampling(covariance, degrees)
        return assembled(estimator, panel, point, uncertainty, self, blind_note(panel, point, exhausted))


def summed(scores: FloatArray, panel: Panel, by: str | None) -> FloatArray:
    """Scores summed over a coarser cluster."""
    if by is None:
        return scores
    if by not in panel.frame.labels:
        known = listing(list(panel.frame.labels)) if panel.frame.labels else "none"
        raise DataError(
            f"There is no label {by!r} in the panel (labels kept: {known}).",
            "Scores are summed over it.",
            f'Read the panel with keep=["{by}"].',
        )
    names, coarse = np.unique(np.array(panel.frame.labels[by]), return_inverse=True)
    if len(names) < 2:
        raise IdentificationError(
            f"All clusters have the same {by}: {names[0]}.",
            "How much it varies cannot be seen from one of a kind.",
            "Sum over a label with several values, or leave by= out.",
        )
    summed = np.zeros((scores.shape[0], len(names)))
    np.add.at(summed.T, coarse, scores.T)
    return summed


def warn_if_few(kind: str, count: int) -> None:
    """Warn of CR0 and CR1 with few clusters."""
    if count < MANY:
        warnings.warn(
            f"{kind} with {count} clusters rejects too often. It is trusted from about {MANY} clusters. "
            "Use Jackknife(), Cluster('CR2') or Permutation().",
            FewClustersWarning,
            stacklevel=4,
        )


def blind_note(panel: Panel, point: Point, blind: BoolArray) -> tuple[str, ...]:
    """Say why a standard error is missing."""
    if not blind.any():
        return ()
    clusters = [panel.design.clusters[k] for k in np.flatnonzero(blind.any(axis=0))]
    rows = np.flatnonzero(blind.any(axis=1))
    of = "" if len(point.terms) == 1 else f" for {listing([point.terms[k].label for k in rows])}"
    return (
        f"{BLIND}{of}: a council alone in its cohort or as a comparison ({listing(clusters)}) "
        "has a residual of zero, whatever happened there. Use Jackknife() or Permutation().",
    )
