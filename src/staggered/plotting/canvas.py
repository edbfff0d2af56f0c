"""The canvas: axes to draw on, and the colours and strokes that all pictures share."""

from __future__ import annotations

from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#1b2733"
QUIET = "#52606d"
LINE = "#cbd2d9"
CONTROL = "#dfe5eb"
TREATED = "#1f5f99"
PARTLY = "#7fa8cf"
WARM = "#a3470a"
PAPER = "#ffffff"
TEXT = 9.5
SMALL = 8.5

Place = Axes | Figure | None
"""Where to draw: on these axes, alone on this figure (which takes the picture's size), or on a new figure."""


def axes_for(on: Place, width: float, height: float) -> Axes:
    """Axes to draw on.

    Parameters
    ----------
    on : Axes, Figure or None
        Axes are used as they are. An empty figure takes the size and gets one set of axes. None makes a new
        figure that pyplot shows.
    width, height : float
        Size of the picture in inches.
    """
    if isinstance(on, Axes):
        return on
    figure = pyplot.figure() if on is None else on
    figure.set_size_inches(width, height)
    figure.set_layout_engine("constrained")
    return figure.add_subplot()


def tidy(axes: Axes, *, grid: str = "") -> None:
    """Take away what carries no information: spines, tick marks; leave a faint grid along "x" or "y" if asked."""
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelsize=SMALL, labelcolor=INK)
    axes.xaxis.label.set(size=TEXT, color=INK)
    axes.yaxis.label.set(size=TEXT, color=INK)
    axes.set_axisbelow(True)
    if grid == "x":
        axes.grid(axis="x", color=LINE, linewidth=0.6)
    elif grid == "y":
        axes.grid(axis="y", color=LINE, linewidth=0.6)
