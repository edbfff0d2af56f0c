"""The course of the outcome: treated clusters, their average, and the average of those never treated."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ..data.panel import Panel
from ..value import BoolArray, FloatArray
from .canvas import INK, LINE, QUIET, SMALL, TREATED, Place, axes_for, tidy

_MOST_LABELS = 12


def course(panel: Panel, on: Place = None, *, values: FloatArray | None = None, label: str | None = None) -> Axes:
    """Draw the outcome over time.

    Thin lines are the treated clusters, blue from their first treated period on; thick ones are averages, in
    which every cluster counts alike.

    Parameters
    ----------
    panel : Panel
    on : Axes, Figure or None
    values : array (clusters, periods), optional
        Numbers to draw in place of the panel's own, such as rates where it holds their logarithms.
    label : str, optional
        What they are; the panel's own name when absent.
    """
    design = panel.design
    grid = np.where(panel.frame.used, panel.outcome if values is None else values, np.nan)
    axes = axes_for(on, 7.2, 3.9)
    across = np.arange(len(design.periods))
    treated = np.isfinite(design.start)
    for row in np.flatnonzero(treated):
        first = int(design.start[row])
        axes.plot(across[: first + 1], grid[row, : first + 1], color=LINE, linewidth=1.0)
        axes.plot(across[first:], grid[row, first:], color=TREATED, linewidth=1.0, alpha=0.45)
        axes.plot([first], [grid[row, first]], marker="o", markersize=3.5, color=TREATED, alpha=0.6)
    if treated.any():
        _average(axes, grid, treated, TREATED, "-", "go live")
    if not treated.all():
        _average(axes, grid, ~treated, INK, "--", "never do")
    step = -(-len(across) // _MOST_LABELS)
    axes.set_xticks(across[::step], [str(period) for period in design.periods[::step]])
    axes.set_xlim(-0.2, len(across) - 0.8)
    tidy(axes, grid="y")
    axes.set_ylabel(panel.name if label is None else label)
    _name_the_highest(axes, panel, grid)
    return axes


def _name_the_highest(axes: Axes, panel: Panel, grid: FloatArray) -> None:
    """Name the treated cluster whose line runs highest, which is the first that a reader asks about."""
    treated = np.where(np.isfinite(panel.design.start)[:, None], grid, np.nan)
    if np.isfinite(treated).any():
        row, column = np.unravel_index(np.nanargmax(treated), treated.shape)
        axes.annotate(
            panel.design.clusters[row], (float(column), treated[row, column]), xytext=(0, 5),
            textcoords="offset points", ha="center", size=SMALL, color=QUIET,
        )  # fmt: skip


def _average(axes: Axes, grid: FloatArray, who: BoolArray, colour: str, style: str, what: str) -> None:
    """Average of some clusters over time, named in the legend above."""
    mean = np.nanmean(grid[who], axis=0)
    axes.plot(
        np.arange(len(mean)),
        mean,
        color=colour,
        linestyle=style,
        linewidth=2.6,
        label=f"average of the {who.sum()} that {what}",
    )
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=2,
        frameon=False,
        fontsize=SMALL,
        labelcolor=QUIET,
        borderpad=0.2,
    )
