"""Weights: what an estimate makes of every cell, positive and negative."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from ..kernel.rule import Rule
from .canvas import INK, PAPER, SMALL, Place, axes_for, tidy

_MOST_ROWS = 60
_MOST_FIGURES = 15
_DARK = 0.7
_SIGNS = LinearSegmentedColormap.from_list("signs", ["#a3470a", "#f0d9c8", "#ffffff", "#c9dcee", "#1f5f99"])


def weights(rule: Rule, on: Place = None) -> Axes:
    """Draw W of the rule's first term, cluster by period: an outcome there moves the estimate by so much.

    Treated cells with a negative weight are where an estimator counts an effect backwards; they are marked by
    a cross.
    """
    design = rule.frame.design
    order = np.argsort(design.start, kind="stable")
    table = np.where(rule.frame.used, rule.by_cluster()[0], np.nan)[order]
    names = [design.clusters[k] for k in order]
    shown = len(names) <= _MOST_ROWS
    axes = axes_for(on, 7.4, 1.1 + (0.26 * len(names) if shown else 6.0))
    furthest = float(np.nanmax(np.abs(table))) or 1.0
    edges = (np.arange(count + 1) - 0.5 for count in table.shape[::-1])
    axes.pcolormesh(*edges, table, cmap=_SIGNS, vmin=-furthest, vmax=furthest, edgecolors=PAPER, linewidth=1)
    axes.invert_yaxis()
    backwards = (table < 0) & (np.nan_to_num(design.treatment)[order] > 0)
    in_figures = shown and len(names) <= _MOST_FIGURES
    for (i, j), value in np.ndenumerate(table):
        said = [f"{value:+.2f}".replace("-", "−")] if in_figures and np.isfinite(value) else []
        text = " ".join([*said, "×"] if backwards[i, j] else said)
        if text:
            ink = PAPER if abs(value) > _DARK * furthest else INK
            axes.text(j, i, text, ha="center", va="center", size=SMALL, color=ink)
    axes.set_yticks(range(len(names)) if shown else [], names if shown else [])
    step = -(-len(design.periods) // 12)
    axes.set_xticks(range(0, len(design.periods), step), [str(period) for period in design.periods[::step]])
    tidy(axes)
    return axes
