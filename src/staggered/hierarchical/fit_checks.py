"""Checks of a fit that cost next to nothing: outcomes beside those it predicts, and the posterior beside the prior."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from ..errors import listing
from ..results.check import Check
from ..value import BoolArray, FloatArray
from .outcomes import counted
from .posterior import Posterior, inverse_link
from .predictive import prior_draws, replicate

_REPLICATES = 200
_PRIOR_DRAWS = 1000
_BINS = 20
_OUTSIDE, _TOO_MANY = 0.05, 0.99
_NOTHING_LEARNT = 0.9
_BEYOND = 0.995
_SURPRISE = 0.01
_CALLED = {
    "councils": "how much councils differ",
    "heterogeneity": "how much effects differ",
    "trend": "how fast national time moves",
    "exposure": "how fast the effect changes",
    "season": "the season",
    "practice_model": "how much practice models differ",
    "course": "how far councils drift",
    "persistence": "how long they drift",
    "noise": "the noise",
    "dispersion": "the dispersion",
}


def fit_checks(posterior: Posterior, seed: int) -> tuple[Check, ...]:
    """Outcomes beside those that the same draws expect, by council and by period, and prior beside posterior."""
    some = thinned(posterior, seed)
    mean, unit = _moments(some)
    used = posterior.layout.used
    drawn = replicate(some, np.random.default_rng(np.random.SeedSequence([seed, 6])))
    seen = np.where(used, (observed(posterior) - mean) / unit, 0.0)
    expected = np.where(used, (drawn - mean) / unit, 0.0)
    found = [*_by_council_and_period(posterior, seen, expected), _beside_prior(posterior, seed)]
    # Counts have no course of a council's own in the model.
    return tuple(found if posterior.family == "gaussian" else [*found, _carried_over(seen, expected)])


def observed(posterior: Posterior) -> FloatArray:
    """Outcomes as they are predicted, counts as counts, (clusters, periods); 0 where nothing is observed."""
    if posterior.family == "gaussian":
        return np.where(posterior.layout.used, posterior.panel.outcome, 0.0)
    return np.where(posterior.layout.used, counted(posterior.panel, posterior.family)[0], 0.0)


def predicted(posterior: Posterior, level: float = 0.95, seed: int = 1) -> pd.DataFrame:
    """Mean outcome of each council and of each period beside the one the fit expects of data like these.

    Counts are shown per child.
    """
    some = thinned(posterior, seed)
    used = posterior.layout.used
    size = np.where(used, 1.0 if posterior.family == "gaussian" else posterior.size, 0.0)
    drawn = replicate(some, np.random.default_rng(np.random.SeedSequence([seed, 6])))
    rows = []
    design = posterior.layout.frame.design
    for kind, axis, names in (("council", 1, design.clusters), ("period", 0, design.periods)):
        known: BoolArray = np.asarray(used.any(axis=axis))
        total = size.sum(axis=axis)[known]
        seen = (observed(posterior)).sum(axis=axis)[known] / total
        expected = np.where(used, drawn, 0.0).sum(axis=1 + axis)[:, known] / total
        low, high = np.quantile(expected, [(1 - level) / 2, (1 + level) / 2], axis=0)
        labels = [str(name) for name, inside in zip(names, known, strict=True) if inside]
        rows.append(
            pd.DataFrame(
                {
                    "of": kind, "name": labels, "observed": seen, "expected": expected.mean(axis=0),
                    "low": low, "high": high,
                }
            )
        )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def thinned(posterior: Posterior, seed: int, count: int = _REPLICATES) -> Posterior:
    """The same fit with a few hundred of its draws."""
    rows = np.random.default_rng(np.random.SeedSequence([seed, 7])).permutation(len(posterior.fixed))[:count]
    return replace(
        posterior, fixed=posterior.fixed[rows], levels=posterior.levels[rows], effects=posterior.effects[rows],
        hyper={name: values[rows] for name, values in posterior.hyper.items()}, fresh=posterior.fresh[rows], chains=1,
        statistics={},
    )  # fmt: skip


def _by_council_and_period(posterior: Posterior, seen: FloatArray, expected: FloatArray) -> list[Check]:
    """Whether the outcomes of councils, or periods, lie further from what each draw expects, or closer, than they may.

    The discrepancy is Σ (y − E y)² / Var y over the cells of the council or the period.

    References
    ----------
    Gelman, Meng and Stern (1996), Statistica Sinica 6:733.
    """
    used = posterior.layout.used
    design = posterior.layout.frame.design
    found = []
    for what, axis, names in (("councils", 2, design.clusters), ("periods", 1, design.periods)):
        known: BoolArray = np.asarray(used.any(axis=axis - 1))
        share = ((expected**2).sum(axis=axis) >= (seen**2).sum(axis=axis)).mean(axis=0)
        found.append(_few_outside(what, known, share, [str(name) for name in names]))
    return found


def _carried_over(seen: FloatArray, expected: FloatArray) -> Check:
    """Whether what the model leaves over goes on from one period to the next more than it expects.

    Where councils drift, intervals without a course of their own are too narrow. The statistic is the share of the
    squared residuals that carries over to the next period, in the data and in outcomes that the same draws expect.
    """
    own, others = (
        (residual[..., 1:] * residual[..., :-1]).sum(axis=(1, 2)) / (residual**2).sum(axis=(1, 2))
        for residual in (seen, expected)
    )
    passed = float((others >= own).mean()) > _SURPRISE
    return Check(
        "councils' own courses",
        passed,
        f"What the model leaves over carries {100 * float(own.mean()):.0f}% of itself into the next period, "
        f"{100 * float(others.mean()):.0f}% would be expected.",
        ""
        if passed
        else "Councils drift in their own ways, and these intervals are too narrow: use the log rate with "
        "family='gaussian', where each council has a course of its own.",
    )


def _few_outside(what: str, known: BoolArray, share: FloatArray, names: list[str]) -> Check:
    far, close = known & (share < _OUTSIDE / 2), known & (share > 1 - _OUTSIDE / 2)
    count, most = int((far | close).sum()), int(stats.binom.ppf(_TOO_MANY, known.sum(), _OUTSIDE))
    passed = count <= most
    message = (
        f"The outcomes of {count} of {int(known.sum())} {what} lie outside what the fit expects (up to {most} may)."
    )
    if far.any():
        message += f" Further off than expected: {listing([names[k] for k in np.flatnonzero(far)])}."
    fix = (
        "Look whether these numbers are right, and whether something else happened there; add it as a covariate, or "
        "leave them out and compare."
    )
    return Check(f"outcomes by {what[:-1]}", passed, message, "" if passed else fix)


def _moments(posterior: Posterior) -> tuple[FloatArray, FloatArray]:
    """Mean and SD of every cell at every draw, (draws, clusters, periods); SD 1 where nothing is observed."""
    level, effect = posterior.predictor()
    used, hyper = posterior.layout.used, {name: values[:, None, None] for name, values in posterior.hyper.items()}
    share = inverse_link(posterior.family, np.minimum(level + effect, 20.0))
    if posterior.family == "gaussian":
        people = np.where(used, posterior.layout.frame.design.size, 1.0) if posterior.panel.within is not None else 1.0
        variance = hyper["noise"] ** 2 / people + (hyper["course"] ** 2 if "course" in hyper else 0.0)
        return share, np.sqrt(np.broadcast_to(variance, share.shape))
    mean = np.where(used, posterior.size, 0.0) * share
    if posterior.family == "binomial":
        variance = mean * (1 - share)
    else:
        variance = mean + ((hyper["dispersion"] * mean) ** 2 if posterior.family == "negbinomial" else 0.0)
    return mean, np.sqrt(np.where(used, variance, 1.0))


def overlaps(posterior: Posterior, seed: int = 1) -> pd.DataFrame:
    """How much of each posterior is its prior over again: 1 is all of it, 0 none.

    The overlap is ∫ min(prior, posterior), over twenty pieces of equal prior probability. `place` is where in the
    prior the middle of the posterior lies.
    """
    layout = posterior.layout
    before = prior_draws(layout.frame, layout.structure, posterior.priors, draws=_PRIOR_DRAWS, seed=seed)
    pairs = {"mean effect": (before.estimate().draws[:, 0], posterior.estimate().draws[:, 0])}
    pairs |= {name: (before.hyper[name], values) for name, values in posterior.hyper.items()}
    rows = []
    for name, (prior, draws) in pairs.items():
        edges = np.quantile(prior, np.arange(1, _BINS) / _BINS)
        share = np.bincount(np.searchsorted(edges, draws), minlength=_BINS) / len(draws)
        place = float((prior < np.median(draws)).mean())
        rows.append({"name": name, "overlap": float(np.minimum(share, 1 / _BINS).sum()), "place": place})
    return pd.DataFrame(rows)


def _beside_prior(posterior: Posterior, seed: int) -> Check:
    table = overlaps(posterior, seed)
    names, overlap, place = ([*table[column]] for column in ("name", "overlap", "place"))
    least = max(range(1, len(names)), key=lambda k: float(overlap[k]))
    effect = float(overlap[0])
    message = (
        f"Prior and posterior of the mean effect have {100 * effect:.0f}% in common; among the rest the data say "
        f"least of {_CALLED[names[least]]} ({100 * float(overlap[least]):.0f}%)."
    )
    far = [_CALLED[name] for name, where in zip(names[1:], place[1:], strict=True) if where > _BEYOND]
    if not 1 - _BEYOND <= place[0] <= _BEYOND:
        far.insert(0, "the mean effect")
    fix = ""
    if far:
        message += f" What the data say of {listing(far)} is what the prior holds for all but impossible."
        fix = "Give a wider prior there, or look for numbers that are on another scale."
    elif effect > _NOTHING_LEARNT:
        fix = "The answer is the prior's, not the data's: do not report it as a finding."
    return Check("prior and posterior", not fix, message, fix)
