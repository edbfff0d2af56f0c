"""Who goes live when."""

from __future__ import annotations

import datetime

import numpy as np

from ...design.design import Design
from ...errors import listing
from ...plotting.schedule import schedule
from ..document import Block, Column, Figure, Paragraph, Section, Table
from ..material import Material
from ..words import day, plural

_MOST_ROWS = 40


def the_schedule(material: Material) -> Section | None:
    """Draw the schedule, with real names and dates where they are known."""
    design = material.panel.design if material.kind == "trial" else material.study.design
    if design is None:
        return None
    dated = material.go_live or None
    picture = Figure(
        "schedule",
        "The schedule, council by council",
        in_words(design),
        lambda canvas: schedule(design, canvas, go_live=dated, people=material.kind == "protocol"),
        _caption(material, design),
    )
    blocks: list[Block] = [picture]
    never = [name for name, start in zip(design.clusters, design.start, strict=True) if np.isinf(start)]
    if 0 < len(never) <= _MOST_ROWS:
        who = "1 council never goes live" if len(never) == 1 else f"{len(never)} councils never go live"
        blocks.append(Paragraph(f"{who}: {listing(never, most=_MOST_ROWS)}."))
    if material.go_live:
        blocks.append(_readings(material))
    elif design.dates is not None:
        blocks.append(_periods(design))
    return Section("schedule", "Who goes live when", tuple(blocks))


def in_words(design: Design) -> str:
    """Say what the picture of a schedule shows, for those who cannot see it."""
    starts = design.start
    order = sorted((k for k in range(len(starts)) if np.isfinite(starts[k])), key=lambda k: starts[k])
    told = [f"{design.clusters[k]} from {_begin(design, int(starts[k]))}" for k in order[:_MOST_ROWS]]
    never = int(np.isinf(starts).sum())
    rest = f" {plural(never, 'council')} never {'does' if never == 1 else 'do'}." if never else ""
    periods = design.periods
    return f"Periods from {periods[0]} to {periods[-1]}. After go-live: {listing(told, most=_MOST_ROWS)}.{rest}"


def _caption(material: Material, design: Design) -> str:
    parts = ["Light: before go-live. Dark: after."]
    if len(set(design.strata)) > 1:
        parts.append("Councils swap places only within their stratum, the group that they stand in.")
    if material.kind == "trial" and material.go_live:
        rule = next(iter(material.panels))
        parts.append(
            "Dark begins with the first period that counts as after "
            f"go-live{f', by this rule: {rule}' if rule else ''}."
        )
    elif design.dates is not None:
        parts.append("The width of a period is its length in days.")
    if material.kind == "protocol":
        parts.append("On the right, how many people each council has over all periods.")
    return " ".join(parts)


def period_words(design: Design, period: int) -> str:
    """Name a period: by its first day where that is what it is called."""
    if design.dates is not None and str(design.periods[period]) == str(design.dates[period, 0]):
        return f"the period from {day(design.dates[period, 0].astype(datetime.date))}"
    return str(design.periods[period])


def _begin(design: Design, period: int) -> str:
    return period_words(design, period).removeprefix("the period from ")


def _periods(design: Design) -> Table:
    assert design.dates is not None
    days = (design.dates[:, 1] - design.dates[:, 0]).astype(int) + 1
    rows = []
    for k, (first, last) in enumerate(design.dates.astype(object)):
        live = [name for name, start in zip(design.clusters, design.start, strict=True) if start == k]
        rows.append((str(k + 1), day(first), day(last), float(days[k]), listing(live, most=12) if live else "–"))
    columns = (
        Column("Period"), Column("First day"), Column("Last day"), Column("Days", "{:.0f}".format), Column("Goes live"),
    )  # fmt: skip
    return Table("The periods", columns, tuple(rows))


def _readings(material: Material) -> Table:
    """One row per council that goes live: its day, and the first period after go-live under each reading."""
    readings = {name: panel for name, panel in material.panels.items() if name in material.side_by_side()}
    design = material.panel.design
    several = len(set(design.strata)) > 1
    rows: list[tuple[str, ...]] = []
    for row in sorted(
        np.flatnonzero(np.isfinite(design.start)),
        key=lambda k: material.go_live.get(design.clusters[k], datetime.date.max),
    ):
        name = design.clusters[row]
        when = day(material.go_live[name]) if name in material.go_live else "–"
        firsts = [_first(panel.design, name) for panel in readings.values()]
        rows.append((name, *([design.strata[row]] if several else []), when, *firsts))
    titles = [f"First period after go-live: {name}" if name else "First period after go-live" for name in readings]
    columns = (
        Column("Council"),
        *([Column("Stratum")] if several else []),
        Column("Day of go-live"),
        *(Column(title) for title in titles),
    )
    return Table(
        "Dates of go-live, and the first period that counts as after it",
        columns,
        tuple(rows),
        _apart(rows, len(readings)),
    )


def _apart(rows: list[tuple[str, ...]], readings: int) -> str:
    """Name the councils for which the readings differ."""
    apart = [row[0] for row in rows if len(set(row[-readings:])) > 1]
    return f"The readings differ for {listing(apart, most=_MOST_ROWS)}." if apart else ""


def _first(design: Design, name: str) -> str:
    if name not in design.clusters:
        return "–"
    start = design.start[design.clusters.index(name)]
    return str(design.periods[int(start)]) if np.isfinite(start) else "never"
