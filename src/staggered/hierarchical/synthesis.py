"""Synthesis: several evaluations of one practice model, pooled by exact quadrature over how much they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import interpolate

from ..allocation.seeds import Seed, whole_seed
from ..errors import DataError, DesignError, listing
from ..model.prior import Normal, Pooling, Prior
from ..results.estimate import Estimate, Term
from ..results.mixture import Mixture
from ..results.uncertainty import Draws, Uncertainty
from ..results.words import number_words
from ..value import FloatArray, Value
from .pooled_chains import PooledDraws, sample_pooled

_LEVEL = 0.95
_PANELS, _NODES = 96, 24
_LOW, _HIGH = 1e-9, 1 - 1e-7
_FEW = 3
REFERENCES = (
    "Röver (2020), Bayesian random-effects meta-analysis using bayesmeta, Journal of Statistical Software 93:6.",
    "Turner, Spiegelhalter, Smith and Thompson (2009), Bias modelling in evidence synthesis, JRSS A 172:21.",
)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence(Value):
    """What one evaluation found.

    Parameters
    ----------
    name : str
        Where it was done.
    value, se : float
        Its estimate and standard error, on the scale on which the studies are pooled.
    """

    name: str
    value: float
    se: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.value) and np.isfinite(self.se) and self.se > 0):
            raise DataError(
                f"{self.name} has the estimate {self.value:g} with standard error {self.se:g}.",
                "A study is weighed by its standard error, which must be a positive number.",
                "Give both, for example from a published interval: (high − low) / 3.92.",
            )


@dataclass(frozen=True, slots=True, eq=False)
class Synthesis(Value):
    """Posterior of a synthesis over a grid of the heterogeneity.

    Parameters
    ----------
    names : tuple of str
    heterogeneity : array (grid,)
        SD of effects between places.
    weights : array (grid,)
        Posterior probability of each; sums to 1.
    edges : array (panels + 1,)
        Where the panels of the grid begin and end.
    mixture : Mixture
        Of the mean, the next place and each study, in this order.
    """

    names: tuple[str, ...]
    heterogeneity: FloatArray
    weights: FloatArray
    edges: FloatArray
    mixture: Mixture

    @property
    def spread(self) -> float:
        """Posterior mean of the SD between places."""
        return float(self.weights @ self.heterogeneity)

    @property
    def spread_sd(self) -> float:
        """Posterior SD of the SD between places."""
        return float(np.sqrt(self.weights @ (self.heterogeneity - self.spread) ** 2))

    def spread_quantile(self, probability: float) -> float:
        """Quantile of the SD between places."""
        share = np.concatenate([[0.0], np.cumsum(self.weights.reshape(_PANELS, _NODES).sum(axis=1))])
        rising = np.concatenate([[True], np.diff(share) > 0])
        return float(interpolate.PchipInterpolator(share[rising], self.edges[rising])(probability))

    def next_place(self) -> Normal:
        """A normal prior for a new place, with the mean and SD of the prediction: for analysis and assurance."""
        value = float(self.mixture.weights @ self.mixture.means[:, 1])
        return Normal(value, float(self.mixture.se()[1]))


def synthesise(
    studies: Sequence[Evidence | Estimate | tuple[str, float, float]],
    *,
    prior: Pooling | None = None,
    bias: Mapping[str, Normal] | None = None,
    outcome: str = "the outcome",
    engine: Literal["exact", "pymc"] = "exact",
    draws: int = 8000,
    seed: Seed = 1,
) -> Estimate:
    """Pool several evaluations by a random-effects model.

        y_j ~ Normal(θ_j + bias_j, s_j²),   θ_j ~ Normal(μ, τ²),   integrated exactly over μ and θ, by quadrature over τ

    Parameters
    ----------
    studies : sequence of Evidence, Estimate or (name, value, se)
        3 to 8 as a rule; of an Estimate the first row is taken.
    prior : Pooling, optional
        A flat mean and a half-normal SD of 0.5 between places, which suits log ratios.
    bias : mapping of study name to Normal, optional
        What a study without a fair comparison may be wrong by: its mean is taken off, its SD widens the study's
        standard error.
    outcome : str
    engine : {"exact", "pymc"}
        Quadrature, or Markov chains for those who must report draws: the same numbers within their Monte Carlo error.
    draws : int
    seed : int, SeedSequence or Generator
        Of the chains.

    Returns
    -------
    Estimate
        The mean, then what to expect in the next place, then each study shrunk towards the others.
        `.posterior` holds the heterogeneity.

    Raises
    ------
    DataError
        One study only, two studies of one name, a standard error that is not positive.
    DesignError
        A flat heterogeneity with fewer than 3 studies, or a bias for a study that is not there.

    Examples
    --------
    >>> from staggered.model.prior import HalfNormal, Pooling
    >>> pooled = synthesise([("Here", -0.20, 0.10), ("There", -0.05, 0.08), ("Elsewhere", -0.12, 0.12)],
    ...                     prior=Pooling(heterogeneity=HalfNormal(0.2)))
    >>> [term.label for term in pooled.terms][:2], pooled.overall.value
    (['mean effect', 'next place'], -0.11...)
    """
    given = [_evidence(study, k) for k, study in enumerate(studies)]
    chosen = prior or Pooling()
    _require_studies(given, chosen, bias or {})
    off = [(bias or {}).get(study.name) for study in given]
    y = np.array([study.value - (one.mean if one else 0.0) for study, one in zip(given, off, strict=True)])
    variance = np.array([study.se**2 + (one.sd**2 if one else 0.0) for study, one in zip(given, off, strict=True)])
    if engine not in ("exact", "pymc"):
        raise DesignError(f"engine is {engine!r}.", "It says how the posterior is found.", "Use 'exact' or 'pymc'.")
    names = tuple(study.name for study in given)
    leaf: Uncertainty
    posterior: Synthesis | PooledDraws
    if engine == "exact":
        posterior = exact = pooled(names, y, variance, chosen)
        values, leaf = exact.mixture.weights @ exact.mixture.means, exact.mixture
    else:
        posterior = drawn = sample_pooled(names, y, variance, chosen, draws=draws, seed=whole_seed(seed))
        values, leaf = drawn.places.mean(axis=0), Draws(drawn.places)
    ends = leaf.interval(values, _LEVEL)
    notes = _notes((float(ends[0][1]), float(ends[1][1])), posterior.spread, (len(given), prior is None, bias or {}))
    return Estimate(
        terms=(
            Term("mean effect"),
            Term("next place"),
            *(Term(study.name, cluster=study.name) for study in given),
        ),
        values=values,
        uncertainty=leaf,
        estimator="random-effects synthesis",
        inference="exact quadrature" if isinstance(posterior, Synthesis) else posterior.engine,
        estimand="mean effect over places such as these",
        outcome=outcome,
        notes=notes,
        headed=True,
        references=REFERENCES,
        posterior=posterior,
    )


def pooled(names: tuple[str, ...], y: FloatArray, variance: FloatArray, prior: Pooling) -> Synthesis:
    """Posterior of mean, next place and studies given estimates y (j,) and their variances (j,)."""
    scale = float(np.sqrt(variance.mean() + y.var()))
    tau, width, edges = _grid(prior.heterogeneity, scale)
    total = variance + tau[:, None] ** 2
    precision = (1 / total).sum(axis=1) + (1 / prior.mean.sd**2 if prior.mean else 0.0)
    pull = (y / total).sum(axis=1) + (prior.mean.mean / prior.mean.sd**2 if prior.mean else 0.0)
    mean, mean_variance = pull / precision, 1 / precision
    log = -0.5 * np.log(total).sum(axis=1) - 0.5 * (y**2 / total).sum(axis=1) + 0.5 * np.log(mean_variance)
    log += 0.5 * mean**2 * precision + np.log(width)
    log += prior.heterogeneity.log_density(tau) if prior.heterogeneity else 0.0
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    means, covariances = _places(y, variance, tau, mean, mean_variance)
    return Synthesis(names, tau, weights, edges, Mixture(weights, means, covariances))


def _grid(prior: Prior | None, scale: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Nodes of the heterogeneity, their quadrature weights and the ends of their Gauss–Legendre panels.

    Panels are even over the range of a bounded prior, and even in u with τ = s·u/(1−u) otherwise.
    """
    nodes, widths = np.polynomial.legendre.leggauss(_NODES)
    edges = np.linspace(_LOW, _HIGH, _PANELS + 1)
    half = np.diff(edges)[:, None] / 2
    u = (edges[:-1, None] + half + half * nodes).ravel()
    width = (half * widths).ravel()
    if prior is not None and np.isfinite(top := float(prior.quantile(np.array([1.0]))[0])):
        bottom = float(prior.quantile(np.array([0.0]))[0])
        return bottom + (top - bottom) * u, (top - bottom) * width, bottom + (top - bottom) * edges
    return scale * u / (1 - u), scale * width / (1 - u) ** 2, scale * edges / (1 - edges)


