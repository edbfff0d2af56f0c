"""The PyMC engine: the same model by Markov chains, in the parameters that were measured to mix best.

Council levels sum to zero, the mean of the national level taking up what they leave; national steps are centred, steps
of the effect and council effects are not. A council's own course is integrated out together with the noise, and the
two spreads are sampled as the length and angle of their pair.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..data.panel import Panel
from ..errors import DesignError
from ..model.prior import Beta, HalfNormal, Prior, Priors
from ..value import FloatArray
from .convergence import HIGHEST_RHAT, LEAST_ESS, convergence
from .gaussian import Gaussian
from .layout import Layout, lay_out
from .outcomes import counted
from .posterior import Posterior
from .structure import Structure

_LONGER, _CAREFUL = 4, 0.99
_TINY = 1e-10
# What samplers say of each draw, and the name that ArviZ has for it.
_STATISTICS = {
    "diverging": "diverging",
    "energy": "energy",
    "logp": "lp",
    "lp": "lp",
    "depth": "tree_depth",
    "tree_depth": "tree_depth",
    "n_steps": "n_steps",
    "mean_tree_accept": "acceptance_rate",
    "acceptance_rate": "acceptance_rate",
}


@dataclass(frozen=True, slots=True)
class Walk:
    """How the chains walk, and what is asked of them.

    Parameters
    ----------
    chains, tune, draws : int
        Draws of all chains together.
    accept : float
        Share of proposals that the step size aims at.
    low_rank : bool
        Whether the tuning learns correlations as well as scales (nutpie).
    highest_rhat, least_ess : float
    """

    chains: int
    tune: int
    draws: int
    accept: float = 0.95
    low_rank: bool = False
    highest_rhat: float = HIGHEST_RHAT
    least_ess: float = LEAST_ESS


# A refit gives a prediction or a comparison, not the ends of an interval to report: at 100 effective draws a mean
# is off by a tenth of its posterior SD.
REFIT = Walk(2, 300, 1000, accept=0.9, low_rank=True, highest_rhat=1.05, least_ess=100.0)


@dataclass(frozen=True, slots=True)
class Observed:
    """Outcomes by the pattern of gaps they have, as the model's data containers take them.

    Parameters
    ----------
    layout : Layout
    arrays : dict of str to array
    size : array (clusters, periods)
    noise : array (clusters, periods)
        Variance of the noise relative to that of one person, or of one cell.
    within : (float, float)
    """

    layout: Layout
    arrays: dict[str, FloatArray]
    size: FloatArray
    noise: FloatArray
    within: tuple[float, float]

    @classmethod
    def of(cls, layout: Layout, panel: Panel) -> Observed:
        """Prepare a panel."""
        used = layout.used
        if layout.structure.family != "gaussian":
            count, size = counted(panel, layout.structure.family)
            return cls(layout, {"count": count[used], "size": size[used]}, size, used.astype(float), (0.0, 0.0))
        model = Gaussian.of(layout, panel)
        groups = model.groups
        outcome = np.where(used, panel.outcome, 0.0)
        arrays = {}
        for k, base in enumerate(groups.base_used > 0):
            rows = groups.base[groups.of] == k
            arrays[f"outcome {k}"] = outcome[np.ix_(rows, base)]
        noise = groups.base_noise[groups.base[groups.of]]
        return cls(layout, arrays, np.nan_to_num(panel.design.size), noise, model.within)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A model that is ready to sample, and to sample again with other outcomes in the same cells."""

    structure: Structure
    priors: Priors
    observed: Observed
    model: Any
    program: Any
    sampler: str

    def fit(self, panel: Panel, *, draws: int, seed: int) -> Posterior:
        """Sample with the outcomes of a panel laid out like the first, as long as a reported result needs."""
        return self.walked(panel, Walk(4, 1000, draws), seed)

    def refit(self, panel: Panel, *, seed: int) -> Posterior:
        """Sample with new outcomes, briefly: two chains of 300 + 500 steps.

        For predictions and comparisons, such as leaving some out or looking again each quarter. The checks ask for an
        R-hat below 1.05, 100 effective draws and no divergences, and say where these are missed.
        """
        return self.walked(panel, REFIT, seed)

    def walked(self, panel: Panel, walk: Walk, seed: int) -> Posterior:
        """Sample with the outcomes of a panel laid out like the first."""
        layout = lay_out(panel.frame, self.structure, self.priors)
        observed = Observed.of(layout, panel)
        if {k: v.shape for k, v in observed.arrays.items()} != {k: v.shape for k, v in self.observed.arrays.items()}:
            raise DesignError(
                "The panel has other gaps than the one the model was compiled for.",
                "A compiled model is tied to its cells.",
                "Compile again for this panel.",
            )
        found = self._sample(observed.arrays, walk, seed)
        return _posterior(panel, self, layout, observed, found, walk, seed)

    def _sample(self, arrays: Mapping[str, FloatArray], walk: Walk, seed: int) -> Any:
        common = {
            "draws": -(-walk.draws // walk.chains), "tune": walk.tune, "chains": walk.chains,
            "cores": min(walk.chains, os.cpu_count() or 1), "target_accept": walk.accept,
        }  # fmt: skip
        if self.sampler == "nutpie":
            ready = self.program.with_data(**arrays)
            return import_module("nutpie").sample(
                ready,
                seed=seed,
                low_rank_modified_mass_matrix=walk.low_rank,
                save_warmup=False,
                progress_bar=False,
                **common,
            )
        pymc = import_module("pymc")
        numba = {} if self.sampler == "numpyro" else {"compile_kwargs": {"mode": "NUMBA"}}
        with self.model:
            pymc.set_data(arrays)
            return pymc.sample(random_seed=seed, nuts_sampler=self.sampler, progressbar=False, **common, **numba)


def compiled(panel: Panel, structure: Structure, priors: Priors, sampler: str | None = None) -> Compiled:
    """Build and compile the model for a panel.

    Raises
    ------
    DesignError
        PyMC, or the sampler that was asked for, is not installed.
    """
    if sampler is not None and find_spec(sampler) is None:
        raise DesignError(
            f"sampler={sampler!r} was asked for, but {sampler} is not installed.",
            "It walks the Markov chains.",
            f"Install it (pip install {sampler}), or leave sampler out for the quickest one that is there.",
        )
    if find_spec("pymc") is None:
        raise DesignError(
            "engine='pymc' was asked for, but PyMC is not installed.",
            "It draws from the posterior by Markov chains.",
            "Install staggered with its bayes extra, or use engine='analytic', which needs nothing more.",
        )
    layout = lay_out(panel.frame, structure, priors)
    observed = Observed.of(layout, panel)
    model = build(observed, priors)
    chosen = sampler or ("nutpie" if find_spec("nutpie") is not None else "pymc")
    program = import_module("nutpie").compile_pymc_model(model) if chosen == "nutpie" else None
    return Compiled(structure, priors, observed, model, program, chosen)


def sample(
    panel: Panel, structure: Structure, priors: Priors, *, draws: int, seed: int, sampler: str | None = None
) -> Posterior:
    """Compile and sample; chains that did not arrive walk once more, four times as long and with smaller steps."""
    ready = compiled(panel, structure, priors, sampler)
    found = ready.fit(panel, draws=draws, seed=seed)
    return found if found.passed else ready.walked(panel, Walk(4, 1000, _LONGER * draws, accept=_CAREFUL), seed)


def build(observed: Observed, priors: Priors) -> Any:
    """Write the model in PyMC."""
    pm, pt = import_module("pymc"), import_module("pytensor.tensor")
    layout = observed.layout
    used = layout.used
    clusters = len(used)
    with pm.Model() as model:
        hyper = {
            name: _spread(pm, name, prior)
            for name, prior in zip(layout.hyper.names, layout.hyper.priors, strict=True)
            if name not in {"course", "noise"} or "course" not in layout.hyper.names
        }
        if "course" in layout.hyper.names:
            # Two half-normals as length and angle: the length is a Rayleigh (Weibull 2, √2), the angle uniform.
            length, angle = pm.Weibull("length", 2.0, np.sqrt(2.0)), pm.Uniform("angle", 0.0, np.pi / 2)
            hyper["course"] = pm.Deterministic("course", priors.course.scale * length * pt.cos(angle))
            hyper["noise"] = pm.Deterministic("noise", priors.noise.scale * length * pt.sin(angle))
        fixed = _coefficients(pm, pt, layout, hyper, clusters)
        levels = pm.ZeroSumNormal("levels", hyper["councils"], shape=clusters)
        treated = layout.treated
        own = pm.Normal("own", shape=len(treated)) * hyper["heterogeneity"]
        effects = pt.set_subtensor(pt.zeros(clusters)[treated], own)
        predictor = (
            pt.tensordot(layout.columns, fixed, axes=[[2], [0]]) + levels[:, None] + effects[:, None] * layout.treatment
        )
        if layout.structure.family == "gaussian":
            _gaussian(pm, pt, observed, hyper, predictor)
        else:
            _counts(pm, pt, observed, hyper, predictor[used])
    return model


def _spread(pm: Any, name: str, prior: Prior) -> Any:
    if isinstance(prior, Beta):
        return pm.Beta(name, prior.a, prior.b)
    assert isinstance(prior, HalfNormal)
    return pm.HalfNormal(name, prior.scale)


def _coefficients(pm: Any, pt: Any, layout: Layout, hyper: dict[str, Any], clusters: int) -> Any:
    """Coefficients of the layout's columns, each block in the form that mixes best."""
    blocks, names = [], [*layout.hyper.names, ""]
    spread = [names[k] for k in layout.spread]
    first = 0
    for k in range(1, len(spread) + 1):
        if k < len(spread) and spread[k] == spread[first] and first > 0:
            continue
        mean, scale, of = layout.mean[first:k], layout.scale[first:k], spread[first]
        if first == 0:
            # The level takes up the mean of the council levels, which sum to zero here.
            sd = pt.sqrt(scale**2 + hyper["councils"] ** 2 / clusters)
            blocks.append(pm.Normal("fixed 0", mean, sd, shape=1))
        elif of == "trend":
            blocks.append(pm.Normal("trend steps", 0.0, hyper["trend"], shape=k - first))
        elif of == "exposure" and layout.structure.exposure == "monotone":
            turn, steps = pm.Normal("direction"), pm.HalfNormal("exposure steps", 1.0, shape=k - first)
            blocks.append(hyper["exposure"] * turn * steps)
        elif of:
            blocks.append(hyper[of] * pm.Normal(f"{of} steps", shape=k - first))
        else:
            blocks.append(pm.Normal(f"fixed {first}", mean, scale, shape=k - first))
        first = k
    return pm.Deterministic("fixed", pt.concatenate(blocks))


def _gaussian(pm: Any, pt: Any, observed: Observed, hyper: dict[str, Any], predictor: Any) -> None:
    periods = observed.layout.used.shape[1]
    lag = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods))).astype(float)
    course = hyper["course"] ** 2 * hyper["persistence"] ** lag if "course" in hyper else pt.zeros((periods, periods))
    pattern = np.concatenate([observed.layout.used.astype(float), observed.noise], axis=1)
    distinct, base = np.unique(pattern, axis=0, return_inverse=True)
    for k, row in enumerate(distinct):
        seen, noise = np.flatnonzero(row[:periods] > 0), row[periods:]
        rows = np.flatnonzero(base.ravel() == k)
        covariance = course[seen][:, seen] + hyper["noise"] ** 2 * pt.diag(pt.as_tensor(noise[seen]))
        covariance = covariance + _TINY * pt.eye(len(seen))
        data = pm.Data(f"outcome {k}", observed.arrays[f"outcome {k}"])
        pm.MvNormal(f"y {k}", mu=predictor[rows][:, seen], cov=covariance, observed=data)
    degrees, squares = observed.within
    if degrees:
        pm.Potential("people", -degrees * pt.log(hyper["noise"]) - 0.5 * squares / hyper["noise"] ** 2)


