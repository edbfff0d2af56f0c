"""The forest: several estimates of one thing, by estimator and inference, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from ..results.estimate import Estimate
from .canvas import INK, PAPER, QUIET, SMALL, TEXT, TREATED, Place, axes_for, tidy
from .scale import AsIs, Scale


def forest(
    estimates: Sequence[Estimate],
    on: Place = None,
    *,
    scale: Scale | None = None,
    labels: Sequence[str] = (),
    groups: Sequence[str] = (),
    level: float = 0.95,
) -> Axes:
    """Draw the overall row of each estimate: a point, its interval, and both in figures.

    Parameters
    ----------
    estimates : sequence of Estimate
    on : Axes, Figure or None
    scale : Scale, optional
    labels : sequence of str, optional
        What each is called; estimator and inference when absent.
    groups : sequence of str, optional
        A heading for each; consecutive ones that are equal share it.
    level : float

    Notes
    -----
    A hollow point has no interval; the words beside it say whether none can be had or its ends are infinite.
    """
    written = scale or AsIs()
    names = tuple(labels) or tuple(f"{one.estimator}, {one.inference}" for one in estimates)
    headed = tuple(groups) or ("",) * len(estimates)
    overall = [one.select([0]) for one in estimates]
    value = np.array([float(one.values[0]) for one in overall])
    ends = np.array([[float(end[0]) for end in one.uncertainty.interval(one.values, level)] for one in overall])
    places, headings = _places(headed)
    axes = axes_for(on, 7.6, 0.9 + 0.3 * (places[-1] + 1))
    seen = np.concatenate([value[np.isfinite(value)], ends[np.isfinite(ends)], [0.0]])
    room = 0.05 * max(float(np.ptp(seen)), 1e-9)
    axes.set(xlim=(seen.min() - room, seen.max() + room), ylim=(places[-1] + 0.7, -0.7))
    axes.axvline(0, color=INK, linewidth=0.8)
    for place, point, (low, high) in zip(places, value, ends, strict=True):
        _row(axes, written, place, (float(point), float(low), float(high)))
    for place, heading in headings:
        axes.text(
            -0.02,
            place,
            heading,
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            size=SMALL,
            color=QUIET,
            style="italic",
        )
    axes.set_yticks(places, names)
    axes.set_xticks(*written.ticks(*axes.get_xlim()))
    tidy(axes, grid="x")
    axes.tick_params(axis="y", labelsize=TEXT)
    axes.set_xlabel(written.axis)
    return axes


def _row(axes: Axes, scale: Scale, place: float, numbers: tuple[float, float, float]) -> None:
    """One estimate: its interval, its point (hollow without an interval), and both in figures."""
    point, low, high = numbers
    known = bool(np.isfinite([low, high]).all())
    if known:
        axes.plot([low, high], [place, place], color=TREATED, linewidth=2.0, solid_capstyle="butt")
    face = TREATED if known else PAPER
    axes.plot([point], [place], marker="o", markersize=6.5, color=TREATED, markerfacecolor=face)
    axes.text(
        1.02, place, _figures(scale, point, low, high), transform=axes.get_yaxis_transform(),
        va="center", size=SMALL, color=INK,
    )  # fmt: skip


def _places(groups: Sequence[str]) -> tuple[list[float], list[tuple[float, str]]]:
    """Height of each row, and of each heading."""
    places: list[float] = []
    headings: list[tuple[float, str]] = []
    height, last = -1.0, ""
    for group in groups:
        if group != last:
            height += 1.0 if not places else 1.3
            headings.append((height, group))
            last = group
        height += 1.0
        places.append(height)
    return places, headings


def _figures(scale: Scale, point: float, low: float, high: float) -> str:
    if np.isnan(low) or np.isnan(high):
        return f"{scale.shown(point)}  (no standard error)"
    if np.isinf(low) and np.isinf(high):
        return f"{scale.shown(point)}  (no interval)"
    return f"{scale.shown(point)}  ({scale.shown(low) or 'no end'} to {scale.shown(high) or 'no end'})"
