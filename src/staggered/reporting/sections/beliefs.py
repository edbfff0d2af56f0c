"""Beliefs: what was believed before the data, where it comes from, and how far the answer hangs on it."""

from __future__ import annotations

from ...hierarchical.earlier import Learnt
from ...model.prior import Belief
from ...planning.decisions import Decisions
from ...plotting.beliefs import belief, learnt
from ...plotting.scale import Scale
from ...study.beliefs import Beliefs
from ..document import Block, Column, Figure, Paragraph, Section, Table
from ..fitted import Fitted, scale_of_model
from ..material import Material
from ..words import scale_of_data, scale_of_plan, sentence

_SURE = 0.975


def beliefs(material: Material) -> Section | None:
    """Show the priors of the hierarchical model, and what other priors would have made of the same data."""
    told = material.study.spec.hierarchical
    held = material.study.beliefs
    if held is None or (told is None and material.fitted is None):
        return None
    blocks: list[Block] = _held(held) if told is not None else []
    if told is not None and told.source:
        blocks.append(Paragraph(f"Where this comes from: {sentence(told.source)}"))
    if material.assurance is not None:
        blocks.append(Paragraph(_assured(material.assurance)))
    if material.fitted is not None and material.kind == "trial":
        blocks += _after(material, material.fitted)
    return Section("beliefs", "What was believed beforehand", tuple(blocks)) if blocks else None


def _held(held: Beliefs) -> list[Block]:
    blocks: list[Block] = []
    if held.words is not None:
        blocks += [Paragraph(held.words.text()), _of_words(held.words)]
    if held.learnt is not None:
        blocks += [Paragraph(held.learnt.text()), _of_learnt(held.learnt)]
        blocks.append(
            Table(
                "Earlier evaluations that the prior was learnt from",
                (Column("Where"), Column("What was counted"), Column("Compared with"), Column("Source")),
                tuple(
                    (one.name, one.outcome, "nobody" if one.comparison == "none" else one.comparison, one.source)
                    for one in held.learnt.evaluations
                ),
                "Where another outcome was counted, it is an assumption that effects on the two are alike.",
            )
        )
    if not blocks:
        blocks.append(
            Paragraph("Nothing was said of the size of the effect: its prior is a wide one around no change.")
        )
    return blocks


def _of_words(words: Belief) -> Figure:
    return Figure(
        "belief", "The prior of the effect", words.text(), lambda canvas: belief(words, canvas),
        "The height says how probable a change was thought to be before the data were seen.",
    )  # fmt: skip


def _of_learnt(found: Learnt) -> Figure:
    return Figure(
        "learnt", "What earlier evaluations made of it", found.text(), lambda canvas: learnt(found, canvas),
        "Pale bars are wider than the published ones by what an evaluation without a fair comparison may be wrong by.",
    )  # fmt: skip


def _assured(found: Decisions) -> str:
    return (
        "Were the effect as believed, the hierarchical analysis would decide for a direction in "
        f"{100 * found.expected:.0f}% of {len(found.mean)} simulated studies (Monte Carlo standard error "
        f"{100 * found.mcse:.1f} points): the assurance. It decides when the posterior probability of one direction "
        f"exceeds {100 * _SURE:g}%."
    )


def _after(material: Material, fitted: Fitted) -> list[Block]:
    scale: Scale = scale_of_model(
        fitted.posterior.family,
        scale_of_data(material.study) if material.study.spec.data is not None else scale_of_plan(material.study),
    )
    rows = tuple(
        (str(label), float(effect), float(low), float(high), f"{100 * float(below):.0f}%")
        for label, effect, low, high, below in fitted.sensitivity.table().to_numpy(dtype=object)
    )
    return [
        Paragraph(fitted.expected.text()),
        Paragraph(fitted.sensitivity.text()),
        Table(
            "The same data under other priors",
            (
                Column("Priors"), Column("Mean change", scale.shown), Column("95% interval, from", scale.shown),
                Column("to", scale.shown), Column("Probability of a fall"),
            ),
            rows,
            "Each row is a fit of its own, not an approximation. Intervals are credible ones (equal tails).",
        ),
    ]  # fmt: skip
