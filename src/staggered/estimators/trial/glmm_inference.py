"""Inferences that fit a generalised linear mixed model many times: bootstrap, profile and permutation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import linalg

from ...data.frame import Frame
from ...data.panel import Panel
from ...errors import IdentificationError
from ...inference.permutation import Permutation, allocation_notes
from ...inference.reallocations import reallocations, require_measured, uses_blanks, with_strata
from ...results.inverted import Inverted
from ...results.likelihood import Profile, Studentised
from ...results.square_root import symmetric_root
from ...results.uncertainty import Reference
from ...value import FloatArray, IntArray
from .effects import effect_columns
from .glmm_family import mean_of
from .glmm_fit import GlmmFit, fit_glmm
from .glmm_model import GlmmChoices, GlmmModel, fitted
from .grouped import Grouped
from .linearised import linearised
from .permuted import Exchange, under_orders
from .permuted_mixed import all_that_was_measured

_CHUNK = 1_500_000
_POINTS = 41
_REACH = 6.0
_DEEP = 4.5
_WIDENINGS = 5
_TESTED = 17
_RUNAWAY = 20.0


def bootstrap(
    model: GlmmModel, fit: GlmmFit, null: GlmmFit, draws: int, seed: int
) -> tuple[FloatArray, Studentised, int]:
    """Values, ratios of estimate to error in data drawn from the fit and from the one without effect, and fits lost."""
    generator = np.random.default_rng(seed)
    value, error = estimated(model, fit)
    ratios = _ratios(model, fit, value[0], draws, generator)
    null_ratios = _ratios(model, null, np.zeros(value.shape[1]), draws, generator)
    lost = int(np.isnan(ratios).any(axis=1).sum() + np.isnan(null_ratios).any(axis=1).sum())
    return value[0], Studentised(error[0], ratios, null_ratios), lost


def estimated(model: GlmmModel, fit: GlmmFit) -> tuple[FloatArray, FloatArray]:
    """Terms of every fit and their standard errors, (B, k) each."""
    contrast, p = model.contrast, fit.data.fixed
    variance = np.einsum("kp,bpq,kq->bk", contrast, fit.covariance[:, :p, :p], contrast)
    return fit.beta @ contrast.T, np.sqrt(np.maximum(variance, 0.0))


def _ratios(
    model: GlmmModel, truth: GlmmFit, target: FloatArray, draws: int, generator: np.random.Generator
) -> FloatArray:
    data = model.data if model.data.family != "negbinomial" else _one_by_one(model.data)
    own = truth.data if model.data.family != "negbinomial" else _one_by_one(truth.data)
    step = max(_CHUNK // max(len(data.cell), 1), 1)
    found = []
    for start in range(0, draws, step):
        total = _drawn(own, truth, min(step, draws - start), generator)
        again = fit_glmm(replace(data, total=total))
        value, error = estimated(model, again)
        # Data in which something tells events without fail have estimates that ran away, and ratios near 0.
        near = np.ptp(again.point.eta - data.offset, axis=1) < _RUNAWAY
        usable = (again.converged & near)[:, None] & (error > 0)
        found.append(np.where(usable, (value - target) / np.where(error > 0, error, 1.0), np.nan))
    return np.concatenate(found)


def _one_by_one(data: Grouped) -> Grouped:
    """A row for every person, whose counts differ when they are drawn anew."""
    people = np.repeat(np.arange(len(data.cell)), data.count.astype(int))
    return replace(
        data,
        total=data.total[:, people],
        count=np.ones(len(people)),
        offset=data.offset[:, people],
        cell=data.cell[people],
        covariates=data.covariates[people],
    )


def _drawn(data: Grouped, truth: GlmmFit, draws: int, generator: np.random.Generator) -> FloatArray:
    """Outcomes (draws, n) from a fitted model, councils' effects drawn afresh."""
    sigma = data.covariance(truth.point.theta)[0][0]
    effect = (symmetric_root(sigma) @ generator.standard_normal((draws, *data.shape, 1)))[..., 0]
    mean = mean_of(data.family, data.predictor(truth.beta) + data.spread(effect))
    if data.family == "binomial":
        return generator.binomial(data.count.astype(int), mean).astype(float)
    if data.family == "negbinomial":
        alpha = float(np.exp(truth.point.dispersion[0]))
        mean = mean * generator.gamma(1 / alpha, alpha, mean.shape)
    return generator.poisson(mean * data.count).astype(float)


def profiles(model: GlmmModel, fit: GlmmFit) -> tuple[FloatArray, Profile]:
    """Values of the terms, (k,), and their likelihood profiles by Laplace's approximation."""
    value, error = estimated(model, fit)
    assert model.effect is not None
    found = [
        _profile(model, fit, row, v, e) for row, v, e in zip(model.effect.contrast, value[0], error[0], strict=True)
    ]
    points, roots, at_zero = (np.array(part) for part in zip(*found, strict=True))
    return value[0], Profile(points, roots, at_zero, error[0])


