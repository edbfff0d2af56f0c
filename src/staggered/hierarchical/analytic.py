"""The analytic engine: no compiler, no chains, a fraction of a second."""

from __future__ import annotations

import numpy as np

from ..data.panel import Panel
from ..errors import DesignError
from ..model.prior import Priors
from ..results.check import Check
from .counts import Counts
from .gaussian import Gaussian
from .importance import ROUNDS, Cloud, explore
from .layout import Layout, lay_out
from .outcomes import counted
from .posterior import Posterior
from .structure import Structure

POINTS = {"gaussian": 512, "binomial": 128, "poisson": 128, "negbinomial": 128}
_LEAST_ESS, _HIGHEST_K = 100.0, 0.7


def prepared(panel: Panel, structure: Structure, priors: Priors) -> Gaussian | Counts:
    """Likelihood of a panel with everything but the hyperparameters integrated out."""
    if structure.exposure == "monotone":
        raise DesignError(
            "engine='analytic' was asked for exposure='monotone'.",
            "An effect that never turns back is not normal, and cannot be integrated out exactly.",
            "Use engine='pymc', or exposure='walk'.",
        )
    return likelihood(lay_out(panel.frame, structure, priors), panel)


def likelihood(layout: Layout, panel: Panel) -> Gaussian | Counts:
    """Likelihood of a panel under a layout."""
    if layout.structure.family == "gaussian":
        return Gaussian.of(layout, panel)
    return Counts.of(layout, *counted(panel, layout.structure.family))


def fit(panel: Panel, structure: Structure, priors: Priors, *, points: int | None, draws: int, seed: int) -> Posterior:
    """Fit by importance sampling of the hyperparameters, everything else drawn given them."""
    return read(prepared(panel, structure, priors), panel, priors, points=points, draws=draws, seed=seed)


def read(
    model: Gaussian | Counts,
    panel: Panel,
    priors: Priors,
    *,
    points: int | None,
    draws: int,
    seed: int,
    rounds: int = ROUNDS,
) -> Posterior:
    """Explore the hyperparameters of a model, and draw everything else given them."""
    hyper, family = model.layout.hyper, model.layout.structure.family
    cloud = explore(model.log_density, hyper.count, points or POINTS[family], seed, rounds=rounds)
    generator = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    rows = cloud.resample(draws // 2, generator)
    fixed, levels, effects = model.draw(cloud.points, rows, generator)
    pairs = np.concatenate([rows, rows])
    order = generator.permutation(len(pairs))
    values = hyper.at(cloud.points[pairs[order]])
    half = generator.standard_normal(len(rows))
    return Posterior(
        layout=model.layout,
        panel=panel,
        priors=priors,
        engine="analytic engine" + ("" if family == "gaussian" else " (nested Laplace)"),
        fixed=fixed[order],
        levels=levels[order],
        effects=effects[order],
        hyper=values,
        fresh=np.concatenate([half, -half])[order],
        chains=1,
        size=model.size if isinstance(model, Counts) else np.nan_to_num(panel.design.size),
        checks=checked(cloud),
    )


def checked(cloud: Cloud) -> tuple[Check, ...]:
    """Whether the weights of the importance sample can be relied on."""
    fix = "Fit with engine='pymc', or with more points=."
    enough, light = cloud.ess >= _LEAST_ESS, cloud.pareto_k < _HIGHEST_K
    return (
        Check(
            "enough effective points",
            enough,
            f"The {len(cloud.weights)} points of the hyperparameters count for {cloud.ess:.0f} "
            f"(at least {_LEAST_ESS:.0f} are wanted), after {cloud.rounds} round{'s' if cloud.rounds > 1 else ''}.",
            "" if enough else fix,
        ),
        Check(
            "tail of the weights",
            light,
            f"The Pareto shape of the weights is {cloud.pareto_k:.2f} (below {_HIGHEST_K:g} is wanted).",
            "" if light else fix,
        ),
    )
