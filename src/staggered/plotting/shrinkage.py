"""Shrinkage: what each council's own data say, and where the model draws it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ..hierarchical.councils import shrinkage as by_council
from ..hierarchical.posterior import Posterior
from .canvas import INK, PAPER, QUIET, SMALL, TREATED, Place, axes_for, tidy
from .scale import AsIs, Scale


def shrinkage(posterior: Posterior, on: Place = None, *, scale: Scale | None = None, level: float = 0.95) -> Axes:
    """Draw each council's raw effect (hollow) beside the pooled one with its interval, the mean of all as a line.

    Parameters
    ----------
    posterior : Posterior
    on : Axes, Figure or None
    scale : Scale, optional
    level : float

    Notes
    -----
    A council without a hollow point has no untreated council to be compared with.
    """
    written = scale or AsIs()
    table = by_council(posterior, level)
    mean = posterior.estimate().value
    axes = axes_for(on, 7.6, 1.3 + 0.32 * len(table))
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.axvline(mean, color=TREATED, linewidth=0.8, linestyle=(0, (4, 3)))
    for place, row in enumerate(table.itertuples()):
        raw, pooled, low, high = (float(x) for x in (row.raw, row.pooled, row.low, row.high))  # type: ignore[arg-type]
        axes.plot([low, high], [place, place], color=TREATED, linewidth=2.0, solid_capstyle="butt")
        if np.isfinite(raw):
            axes.plot([raw, pooled], [place, place], color=QUIET, linewidth=0.9, linestyle=(0, (2, 2)))
            axes.plot([raw], [place], marker="o", markersize=6, color=QUIET, markerfacecolor=PAPER, linestyle="none")
        axes.plot([pooled], [place], marker="o", markersize=6.5, color=TREATED, linestyle="none")
        axes.text(
            1.02, place, f"{written.shown(pooled)}  ({written.shown(low)} to {written.shown(high)})",
            transform=axes.get_yaxis_transform(), va="center", size=SMALL, color=INK,
        )  # fmt: skip
    seen = table[["raw", "low", "high"]].to_numpy(dtype=float).ravel()
    seen = np.append(seen[np.isfinite(seen)], [0.0, mean])
    room = 0.05 * max(float(np.ptp(seen)), 1e-9)
    axes.set(xlim=(seen.min() - room, seen.max() + room), ylim=(len(table) - 0.3, -1.2))
    axes.text(mean, -0.7, "mean of all", ha="center", va="center", size=SMALL, color=TREATED, backgroundcolor=PAPER)
    axes.set_yticks(range(len(table)), [str(name) for name in table["council"]])
    axes.set_xticks(*written.ticks(*axes.get_xlim()))
    tidy(axes, grid="x")
    axes.set_xlabel(f"{written.axis}; hollow: the council's own data alone, filled: drawn together")
    return axes