def _profile(
    model: GlmmModel, fit: GlmmFit, row: FloatArray, value: float, error: float
) -> tuple[FloatArray, FloatArray, float]:
    """Points of one profile, their signed roots, and the root at no effect."""
    reach = _REACH * error
    for _ in range(_WIDENINGS):
        points = value + np.linspace(-reach, reach, _POINTS)
        every = np.append(points, 0.0)
        rise = 2 * (held_at(model, row, every).value - fit.value[0])
        roots = np.sign(every - value) * np.sqrt(np.maximum(rise, 0.0))
        if roots[0] <= -_DEEP and roots[-2] >= _DEEP:
            break
        reach *= 2
    return points, np.maximum.accumulate(roots[:-1]), float(roots[-1])


def held_at(model: GlmmModel, row: FloatArray, points: FloatArray) -> GlmmFit:
    """Fits with a combination of the effect's coefficients held at each point, everything else at its best."""
    data, here = model.data, model.effect_rows
    effect = data.columns[:, :, here]
    others = np.concatenate([data.columns[:, :, : here.start], effect @ linalg.null_space(row[None])], axis=2)
    along = (effect @ (row / (row @ row))).ravel()[data.cell]
    offset = data.offset + points[:, None] * along
    total = np.broadcast_to(data.total, (len(points), data.total.shape[1]))
    return fit_glmm(replace(data, total=total, offset=offset, columns=others))


def permuted(
    panel: Panel, choices: GlmmChoices, model: GlmmModel, fit: GlmmFit, inference: Permutation
) -> tuple[Reference | Inverted, tuple[str, ...]]:
    """Randomisation distribution of one-step estimates from fits that know nothing of the allocation, and notes.

    The model is fitted without the effect, once. Around that fit it is a linear one, whose estimate of the effect is
    had for every allocation at once. The interval repeats this with constant effects taken for known.

    Raises
    ------
    IdentificationError
        Covariates of people together with schedules that leave different cells out.
    """
    panel = with_strata(panel, inference.strata)
    others = reallocations(panel.design, inference.draws, inference.seed, inference.allowed)
    require_measured(panel, others.orders)
    blanks = uses_blanks(panel, others.orders)
    if blanks and panel.people is not None:
        raise IdentificationError(
            "Schedules leave different cells out, and the model is fitted to people.",
            "Under another allocation other people would be in the model.",
            "Read cell totals for the permutation test, or use Jackknife().",
        )
    working = None if choices.working is None else choices.working.without_treatment()
    held = replace(choices, effect="", working=working)
    null_model, null = fitted(all_that_was_measured(panel) if blanks else panel, held)
    schedule = effect_columns(Frame(panel.design), choices.effect)
    own, found = _one_step(panel, null, schedule.grid, schedule.contrast, others.orders)
    invert = inference.interval and not blanks and len(own) == 1
    reference = Reference(found, None, np.full(len(own), np.nan), others.exact, statistic=own)
    notes = (
        "p-value and interval compare allocations by one-step estimates from a fit without the effect, which knows "
        f"nothing of the allocation; that of the actual one is {own[0]:.3g}.",
        *allocation_notes(others, reference, own, not (blanks and inference.interval)),
    )
    if not invert:
        return reference, notes
    value, error = estimated(model, fit)
    points = value[0, 0] + _REACH * error[0, 0] * np.linspace(-1, 1, _TESTED)
    tried = _supposed(null_model, null, model, points)
    rows = [_one_step(panel, tried, schedule.grid, schedule.contrast, others.orders, k) for k in range(len(points))]
    own_curve, curves = np.array([row[0][0] for row in rows]), np.stack([row[1][:, 0] for row in rows])
    return Inverted(reference, points, curves, own_curve), notes


def _supposed(null_model: GlmmModel, null: GlmmFit, model: GlmmModel, points: FloatArray) -> GlmmFit:
    """Fits without the effect where a constant one is taken for known."""
    along = model.treated.ravel()[null_model.data.cell]
    data = replace(
        null_model.data,
        total=np.broadcast_to(null_model.data.total, (len(points), null_model.data.total.shape[1])),
        offset=null_model.data.offset + points[:, None] * along,
    )
    return fit_glmm(data, null.point.parameters[0])


def _one_step(
    panel: Panel, fit: GlmmFit, grid: FloatArray, contrast: FloatArray, orders: IntArray, row: int = 0
) -> tuple[FloatArray, FloatArray]:
    """One-step estimates of the terms under the actual allocation (k,) and under the others (draws, k)."""
    linear = linearised(fit, row)
    periods = grid.shape[1]
    exchange = Exchange(
        fixed=linear.columns,
        schedules=grid,
        observed=panel.design.observed,
        root=linear.coordinates.wide_root,
        period=_periods(linear.columns.shape[:2], periods),
        working=linear.working,
        outcomes=linear.residual[..., None],
        contrast=contrast,
    )
    own = under_orders(exchange, np.arange(len(grid))[None])[0, :, 0]
    return own, under_orders(exchange, orders)[:, :, 0]


def _periods(shape: tuple[int, ...], periods: int) -> IntArray:
    """Period of each coordinate; those within cells belong to the first, with weight 0."""
    along = np.concatenate([np.arange(periods), np.zeros(shape[1] - periods, dtype=np.int64)])
    return np.broadcast_to(along, (shape[0], shape[1]))
