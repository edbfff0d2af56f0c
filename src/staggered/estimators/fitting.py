"""What every estimator of this house shares: a default inference by the number of clusters, and `fit`."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar

import numpy as np

from ..data.frame import Frame
from ..data.panel import Panel, require_panel
from ..errors import DataError, IdentificationError
from ..inference.cluster import Cluster
from ..inference.jackknife import Jackknife
from ..inference.permutation import Permutation
from ..inference.requested import warn_where_it_fails
from ..inference.sides import ENOUGH, FEW_ON_A_SIDE, MANY, fewest_on_a_side, lopsided
from ..kernel.point import Point
from ..kernel.protocols import Inference, has_settled_rule, require_inference
from ..results.estimate import Estimate
from ..value import BoolArray, FloatArray, Value

_NEGLIGIBLE = 1e-12
_BLOCK = 1000


class Fitting(Value):
    """An estimator that can be fitted again on other data: an interface without fields."""

    __slots__ = ()

    fewest: ClassVar[int] = 3
    """Clusters without which no standard error can be had."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is called in outputs."""

    @property
    @abstractmethod
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""

    @property
    def large_sample(self) -> Inference:
        """Inference used by default from 40 clusters on."""
        return Cluster("CR2")

    @abstractmethod
    def point(self, panel: Panel) -> Point:
        """Values on this panel."""

    def fit(self, panel: Panel, inference: Inference | None = None) -> Estimate:
        """Estimate from a panel.

        Parameters
        ----------
        panel : Panel
        inference : Inference, optional
            Permutation where fewer than 6 clusters stand on one side (started by a date, or not) and at least four
            times as many in all; jackknife below 40 clusters, with fewer than 10 on a side, or where a cohort (or
            the never-treated) is a single cluster; else the large-sample variance of the estimator.

        Raises
        ------
        IdentificationError
            Nobody is treated, or a spread between fewer than 3 clusters is asked for.
        DataError
            An outcome that never changes in any cluster.

        Warns
        -----
        FewClustersWarning
            An inference asked for by name that is known to fail with these councils.
        """
        require_panel(panel)
        require_inference(inference)
        _require_something_to_find(panel)
        chosen = inference or self.default_inference(panel.frame)
        # The jackknife counts the clusters behind each term, and swapping dates needs no spread.
        if not isinstance(chosen, (Jackknife, Permutation)):
            _require_clusters(panel.frame, self.fewest)
        fit = chosen.estimate(self, panel)
        if inference is not None:
            warn_where_it_fails(inference, self.default_inference(panel.frame), panel.frame, fit)
            return fit
        return replace(fit, notes=(*fit.notes, *self._default_reason(panel.frame, chosen)))

    def default_inference(self, frame: Frame) -> Inference:
        """Inference that holds for this many clusters."""
        sizes = frame.starting()
        if lopsided(frame) and _can_be_swapped(frame) and (has_settled_rule(self) or sizes[:-1].sum() == 1):
            return Permutation()
        few = sizes.sum() < MANY or (sizes == 1).any() or fewest_on_a_side(frame) < ENOUGH
        return Jackknife() if few else self.large_sample

    def _default_reason(self, frame: Frame, chosen: Inference) -> tuple[str, ...]:
        """Say why the default is what it is; an estimator with a default of its own says so in its notes."""
        if chosen != Fitting.default_inference(self, frame):
            return ()
        name = f"{chosen.name[:1].upper()}{chosen.name[1:]}"
        if isinstance(chosen, Permutation):
            return (_swapped(frame, name),)
        count, side = int(frame.seen.sum()), fewest_on_a_side(frame)
        if count < MANY:
            return (f"{name} is the default with fewer than {MANY} councils ({count} here).",)
        if isinstance(chosen, Jackknife):
            if side < ENOUGH:
                return (f"{name} is the default with fewer than {ENOUGH} councils on one side ({side} here).",)
            return (f"{name} is the default where a cohort, or the never-treated, is a single council.",)
        return (f"{name} is the default from {MANY} councils on, none of them alone in its cohort ({count} here).",)


def _can_be_swapped(frame: Frame) -> bool:
    """Whether dates can be dealt out anew: cells that the schedule blanked were not measured for any other."""
    return bool(frame.design.observed.all() and frame.design.allocations() > 1)


def _swapped(frame: Frame, name: str) -> str:
    """Why dates are swapped by default, and what that says."""
    sizes = frame.starting()
    live = int(sizes[:-1].sum())
    if live == 1:
        return (
            f"{name} is the default where a single council goes live: its date is given to each of the others in "
            "turn. Unless it was drawn at random, that says how unusual the council's change is among theirs."
        )
    return (
        f"{name} is the default where fewer than {FEW_ON_A_SIDE} of many councils stand on one side "
        f"({fewest_on_a_side(frame)} of {int(sizes.sum())} here): too few to know how much such councils differ. Dates "
        "are dealt out anew among all of them. Unless they were drawn at random, that says how unusual the change is "
        "among all ways to deal them out, and a council much smaller or larger than the others counts as one of them."
    )


def _require_clusters(frame: Frame, fewest: int) -> None:
    """Refuse a standard error from so few clusters that their residuals are zero whatever happened."""
    count = int(frame.seen.sum())
    if count < fewest:
        raise IdentificationError(
            f"A standard error was asked for from {count} clusters.",
            "How much clusters differ cannot be seen from so few, and what can be computed would come out as nothing.",
            f"Bring at least {fewest} clusters together; for one council, see InterruptedSeries.",
        )


def _require_something_to_find(panel: Panel) -> None:
    """Refuse a panel without treatment, and one whose outcomes never change: its standard errors would be 0."""
    used, outcome = panel.frame.used, panel.outcome
    if not ((panel.design.treatment > 0) & used).any():
        raise IdentificationError(
            "Nobody is treated in these data.",
            "An effect is a difference between cells with and without treatment.",
            "Check the go-live column, and that start= or treated= names it.",
        )
    values = outcome if used.all() else outcome[used]
    negligible = _NEGLIGIBLE * max(values.max(), -values.min())
    # The first that changes settles it.
    if any(_changes(outcome[k : k + _BLOCK], used[k : k + _BLOCK], negligible) for k in range(0, len(used), _BLOCK)):
        return
    # Who is seen once cannot change: repeated cross-sections are compared with each other.
    if (used.sum(axis=1) > 1).any():
        raise DataError(
            "The outcome never changes in any council.",
            "Any analysis would find an effect of exactly 0, without any uncertainty.",
            "Check that the right column was named as the outcome, and that it was filled in.",
        )


def _changes(outcome: FloatArray, used: BoolArray, negligible: float) -> bool:
    """Whether any row varies over the cells in use by more than what is negligible."""
    highest = outcome.max(axis=1, where=used, initial=-np.inf)
    lowest = outcome.min(axis=1, where=used, initial=np.inf)
    return bool((highest - lowest > negligible).any())
