"""From the data that a study names to the panels that it asks for."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..data.panel import Panel
from ..data.read import read
from ..data.source import open_table
from ..design.design import Design
from ..errors import DataError, DesignWarning, StudyError, listing
from ..value import FloatArray
from .schema import DataSection, DataVariant, StudyFile

# What `Panel.to_frame` writes, so that a simulated panel can be read back without a [data] section.
_AS_WRITTEN = DataSection(cluster="cluster", period="period", outcome="outcome", treated="treated", size="size")


def read_panel(spec: StudyFile, folder: Path, design: Design | None, data: Any, variant: DataVariant) -> Panel:
    """Read one panel as a study file says, and set it beside the planned design.

    Parameters
    ----------
    spec : StudyFile
    folder : Path
        Where the study file stands.
    design : Design or None
        The planned design, whose strata and dates the data inherit.
    data : frame, path or dict of columns, or None
        None for what [data] names.
    variant : DataVariant
        Which reading.
    """
    told = spec.data or _AS_WRITTEN
    panel = _read(told, variant, data if data is not None else source_of(spec, folder))
    if told.log:
        panel = _logged(panel)
    if spec.outcome is not None and spec.outcome.name != "the outcome":
        panel = replace(panel, name=f"log {spec.outcome.name}" if told.log else spec.outcome.name)
    if variant.clusters == "adopters":
        panel = _only(panel, np.isfinite(panel.design.start))
    return panel if design is None else _beside(panel, design)


def source_of(spec: StudyFile, folder: Path) -> Any:
    """Data that the file itself names or holds: a path, or a dict of columns."""
    told = spec.data
    if told is not None and told.file is not None and told.row:
        raise StudyError(
            "[data] names a file and holds rows too.", "Which of them is meant cannot be known.", "Keep one."
        )
    if told is not None and told.file is not None:
        return folder / told.file
    if told is not None and told.row:
        columns = list(dict.fromkeys(name for row in told.row for name in row))
        return {name: [row.get(name) for row in told.row] for name in columns}
    raise StudyError(
        "The study file names no data.",
        "There is nothing to analyse yet.",
        'Give the data file after the study file, or name it in [data] as file = "...".',
    )


def dated_allocations(spec: StudyFile, folder: Path, data: Any) -> int | None:
    """Ways to deal the go-live dates within strata, as dates and not as periods; None without a start column."""
    told = spec.data
    if told is None or told.start is None or told.cluster is None:
        return None
    columns = [name for name in (told.cluster, told.start, told.strata) if name is not None]
    frame = open_table(data if data is not None else source_of(spec, folder), columns, columns).frame.drop_duplicates()
    strata = frame[told.strata].astype(str) if told.strata is not None else ["all"] * len(frame)
    held: dict[str, list[str]] = {}
    for stratum, date in zip(strata, frame[told.start].astype(str), strict=True):
        held.setdefault(stratum, []).append(date)
    return math.prod(
        math.factorial(len(dates)) // math.prod(map(math.factorial, Counter(dates).values())) for dates in held.values()
    )


def _read(told: DataSection, variant: DataVariant, data: Any) -> Panel:
    absent = [name for name in ("cluster", "period", "outcome") if getattr(told, name) is None]
    if absent:
        raise StudyError(
            f"[data] does not name the column for {listing(absent)}.",
            "A column that is guessed may be the wrong one.",
            f'Add {absent[0]} = "..." with the name of the column.',
        )
    arguments = told.model_dump(exclude={"source", "file", "row", "log", "variant"}, exclude_none=True)
    arguments |= variant.model_dump(include={"adopt", "partial"}, exclude_none=True)
    return read(data, **arguments)


def _logged(panel: Panel) -> Panel:
    design = panel.design
    wrong = panel.frame.used & ~(np.nan_to_num(panel.outcome, nan=1.0) > 0)
    if wrong.any():
        named = [f"{design.clusters[i]} in {design.periods[t]}" for i, t in np.argwhere(wrong)]
        raise DataError(
            f"The outcome is 0 or below for {listing(named)}.",
            "It has no logarithm, and to add a small number would decide the answer.",
            "Leave log out, or join small councils or periods.",
        )
    with np.errstate(invalid="ignore"):
        return replace(panel, outcome=np.log(panel.outcome), within=None)


def _only(panel: Panel, rows: Any) -> Panel:
    where = np.flatnonzero(rows)
    if not len(where):
        raise DataError(
            "No council of the data ever adopts.",
            "None is left when the others are set aside.",
            "Check the go-live column.",
        )
    within = panel.within[where] if panel.within is not None else None
    left = len(panel.design.clusters) - len(where)
    note = f"{left} councils that never adopt are set aside here." if left else ""
    notes = (*panel.notes, note) if note else panel.notes
    return Panel(panel.frame.keep(where), panel.outcome[where], name=panel.name, notes=notes, within=within)


def _beside(panel: Panel, design: Design) -> Panel:
    """Give the panel the planned strata and dates, and say where the schedule departs from the plan."""
    seen = panel.design
    strangers = [name for name in seen.clusters if name not in design.clusters]
    if strangers:
        raise DataError(
            f"The data hold {listing(strangers)}, which the study file does not know.",
            "The data may belong to another study, or spell a name differently.",
            f"Its councils are {listing(list(design.clusters), most=40)}.",
        )
    rows = [design.clusters.index(name) for name in seen.clusters]
    same = tuple(str(p) for p in seen.periods) == tuple(str(p) for p in design.periods)
    if same:
        _say_departures(seen, design.treatment[rows])
    changed = replace(seen, strata=tuple(design.strata[k] for k in rows), dates=design.dates if same else seen.dates)
    return replace(panel, frame=replace(panel.frame, design=changed))


def _say_departures(seen: Design, planned: FloatArray) -> None:
    off = seen.observed & ~np.isnan(planned) & (np.nan_to_num(seen.treatment) != np.nan_to_num(planned))
    if off.any():
        named = [f"{seen.clusters[i]} in {seen.periods[t]}" for i, t in np.argwhere(off)]
        warnings.warn(
            f"The data depart from the planned schedule for {listing(named)}. "
            "The data's own schedule is used; report both.",
            DesignWarning,
            stacklevel=4,
        )
