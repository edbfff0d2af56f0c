"""Predictive distributions: what the priors expect before the data, and what a fit expects of data like these."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from ..data.frame import Frame
from ..data.panel import Panel
from ..model.prior import Priors
from ..value import FloatArray
from .gaussian import course
from .layout import lay_out
from .posterior import Posterior
from .structure import Structure


def prior_draws(frame: Frame, structure: Structure, priors: Priors, *, draws: int, seed: int) -> Posterior:
    """Everything the model could be before the data, in the form of a fit, so that it answers the same questions.

    Parameters
    ----------
    frame : Frame
    structure : Structure
    priors : Priors
    draws, seed : int
    """
    layout = lay_out(frame, structure, priors)
    generator = np.random.default_rng(seed)
    normal = generator.standard_normal((draws, layout.hyper.count))
    hyper = layout.hyper.at(normal)
    fixed = layout.mean + layout.scales(hyper) * generator.standard_normal((draws, len(layout.mean)))
    shape = (draws, len(layout.used))
    return Posterior(
        layout=layout,
        panel=Panel(frame, np.zeros(layout.used.shape)),
        priors=priors,
        engine="draws of the prior",
        fixed=fixed,
        levels=generator.standard_normal(shape) * hyper["councils"][:, None],
        effects=generator.standard_normal(shape) * hyper["heterogeneity"][:, None],
        hyper=hyper,
        fresh=generator.standard_normal(draws),
        chains=1,
        size=np.nan_to_num(frame.design.size),
    )


def replicate(posterior: Posterior, generator: np.random.Generator) -> FloatArray:
    """Outcomes that each draw expects of the same councils in the same periods, (draws, clusters, periods).

    A council's own course and the noise are drawn afresh. Counts are counts, not rates.
    """
    level, effect = posterior.predictor()
    predictor = level + effect
    hyper, layout = posterior.hyper, posterior.layout
    if posterior.family == "gaussian":
        periods = predictor.shape[2]
        noise = hyper["noise"][:, None, None] * generator.standard_normal(predictor.shape)
        if posterior.panel.within is not None:
            noise /= np.sqrt(np.where(layout.used, layout.frame.design.size, 1.0))
        if "course" in hyper:
            own = course(hyper, periods)
            own[:, np.arange(periods), np.arange(periods)] *= 1 + 1e-9
            root = np.linalg.cholesky(own)
            noise = noise + np.einsum("sut,sct->scu", root, generator.standard_normal(predictor.shape), optimize=True)
        return np.asarray(predictor + noise)
    size = np.where(layout.used, posterior.size, 0.0)
    if posterior.family == "binomial":
        return np.asarray(generator.binomial(size.astype(np.int64), expit(predictor)), dtype=float)
    mean = size * np.exp(np.minimum(predictor, 20.0))
    if posterior.family == "negbinomial":
        shape = 1 / (hyper["dispersion"][:, None, None] ** 2 + 1e-10)
        mean = mean * generator.gamma(np.broadcast_to(shape, mean.shape)) / shape
    return np.asarray(generator.poisson(np.minimum(mean, 1e15)), dtype=float)
