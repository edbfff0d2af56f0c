"""Power over two assumptions at once: a tile for each pair."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.patches import Rectangle

from ..results.power import Power
from ..value import FloatArray
from .canvas import INK, PAPER, TEXT, Place, axes_for, tidy

AXES = {
    "icc": "ICC: how alike people of one council are, in one period",
    "cac": "CAC: how much of that lasts from one period to the next",
    "iac": "IAC: how alike one person is over time",
    "size": "people in a cluster and period",
    "effect": "true effect",
    "clusters": "clusters",
}
"""Names of assumptions as they stand at an axis."""
_SHADES = LinearSegmentedColormap.from_list("power", ["#f2f6fa", "#9fc1e0", "#1f5f99", "#0b2f52"])


def power_map(power: Power, on: Place = None, *, target: float = 0.8) -> Axes:
    """Draw power as a heat map over the two assumptions that vary; tiles at or above the target are framed.

    Parameters
    ----------
    power : Power
        From `sg.grid`, with two inputs.
    on : Axes, Figure or None
    target : float
        Power that was aimed at.
    """
    across, up = _two_inputs(power)
    columns, rows, tiles = crossed(power)
    axes = axes_for(on, 7.2, 1.1 + 0.42 * len(rows))
    across_edges, up_edges = (np.arange(count + 1) - 0.5 for count in (len(columns), len(rows)))
    axes.pcolormesh(across_edges, up_edges, tiles, cmap=_SHADES, vmin=0, vmax=1, edgecolors=PAPER, linewidth=2)
    for (i, j), value in np.ndenumerate(tiles):
        # A power of 79.6% is not written as 80%.
        axes.text(
            j, i, percent(value, target), ha="center", va="center", size=TEXT, color=readable(_SHADES(value)),
            weight="bold" if value >= target else "normal",
        )  # fmt: skip
        if value >= target:
            axes.add_patch(Rectangle((j - 0.46, i - 0.44), 0.92, 0.88, fill=False, edgecolor=PAPER, linewidth=1.6))
    axes.set_xticks(range(len(columns)), [f"{value:g}" for value in columns])
    axes.set_yticks(range(len(rows)), [f"{value:g}" for value in rows])
    tidy(axes)
    axes.set_xlabel(AXES.get(across, across))
    axes.set_title(AXES.get(up, up), loc="left", size=TEXT, color=INK)
    return axes


def crossed(power: Power, numbers: FloatArray | None = None) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Values across (the second input), values up (the first), and the power of each pair, (up, across).

    Other numbers of the same rows, such as standard errors, are arranged in place of the powers when given.
    """
    across, up = _two_inputs(power)
    columns, column = np.unique(np.array(power.inputs[across], dtype=float), return_inverse=True)
    rows, row = np.unique(np.array(power.inputs[up], dtype=float), return_inverse=True)
    tiles = np.full((len(rows), len(columns)), np.nan)
    tiles[row, column] = power.powers if numbers is None else numbers
    return columns, rows, tiles


def percent(power: float, target: float = 0.8) -> str:
    """Write a power in whole percent, without rounding it up to a target it does not reach.

    Examples
    --------
    >>> percent(0.7966), percent(0.8012), percent(0.123)
    ('79%', '80%', '12%')
    """
    whole = round(100 * power)
    return f"{whole - 1 if power < target <= whole / 100 else whole}%"


def _two_inputs(power: Power) -> tuple[str, str]:
    up, across = power.inputs
    return across, up


def readable(shade: tuple[float, float, float, float]) -> str:
    """Dark or light ink, whichever stands out more on a tile of this colour."""
    channels = np.array(to_rgb(shade))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    return PAPER if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.0605 else INK
