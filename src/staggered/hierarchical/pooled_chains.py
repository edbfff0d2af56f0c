"""A synthesis by Markov chains: the same model as the quadrature's, for those who must report draws."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..errors import ConvergenceWarning, DesignError
from ..model.prior import Beta, HalfCauchy, HalfNormal, Normal, Pooling, Prior, Uniform
from ..results.check import Check
from ..value import FloatArray, Value
from .convergence import convergence

_CHAINS, _TUNE, _ACCEPT = 4, 1000, 0.95


@dataclass(frozen=True, slots=True, eq=False)
class PooledDraws(Value):
    """Draws of a synthesis.

    Parameters
    ----------
    names : tuple of str
    places : array (draws, 2 + studies)
        The mean, the next place and each study.
    heterogeneity : array (draws,)
    checks : tuple of Check
    engine : str
    """

    names: tuple[str, ...]
    places: FloatArray
    heterogeneity: FloatArray
    checks: tuple[Check, ...]
    engine: str

    @property
    def spread(self) -> float:
        """Posterior mean of the SD between places."""
        return float(self.heterogeneity.mean())

    @property
    def spread_sd(self) -> float:
        """Posterior SD of the SD between places."""
        return float(self.heterogeneity.std(ddof=1))

    def spread_quantile(self, probability: float) -> float:
        """Quantile of the SD between places."""
        return float(np.quantile(self.heterogeneity, probability))

    def next_place(self) -> Normal:
        """A normal prior for a new place, with the mean and SD of the prediction."""
        return Normal(float(self.places[:, 1].mean()), float(self.places[:, 1].std(ddof=1)))


def sample_pooled(
    names: tuple[str, ...], y: FloatArray, variance: FloatArray, prior: Pooling, *, draws: int, seed: int
) -> PooledDraws:
    """Sample mean and heterogeneity with the studies' own effects integrated out, and draw these given them.

    Warns
    -----
    ConvergenceWarning
        Chains that did not arrive.

    Raises
    ------
    DesignError
        PyMC is not installed.
    """
    if find_spec("pymc") is None:
        raise DesignError(
            "engine='pymc' was asked for, but PyMC is not installed.",
            "It draws from the posterior by Markov chains.",
            "Install staggered with its bayes extra, or use engine='exact', which needs nothing more.",
        )
    pm, pt = import_module("pymc"), import_module("pytensor.tensor")
    with pm.Model():
        mean = pm.Flat("mean") if prior.mean is None else pm.Normal("mean", prior.mean.mean, prior.mean.sd)
        spread = _spread(pm, prior.heterogeneity)
        pm.Normal("y", mu=mean, sigma=pt.sqrt(pm.Data("variance", variance) + spread**2), observed=y)
        sampler = "nutpie" if find_spec("nutpie") is not None else "pymc"
        numba = {} if sampler == "nutpie" else {"compile_kwargs": {"mode": "NUMBA"}}
        found = pm.sample(
            draws=-(-draws // _CHAINS), tune=_TUNE, chains=_CHAINS, cores=min(_CHAINS, os.cpu_count() or 1),
            random_seed=seed, target_accept=_ACCEPT, nuts_sampler=sampler, progressbar=False,
            initvals={"mean": float(y.mean()), "spread": float(np.sqrt(variance.mean()))}, **numba,
        )  # fmt: skip
    return _read(names, y, variance, found, f"PyMC, {sampler}", seed)


def _spread(pm: Any, prior: Prior | None) -> Any:
    match prior:
        case None:
            return pm.HalfFlat("spread")
        case HalfNormal(scale=scale):
            return pm.HalfNormal("spread", scale)
        case HalfCauchy(scale=scale):
            return pm.HalfCauchy("spread", scale)
        case Uniform(low=low, high=high):
            return pm.Uniform("spread", low, high)
        case Beta(a=a, b=b):
            return pm.Beta("spread", a, b)
    raise DesignError(
        f"The prior of the heterogeneity is a {type(prior).__name__}.",
        "It is of a standard deviation, which is never below 0.",
        "Give a HalfNormal, HalfCauchy or Uniform.",
    )


def _read(
    names: tuple[str, ...], y: FloatArray, variance: FloatArray, found: Any, engine: str, seed: int
) -> PooledDraws:
    generator = np.random.default_rng(np.random.SeedSequence([seed, 11]))
    shaped = {name: np.asarray(found.posterior[name].values, dtype=float) for name in ("mean", "spread")}
    mean, spread = shaped["mean"].ravel(), shaped["spread"].ravel()
    between = spread[:, None] ** 2
    kept = between / (between + variance)
    centre = kept * y + (1 - kept) * mean[:, None]
    studies = centre + np.sqrt(kept * variance) * generator.standard_normal(centre.shape)
    next_place = mean + spread * generator.standard_normal(len(mean))
    statistics = found.sample_stats
    checks = convergence(
        {"mean effect": shaped["mean"], "heterogeneity": shaped["spread"]},
        np.asarray(statistics["diverging"].values),
        np.asarray(statistics["energy"].values),
    )
    for check in checks:
        if not check.passed:
            warnings.warn(f"{check.message} {check.fix}", ConvergenceWarning, stacklevel=4)
    return PooledDraws(names, np.column_stack([mean, next_place, studies]), spread, checks, engine)