def _counts(pm: Any, pt: Any, observed: Observed, hyper: dict[str, Any], predictor: Any) -> None:
    count, size = pm.Data("count", observed.arrays["count"]), pm.Data("size", observed.arrays["size"])
    family = observed.layout.structure.family
    if family == "binomial":
        pm.Binomial("y", n=size, logit_p=predictor, observed=count)
    elif family == "poisson":
        pm.Poisson("y", mu=size * pt.exp(predictor), observed=count)
    else:
        alpha = 1 / (hyper["dispersion"] ** 2 + _TINY)
        pm.NegativeBinomial("y", mu=size * pt.exp(predictor), alpha=alpha, observed=count)


def _posterior(
    panel: Panel, ready: Compiled, layout: Layout, observed: Observed, found: Any, walk: Walk, seed: int
) -> Posterior:
    """Read the draws, and complete what the chains leave to arithmetic."""
    generator = np.random.default_rng(np.random.SeedSequence([seed, 2]))
    chains, draws = found.posterior["levels"].shape[:2]

    def flat(name: str) -> FloatArray:
        values = np.asarray(found.posterior[name].values, dtype=float)
        return values.reshape(chains * draws, *values.shape[2:])

    hyper = {name: flat(name) for name in layout.hyper.names}
    fixed, levels = flat("fixed"), flat("levels")
    # The chains hold the level with the mean of the council levels in it; deal the two out as the model has them.
    variance = hyper["councils"] ** 2 / levels.shape[1]
    share = variance / (variance + layout.scale[0] ** 2)
    spread = np.sqrt(share) * layout.scale[0]
    mean = share * (fixed[:, 0] - layout.mean[0]) + spread * generator.standard_normal(len(fixed))
    fixed[:, 0] -= mean
    effects = generator.standard_normal(levels.shape) * hyper["heterogeneity"][:, None]
    effects[:, layout.treated] = flat("own") * hyper["heterogeneity"][:, None]
    statistics = found.sample_stats
    return Posterior(
        layout=layout,
        panel=panel,
        priors=ready.priors,
        engine=f"PyMC, {ready.sampler}",
        fixed=fixed,
        levels=levels + mean[:, None],
        effects=effects,
        hyper=hyper,
        fresh=generator.standard_normal(len(fixed)),
        chains=chains,
        size=observed.size,
        checks=convergence(
            watched(layout, fixed, hyper, chains),
            np.asarray(statistics["diverging"].values),
            np.asarray(statistics["energy"].values),
            walk.highest_rhat,
            walk.least_ess,
        ),
        statistics={
            name: np.asarray(statistics[given].values, dtype=float).ravel()
            for given, name in _STATISTICS.items()
            if given in statistics
        },
    )


def watched(layout: Layout, fixed: FloatArray, hyper: Mapping[str, FloatArray], chains: int) -> dict[str, FloatArray]:
    """Every number that is reported, (chains, draws) each."""
    named = {"mean effect": fixed @ layout.mean_curve(layout.shares), **hyper}
    named |= {f"event {k}": fixed @ row for k, row in enumerate(layout.curve)}
    return {name: values.reshape(chains, -1) for name, values in named.items()}
