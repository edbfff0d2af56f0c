"""The study: what was asked, and what was found in its file."""

from __future__ import annotations

import numpy as np

from ...design.design import Design
from ...results.check import Check
from ..document import Block, Bullets, Column, Facts, Section, Table
from ..material import Material
from ..words import day, for_readers, plural, sentence
from .limits import years

_ELSEWHERE = {"file", "plan"}


def the_study(material: Material) -> Section:
    """Give the facts of the study and the checks of its file."""
    study = material.study
    design = material.panel.design if material.kind == "trial" else study.design
    rows = [
        ("Question", study.question),
        ("Practice model", study.practice_model),
        ("Outcome", _outcome(material)),
        *(_councils(design) if design is not None else []),
        ("Source", sentence(study.source)),
    ]
    blocks: list[Block] = [Facts(tuple((name, text) for name, text in rows if text))]
    if material.kind == "protocol":
        blocks.append(checks_table("The study file, checked", material.checks))
        if material.warned:
            blocks.append(Bullets(tuple(map(for_readers, material.warned)), "Found on the way, and worth knowing"))
    return Section("study", "The study", tuple(blocks))


def _outcome(material: Material) -> str:
    told = material.study.spec.outcome
    if told is None:
        return ""
    better = f" ({told.better} is better)" if told.better else ""
    return f"{told.name}{better}"


def _councils(design: Design) -> list[tuple[str, str]]:
    treated = int(np.isfinite(design.start).sum())
    never = len(design.clusters) - treated
    who = plural(len(design.clusters), "council")
    rows = [("Councils", f"{who}: {treated} go live, {never} never do" if never else f"{who}, all of which go live")]
    if design.dates is not None:
        first, last = day(design.dates[0, 0].astype(object)), day(design.dates[-1, 1].astype(object))
        rows.append(
            ("Time", f"{first} to {last}, in {plural(len(design.periods), 'year' if years(design) else 'period')}")
        )
    return rows


def checks_table(caption: str, checks: tuple[Check, ...]) -> Table:
    """Write checks as a table; what stands elsewhere in the report (the file's hash, power, the data) is left out."""
    rows = tuple(
        (one.name.replace("_", " "), "ok" if one.passed else "look", f"{one.message} {one.fix}".strip())
        for one in checks
        if one.name not in _ELSEWHERE and not one.name.startswith("data")
    )
    return Table(caption, (Column("Checked"), Column("Finding"), Column("What was found")), rows)
