"""The order of go-live: how many there could be, and one drawn."""

from __future__ import annotations

import datetime

import numpy as np

from ...allocation.allocate import Allocation
from ...design.design import Design
from ..document import Block, Column, Paragraph, Section, Table
from ..material import Material
from ..words import day, plural

_MANY = 10_000


def the_allocation(material: Material) -> Section | None:
    """Count the orders that the strata allow, state the floor of the exact test, and draw one order."""
    study = material.study
    if material.kind != "protocol" or study.design is None or study.design.allocations() < 2:
        return None
    design = study.design
    count, alpha = design.allocations(), study.spec.power.alpha
    strata = list(dict.fromkeys(design.strata))
    balanced = material.allocation is not None and material.allocation.constraint is not None
    if material.allocation is not None and balanced:
        count = material.allocation.count
    blocks: list[Block] = [
        Paragraph(material.allocation.text())
        if material.allocation is not None and balanced
        else Paragraph(
            f"{_how(design, strata)}: {plural(count, 'different allocation')} exist. An exact randomisation test "
            f"compares the allocation drawn with {floor_words(count)}."
        )
    ]
    if 1 / count > alpha:
        needed = int(np.ceil(1 / alpha))
        blocks.append(
            Paragraph(
                f"At a level of {100 * alpha:g}% such a test can therefore never find anything, whatever the data "
                f"say: that would take {needed} allocations or more. Its p-value can be reported, with its floor; "
                "a conclusion has to rest on other analyses, and on what they assume."
            )
        )
    if material.allocation is not None:
        blocks += _drawn(material.allocation)
    return Section("allocation", "The order of go-live", tuple(blocks))


def floor_words(count: int) -> str:
    """Say how small a p-value so many allocations allow.

    Examples
    --------
    >>> floor_words(12)
    'all of them, so its two-sided p-value cannot be smaller than 1/12 = 0.083'
    """
    if count >= _MANY:
        return "them, or with many drawn from them; there are so many that no floor of its p-value matters"
    return f"all of them, so its two-sided p-value cannot be smaller than 1/{count:,} = {1 / count:.2g}"


def _how(design: Design, strata: list[str]) -> str:
    """Say within what councils swap places, and in how many ways."""
    if len(strata) < 2:
        return "Any council may take any place"
    ways = []
    for stratum in strata:
        rows = np.array([row for row, own in zip(design.treatment, design.strata, strict=True) if own == stratum])
        ways.append(f"{Design(rows).allocations():,} in {stratum}")
    return f"Councils swap places only within their stratum, {' times '.join(ways)}"


def _drawn(allocation: Allocation) -> list[Block]:
    planned, dealt = allocation.planned, allocation.design
    several = len(set(planned.strata)) > 1
    rows = tuple(
        (
            name,
            *([planned.strata[k]] if several else []),
            _begins(planned, planned.start[k]),
            _begins(dealt, dealt.start[k]),
        )
        for k, name in enumerate(planned.clusters)
    )
    columns = (
        Column("Council"),
        *([Column("Stratum")] if several else []),
        Column("Go-live in the study file"),
        Column("Go-live in this draw"),
    )
    certificate = allocation.certificate()
    note = (
        f"Seed {allocation.seed}, generator {certificate['generator']}; SHA-256 of what went in "
        f"{certificate['input_sha256']}, of what came out {certificate['result_sha256']}. The same seed and study "
        "file give the same draw on any machine."
    )
    return [
        Paragraph(
            "Below is one order drawn at random from them. Where the dates in the study file are those of a "
            "rollout that has happened, the draw replaces nothing: it shows how an order is drawn and how it can "
            "be checked."
        ),
        Table("One allocation, drawn", columns, rows, note),
    ]


def _begins(design: Design, start: float) -> str:
    if np.isinf(start):
        return "never"
    if design.dates is None:
        return f"period {design.periods[int(start)]}"
    return day(design.dates[int(start), 0].astype(datetime.date))
