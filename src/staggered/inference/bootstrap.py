"""The bootstrap: scores with random signs, or clusters drawn again, with bands that hold for all terms at once."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..allocation.seeds import Seed, require_draws, whole_seed
from ..data.panel import Panel
from ..errors import DataError, DesignError, FewClustersWarning, IdentificationError
from ..kernel.point import Point
from ..kernel.protocols import PointEstimator
from ..results.estimate import Estimate
from ..results.resampled import Resampled
from ..results.uncertainty import Sampling
from ..value import FloatArray, IntArray, Value
from .assemble import assembled, scores_of
from .cluster import blind_note, summed
from .sides import MANY

_CHUNK_BYTES = 32_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap(Value):
    """Resampled estimates, with symmetric intervals and simultaneous bands.

        multiplier:  θ* − θ̂ = Σ_i ξ_i s_i,  ξ_i = ±1 for each cluster;      cluster:  clusters drawn with replacement

    Parameters
    ----------
    draws : int
    band : bool
        Whether the draws are kept, so that `.band()` uses them; else only their covariance.
    kind : {"multiplier", "cluster"}
        Random signs for the scores (fast, no solving), or clusters drawn with replacement and the estimator
        fitted again.
    seed : int, SeedSequence or Generator
    by : str, optional
        A label kept with the panel: a coarser cluster that shares its sign (multiplier).

    Warns
    -----
    FewClustersWarning
        Fewer than 40 clusters: the intervals are too short.

    References
    ----------
    Callaway and Sant'Anna (2021), Journal of Econometrics 225:200, section 4.1; Cameron, Gelbach and Miller (2008),
    Review of Economics and Statistics 90:414.

    Examples
    --------
    >>> import staggered as sg
    >>> panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=60, steps=3), outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> fit = sg.GroupTime(by="event").fit(panel, sg.Bootstrap(draws=199))
    >>> (low, high), (band_low, band_high) = fit.interval(), fit.band()
    >>> [term.label for term in fit.terms[1:5]]
    ['event -2', 'event -1', 'event 0', 'event +1']
    >>> bool((band_low < low)[:4].all() and (high < band_high)[:4].all())
    True
    """

    draws: int = 999
    band: bool = True
    kind: Literal["multiplier", "cluster"] = "multiplier"
    seed: Seed = 1
    by: str | None = None

    def __post_init__(self) -> None:
        require_draws(self.draws, 2, "A distribution needs more than one draw.", 999)
        if self.kind not in ("multiplier", "cluster"):
            raise DataError(
                f"Bootstrap was given kind={self.kind!r}.",
                "It says what is resampled.",
                'Use "multiplier" or "cluster".',
            )
        if self.by is not None and self.kind == "cluster":
            raise DataError(
                f"Bootstrap(kind='cluster') was given by={self.by!r}.",
                "It draws the panel's own clusters.",
                "Read the panel with the coarser cluster, or use kind='multiplier'.",
            )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return f"{self.kind} bootstrap ({self.draws} draws)" + (f" by {self.by}" if self.by else "")

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Callaway B, Sant'Anna PHC (2021). Difference-in-differences with multiple time periods. "
            "Journal of Econometrics 225:200-230.",
        )

    def estimate(self, estimator: PointEstimator, panel: Panel) -> Estimate:
        """Estimate with the distribution of its error."""
        generator = np.random.default_rng(whole_seed(self.seed))
        if self.kind == "multiplier":
            point, scores = scores_of(estimator, panel, self.name)
            scores = summed(scores, panel, self.by)
            _warn_if_few(scores.shape[1])
            errors = signed_sums(scores, self.draws, generator)
            notes: tuple[str, ...] = ()
            if point.lone is not None and point.lone.any():
                errors[:, point.lone.any(axis=1)] = np.nan
                notes = blind_note(panel, point, point.lone)
        else:
            point = estimator.point(panel)
            _warn_if_few(int(panel.frame.seen.sum()))
            errors = _refitted(estimator, panel, point, self.draws, generator) - point.values
            notes = _lost_note(errors, point)
        uncertainty = Resampled(errors) if self.band else _covariance_only(errors)
        return assembled(estimator, panel, point, uncertainty, self, notes)


def signed_sums(scores: FloatArray, draws: int, generator: np.random.Generator) -> FloatArray:
    """Sums of scores with independent random signs, (draws, k), a few draws at a time.

    Parameters
    ----------
    scores : array (k, clusters)

    Examples
    --------
    >>> sums = signed_sums(np.ones((1, 4)), 1000, np.random.default_rng(1))
    >>> sorted(set(sums.ravel().tolist()))
    [-4.0, -2.0, 0.0, 2.0, 4.0]
    """
    terms, clusters = scores.shape
    scale = np.abs(scores).max(axis=1, keepdims=True)
    scale = np.where(np.isfinite(scale) & (scale > 0), scale, 1.0)
    # Single precision is far finer than the noise of the draws, and halves the memory that moves.
    columns = np.ascontiguousarray((scores / scale).T, dtype=np.float32)
    total = (scores / scale).sum(axis=1)
    width = -(-clusters // 8)
    chunk = max(1, min(draws, _CHUNK_BYTES // (4 * clusters)))
    sums = np.empty((draws, terms))
    for first in range(0, draws, chunk):
        count = min(chunk, draws - first)
        bits = np.frombuffer(generator.bytes(count * width), dtype=np.uint8).reshape(count, width)
        picked = np.unpackbits(bits, axis=1, count=clusters).astype(np.float32)
        # A sign is 2·bit − 1, so the sum is twice what the bits pick less the total.
        sums[first : first + count] = 2.0 * (picked @ columns) - total
    return sums * scale.T


def _refitted(
    estimator: PointEstimator, panel: Panel, point: Point, draws: int, generator: np.random.Generator
) -> FloatArray:
    """Estimates from clusters drawn with replacement, (draws, k); nan where a term is lost."""
    place = {term.label: k for k, term in enumerate(point.terms)}
    rows = np.flatnonzero(panel.frame.seen)
    found = np.full((draws, len(point.terms)), np.nan)
    for r in range(draws):
        drawn = np.sort(generator.choice(rows, len(rows)))
        try:
            other = estimator.point(_again(panel, drawn))
        except (IdentificationError, DesignError):
            continue
        for term, value in zip(other.terms, other.values, strict=True):
            if term.label in place:
                found[r, place[term.label]] = value
    return found


def _again(panel: Panel, drawn: IntArray) -> Panel:
    """The panel of the drawn clusters; one drawn twice stands there twice, under different names."""
    frame = panel.frame
    names = tuple(f"{frame.design.clusters[row]} (draw {k})" for k, row in enumerate(drawn.tolist()))
    return replace(panel, frame=frame.keep(drawn, names), outcome=panel.outcome[drawn], within=None)


def _covariance_only(errors: FloatArray) -> Sampling:
    known = np.isfinite(errors).all(axis=1)
    terms = errors.shape[1]
    covariance = np.full((terms, terms), np.nan)
    if known.sum() > 1:
        covariance = np.atleast_2d(np.cov(errors[known], rowvar=False))
    return Sampling(covariance, np.full(terms, np.inf))


def _warn_if_few(count: int) -> None:
    if count < MANY:
        warnings.warn(
            f"The bootstrap with {count} clusters rejects too often. It is trusted from about {MANY} clusters. "
            "Use Jackknife(), WildBootstrap() or Permutation().",
            FewClustersWarning,
            stacklevel=4,
        )


def _lost_note(errors: FloatArray, point: Point) -> tuple[str, ...]:
    lost = np.isnan(errors[:, np.isfinite(point.values)]).any(axis=1).sum()
    if not lost:
        return ()
    return (f"{lost} of {len(errors)} resamples left something without an estimate and are left out.",)
