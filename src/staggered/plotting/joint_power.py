"""Several primary outcomes: the chance to find each, at least one, and all of them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from ..results.joint_power import JointPower
from .canvas import INK, LINE, PARTLY, SMALL, TEXT, TREATED, Place, axes_for, tidy


def joint_power(result: JointPower, on: Place = None) -> Axes:
    """Draw a bar for each outcome under the rule, a mark where it would be alone, then at least one and all."""
    names = [*result.outcomes, "at least one", "all of them"]
    powers = np.array([*result.each, result.any, result.all])
    rows = np.arange(len(names))
    axes = axes_for(on, 6.8, 1.2 + 0.42 * len(rows))
    colours = [TREATED] * len(result.outcomes) + [PARTLY] * 2
    axes.barh(rows, powers, height=0.62, color=colours)
    axes.scatter(result.alone, rows[: len(result.alone)], marker="|", s=260, color=INK, linewidth=1.6, zorder=3)
    for row, power in enumerate(powers.tolist()):
        axes.annotate(
            f"{100 * power:.0f}%", (power, row), xytext=(-5, 0) if power > 0.12 else (5, 0),
            textcoords="offset points", ha="right" if power > 0.12 else "left", va="center", size=SMALL,
            color="white" if power > 0.12 and row < len(result.outcomes) else INK,
        )  # fmt: skip
    axes.axhline(len(result.outcomes) - 0.5, color=LINE, linewidth=1.0)
    axes.set_yticks(rows, names)
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    tidy(axes, grid="x")
    axes.tick_params(axis="y", labelsize=TEXT)
    axes.set_xlabel("chance to find it (upright mark: were it the only outcome)")
    return axes
