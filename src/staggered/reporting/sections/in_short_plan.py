"""In short, for a plan: what it could show, over a range of assumptions."""

from __future__ import annotations

import numpy as np

from ...errors import listing
from ...plotting.power_map import percent
from ...results.power import Power
from ...study.study import Study
from ..document import Paragraph, Section
from ..material import Material
from ..planned import children_per_thousand, effect_words
from ..words import plural, scale_of_plan, the_outcome
from .allocation import floor_words


def in_short_plan(material: Material) -> Section | None:
    """Say what the plan could show, before anything is measured."""
    study = material.study
    if material.kind != "protocol":
        return None
    blocks = [Paragraph(_power(study), lead=True), *_detectable(study), *_orders(material)]
    blocks.append(
        Paragraph("Nothing here is a result. No outcome has been looked at; where children appear, they are simulated.")
    )
    return Section("in-short", "In short", tuple(blocks))


def _power(study: Study) -> str:
    if study.lacks:
        return (
            f"The study file does not give {listing(study.lacks)}, so power cannot be worked out. What is not "
            "known is not made up."
        )
    if study.effect is None:
        return "The study file names no effect to look for; the smallest one that would be found stands below."
    single = study.power()
    told = f"Suppose that {_risk(study)} is in truth {effect_words(study, single)}. "
    if study.spec.power.grid is None:
        return told + f"The chance that this study finds it, its power, is then {percent(single.power)}."
    return told + range_sentence(study.grid(), study.spec.power.target)


def _risk(study: Study) -> str:
    binary = study.outcome is not None and study.outcome.family == "binomial"
    return f"the risk of {study.outcome_name}" if binary else the_outcome(study.outcome_name)


def range_sentence(grid: Power, target: float) -> str:
    """Say over what range power runs, and how often it reaches the target."""
    low, high = float(grid.powers.min()), float(grid.powers.max())
    reached = int((grid.powers >= target).sum())
    count = len(grid.powers)
    times = "In none" if reached == 0 else "In all" if reached == count else f"In {reached}"
    return (
        f"The chance that this study finds it, its power, runs from {percent(low, target)} to "
        f"{percent(high, target)}, depending on how alike the children of one council are and on how much of that "
        f"lasts. {times} of the {count} settings looked at does it reach {100 * target:.0f}%."
    )


def _detectable(study: Study) -> list[Paragraph]:
    if study.lacks:
        return []
    smallest = study.detectable()
    size = float(np.abs(smallest.effects[0]))
    said = f"{scale_of_plan(study).amount(size)} in either direction"
    outcome = study.outcome
    if outcome is not None and outcome.family == "binomial" and outcome.link == "identity":
        words = children_per_thousand(size).replace(" more", "")
        said += f", or {words}"
    return [
        Paragraph(
            "At the study file's own correlation the smallest difference that is found "
            f"{100 * study.spec.power.target:.0f} times in 100 is {said}. A smaller one would be missed more often "
            "than that."
        )
    ]


def _orders(material: Material) -> list[Paragraph]:
    study = material.study
    if study.design is None:
        return []
    if material.allocation is not None and material.allocation.constraint is not None:
        return [Paragraph(material.allocation.text())]
    count = study.design.allocations()
    strata = list(dict.fromkeys(study.design.strata))
    if count < 2:
        return []
    within = f" within the strata {listing(strata)}" if len(strata) > 1 else ""
    alpha = study.spec.power.alpha
    never = f"; such a test can never find anything at {100 * alpha:g}%" if 1 / count > alpha else ""
    return [
        Paragraph(
            f"{plural(count, 'different order')} of go-live exist{within}. An exact randomisation test compares "
            f"the order drawn with {floor_words(count)}{never}."
        )
    ]
