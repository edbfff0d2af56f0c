"""The PyMC engine: the same model by Markov chains, in the parameters that were measured to mix best.

Of counts, council levels sum to zero, the mean of the national level taking up what they leave; steps of national time
and of the effect, and council effects, walk in units of their spread. Of gaussian outcomes everything linear is
integrated out. Spreads walk as normals, those of courses and noise as the length and angle of their pair.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from typing import Any

import numpy as np

from ..data.panel import Panel
from ..errors import DesignError
from ..model.prior import Beta, HalfNormal, Prior, Priors
from ..value import FloatArray
from .convergence import HIGHEST_RHAT, LEAST_ESS, convergence
from .gaussian import Gaussian
from .integrated import Steps, density, drawn
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
REFIT = Walk(2, 300, 1200, accept=0.95, low_rank=True, highest_rhat=1.05, least_ess=100.0)


@dataclass(frozen=True, slots=True)
class Observed:
    """Outcomes by the pattern of gaps they have, as the model's data containers take them.

    Parameters
    ----------
    layout : Layout
    arrays : dict of str to array
    size : array (clusters, periods)
    gaussian : Gaussian or None
        The model with everything linear integrated out, where that can be done.
    """

    layout: Layout
    arrays: dict[str, FloatArray]
    size: FloatArray
    gaussian: Gaussian | None

    @classmethod
    def of(cls, layout: Layout, panel: Panel) -> Observed:
        """Prepare a panel."""
        used = layout.used
        if layout.structure.family != "gaussian":
            count, size = counted(panel, layout.structure.family)
            return cls(layout, {"count": count[used], "size": size[used]}, size, None)
        model = Gaussian.of(layout, panel)
        groups = model.groups
        arrays = {"within": np.array(model.within)}
        for k, base in enumerate(groups.base_used > 0):
            rows = groups.base[groups.of] == k
            arrays[f"residual {k}"] = model.residual[np.ix_(rows, base)]
        return cls(layout, arrays, np.nan_to_num(panel.design.size), model)


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
        """Sample with new outcomes, briefly: two chains of 300 + 600 steps.

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
            nutpie = import_module("nutpie")
            # Newer ones name the kind of tuning where nutpie 0.16.8 has a switch.
            named = "adaptation" in signature(nutpie.sample).parameters
            tuning = {"adaptation": "low_rank"} if named else {"low_rank_modified_mass_matrix": True}
            return nutpie.sample(
                self.program.with_data(**arrays), seed=seed, save_warmup=False, progress_bar=False,
                **(tuning if walk.low_rank else {}), **common,
            )  # fmt: skip
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
    with pm.Model() as model:
        hyper = {
            name: _spread(pm, pt, name, prior)
            for name, prior in zip(layout.hyper.names, layout.hyper.priors, strict=True)
            if name not in {"course", "noise"} or "course" not in layout.hyper.names
        }
        if "course" in layout.hyper.names:
            known = hyper["persistence"] if observed.gaussian is not None else None
            hyper["course"], hyper["noise"] = course_and_noise(pm, pt, priors, known)
        if observed.gaussian is not None:
            place = Steps.of(layout)
            steps = _never_turning(pm, hyper, place.count) if place.count else None
            data = {name: pm.Data(name, values) for name, values in observed.arrays.items()}
            pm.Potential("y", density(observed.gaussian, hyper, steps, data))
        else:
            _counts(pm, pt, observed, hyper, _predictor(pm, pt, layout, hyper)[layout.used])
    return model


def _spread(pm: Any, pt: Any, name: str, prior: Prior) -> Any:
    """A hyperparameter; a half-normal one walks as the normal of the same quantile.

    As its logarithm it would have a long tail towards 0 for the chains to get lost in.
    """
    if isinstance(prior, Beta):
        return pm.Beta(name, prior.a, prior.b)
    assert isinstance(prior, HalfNormal)
    share = _above(pt, -pm.Normal(f"{name} as normal"))
    return pm.Deterministic(name, prior.scale * np.sqrt(2) * pt.erfinv(share))


def course_and_noise(pm: Any, pt: Any, priors: Priors, persistence: Any = None) -> tuple[Any, Any]:
    """Two half-normals as length and angle: the length is a Rayleigh, the angle uniform.

    With persistence, the logarithm of course² (1 − persistence) + noise² walks and not the length: it goes with the
    variance of a step in time, which is what outcomes know best, while the length has a ridge with persistence that
    would hold the chains up.
    """
    angle = np.pi / 2 * _above(pt, pm.Normal("angle"))
    course, noise = priors.course.scale * pt.cos(angle), priors.noise.scale * pt.sin(angle)
    if persistence is None:
        length = pt.sqrt(-2 * pt.log(_above(pt, pm.Normal("length"))))
    else:
        usual = (priors.course.scale**2 + priors.noise.scale**2) / 4
        square = usual * pt.exp(pm.Flat("step")) / (course**2 * (1 - persistence) + noise**2)
        # The density of the length, and what the change of variable asks for: L · L exp(−L² / 2).
        pm.Potential("length", pt.log(square) - square / 2)
        length = pt.sqrt(square)
    return pm.Deterministic("course", length * course), pm.Deterministic("noise", length * noise)


def _above(pt: Any, normal: Any) -> Any:
    """Share of a standard normal distribution above a value."""
    return 0.5 * pt.erfc(normal / np.sqrt(2))


def _never_turning(pm: Any, hyper: dict[str, Any], count: int) -> Any:
    """Steps of an effect that goes one way: a direction of its own times half-normal sizes."""
    turn, sizes = pm.Normal("direction"), pm.HalfNormal("exposure steps", 1.0, shape=count)
    return pm.Deterministic("never turning", hyper["exposure"] * turn * sizes)


