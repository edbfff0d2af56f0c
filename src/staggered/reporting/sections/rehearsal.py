"""A rehearsal: the planned analyses on simulated children."""

from __future__ import annotations

from ...plotting.forest import forest
from ...plotting.scale import AsIs
from ...study.study import Analysed, Study
from ..document import Block, Box, Column, Figure, Paragraph, Section, Table
from ..material import REHEARSAL_SEED, Material, can_rehearse
from ..ratios import left_as_ratios, on_another_scale
from ..words import finding, interval_cell, p_cell, scale_of_plan
from .comparison import label, said_of_themselves


def the_rehearsal(material: Material) -> Section | None:
    """Run the planned analyses on one simulated panel, in which the true effect is known."""
    study = material.study
    if material.kind != "protocol" or not can_rehearse(study):
        return None
    scale = scale_of_plan(study)
    truth = float(study.power().effects[0]) if study.effect is not None else 0.0
    said = scale.words(truth)
    found = material.analysed
    blocks: list[Block] = [
        Box(
            "Simulated children",
            (
                Paragraph(
                    f"Nobody was observed. One set of outcomes was drawn from the plan (seed {REHEARSAL_SEED}), in "
                    f"which the difference after go-live is in truth {said}. The planned analyses were then run on "
                    "it exactly as they will be run on the data."
                ),
            ),
        ),
        Figure(
            "rehearsal",
            "Simulated: the planned analyses side by side",
            "; ".join(_in_words(one, study) for one in found),
            lambda canvas: forest(
                [one.estimate for one in found], canvas, scale=scale, labels=[label(one) for one in found]
            ),
            "Each line is an estimate from the same simulated outcomes with its 95% interval. A hollow point has none.",
        ),
        _table(found, study, truth),
        Paragraph(
            "One draw shows that the analyses run and what they will print. It says nothing about the practice "
            "model, and little about the analyses themselves: another seed gives other numbers."
        ),
    ]
    blocks += said_of_themselves(found, material.panel)
    return Section("rehearsal", "A rehearsal on simulated children", tuple(blocks))


def _table(found: tuple[Analysed, ...], study: Study, truth: float) -> Table:
    scale = AsIs() if left_as_ratios(study) else scale_of_plan(study)
    rows = []
    for one in found:
        own = finding(one.estimate.overall)
        holds = ("yes" if own.low <= truth <= own.high else "no") if own.has_interval else "no interval"
        if left_as_ratios(study) and on_another_scale(one.analysis.estimator, study):
            holds = "on another scale"
        rows.append((label(one), own.value, interval_cell(own, scale), p_cell(own.p), holds))
    columns = (
        Column("Analysis"),
        Column(f"Difference ({_unit(scale.axis)})", scale.shown),
        Column("95% interval", scale.shown),
        Column("p‑value", scale.shown),
        Column(f"Does the interval hold the true {scale.shown(truth)}?"),
    )
    return Table("Simulated: estimates and intervals", columns, tuple(rows))


def _unit(axis: str) -> str:
    return axis.removeprefix("difference").lstrip(" ,").removeprefix("in ")


def _in_words(one: Analysed, study: Study) -> str:
    scale = AsIs() if left_as_ratios(study) else scale_of_plan(study)
    own = finding(one.estimate.overall)
    return f"{label(one)}: {scale.shown(own.value)} ({interval_cell(own, scale)})"
