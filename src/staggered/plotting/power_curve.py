"""Power as a curve: over the size of the effect, or over the one assumption that varies."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from ..errors import DataError, listing
from ..planning.tests_of_zero import power_of_test
from ..results.power import Power
from .canvas import INK, LINE, QUIET, SMALL, TREATED, Place, axes_for, tidy
from .power_map import AXES
from .scale import AsIs, Scale

_POINTS = 121


def power_curve(power: Power, on: Place = None, *, scale: Scale | None = None, target: float = 0.8) -> Axes:
    """Draw power over the effect for one plan, over the input that varies, or of each term.

    The curve over the effect keeps the plan's standard error and degrees of freedom. The line across is
    the target.

    Raises
    ------
    DataError
        A grid over more than two assumptions.
    """
    if len(power.inputs) > 1:
        raise DataError(
            f"The grid varies {listing([*power.inputs])}.",
            "A picture has room for one assumption (a curve) or two (a heat map).",
            "Ask sg.grid for two of them at a time.",
        )
    axes = axes_for(on, 6.4, 3.4)
    if "term" in power.inputs:
        places = np.arange(len(power.powers))
        axes.plot(places, power.powers, color=TREATED, marker="o", markersize=4.5, linestyle="")
        axes.set_xticks(places, [str(label) for label in power.inputs["term"]])
    elif power.inputs:
        name, values = next(iter(power.inputs.items()))
        axes.plot(np.array(values, dtype=float), power.powers, color=TREATED, marker="o", markersize=4.5, linewidth=1.8)
        axes.set_xlabel(AXES.get(name, name))
    else:
        _over_effects(axes, power, scale or AsIs("true effect"))
    target = power.target or target
    axes.axhline(target, color=LINE, linewidth=1.0, zorder=0)
    axes.text(
        1.0, target, f" {100 * target:.0f}%", transform=axes.get_yaxis_transform(), va="center", size=SMALL, color=QUIET
    )
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    tidy(axes)
    axes.set_ylabel("power")
    return axes


def _over_effects(axes: Axes, power: Power, scale: Scale) -> None:
    own, error, df = float(power.effects[0]), float(power.errors[0]), float(power.degrees[0])
    far = (1.6 * own) if own else 5.0 * error
    effects = np.linspace(0.0, far, _POINTS)
    axes.plot(effects, power_of_test(effects / error, df, power.alpha, True), color=TREATED, linewidth=1.8)
    if own:
        axes.plot([own], [float(power.powers[0])], marker="o", color=TREATED, markersize=6)
        axes.annotate(
            f"{scale.shown(own)}: {100 * float(power.powers[0]):.0f}%", (own, float(power.powers[0])),
            textcoords="offset points", xytext=(9 if own < 0 else -9, 5), ha="left" if own < 0 else "right",
            size=SMALL, color=INK,
        )  # fmt: skip
    low, high = sorted((0.0, far))
    places, labels = scale.ticks(low, high)
    axes.set_xticks(places, labels)
    axes.set_xlabel(scale.axis)
