"""Bounds: the interval of an effect as more departure from parallel trends is allowed."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ..results.bounds import Bounds
from .canvas import INK, PARTLY, TREATED, Place, axes_for, tidy

_AXES = {
    "relative": "departure after go-live, as a multiple of the largest before it",
    "smoothness": "how far trends may bend from one period to the next",
}


def bounds(result: Bounds, on: Place = None) -> Axes:
    """Draw the interval under parallel trends in a darker colour, then one for each departure.

    Parameters
    ----------
    result : Bounds
    on : Axes, Figure or None
    """
    axes = axes_for(on, 6.4, 3.2)
    rows = np.arange(len(result.m) + 1)
    low, high = np.array([result.original[0], *result.low]), np.array([result.original[1], *result.high])
    axes.vlines(rows, low, high, colors=[TREATED] + [PARTLY] * len(result.m), linewidth=5)
    axes.plot([0], [result.value], marker="o", markersize=6.5, color=TREATED)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_xticks(rows, ["parallel\ntrends", *(f"{m:.3g}" for m in result.m)])
    axes.set_xlim(-0.6, len(result.m) + 0.6)
    tidy(axes, grid="y")
    axes.set_xlabel(_AXES[result.kind])
    axes.set_ylabel(f"{100 * result.level:g}% interval of the effect")
    return axes
