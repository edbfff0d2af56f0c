"""The schedule of a design: a row for each cluster, a stretch of time for each period."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..design.design import Design
from ..value import FloatArray
from .canvas import CONTROL, INK, LINE, PAPER, PARTLY, QUIET, SMALL, TEXT, TREATED, Place, axes_for, tidy

_MOST_ROWS = 40
_MOST_NEVER = 8
_MOST_LABELS = 12
_WIDTH = 7.6
_SHARE_FOR_A_DATE = 0.13
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the picture: its label, the cluster whose schedule it shows, and how many share it."""

    label: str
    cluster: int
    stratum: str
    people: float


def schedule(
    design: Design, on: Place = None, *, go_live: Mapping[str, datetime.date] | None = None, people: bool = True
) -> Axes:
    """Draw who is in control and who is treated, when; periods as long as they are where dates are known.

    Parameters
    ----------
    design : Design
    on : Axes, Figure or None
    go_live : mapping of cluster to date, optional
        The day each one went live, marked by a diamond; for designs whose periods are coarser than that.
    people : bool
        Whether to write the number of people of each row at its end.

    Returns
    -------
    Axes
    """
    rows = _rows(design)
    edges = _edges(design)
    places, headings = _places(rows)
    axes = axes_for(on, _WIDTH, 0.95 + 0.27 * (places[-1] + 1))
    for place, row in zip(places, rows, strict=True):
        _bars(axes, design.treatment[row.cluster], edges, place)
        if go_live is None:
            _date_in_bar(axes, design, row.cluster, edges, place)
        elif design.clusters[row.cluster] in go_live and row.label == design.clusters[row.cluster]:
            _diamond(axes, go_live[row.label], place)
    for place, heading in headings:
        axes.text(edges[0, 0], place, heading, va="center", size=SMALL, color=QUIET, style="italic")
    if people and (design.size[design.observed] != 1).any():
        for place, row in zip(places, rows, strict=True):
            _beside(axes, edges[-1, 1], place, f"{row.people:,.0f}")
        _beside(axes, edges[-1, 1], -0.85, "people")
    axes.set_yticks(places, [row.label for row in rows])
    axes.set(xlim=(edges[0, 0], edges[-1, 1]), ylim=(places[-1] + 0.6, -0.6))
    tidy(axes)
    _period_labels(axes, design, edges)
    axes.tick_params(axis="y", labelsize=TEXT)
    _legend(axes, design, go_live is not None)
    return axes


def _rows(design: Design) -> list[_Row]:
    """Clusters stratum by stratum in the order of their starts; those alike share a row where there are too many."""
    totals = np.where(design.observed, design.size, 0.0).sum(axis=1)
    strata = list(dict.fromkeys(design.strata))
    order = sorted(range(len(totals)), key=lambda k: (strata.index(design.strata[k]), design.start[k]))
    never = [k for k in order if np.isinf(design.start[k])]
    join_all = len(order) > _MOST_ROWS
    join_never = len(never) > _MOST_NEVER
    rows: dict[object, list[int]] = {}
    for k in order:
        alike = (design.strata[k], design.treatment[k].tobytes())
        joined = join_all or (join_never and np.isinf(design.start[k]))
        rows.setdefault(alike if joined else k, []).append(k)
    return [
        _Row(
            design.clusters[members[0]] if len(members) == 1 else _together(design, members),
            members[0],
            design.strata[members[0]],
            float(totals[members].sum()),
        )
        for members in rows.values()
    ]


def _together(design: Design, members: list[int]) -> str:
    never = np.isinf(design.start[members[0]])
    return f"{len(members)} that never go live" if never else f"{len(members)} alike"


def _places(rows: list[_Row]) -> tuple[list[float], list[tuple[float, str]]]:
    """Height of each row, and of each stratum's heading where there are several."""
    strata = list(dict.fromkeys(row.stratum for row in rows))
    if len(strata) < 2:
        return [float(k) for k in range(len(rows))], []
    places: list[float] = []
    headings: list[tuple[float, str]] = []
    height, last = -1.0, ""
    for row in rows:
        if row.stratum != last:
            headings.append((height + 1.0, row.stratum))
            height, last = height + 0.9, row.stratum
        height += 1.0
        places.append(height)
    return places, headings


def _edges(design: Design) -> FloatArray:
    """First and last edge of each period: in days where dates are known, else in periods, (periods, 2)."""
    if design.dates is None:
        begin = np.arange(len(design.periods), dtype=float)
        return np.column_stack([begin, begin + 1])
    days = design.dates.astype("datetime64[D]").astype(np.int64)
    return np.column_stack([days[:, 0], days[:, 1] + 1]).astype(float)


