"""Goodman-Bacon's picture: every two-by-two comparison by its weight and its estimate."""

from __future__ import annotations

from matplotlib.axes import Axes

from ..diagnostics.bacon import Decomposition
from .canvas import CONTROL, INK, PARTLY, SMALL, TREATED, WARM, Place, axes_for, tidy

_COLOURS = (TREATED, WARM, PARTLY, INK, CONTROL)


def decomposition(result: Decomposition, on: Place = None) -> Axes:
    """Draw a point for each comparison, a colour for each kind, and a line at their weighted average.

    Parameters
    ----------
    result : Decomposition
    on : Axes, Figure or None
    """
    axes = axes_for(on, 6.8, 3.6)
    kinds = dict.fromkeys(pair.kind for pair in result.pairs)
    for kind, colour in zip(kinds, _COLOURS, strict=False):
        found = [pair for pair in result.pairs if pair.kind == kind]
        axes.scatter([pair.weight for pair in found], [pair.estimate for pair in found], s=36, color=colour, label=kind)
    axes.axhline(sum(pair.weight * pair.estimate for pair in result.pairs), color=INK, linewidth=1.0)
    axes.set_xlim(left=0)
    tidy(axes, grid="y")
    axes.legend(frameon=False, fontsize=SMALL, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.set_xlabel("weight of the comparison (line: their weighted average)")
    axes.set_ylabel("estimate")
    return axes
