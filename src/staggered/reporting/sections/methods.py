"""Methods and references."""

from __future__ import annotations

from ..document import Block, Bullets, Section
from ..material import Material
from ..methods import DOES, estimator_words, inference_does, inference_words
from ..words import first_upper


def methods(material: Material) -> Section | None:
    """Say what each estimator and inference does, in a sentence, and give the papers."""
    found = material.analysed
    if not found:
        return None
    does: dict[str, str] = {}
    for one in found:
        if one.analysis.estimator_name in DOES:
            does.setdefault(estimator_words(one.analysis), DOES[one.analysis.estimator_name])
    knows: dict[str, str] = {}
    for one in found:
        if text := inference_does(one):
            knows.setdefault(first_upper(inference_words(one)), f"{text}.")
    papers = dict.fromkeys(paper for one in found for paper in one.estimate.references)
    blocks: list[Block] = [Bullets(tuple(f"{name}: {text}" for name, text in does.items()), "Estimators")]
    if knows:
        blocks.append(Bullets(tuple(f"{name}: {text}" for name, text in knows.items()), "How sure"))
    if papers:
        blocks.append(Bullets(tuple(papers), "Papers"))
    return Section("methods", "Methods", tuple(blocks))