def _bars(axes: Axes, treatment: FloatArray, edges: FloatArray, place: float) -> None:
    width = edges[:, 1] - edges[:, 0]
    blank = np.isnan(treatment)
    for which, colour in (
        (treatment == 0, CONTROL),
        ((treatment > 0) & (treatment < 1), PARTLY),
        (treatment == 1, TREATED),
    ):
        if which.any():
            axes.barh(
                np.full(which.sum(), place), width[which], left=edges[which, 0], height=0.74,
                color=colour, edgecolor=PAPER, linewidth=1.0,
            )  # fmt: skip
    if blank.any():
        axes.barh(
            np.full(blank.sum(), place), width[blank], left=edges[blank, 0], height=0.7,
            facecolor=PAPER, edgecolor=LINE, hatch="////", linewidth=0.6,
        )  # fmt: skip


def _date_in_bar(axes: Axes, design: Design, cluster: int, edges: FloatArray, place: float) -> None:
    """Write the first treated day into the treated stretch, where it has room."""
    if design.dates is None or np.isinf(design.start[cluster]):
        return
    first = edges[int(design.start[cluster]), 0]
    room = (edges[-1, 1] - first) / (edges[-1, 1] - edges[0, 0])
    day = said(design.dates[int(design.start[cluster]), 0].astype(datetime.date))
    inside = room > _SHARE_FOR_A_DATE
    axes.annotate(
        day, (first, place), xytext=(4 if inside else -4, 0), textcoords="offset points", va="center",
        ha="left" if inside else "right", size=SMALL, color=PAPER if inside else INK,
    )  # fmt: skip


def _diamond(axes: Axes, day: datetime.date, place: float) -> None:
    where = float(np.datetime64(day, "D").astype(np.int64))
    axes.add_line(_diamonds([where], [place]))


def _beside(axes: Axes, x: float, y: float, text: str) -> None:
    axes.annotate(
        text,
        (x, y),
        xytext=(6, 0),
        textcoords="offset points",
        annotation_clip=False,
        va="center",
        size=SMALL,
        color=QUIET,
    )


def _diamonds(x: list[float], y: list[float], label: str = "") -> Line2D:
    return Line2D(
        x, y, marker="D", markersize=5.5, markerfacecolor=PAPER, markeredgecolor=INK, linestyle="", label=label
    )


def _period_labels(axes: Axes, design: Design, edges: FloatArray) -> None:
    """Name the periods: by their first day where that is what they are called, else in their middle."""
    step = -(-len(edges) // _MOST_LABELS)
    shown = range(0, len(edges), step)
    begins = design.dates is not None and all(
        str(period) == str(first) for period, first in zip(design.periods, design.dates[:, 0], strict=True)
    )
    if begins:
        assert design.dates is not None
        days = [design.dates[k, 0].astype(datetime.date) for k in shown]
        labels = [f"{day.day} {_MONTHS[day.month - 1]}\n{day.year}" for day in days]
        axes.set_xticks([edges[k, 0] for k in shown], labels, ha="left")
        return
    axes.set_xticks([edges[k].mean() for k in shown], [str(design.periods[k]) for k in shown])
    if design.dates is not None:
        last = [day.astype(datetime.date) for day in design.dates[:, 1]]
        if len({(day.month, day.day) for day in last}) == 1:
            axes.set_xlabel(f"year ending {last[0].day} {_MONTHS[last[0].month - 1]}")


def said(day: datetime.date) -> str:
    """Write a day as people do, whatever the machine's language.

    Examples
    --------
    >>> said(datetime.date(2020, 9, 1))
    '1 Sep 2020'
    """
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _legend(axes: Axes, design: Design, diamonds: bool) -> None:
    treatment = design.treatment
    keys: list[Patch | Line2D] = [
        Patch(facecolor=CONTROL, label="before"),
        Patch(facecolor=TREATED, label="after go-live"),
    ]
    if ((treatment > 0) & (treatment < 1)).any():
        keys.append(Patch(facecolor=PARTLY, label="partly"))
    if np.isnan(treatment).any():
        keys.append(Patch(facecolor=PAPER, edgecolor=LINE, hatch="////", label="not observed"))
    if diamonds:
        keys.append(_diamonds([], [], "day of go-live"))
    axes.legend(
        handles=keys, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(keys), frameon=False,
        fontsize=SMALL, labelcolor=INK, handlelength=1.2, borderpad=0.2,
    )  # fmt: skip
