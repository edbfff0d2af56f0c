"""Assumptions: what has to be true for the numbers to mean what they say."""

from __future__ import annotations

import numpy as np

from ...plotting.scale import PercentChange
from ...study.study import Study
from ..document import Block, Bullets, Column, Section, Table
from ..material import Material
from ..words import plural, scale_of_data, sentence
from .power import correlation_words

_FEW = 40
_TOGETHER = {
    True: "in the same proportion as",
    False: "by as much as",
}


def assumptions(material: Material) -> Section | None:
    """List what is taken for granted, with where each number comes from."""
    blocks: list[Block] = []
    if material.kind == "protocol":
        blocks += _numbers(material.study)
        blocks.append(Bullets(_of_plan(material.study), "Taken for granted"))
    else:
        blocks.append(Bullets(_of_data(material), "Taken for granted"))
    return Section("assumptions", "Assumptions", tuple(blocks))


def _numbers(study: Study) -> list[Block]:
    spec = study.spec
    rows = []
    if spec.outcome is not None and study.outcome is not None:
        value = (
            f"baseline {spec.outcome.baseline:g}" if spec.outcome.baseline is not None else f"SD {spec.outcome.sd:g}"
        )
        rows.append(
            (f"Outcome: {study.outcome_name}", f"{spec.outcome.family}, {value}", sentence(spec.outcome.source))
        )
    if spec.correlation is not None:
        rows.append(
            (
                "Correlation",
                f"{spec.correlation.structure}: {correlation_words(study)}",
                sentence(spec.correlation.source),
            )
        )
    if spec.effect is not None:
        size = f" {spec.effect.size:g}".replace("-", "−") if spec.effect.size is not None else ""
        rows.append(("Effect", f"{spec.effect.kind}{size}", sentence(spec.effect.source)))
    if not rows:
        return []
    cells = tuple((name, value, source or "not said in the study file") for name, value, source in rows)
    return [
        Table(
            "Planning values, and where they come from", (Column("What"), Column("Value"), Column("Where from")), cells
        )
    ]


def _of_plan(study: Study) -> tuple[str, ...]:
    items = [
        "Apart from their level, councils would have followed the same course over time.",
        "A council's children are in control until the day of go-live and have the whole effect from then on, "
        "unless the effect above says otherwise.",
        "What is done in one council changes nothing in another, and nothing changes ahead of go-live.",
    ]
    sections = study.spec.design
    if any(council.total is not None for council in getattr(sections, "council", [])):
        items.append("Each council's number of children is spread over the periods by their length in days.")
    if not study.lacks and len(study.plan.design.clusters) < _FEW:
        who = plural(len(study.plan.design.clusters), "council")
        items.append(
            f"How much councils differ has to be learnt from the {who} themselves, hence the t distribution with "
            "few degrees of freedom."
            if np.isfinite(study.detectable().df)
            else f"How much councils differ is known beforehand and need not be learnt from the {who}. With so few "
            "this makes power look better than it is."
        )
    return tuple(items)


def _of_data(material: Material) -> tuple[str, ...]:
    design = material.panel.design
    treated, never = int(np.isfinite(design.start).sum()), int(np.isinf(design.start).sum())
    alike = _TOGETHER[isinstance(scale_of_data(material.study), PercentChange)]
    others = f"the {plural(never, 'comparison council')}" if never else "the councils that had not yet gone live"
    return (
        f"Without the practice model, the {plural(treated, 'council')} would have changed {alike} {others}. This "
        "cannot be checked; the points before go-live can only speak against it.",
        "Nothing changed ahead of go-live because it was coming.",
        "What was done in one council changed nothing in another.",
        "No comparison council took up the practice model or something like it.",
        "Councils vary independently of each other, once what all of them share in a period is taken off.",
        f"The average counts each {material.panel.frame.per} alike; counting otherwise would answer another question.",
    )
