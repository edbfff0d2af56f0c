"""Leave some out and predict them: each council from the others, each late period from those before it.

Every part is fitted again, by the analytic engine, which takes a fraction of a second; nothing is approximated from
the weights of a single fit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..results.check import Check
from ..value import BoolArray, FloatArray
from .analytic import POINTS, likelihood, read
from .fit_checks import observed
from .gaussian import course
from .posterior import Posterior
from .predictive import replicate

_FOLDS = 24
_FUTURE = 3
_DRAWS = 400
_LEVEL, _LEAST = 0.95, 0.8
_FAR = 1.0


def examined(posterior: Posterior, seed: int = 1) -> Posterior:
    """The same fit with the checks that leave councils and periods out.

    An effect that never turns back cannot be fitted quickly; such a fit is given back as it is.
    """
    if posterior.layout.structure.exposure == "monotone":
        return posterior
    return replace(posterior, checks=(*posterior.checks, *left_out_councils(posterior, seed), *later(posterior, seed)))


def left_out_councils(posterior: Posterior, seed: int = 1) -> tuple[Check, ...]:
    """How far the mean effect moves without each council, and how many of its outcomes the others predict.

    More than 24 councils are left out in 24 groups.
    """
    used = posterior.layout.used
    rows = np.flatnonzero(used.any(axis=1))
    folds = [rows[k::_FOLDS] for k in range(min(_FOLDS, len(rows)))]
    whole = posterior.estimate()
    moved, names, inside = [], [], []
    for fold in folds:
        keep = used.copy()
        keep[fold] = False
        if not ((posterior.layout.treatment > 0) & keep).any() or keep.any(axis=1).sum() < 2:
            continue
        without = refitted(posterior, keep, seed)
        moved.append((without.estimate().value - whole.value) / whole.se)
        names.append(" and ".join(posterior.layout.frame.design.clusters[row] for row in fold))
        drawn = replicate(without, np.random.default_rng(np.random.SeedSequence([seed, 8])))
        out = np.zeros_like(used)
        out[fold] = used[fold]
        inside.append(_held(drawn, observed(posterior), out))
    if not moved:
        return ()
    worst = int(np.abs(moved).argmax())
    shift = abs(moved[worst])
    steady = shift <= _FAR
    return (
        Check(
            "no council decides alone",
            steady,
            f"Without {names[worst]} the mean effect moves by {shift:.1f} of its posterior SD, the most of any.",
            ""
            if steady
            else f"Report the effect without {names[worst]} beside it, and find out what is special there.",
        ),
        _foretold("councils left out", "outcomes of councils, each predicted from the others", np.concatenate(inside)),
    )


def later(posterior: Posterior, seed: int = 1) -> tuple[Check, ...]:
    """How many outcomes of the last periods lie in their intervals, each period predicted from those before it."""
    used = posterior.layout.used
    seen = np.flatnonzero(used.any(axis=0))[-_FUTURE:]
    inside = []
    for period in seen:
        keep = used & (np.arange(used.shape[1]) < period)
        if not ((posterior.layout.treatment > 0) & keep).any() or keep.any(axis=1).sum() < 2:
            continue
        before = refitted(posterior, keep, seed)
        generator = np.random.default_rng(np.random.SeedSequence([seed, 9, int(period)]))
        drawn = replicate(before, generator)
        if posterior.family == "gaussian":
            drawn[:, :, period] = _carried_on(before, keep, int(period), generator)
        out = np.zeros_like(used)
        out[:, period] = used[:, period]
        inside.append(_held(drawn, observed(posterior), out))
    if not inside:
        return ()
    what = f"outcomes of the last {len(inside)} periods, each predicted from the periods before it"
    return (_foretold("the future left out", what, np.concatenate(inside)),)


def refitted(posterior: Posterior, keep: BoolArray, seed: int) -> Posterior:
    """Fit some of the cells, and read the answer for all of them.

    What the cells that are kept say nothing of, such as a council that is left out, is drawn as the model has it.
    """
    layout = posterior.layout
    frame = replace(layout.frame, present=keep)
    some = replace(
        layout,
        frame=frame,
        columns=np.where(keep[..., None], layout.columns, 0.0),
        treatment=np.where(keep, layout.treatment, 0.0),
    )
    panel = replace(posterior.panel, frame=frame)
    model = likelihood(some, panel)
    points = POINTS[layout.structure.family] // 2
    found = read(model, panel, posterior.priors, points=points, draws=_DRAWS, seed=seed, rounds=2)
    return replace(found, layout=layout, panel=posterior.panel, size=posterior.size)


def _carried_on(posterior: Posterior, keep: BoolArray, period: int, generator: np.random.Generator) -> FloatArray:
    """Outcomes of a period given each council's own course so far, (draws, clusters)."""
    level, effect = posterior.predictor()
    predictor, hyper = level + effect, posterior.hyper
    size = posterior.layout.frame.design.size if posterior.panel.within is not None else np.ones(keep.shape)
    noise = hyper["noise"][:, None, None] ** 2 / np.where(posterior.layout.used, size, 1.0)
    own = course(hyper, keep.shape[1])
    residual = posterior.panel.outcome - predictor
    found = np.empty(predictor.shape[:2])
    patterns, of = np.unique(np.concatenate([keep, size], axis=1), axis=0, return_inverse=True)
    for k in range(len(patterns)):
        rows = np.flatnonzero(of.ravel() == k)
        past = np.flatnonzero(keep[rows[0]])
        covariance = own[:, past[:, None], past]
        covariance[:, np.arange(len(past)), np.arange(len(past))] += noise[:, rows[0], past] + 1e-10
        pull = np.linalg.solve(covariance, own[:, past, period, None])[..., 0]
        shift = np.einsum("dt,dct->dc", pull, residual[:, rows][:, :, past])
        left = own[:, period, period] - (pull * own[:, past, period]).sum(axis=1) + noise[:, rows[0], period]
        shock = generator.standard_normal((len(pull), len(rows)))
        found[:, rows] = predictor[:, rows, period] + shift + np.sqrt(np.maximum(left, 0.0))[:, None] * shock
    return found


def _held(drawn: FloatArray, outcome: FloatArray, cells: BoolArray) -> BoolArray:
    low, high = np.quantile(drawn[:, cells], [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], axis=0)
    return np.asarray((outcome[cells] >= low) & (outcome[cells] <= high))


def _foretold(name: str, what: str, inside: BoolArray) -> Check:
    share = float(inside.mean())
    passed = share >= _LEAST
    return Check(
        name,
        passed,
        f"Of {inside.size} {what}, {100 * share:.0f}% lie in their 95% prediction interval.",
        ""
        if passed
        else "The model is surer of what it has not seen than it may be: do not use it to predict, and look for what "
        "it leaves out, such as a season or councils that drift.",
    )
