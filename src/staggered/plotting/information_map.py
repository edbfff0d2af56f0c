"""What each cell, council or period of a plan is worth."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Patch, Rectangle

from ..results.information import Information
from ..value import FloatArray
from .canvas import INK, LINE, PAPER, QUIET, SMALL, TEXT, TREATED, WARM, Place, axes_for, tidy
from .power_map import readable

_SHADES = LinearSegmentedColormap.from_list("information", ["#f2f6fa", "#9fc1e0", "#1f5f99", "#0b2f52"])
_MOST_FIGURES = 200
_MOST_LABELS = 40


def information_map(result: Information, on: Place = None) -> Axes:
    """Draw by how many percent the variance would grow without each part.

    Cells are a map: the darker, the more would be lost; what cannot be spared at all is marked. Clusters and
    periods are bars.
    """
    growth = 100 * (result.ratio - 1)
    return _map(result, growth, on) if result.what == "cells" else _bars(result, growth, on)


def _map(result: Information, growth: FloatArray, on: Place) -> Axes:
    count, periods = growth.shape
    axes = axes_for(on, min(max(2.2 + 0.62 * periods, 6.4), 12.0), min(1.3 + 0.34 * count, 11.0))
    vital, known = np.isinf(growth), np.isfinite(growth)
    highest = float(growth[known].max()) if known.any() else 1.0
    edges = (np.arange(periods + 1) - 0.5, np.arange(count + 1) - 0.5)
    shown = np.ma.masked_where(~known, growth)
    axes.pcolormesh(*edges, shown, cmap=_SHADES, vmin=0, vmax=max(highest, 1e-9), edgecolors=PAPER, linewidth=1.5)
    if growth.size <= _MOST_FIGURES:
        for (row, column), value in np.ndenumerate(growth):
            if known[row, column]:
                ink = readable(_SHADES(value / max(highest, 1e-9)))
                axes.text(column, row, f"{value:.1f}", ha="center", va="center", size=SMALL, color=ink)
    for row, column in np.argwhere(vital):
        axes.text(column, row, "all", ha="center", va="center", size=SMALL, color=WARM, weight="bold")
    every = -(-count // _MOST_LABELS)
    axes.set_yticks(range(0, count, every), [result.clusters[k] for k in range(0, count, every)])
    axes.set_xticks(range(periods), [str(period) for period in result.periods])
    axes.set_ylim(count - 0.5, -0.5)
    tidy(axes)
    axes.set_xlabel("period")
    axes.set_title("How many percent larger the variance would be without this cell", loc="left", size=TEXT, color=INK)
    for row, column in np.argwhere(np.isnan(growth)):
        axes.add_patch(
            Rectangle(
                (column - 0.47, row - 0.45), 0.94, 0.9, facecolor=PAPER, edgecolor=LINE, hatch="////", linewidth=0
            )
        )
    keys = (
        [Patch(facecolor=PAPER, edgecolor=LINE, hatch="////", label="not observed")] if np.isnan(growth).any() else []
    )
    keys += [Patch(facecolor=PAPER, edgecolor=WARM, label="all: no effect without it")] if vital.any() else []
    if keys:
        axes.legend(
            handles=keys, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=SMALL, labelcolor=QUIET
        )
    return axes


def _bars(result: Information, growth: FloatArray, on: Place) -> Axes:
    """A bar for each cluster or period, with the power that is left without it."""
    names = result.clusters if result.what == "clusters" else tuple(str(period) for period in result.periods)
    order = np.argsort(-growth, kind="stable") if result.what == "clusters" else np.arange(len(growth))
    rows = np.arange(len(order))
    axes = axes_for(on, 7.2, min(1.1 + 0.3 * len(rows), 11.0))
    known = np.isfinite(growth[order])
    longest = float(growth[order][known].max()) if known.any() else 1.0
    lengths = np.where(known, growth[order], longest)
    axes.barh(rows, lengths, height=0.66, color=[TREATED if one else WARM for one in known])
    for row, k in enumerate(order):
        left = f"power {100 * result.powers[k]:.0f}%" if np.isfinite(result.powers[k]) else "no effect without it"
        axes.annotate(
            left, (lengths[row], row), xytext=(4, 0), textcoords="offset points", va="center", size=SMALL, color=QUIET
        )
    axes.set_yticks(rows, [names[k] for k in order])
    axes.set(xlim=(0, 1.25 * max(longest, 1e-9)), ylim=(len(rows) - 0.5, -0.5))
    tidy(axes, grid="x")
    one = "council" if result.what == "clusters" else "period"
    axes.set_xlabel(f"how many percent larger the variance would be without this {one}")
    axes.set_title(f"Without each {one} in turn (whole plan: power {100 * result.power:.0f}%)", loc="left", size=TEXT)
    return axes
