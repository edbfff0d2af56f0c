"""Designs side by side: the power of each, and beside it what it asks for."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from ..results.design_comparison import DesignComparison
from .canvas import CONTROL, INK, LINE, PARTLY, QUIET, SMALL, TEXT, TREATED, Place, axes_for, tidy
from .power_map import percent


def design_comparison(result: DesignComparison, on: Place = None) -> Axes:
    """Draw a bar of power for each design, dark where the target is reached; its burden stands beside it."""
    rows = np.arange(len(result.names))
    axes = axes_for(on, 8.4, 1.1 + 0.42 * len(rows))
    reached = result.powers >= result.target
    axes.barh(rows, np.ones(len(rows)), height=0.62, color=CONTROL, alpha=0.45)
    axes.barh(rows, result.powers, height=0.62, color=np.where(reached, TREATED, PARTLY))
    axes.axvline(result.target, color=INK, linewidth=0.9, linestyle=(0, (3, 2)))
    for row in range(len(rows)):
        axes.text(
            result.powers[row] - 0.012, row, percent(float(result.powers[row]), result.target),
            ha="right" if result.powers[row] > 0.12 else "left", va="center", size=TEXT,
            color="white" if reached[row] else INK, weight="bold",
        )  # fmt: skip
        axes.text(1.02, row, _burden(result, row), va="center", size=SMALL, color=QUIET)
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
    axes.set_yticks(rows, result.names)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    tidy(axes)
    axes.tick_params(axis="y", labelsize=TEXT)
    axes.spines["bottom"].set(visible=True, color=LINE)
    axes.set_xlabel(f"power (the line: {100 * result.target:g}%)")
    return axes


def _burden(result: DesignComparison, row: int) -> str:
    """What a design asks for, in a few words."""
    parts = [f"{result.council_periods[row]:,.0f} council-periods", f"{result.people[row]:,.0f} people"]
    if np.isfinite(result.months[row]):
        parts.append(f"{result.months[row]:.0f} months")
    if np.isfinite(result.cost[row]):
        parts.append(f"cost {result.cost[row]:,.0f}")
    return "  ·  ".join(parts)
