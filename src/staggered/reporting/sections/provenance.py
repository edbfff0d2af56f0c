"""Provenance: what the report was made from, so that anyone can make it again."""

from __future__ import annotations

from pathlib import Path

from ... import __version__
from ...inference.permutation import Permutation
from ..document import Facts, Paragraph, Section
from ..material import REHEARSAL_SEED, Material
from ..words import plural, sentence
from .the_study import checks_table


def provenance(material: Material) -> Section:
    """Name files by their SHA-256, the version, the seeds, and where the data come from."""
    study = material.study
    rows = [
        ("Study file", Path(study.path).name),
        ("Its SHA-256", study.digest),
        ("Made by", f"staggered {__version__}"),
        ("Seeds", "; ".join(_seeds(material)) or "none was needed"),
    ]
    if material.kind == "trial":
        rows.append(("Data", material.data_name or "a table handed in, or the rows of the study file"))
        if material.data_hash:
            rows.append(("Its SHA-256", material.data_hash))
        told = study.spec.data.source if study.spec.data is not None else ""
        rows.append(("Source and licence", sentence(told or study.source) or "not said in the study file"))
    else:
        rows.append(("Data", "none: this is a plan"))
    expected = material.expected
    checked = (checks_table("Numbers that the study file expects, computed again", expected),) if expected else ()
    text = "The same study file, data and version give the same report, byte for byte; no time of day is in it."
    return Section("provenance", "Where this comes from", (Facts(tuple(rows)), Paragraph(text), *checked))


def _seeds(material: Material) -> list[str]:
    told = material.study.spec.randomisation
    seeds = []
    if material.kind == "protocol":
        if told is not None and told.seed is not None:
            seeds.append(f"allocation {told.seed}")
        if material.analysed:
            seeds.append(f"simulated children {REHEARSAL_SEED}")
    swaps = dict.fromkeys(
        one.analysis.inference for one in material.analysed if isinstance(one.analysis.inference, Permutation)
    )
    for swap in swaps:
        if isinstance(swap, Permutation):
            seeds.append(
                f"permutation {swap.seed} (used only where there are more than {plural(swap.draws, 'allocation')})"
            )
    return seeds
