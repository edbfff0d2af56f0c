"""What this cannot say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ...data.panel import Panel
from ...design.design import Design
from ...errors import listing
from ...study.study import Study
from ..document import Box, Bullets, Section
from ..material import Material
from ..words import plural, sentence

_FEW = 40
_YEAR = 360


def limits(material: Material) -> Section:
    """Say what may not be read into the report; what the study file adds comes first."""
    own = tuple(sentence(text) for text in material.study.spec.report.limits) if material.study.spec.report else ()
    found = _of_data(material) if material.kind == "trial" else _of_plan(material.study)
    return Section(
        "limits", "What this cannot say", (Box("Read this before you quote it", (Bullets((*own, *found)),)),)
    )


def _of_data(material: Material) -> tuple[str, ...]:
    panel = material.panel
    design = panel.design
    treated, others = int(np.isfinite(design.start).sum()), int(np.isinf(design.start).sum())
    items = []
    if yearly(panel):
        items.append(
            "The numbers are yearly totals. What happened within a year cannot be seen, and the year of go-live "
            "is part before, part after."
        )
    if len(design.clusters) < _FEW:
        items.append(
            f"{plural(treated, 'council')} went live. With so few, one council's own history can move the answer; "
            "more children in the same councils would not mend that."
        )
    if others:
        items.append(
            f"The {plural(others, 'comparison council')} may have changed their own practice in the same years. "
            "Whatever they changed is part of the comparison, and these data cannot take it out."
        )
    if others and material.study.design is None:
        items.append(
            "Nobody drew at random which councils would take part. Those that did may have differed already, in "
            "ways that go on changing."
        )
    if material.study.spec.data is not None and material.study.spec.data.rows == "cells":
        items.append("Totals of councils say nothing about any one child, nor about which children were concerned.")
    return tuple(items)


def _of_plan(study: Study) -> tuple[str, ...]:
    items = [
        "Power is a forecast under assumptions. If councils' rates drift apart by more than the assumed "
        "correlation allows, the study can show less than is said here."
    ]
    if study.design is not None and len(study.design.clusters) < _FEW:
        items.append(
            f"With {plural(len(study.design.clusters), 'council')} the differences between councils are themselves "
            "hardly known. More children in the same councils would not mend that; more councils would."
        )
    strata = list(dict.fromkeys(study.design.strata)) if study.design is not None else []
    if len(strata) > 1 and study.design is not None and _in_turn(study):
        items.append(
            f"The strata ({listing(strata)}) go live one after the other. What sets them apart cannot be told from "
            "what sets early apart from late."
        )
    if study.analyses:
        items.append(
            "The rehearsal shows how the results will look. Its numbers are simulated and mean nothing in themselves."
        )
    return tuple(items)


def _in_turn(study: Study) -> bool:
    """Whether every council of one stratum starts before any of the next."""
    assert study.design is not None
    starts = study.design.start
    groups = {
        name: [s for s, own in zip(starts, study.design.strata, strict=True) if own == name]
        for name in study.design.strata
    }
    spans = sorted((min(group), max(group)) for group in groups.values())
    return all(before[1] < after[0] for before, after in pairwise(spans))


def yearly(panel: Panel) -> bool:
    """Whether the periods of a panel are years."""
    return years(panel.design)


def years(design: Design) -> bool:
    """Whether the periods are years."""
    dates = design.dates
    return dates is not None and bool(((dates[:, 1] - dates[:, 0]).astype(int) > _YEAR).all())
