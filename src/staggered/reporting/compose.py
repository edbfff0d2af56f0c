"""Composing a report: the sections in their order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .. import __version__
from .document import Document, Section
from .material import Material
from .sections.allocation import the_allocation
from .sections.assumptions import assumptions
from .sections.bayes_checklist import bayes_checklist
from .sections.beliefs import beliefs
from .sections.by_itself import by_itself
from .sections.comparison import comparison
from .sections.councils import councils
from .sections.in_short_plan import in_short_plan
from .sections.in_short_results import in_short_results
from .sections.limits import limits
from .sections.methods import methods
from .sections.over_time import over_time
from .sections.power import the_power
from .sections.provenance import provenance
from .sections.rehearsal import the_rehearsal
from .sections.schedule import the_schedule
from .sections.the_data import the_data
from .sections.the_draw import the_draw
from .sections.the_study import the_study

SECTIONS: tuple[Callable[[Material], Section | None], ...] = (
    in_short_plan,
    in_short_results,
    limits,
    the_study,
    the_schedule,
    the_power,
    the_allocation,
    the_draw,
    the_rehearsal,
    the_data,
    comparison,
    over_time,
    by_itself,
    councils,
    beliefs,
    assumptions,
    methods,
    bayes_checklist,
    provenance,
)
"""Every section, in the order of a report; each is nothing where the study has no use for it."""
_KINDS = {"protocol": "Plan of a study", "trial": "Results of a study"}


def compose(material: Material) -> Document:
    """Put the sections together."""
    study = material.study
    sections = tuple(section for build in SECTIONS if (section := build(material)) is not None)
    return Document(
        title=study.title,
        subtitle=study.question,
        kind=_KINDS[material.kind],
        sections=sections,
        stamp=f"Study file {Path(study.path).name}, SHA-256 {study.digest}, staggered {__version__}.",
    )