def _places(
    y: FloatArray, variance: FloatArray, tau: FloatArray, mean: FloatArray, mean_variance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Means (grid, 2 + j) and covariances of mean, next place and studies at each heterogeneity."""
    between = tau[:, None] ** 2
    kept = between / (between + variance)
    load = np.concatenate([np.ones((len(tau), 2)), 1 - kept], axis=1)
    own = np.concatenate([np.zeros_like(between), between, kept * variance], axis=1)
    means = np.concatenate([mean[:, None], mean[:, None], kept * y + (1 - kept) * mean[:, None]], axis=1)
    covariances = mean_variance[:, None, None] * load[:, :, None] * load[:, None, :]
    diagonal = np.arange(load.shape[1])
    covariances[:, diagonal, diagonal] += own
    return means, covariances


def _evidence(study: Evidence | Estimate | tuple[str, float, float], place: int) -> Evidence:
    if isinstance(study, Evidence):
        return study
    if isinstance(study, Estimate):
        first = study.select([0])
        return Evidence(
            f"study {place + 1} ({study.estimator})", float(first.values[0]), float(first.uncertainty.se()[0])
        )
    name, value, se = study
    return Evidence(name, float(value), float(se))


def _require_studies(given: Sequence[Evidence], prior: Pooling, bias: Mapping[str, Normal]) -> None:
    names = [study.name for study in given]
    if len(given) < 2:
        raise DataError(
            f"{len(given)} study was given.",
            "How much places differ cannot be learnt from one of them.",
            "Give at least two, or use the single estimate as it stands.",
        )
    if len(set(names)) < len(names):
        raise DataError(
            f"Two studies have the same name: {listing(sorted({n for n in names if names.count(n) > 1}))}.",
            "Each stands in the table under its name.",
            "Give each its own name.",
        )
    if prior.heterogeneity is None and len(given) < _FEW:
        raise DesignError(
            f"A flat prior of the heterogeneity was given with {len(given)} studies.",
            "With fewer than 3 studies it has no proper posterior: the answer would be infinitely wide.",
            "Give an informative one, for example HalfNormal(0.2) for log ratios.",
        )
    if unknown := [name for name in bias if name not in names]:
        raise DesignError(
            f"A bias is given for {listing(unknown)}, which is not among the studies.",
            "It would silently change nothing.",
            f"Use one of {listing(names, most=8)}.",
        )


def _notes(
    following: tuple[float, float], spread: float, given: tuple[int, bool, Mapping[str, Normal]]
) -> tuple[str, ...]:
    """Caveats: the interval of the next place, the SD between places, and what was given."""
    count, default, biased = given
    notes = [
        f"In the next place the effect would lie between {number_words(following[0])} "
        f"and {number_words(following[1])} (95% prediction interval).",
        f"The SD of effects between places is {spread:.3g} (posterior mean).",
    ]
    if count < _FEW + 2:
        notes.append(f"With {count} studies the data say little about how much places differ: the prior of it matters.")
    if default:
        notes.append("That SD has a half-normal prior of scale 0.5, which is meant for log ratios.")
    if biased:
        notes.append(f"Allowance for bias was made in {listing(list(biased), most=8)}.")
    return tuple(notes)


def discounted(study: Evidence, share: float) -> Evidence:
    """Let an evaluation count for a share of its information: its standard error grows by 1/√share.

    Examples
    --------
    >>> discounted(Evidence("Leeds", -0.2, 0.1), 0.25)
    Evidence(name='Leeds', value=-0.2, se=0.2)
    """
    if not 0 < share <= 1:
        raise DesignError(
            f"{study.name} was to count for a share of {share:g}.",
            "An evaluation cannot count for more than itself, or for nothing.",
            "Give a share above 0 and up to 1, such as 0.25 for a before-and-after comparison.",
        )
    return replace(study, se=study.se / float(np.sqrt(share)))
