"""Side by side: every estimator and inference of the study file, on every reading of the data."""

from __future__ import annotations

import math

import numpy as np

from ...data.panel import Panel
from ...design.design import Design
from ...errors import listing
from ...inference.permutation import Permutation
from ...kernel.protocols import has_settled_rule
from ...kernel.rule import Rule
from ...plotting.forest import forest
from ...plotting.scale import AsIs, PercentChange, Scale
from ...study.study import Analysed
from ...value import BoolArray
from ..children import Children, children_of
from ..document import Block, Bullets, Column, Figure, Paragraph, Section, Table
from ..material import Material
from ..methods import ESTIMATORS, estimator_words, inference_words
from ..words import NONE, finding, for_readers, interval_cell, number_cell, p_cell, plural, scale_of_data
from .limits import yearly
from .schedule import period_words

_MOST = 40


def comparison(material: Material) -> Section | None:
    """Set the analyses side by side: a picture, a table for each reading, and what the permutations could show."""
    readings = material.side_by_side() if material.kind == "trial" else {}
    found = [one for same in readings.values() for one in same]
    if not found:
        return None
    scale = scale_of_data(material.study)
    estimators = len({one.analysis.estimator_name for one in found})
    several = f" and {plural(len(readings), 'reading')} of the go-live dates" if len(readings) > 1 else ""
    blocks: list[Block] = [
        Paragraph(
            f"{plural(estimators, 'estimator')}{several} put one question to the same councils, each weighing them "
            "in its own way. They are not independent of each other: that they agree does not confirm any of "
            "them, but where they disagree something hangs on the choice."
        ),
        Figure(
            "comparison",
            "Estimators, readings and intervals side by side",
            _in_words(found, scale),
            lambda canvas: forest(
                [one.estimate for one in found],
                canvas,
                scale=scale,
                labels=[label(one) for one in found],
                groups=[one.data for one in found],
            ),
            "Each line is an estimate with its 95% interval; a hollow point has none. The upright line is zero.",
        ),
    ]
    for name, same in readings.items():
        blocks.append(results_table(material, name, same))
        blocks += said_of_themselves(same, material.panels[name])
    blocks += permutations(material, readings)
    return Section("comparison", "Estimators side by side", tuple(blocks))


def _in_words(found: list[Analysed], scale: Scale) -> str:
    """What the picture of all estimates shows."""
    own = [finding(one.estimate.overall) for one in found]
    values = [one.value for one in own if not math.isnan(one.value)]
    intervals = [one for one in own if one.has_interval]
    inside = sum(one.leaves_out_nothing for one in intervals)
    return (
        f"{plural(len(values), 'estimate')} from {scale.shown(min(values))} to {scale.shown(max(values))}. "
        f"{plural(len(intervals), 'of them has', 'of them have')} a 95% interval; zero lies inside {inside} of "
        "these. All numbers are in the tables that follow."
    )


def label(one: Analysed) -> str:
    """Name an analysis."""
    return f"{estimator_words(one.analysis)}, {inference_words(one)}"


def results_table(material: Material, name: str, found: tuple[Analysed, ...]) -> Table:
    """Write the overall row of each analysis: percent and children first, then the scale of the analysis."""
    scale, panel = scale_of_data(material.study), material.panels[name]
    children = children_of(material.study, panel)
    period = "year" if yearly(panel) else "period"
    columns = [Column("Analysis"), Column(_difference(scale), scale.shown), Column("95% interval", scale.shown)]
    if children is not None:
        columns.append(Column(f"Children a {period}", scale.shown))
    columns.append(Column("p‑value", scale.shown))
    columns.append(
        Column("Log difference (standard error)" if isinstance(scale, PercentChange) else "Standard error", scale.shown)
    )
    rows = tuple(_row(one, scale, children) for one in found)
    caption = f"Reading: {name}" if name else "Every analysis"
    note = ""
    if children is not None:
        average = f"{children.average:,.0f} of the average council-{period} after go-live"
        note = f"Children a {period}: more or fewer than the {average}."
    return Table(caption, tuple(columns), rows, note)


