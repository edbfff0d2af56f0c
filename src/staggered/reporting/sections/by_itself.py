"""Readings with analyses of their own: what can be estimated, on whom it rests, and what is left out."""

from __future__ import annotations

import numpy as np

from ...errors import listing
from ...kernel.protocols import has_settled_rule
from ...kernel.rule import Rule
from ...plotting.coverage import Cell, cells_of, coverage
from ...results.estimate import Estimate
from ..document import Block, Bullets, Column, Figure, Paragraph, Section, Table
from ..material import Material
from ..words import conclusion, finding, first_upper, interval_cell, plural, scale_of_data, the_outcome
from .comparison import permutations, results_table, said_of_themselves

_MOST = 40


def by_itself(material: Material) -> Section | None:
    """Show each reading that has its own analyses, cell by cell where one of them is by cell."""
    readings = material.by_themselves() if material.kind == "trial" else {}
    if not readings:
        return None
    blocks: list[Block] = []
    for number, (name, found) in enumerate(readings.items(), start=1):
        panel = material.panels[name]
        named: list[str] = []
        for one in found:
            if _by_cell(one.estimate) and has_settled_rule(one.analysis.estimator):
                rule = one.analysis.estimator.rule(panel.frame)
                blocks += _cells(material, f"coverage-{number}", one.estimate, rule)
                named += rule.notes
        overall = tuple(one for one in found if not _by_cell(one.estimate))
        if overall:
            said = conclusion(
                finding(overall[0].estimate.overall),
                scale_of_data(material.study),
                the_outcome(material.study.outcome_name),
            )
            blocks.append(Paragraph(f"Averaged over what is left: {said[:1].lower()}{said[1:]}"))
            blocks += [results_table(material, name, overall), *said_of_themselves(overall, panel, tuple(named))]
    blocks += permutations(material, readings)
    title = first_upper(next(iter(readings))) if len(readings) == 1 else "Readings by themselves"
    return Section("by-itself", title, tuple(blocks))


def _by_cell(estimate: Estimate) -> bool:
    return any(term.cohort is not None and term.period is not None for term in estimate.terms)


def _cells(material: Material, name: str, estimate: Estimate, rule: Rule) -> list[Block]:
    cells = cells_of(rule)
    after = [cell for cell in cells if cell.event >= 0]
    known = [cell for cell in after if cell.estimable]
    return [
        Paragraph(_what_exists(rule, after, known)),
        Figure(
            name,
            "Which effects can be estimated, and against whom",
            _in_words(after),
            lambda canvas: coverage(rule, canvas),
            "A row is the councils that went live in one year, a column a year. The number says how many councils "
            "they are compared with.",
        ),
        _values(material, estimate, [cell for cell in cells if cell.estimable]),
        Bullets(_lost(rule, after), "Cannot be estimated, and left out"),
    ]


def _what_exists(rule: Rule, after: list[Cell], known: list[Cell]) -> str:
    """How many effects exist, and on whom they rest."""
    alone = [cell for cell in known if len(cell.control) == 1]
    names = listing(list(dict.fromkeys(cell.control[0] for cell in alone)))
    text = (
        f"Here the {plural(len(rule.frame.design.clusters), 'council')} are compared with each other alone: those "
        f"that went live with those that had not yet. There are {plural(len(after), 'pair')} of a go-live year and "
        f"a year from it on. For {len(known)} of them somebody is left to compare with; the others cannot be "
        "estimated and are left out."
    )
    if alone:
        part = (
            "All of these rest"
            if len(alone) == len(known)
            else f"{len(alone)} of these {len(known)} rest"
            if len(alone) > 1
            else "One of these rests"
        )
        text += (
            f" {part} on a single council, {names}: whatever else happened there in that year is part of the answer."
        )
    return text


def _in_words(after: list[Cell]) -> str:
    said = [
        f"go-live {cell.cohort} in {cell.period}: "
        + (f"against {listing(list(cell.control), most=_MOST)}" if cell.estimable else "cannot be estimated")
        for cell in after
    ]
    return "; ".join(said) + "."


def _values(material: Material, estimate: Estimate, cells: list[Cell]) -> Table:
    scale = scale_of_data(material.study)
    rows = []
    for cell in cells:
        own = finding(estimate, cell.row)
        when = f"{cell.period},\u00a0{'before' if cell.event < 0 else 'after'}"
        rows.append(
            (
                f"{cell.cohort}",
                when,
                listing(list(cell.control), most=_MOST),
                own.value,
                interval_cell(own, scale),
            )
        )
    columns = (
        Column("Went live"), Column("In the year"), Column("Compared with"),
        Column("Difference", scale.shown), Column("95% interval", scale.shown),
    )  # fmt: skip
    note = (
        "No interval can be had where either side is a single council: nothing says how much its year varies by itself."
    )
    return Table("Every effect that exists", columns, tuple(rows), note)


def _lost(rule: Rule, after: list[Cell]) -> tuple[str, ...]:
    """Name the councils and periods without an estimate, cohort by cohort."""
    design = rule.frame.design
    lost: dict[object, list[object]] = {}
    for cell in after:
        if not cell.estimable:
            lost.setdefault(cell.cohort, []).append(cell.period)
    items = []
    for cohort, periods in lost.items():
        starts = design.start == design.periods.index(cohort)
        councils = [design.clusters[k] for k in np.flatnonzero(starts)]
        items.append(f"{listing(councils, most=_MOST)} (went live in {cohort}): {listing(periods, most=_MOST)}")
    return tuple(items)