def _predictor(pm: Any, pt: Any, layout: Layout, hyper: dict[str, Any]) -> Any:
    """Linear predictor of every cell, (clusters, periods)."""
    clusters, treated = len(layout.used), layout.treated
    fixed = _coefficients(pm, pt, layout, hyper, clusters)
    levels = pm.ZeroSumNormal("levels", hyper["councils"], shape=clusters)
    own = pm.Normal("own", shape=len(treated)) * hyper["heterogeneity"]
    effects = pt.set_subtensor(pt.zeros(clusters)[treated], own)
    shared = pt.tensordot(layout.columns, fixed, axes=[[2], [0]])
    return shared + levels[:, None] + effects[:, None] * layout.treatment


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
        elif of == "exposure" and layout.structure.exposure == "monotone":
            blocks.append(_never_turning(pm, hyper, k - first))
        elif of:
            blocks.append(hyper[of] * pm.Normal(f"{of} steps", shape=k - first))
        else:
            blocks.append(pm.Normal(f"fixed {first}", mean, scale, shape=k - first))
        first = k
    return pm.Deterministic("fixed", pt.concatenate(blocks))


def _counts(pm: Any, pt: Any, observed: Observed, hyper: dict[str, Any], predictor: Any) -> None:
    """Log density of the counts, without the terms that no parameter moves.

    PyMC's own distributions work these out again at every step, factorials of data that are not constants to it, and
    take twice as long.
    """
    count, size = pm.Data("count", observed.arrays["count"]), pm.Data("size", observed.arrays["size"])
    family = observed.layout.structure.family
    if family == "binomial":
        height = count * predictor - size * pt.softplus(predictor)
    elif family == "poisson":
        height = count * predictor - size * pt.exp(predictor)
    else:
        shape = 1 / (hyper["dispersion"] ** 2 + _TINY)
        mean = pt.log(size) + predictor
        rest = count * (mean - pt.log(shape)) - (count + shape) * pt.log1p(pt.exp(mean) / shape)
        height = pt.gammaln(count + shape) - pt.gammaln(shape) + rest
    pm.Potential("y", height.sum())


def _posterior(
    panel: Panel, ready: Compiled, layout: Layout, observed: Observed, found: Any, walk: Walk, seed: int
) -> Posterior:
    """Read the draws, and complete what the chains leave to arithmetic."""
    generator = np.random.default_rng(np.random.SeedSequence([seed, 2]))
    chains, draws = found.posterior["councils"].shape[:2]

    def flat(name: str) -> FloatArray:
        # A copy: arrays that JAX made cannot be written to.
        values = np.array(found.posterior[name].values, dtype=float)
        return values.reshape(chains * draws, *values.shape[2:])

    hyper = {name: flat(name) for name in layout.hyper.names}
    if observed.gaussian is not None:
        steps = flat("never turning") if Steps.of(layout).count else None
        fixed, levels, effects = drawn(observed.gaussian, hyper, steps, generator)
    else:
        fixed, levels, effects = _completed(layout, hyper, flat, generator)
    statistics = found.sample_stats
    posterior = Posterior(
        layout=layout,
        panel=panel,
        priors=ready.priors,
        engine=f"PyMC, {ready.sampler}",
        fixed=fixed,
        levels=levels,
        effects=effects,
        hyper=hyper,
        fresh=generator.standard_normal(len(fixed)),
        chains=chains,
        size=observed.size,
        statistics={
            name: np.asarray(statistics[given].values, dtype=float).ravel()
            for given, name in _STATISTICS.items()
            if given in statistics
        },
    )
    checks = convergence(
        watched(posterior),
        np.asarray(statistics["diverging"].values),
        np.asarray(statistics["energy"].values),
        walk.highest_rhat,
        walk.least_ess,
    )
    return replace(posterior, checks=checks)


def _completed(
    layout: Layout, hyper: dict[str, FloatArray], flat: Callable[[str], FloatArray], generator: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Coefficients, council levels and effects, of which the chains leave some to arithmetic."""
    fixed, levels = flat("fixed"), flat("levels")
    # The chains hold the level with the mean of the council levels in it; deal the two out as the model has them.
    variance = hyper["councils"] ** 2 / levels.shape[1]
    share = variance / (variance + layout.scale[0] ** 2)
    spread = np.sqrt(share) * layout.scale[0]
    mean = share * (fixed[:, 0] - layout.mean[0]) + spread * generator.standard_normal(len(fixed))
    fixed[:, 0] -= mean
    effects = generator.standard_normal(levels.shape) * hyper["heterogeneity"][:, None]
    effects[:, layout.treated] = flat("own") * hyper["heterogeneity"][:, None]
    return fixed, levels + mean[:, None], effects


def watched(posterior: Posterior) -> dict[str, FloatArray]:
    """Every number that is reported, (chains, draws) each: effects of every kind, and the hyperparameters."""
    named = {"mean effect": posterior.estimate().draws[:, 0], **posterior.hyper}
    asked = {"event": "", "cluster": "council ", "new": ""}
    if posterior.layout.structure.practice_models is not None:
        asked["model"] = "practice model "
    for by, before in asked.items():
        estimate = posterior.estimate(by)
        terms = [term for term in estimate.terms if term.label != "overall"]
        named |= {f"{before}{term.label}": draws for term, draws in zip(terms, estimate.draws.T, strict=True)}
    return {name: values.reshape(posterior.chains, -1) for name, values in named.items()}
