"""A tornado: a bar for each assumption, from power at one end of its range to power at the other."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from ..results.tornado import Tornado
from .canvas import INK, PAPER, PARTLY, QUIET, SMALL, TEXT, TREATED, WARM, Place, axes_for, tidy

_SHORT = {
    "icc": "ICC",
    "cac": "CAC",
    "iac": "IAC",
    "size": "people per cell",
    "effect": "effect",
    "sd": "SD",
    "baseline": "baseline",
    "clusters": "clusters",
}


def tornado(result: Tornado, on: Place = None) -> Axes:
    """Draw each assumption as a bar of power, widest on top; the values at its ends stand beside it."""
    rows = np.arange(len(result.names))
    axes = axes_for(on, 7.2, 1.3 + 0.42 * len(rows))
    for row, (ends, powers) in enumerate(zip(result.values, result.powers, strict=True)):
        order = np.argsort(powers, kind="stable")
        low, high = powers[order]
        inside = float(np.clip(result.power, low, high))
        axes.barh(row, inside - low, left=low, height=0.6, color=PARTLY)
        axes.barh(row, high - inside, left=inside, height=0.6, color=TREATED)
        for power, end, side in zip((low, high), ends[order], ("right", "left"), strict=True):
            axes.annotate(
                _number(end), (power, row), xytext=(-4 if side == "right" else 4, 0), ha=side,
                textcoords="offset points", va="center", size=SMALL, color=QUIET,
                bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.8},
            )  # fmt: skip
    axes.axvline(result.power, color=INK, linewidth=1.1)
    axes.axvline(result.target, color=WARM, linewidth=1.1, linestyle=(0, (4, 2)))
    for where, text, colour, side in _headings(result):
        axes.annotate(
            text, (where, 1.0), xycoords=("data", "axes fraction"), xytext=(4 if side == "left" else -4, 2),
            textcoords="offset points", size=SMALL, color=colour, ha=side,
        )  # fmt: skip
    labels = [f"{_SHORT[name]} ({_number(own)})" for name, own in zip(result.names, result.own, strict=True)]
    axes.set_yticks(rows, labels)
    axes.set(xlim=(-0.06, 1.06), ylim=(len(rows) - 0.5, -0.5))
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    tidy(axes, grid="x")
    axes.tick_params(axis="y", labelsize=TEXT)
    axes.set_xlabel("power, each assumption varied alone (its planned value in brackets)")
    return axes


def _headings(result: Tornado) -> tuple[tuple[float, str, str, str], tuple[float, str, str, str]]:
    """What stands over the two lines, on sides where they do not touch."""
    right = result.power >= result.target
    planned = (result.power, f"as planned {100 * result.power:.0f}%", INK, "left" if right else "right")
    target = (result.target, f"target {100 * result.target:g}%", WARM, "right" if right else "left")
    return planned, target


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
