"""Beliefs: priors as pictures, on the scale on which people can disagree with them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from scipy.special import ndtr

from ..hierarchical.beforehand import Beforehand
from ..hierarchical.earlier import Learnt
from ..model.prior import Belief, Normal, Prior, Priors
from ..value import FloatArray
from .canvas import CONTROL, INK, LINE, PARTLY, QUIET, SMALL, TEXT, TREATED, WARM, Place, axes_for, tidy
from .scale import signed

_REACH = 3.5
_POINTS = 600
_PERCENTS = (-75, -50, -25, 0, 50, 100, 200)
_LINES = 200
_PRIORS = {
    "level": "level of all councils",
    "effect": "effect in the first period",
    "councils": "SD of council levels",
    "heterogeneity": "SD of effects between councils",
    "trend": "SD of national change, period to period",
    "exposure": "SD of the effect's change, period to period",
    "course": "SD of a council's own course",
    "persistence": "share of it left a period later",
    "noise": "SD of what is left",
    "dispersion": "overdispersion of counts (√α)",
    "covariate": "coefficient of a covariate, per SD",
    "season": "SD of seasons",
    "practice_model": "SD of effects between practice models",
}


def belief(given: Belief, on: Place = None) -> Axes:
    """Draw a belief said in words: the density of the change, with what is large and what is not credible shaded."""
    axes = axes_for(on, 7.2, 3.2)
    change, height = _density(given)
    axes.fill_between(change, height, color=CONTROL, linewidth=0)
    axes.plot(change, height, color=TREATED, linewidth=1.6)
    shares = [(share, colour) for share, colour in ((given.large, PARTLY), (given.not_credible, WARM)) if share]
    for share, colour in shares:
        beyond = change <= -100 * share
        axes.fill_between(change[beyond], height[beyond], color=colour, linewidth=0)
        axes.axvline(-100 * share, color=colour, linewidth=0.9)
    said = [f"a fall of more than {share:.0%}: {_chance(given, share)}" for share, _ in shares]
    for k, ((_, colour), text) in enumerate(zip(shares, said, strict=True)):
        axes.text(0.99, 0.95 - 0.09 * k, text, transform=axes.transAxes, ha="right", va="top", size=SMALL, color=colour)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set(ylim=(0, 1.15 * height.max()), xlim=_reach(given))
    tidy(axes)
    axes.set_yticks([])
    axes.set_xlabel("change in percent: what was believed before the data")
    return axes


def learnt(given: Learnt, on: Place = None) -> Axes:
    """Draw a prior before and after earlier evaluations, and each evaluation as it entered."""
    rows = len(given.evaluations)
    axes = axes_for(on, 7.6, 2.9 + 0.3 * rows)
    normals = ((given.before, QUIET, "before them"), (given.after, TREATED, "after them, for a new place"))
    top = max(1 / normal.sd for normal, _, _ in normals)
    for normal, colour, name in normals:
        x = _grid(normal)
        axes.plot(x, np.exp(-0.5 * ((x - normal.mean) / normal.sd) ** 2) / normal.sd / top, color=colour, label=name)
    names = []
    for k, one in enumerate(given.evaluations, start=1):
        found, entered = one.found(), one.evidence()
        place = -0.22 * k
        axes.plot(found.value + np.array([-1.96, 1.96]) * entered.se, [place] * 2, color=LINE, linewidth=3.5)
        axes.plot(found.value + np.array([-1.96, 1.96]) * found.se, [place] * 2, color=WARM, linewidth=2.0)
        axes.plot([found.value], [place], "o", color=WARM, markersize=5)
        names.append((place, one.name))
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_ylim(-0.22 * rows - 0.2, 1.15)
    axes.set_yticks([place for place, _ in names], [name for _, name in names])
    low, high = axes.get_xlim()
    shown = [p for p in _PERCENTS if low <= np.log1p(p / 100) <= high]
    axes.set_xticks([float(np.log1p(p / 100)) for p in shown], [signed(p, 0, "%") for p in shown])
    tidy(axes)
    axes.legend(frameon=False, fontsize=SMALL, loc="upper left")
    axes.set_xlabel("change in percent; dark bars as published, pale bars as they entered (95%)")
    return axes


def priors(given: Priors, on: Place = None) -> Axes:
    """Draw every prior: its middle value, its middle half and its middle 95%, in figures beside it."""
    axes = axes_for(on, 7.6, 0.9 + 0.34 * len(_PRIORS))
    names = list(_PRIORS)
    ends = {name: _quantiles(given.first_effect if name == "effect" else getattr(given, name)) for name in names}
    # The level is where the outcome is, and would dwarf everything else: it is drawn as a departure from its mean.
    ends["level"] = ends["level"] - given.level.mean
    for place, name in enumerate(names):
        low, quarter, middle, upper, high = ends[name]
        axes.plot([low, high], [place, place], color=PARTLY, linewidth=1.6, solid_capstyle="butt")
        axes.plot([quarter, upper], [place, place], color=TREATED, linewidth=4.0, solid_capstyle="butt")
        axes.plot([middle], [place], "o", color=INK, markersize=4)
        axes.text(
            1.02, place, f"{middle:.2g}  ({low:.2g} to {high:.2g})".replace("-", "−"),
            transform=axes.get_yaxis_transform(), va="center", size=SMALL, color=INK,
        )  # fmt: skip
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(names)), [_PRIORS[name] for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    tidy(axes, grid="x")
    axes.set_xlabel("on the scale of the model; the level as a departure from its mean (bars: 50% and 95%)")
    return axes


def beforehand(given: Beforehand, on: Place = None) -> Axes:
    """Draw what the priors expect of a council's outcome in each period, and the outcomes where there are any."""
    axes = axes_for(on, 7.6, 3.8)
    place = np.arange(len(given.periods))
    low, quarter, middle, upper, high = given.quantiles
    axes.fill_between(place, low, high, color=CONTROL, linewidth=0, label="95% of what the priors expect")
    axes.fill_between(place, quarter, upper, color=PARTLY, alpha=0.5, linewidth=0, label="half of it")
    axes.plot(place, middle, color=TREATED, linewidth=1.4)
    if given.observed is not None:
        for k, row in enumerate(given.observed[:_LINES]):
            axes.plot(place, row, color=INK, linewidth=0.5, alpha=0.6, label="the councils" if k == 0 else None)
    step = max(1, len(place) // 10)
    axes.set_xticks(place[::step], [str(period) for period in given.periods][::step])
    tidy(axes, grid="y")
    axes.legend(frameon=False, fontsize=SMALL, loc="upper left")
    axes.set_title(given.outcome, loc="left", fontsize=TEXT, color=INK)
    return axes


def _density(given: Belief) -> tuple[FloatArray, FloatArray]:
    """Percent changes and the density of them."""
    prior = given.prior()
    x = _grid(prior)
    change = np.expm1(x) if given.risk is None else _risk_change(given.risk, x)
    return 100 * change, np.exp(prior.log_density(x)) / np.gradient(change, x)


def _risk_change(risk: float, shift: FloatArray) -> FloatArray:
    odds = risk / (1 - risk) * np.exp(shift)
    return np.asarray(odds / (1 + odds) / risk - 1)


def _chance(given: Belief, share: float) -> str:
    prior = given.prior()
    return f"{100 * float(ndtr((given.linked(-share) - prior.mean) / prior.sd)):.2g}%"


def _reach(given: Belief) -> tuple[float, float]:
    change, _ = _density(given)
    return float(change[0]), float(change[int(0.9 * _POINTS)])


def _grid(prior: Normal) -> FloatArray:
    return prior.mean + prior.sd * np.linspace(-_REACH, _REACH, _POINTS)


def _quantiles(prior: Prior | Normal) -> FloatArray:
    return prior.quantile(np.array([0.025, 0.25, 0.5, 0.75, 0.975]))