def _row(one: Analysed, scale: Scale, children: Children | None) -> tuple[str | float, ...]:
    own = finding(one.estimate.overall)
    # The spread of a randomisation distribution is no standard error of the estimate.
    error = NONE if isinstance(one.analysis.inference, Permutation) else AsIs().shown(own.se).lstrip("+") or NONE
    last = f"{number_cell(own.value)} ({error})" if isinstance(scale, PercentChange) else error
    count = [] if children is None else [_few(children.difference(own.value))]
    return (label(one), own.value, interval_cell(own, scale), *count, p_cell(own.p), last)


def _few(number: float) -> str:
    whole = round(number)
    return "0" if whole == 0 else f"{whole:+,}".replace("-", "−")


def _difference(scale: Scale) -> str:
    return "Difference" if isinstance(scale, PercentChange) else scale.axis[:1].upper() + scale.axis[1:]


def said_of_themselves(found: tuple[Analysed, ...], panel: Panel, elsewhere: tuple[str, ...] = ()) -> list[Block]:
    """What analyses say of themselves besides what holds of their data, each once; then the cells that they set aside.

    What permutations say is said once for all of them; notes in `elsewhere` have been put into other words.
    """
    aside = {one.analysis.estimator_name: rule for one in found if (rule := _setting_aside(one, panel)) is not None}
    said: dict[str, list[str]] = {}
    for one in found:
        rule = aside.get(one.analysis.estimator_name)
        known = {*panel.notes, *elsewhere, *(rule.notes if rule is not None else ())}
        for note in one.estimate.notes:
            if note not in known and not isinstance(one.analysis.inference, Permutation):
                said.setdefault(for_readers(note), []).append(label(one))
    blocks: list[Block] = []
    if said:
        blocks.append(Bullets(tuple(f"{'; '.join(dict.fromkeys(who))}: {note}" for note, who in said.items())))
    items = [
        f"{ESTIMATORS.get(name, name)}: {_cells(panel.frame.used & ~rule.frame.used, panel.design)}."
        for name, rule in aside.items()
    ]
    if items:
        blocks.append(Bullets(tuple(items), "Set aside, because no untreated cell says what would have happened there"))
    return blocks


def _setting_aside(one: Analysed, panel: Panel) -> Rule | None:
    """Rule of an estimator that uses fewer cells than the panel holds."""
    if not has_settled_rule(one.analysis.estimator):
        return None
    rule = one.analysis.estimator.rule(panel.frame)
    return rule if (panel.frame.used & ~rule.frame.used).any() else None


def _cells(gone: BoolArray, design: Design) -> str:
    """Name cells: periods that are gone for every council together, else council by council."""
    names = [period_words(design, t) for t in range(len(design.periods))]
    whole = gone.all(axis=0)
    parts = (
        [f"every council in {listing([names[t] for t in np.flatnonzero(whole)], most=_MOST)}"] if whole.any() else []
    )
    for row in np.flatnonzero((gone & ~whole).any(axis=1)):
        of_row = [names[t] for t in np.flatnonzero(gone[row] & ~whole)]
        parts.append(f"{design.clusters[row]} in {listing(of_row, most=_MOST)}")
    return "; ".join(parts)


def permutations(material: Material, readings: dict[str, tuple[Analysed, ...]]) -> list[Block]:
    """Say in how many ways dates could be swapped, how many schedules differ, and how small a p-value could be."""
    swapped = {
        name: found
        for name, found in readings.items()
        if any(isinstance(one.analysis.inference, Permutation) for one in found)
    }
    if not swapped:
        return []
    items = []
    for name in swapped:
        count = material.panels[name].design.allocations()
        reading = f"{name}: " if name else ""
        closed = "" if 1 / count <= 0.05 else " No 95% interval can be closed by so few, whatever the data."
        items.append(
            f"{reading}{plural(count, 'different schedule')}, so no p-value can be smaller than 1/{count:,} = "
            f"{1 / count:.3f}.{closed}"
        )
    dealt = material.dealt
    ways = (
        f" The dates of go-live could be dealt in {dealt:,} ways. Once dates have become periods, many of these "
        "are the same schedule."
        if dealt
        else ""
    )
    return [
        Paragraph(
            "Permutation swaps dates between councils, only within their strata, and estimates again each "
            f"time.{ways} It is exact if the order within strata was drawn at random; otherwise it describes, no "
            "more."
        ),
        Bullets(tuple(items), "How many schedules there are to compare with"),
    ]
