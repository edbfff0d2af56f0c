"""The event study: estimates by time since go-live, with their intervals and how many they rest on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from ..results.estimate import Estimate
from ..value import FloatArray
from .canvas import INK, LINE, PAPER, QUIET, SMALL, TREATED, Place, axes_for, tidy
from .scale import AsIs, Scale


def event_study(
    estimate: Estimate,
    on: Place = None,
    *,
    scale: Scale | None = None,
    councils: Mapping[int, int] | None = None,
    period: str = "period",
    level: float = 0.95,
) -> Axes:
    """Draw a `by="event"` estimate: a point and its interval for each time since go-live.

    Parameters
    ----------
    estimate : Estimate
        Whose terms carry event times; others (the overall row) are left out. Points without an interval
        are hollow.
    on : Axes, Figure or None
    scale : Scale, optional
    councils : mapping of event time to number, optional
        How many treated clusters each point rests on, written above it.
    period : str
        What a period is, such as "year".
    level : float
    """
    rows = [k for k, term in enumerate(estimate.terms) if term.event is not None]
    events = np.array([estimate.terms[k].event for k in rows], dtype=float)
    value = estimate.values[rows]
    low, high = (ends[rows] for ends in estimate.uncertainty.interval(estimate.values, level))
    axes = axes_for(on, 7.2, 3.9)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.axvline(-0.5, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    for k, event in enumerate(events):
        colour = TREATED if event >= 0 else QUIET
        known = np.isfinite(low[k]) and np.isfinite(high[k])
        if known:
            axes.plot([event, event], [low[k], high[k]], color=colour, linewidth=1.8, solid_capstyle="butt")
        axes.plot(
            [event], [value[k]], marker="o", markersize=6, color=colour, markerfacecolor=colour if known else PAPER
        )
    seen = np.concatenate([[0.0], value, low, high])
    _finish(axes, events, seen[np.isfinite(seen)], scale or AsIs())
    axes.set_xlabel(f"{period}s since go-live (0: the first {period} that counts as after it)")
    if councils is not None:
        for event in events:
            if int(event) in councils:
                axes.text(
                    event, 1.0, f"{councils[int(event)]}", transform=axes.get_xaxis_transform(),
                    ha="center", va="bottom", size=SMALL, color=QUIET,
                )  # fmt: skip
        axes.set_title("treated councils behind each point:", loc="left", size=SMALL, color=QUIET, pad=14)
    return axes


def _finish(
    axes: Axes,
    events: FloatArray,
    seen: FloatArray,
    scale: Scale,
) -> None:
    room = 0.06 * max(float(np.ptp(seen)), 1e-9)
    bottom, top = float(seen.min()) - room, float(seen.max()) + room
    places, labels = scale.ticks(bottom, top)
    axes.set(ylim=(bottom, top), xlim=(events.min() - 0.6, events.max() + 0.6))
    axes.set_yticks(places, labels)
    axes.set_xticks(events, [f"{event:+.0f}".replace("-", "−") if event else "0" for event in events])
    tidy(axes, grid="y")
    axes.set_ylabel(scale.axis)
    axes.grid(axis="y", color=LINE, linewidth=0.5)
