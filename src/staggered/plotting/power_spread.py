"""Power over allocations as a histogram: how much depends on who draws which step."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from ..results.attained import Attained
from .canvas import INK, LINE, PARTLY, QUIET, SMALL, TREATED, WARM, Place, axes_for, tidy
from .power_map import percent

_WIDTHS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
_MOST_BARS = 16


def power_spread(attained: Attained, on: Place = None) -> Axes:
    """Draw how many allocations reach each power; those short of the target are paler.

    Parameters
    ----------
    attained : Attained
    on : Axes, Figure or None
    """
    axes = axes_for(on, 6.4, 2.9)
    # Every width divides the usual targets, so that no bar stands on both sides of one.
    width = next((one for one in _WIDTHS if np.ptp(attained.power) <= one * _MOST_BARS), _WIDTHS[-1])
    first = np.floor(attained.power.min() / width) * width
    last = np.ceil((attained.power.max() + 1e-9) / width) * width
    edges = np.linspace(first, last, max(round((last - first) / width), 1) + 1)
    counts, _ = np.histogram(attained.power, edges)
    middles = (edges[:-1] + edges[1:]) / 2
    colours = [TREATED if low >= attained.target - 1e-12 else PARTLY for low in edges[:-1]]
    axes.bar(middles, counts / len(attained.power), width=0.9 * np.diff(edges), color=colours)
    axes.axvline(attained.expected, color=INK, linewidth=1.2)
    axes.annotate(
        f"mean {percent(attained.expected, attained.target)}", (attained.expected, 1.0),
        xycoords=("data", "axes fraction"), xytext=(4, 2), textcoords="offset points", size=SMALL, color=INK,
    )  # fmt: skip
    if first - 0.15 < attained.target < last + 0.15:
        axes.axvline(attained.target, color=WARM, linewidth=1.2, linestyle=(0, (4, 2)))
        axes.annotate(
            f"target {100 * attained.target:.0f}%", (attained.target, 1.0), xycoords=("data", "axes fraction"),
            xytext=(-4, 2), textcoords="offset points", size=SMALL, color=WARM, ha="right",
        )  # fmt: skip
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0 if last - first > 0.05 else 1))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    tidy(axes, grid="y")
    axes.tick_params(axis="y", labelcolor=QUIET)
    axes.axhline(0, color=LINE, linewidth=1.0)
    axes.set_xlabel("power")
    axes.set_ylabel("share of allocations")
    return axes
