"""The data: what was read, how, and what was found in it."""

from __future__ import annotations

import re

import numpy as np

from ...errors import listing
from ...plotting.course import course
from ...value import FloatArray
from ..children import counted
from ..document import Block, Bullets, Column, Figure, Paragraph, Section, Table
from ..material import Material
from ..words import for_readers, plural
from .limits import yearly

_PER = 10_000
_MOST_ROWS = 40
_PER_SOMETHING = re.compile(r",? per [\d,]+.*$")
_MOST_COLUMNS = 14


def the_data(material: Material) -> Section | None:
    """Show the outcome over time, the counts behind it, and what the checks found."""
    if material.kind != "trial":
        return None
    panel = material.panel
    cells, councils = int(panel.frame.used.sum()), len(panel.design.clusters)
    blocks: list[Block] = [
        Paragraph(
            f"The data hold {plural(councils, 'council')}, each in "
            f"{plural(len(panel.design.periods), 'year' if yearly(panel) else 'period')}: {cells:,} cells. What "
            f"the analysis counts are the {councils} councils. A council's periods are not independent of each "
            "other, so more rows do not make it surer."
        ),
        _picture(material),
    ]
    table = _counts(material)
    blocks += [table] if table is not None else []
    found = panel.checks()
    flagged = tuple(for_readers(f"{one.message} {one.fix}") for one in found if not one.passed)
    flagged += tuple(map(for_readers, material.warned))
    if flagged:
        blocks.append(Bullets(flagged, "Found on the way, and worth knowing"))
    passed = [one.name for one in found if one.passed]
    blocks.append(Paragraph(f"Checked without a finding: {listing(passed, most=len(passed))}."))
    blocks.append(Bullets(tuple(for_readers(note) for note in panel.notes), "How the data were read"))
    return Section("data", "The data", tuple(blocks))


def _picture(material: Material) -> Figure:
    panel, told = material.panel, material.study.spec.data
    values, label = panel.outcome, panel.name
    if told is not None and told.log:
        values, label = np.exp(panel.outcome), material.study.outcome_name
        if told.per is not None:
            values, label = values * _PER / told.per, f"{label}, per {_PER:,}"
    treated = np.isfinite(panel.design.start)
    return Figure(
        "course",
        f"{label[:1].upper()}{label[1:]}",
        _in_words(values, treated, panel.design.periods),
        lambda canvas: course(panel, canvas, values=values, label=""),
        "Thin lines are the councils that go live, blue from then on. Averages count every council alike. That "
        "two averages move together or apart is no estimate: who is compared with whom, and when, comes below.",
    )


def _in_words(
    values: FloatArray, treated: np.ndarray[tuple[int], np.dtype[np.bool_]], periods: tuple[object, ...]
) -> str:
    parts = []
    for who, name in ((treated, "councils that go live"), (~treated, "councils that never do")):
        if who.any():
            first, last = np.nanmean(values[who][:, [0, -1]], axis=0)
            parts.append(f"the {who.sum()} {name}: {first:.3g} in {periods[0]} and {last:.3g} in {periods[-1]}")
    return f"Averages of {'; '.join(parts)}."


def _counts(material: Material) -> Table | None:
    """Numbers of children in the councils that go live."""
    panel, told = material.panel, material.study.spec.data
    if told is None or told.per is None or told.size is None or len(panel.design.periods) > _MOST_COLUMNS:
        return None
    counts = counted(panel, log=told.log, per=told.per)
    rows = np.flatnonzero(np.isfinite(panel.design.start))[:_MOST_ROWS]
    columns = (Column("Council"), *(Column(str(period), "{:,.0f}".format) for period in panel.design.periods))
    cells = tuple(
        (panel.design.clusters[row], *(float(number) if np.isfinite(number) else "–" for number in counts[row]))
        for row in rows
    )
    what = _PER_SOMETHING.sub("", material.study.outcome_name.removeprefix("rate of "))
    return Table(f"Numbers of {what} in the councils that go live", columns, cells)
