"""Council by council: each one's own effect, drawn towards the others', with how sure it is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...errors import listing
from ...hierarchical.answers import Better, answers
from ...hierarchical.councils import ranking, shrinkage
from ...plotting.scale import Scale
from ...plotting.shrinkage import shrinkage as picture
from ...results.words import chance_words
from ..children import children_of
from ..document import Block, Bullets, Column, Figure, Paragraph, Section, Table
from ..fitted import Fitted, scale_of_model
from ..material import Material
from ..words import plural, scale_of_data

_LEVEL = 0.95
_RELIED = "How the model was fitted, and whether it can be relied on"


def councils(material: Material) -> Section | None:
    """Show what a hierarchical model says of each council, where enough of them go live to tell."""
    fitted = material.fitted
    if material.kind != "trial" or fitted is None:
        return None
    posterior = fitted.posterior
    scale = scale_of_model(posterior.family, scale_of_data(material.study))
    table = shrinkage(posterior, _LEVEL)
    blocks: list[Block] = [Paragraph(alert, lead=True) for alert in posterior.estimate().alerts]
    blocks += [
        Paragraph(_of_all(material, fitted, scale)),
        Paragraph(_drawn_together(table)),
        Figure(
            "councils",
            "Each council: its own data, and drawn together",
            f"{plural(len(table), 'council')}, drawn together between {scale.shown(float(table['pooled'].min()))} and "
            f"{scale.shown(float(table['pooled'].max()))}. All numbers are in the table that follows.",
            lambda canvas: picture(posterior, canvas, scale=scale),
            "Hollow: what the council's own data say by themselves. Filled: drawn towards the mean of all (dashed), "
            "with its 95% credible interval. A council without a hollow point has nobody to be compared with.",
        ),
        _each(material, fitted, table, scale),
        _places(fitted),
        Paragraph(_another(fitted, scale)),
        Bullets(
            tuple(check.message for check in posterior.checks),
            _RELIED,
        ),
    ]
    return Section("councils", "Council by council", tuple(blocks))


def _of_all(material: Material, fitted: Fitted, scale: Scale) -> str:
    """The mean over councils: its interval, how probably it is for the better, and what it is in children."""
    estimate = fitted.posterior.estimate()
    low, high = estimate.interval(_LEVEL)
    said = (
        f"Over all councils together the 95% credible interval of the change runs from {scale.words(low)} to "
        f"{scale.words(high)}."
    )
    first = _answers(material, fitted)
    better = _better(material)
    if better is None:
        below = fitted.posterior.probability()
        return f"{said} The probability that it is a fall is {chance_words(below)}.{_in_children(material, fitted)}"
    chances = [chance_words(float(first[name].iloc[0])) for name in ("any_benefit", "matters")]
    said += f" The probability that it is a change for the better ({better}) is {chances[0]}"
    beliefs = material.study.beliefs
    if beliefs is not None and beliefs.matters is not None:
        amount = f"{beliefs.matters:.0%}" if beliefs.proportional else f"{beliefs.matters:g}"
        said += f", and that it is better by {amount} or more, which was called enough to matter, {chances[1]}"
    return f"{said}.{_in_children(material, fitted)}"


def _in_children(material: Material, fitted: Fitted) -> str:
    if fitted.posterior.family != "gaussian":
        count = fitted.posterior.estimate().on("count")
        low, high = count.interval(_LEVEL)
        return (
            f" In children, over all council-periods after go-live: between {_children(low)} and {_children(high)} "
            "(95% credible interval)."
        )
    children = children_of(material.study, material.panel)
    if children is None:
        return ""
    low, high = fitted.posterior.estimate().interval(_LEVEL)
    return (
        f" In the average council-period after go-live, with {children.average:,.0f} children counted, that is between "
        f"{children.words(low)} and {children.words(high)}."
    )


def _children(number: float) -> str:
    whole = round(abs(number))
    return "no child" if whole == 0 else f"{plural(whole, 'child', 'children')} {'more' if number > 0 else 'fewer'}"


def _drawn_together(table: pd.DataFrame) -> str:
    outside = (table["low"] > 0) | (table["high"] < 0)
    clear = [str(name) for name in table["council"][outside]]
    said = (
        f"The interval of {listing(clear)} leaves out no change; those of the others include it."
        if clear
        else "Every interval includes no change: from these data no council can be told from one where nothing "
        "happened."
    )
    return (
        "What each council's own data say is in the first column of figures. One council's data are few, so that "
        "the largest and the smallest of these differences are mostly chance. The second column draws each towards "
        f"the mean of all, the more the less its own data tell. {said}"
    )


def _each(material: Material, fitted: Fitted, table: pd.DataFrame, scale: Scale) -> Table:
    better = _better(material)
    given = _answers(material, fitted).iloc[2:]
    chance = table["probability_below_zero"] if better is None else given["any_benefit"]
    numbers = table[["council", "raw", "pooled", "low", "high"]].to_numpy(dtype=object)
    rows = tuple(
        (str(name), _cell(raw), pooled, low, high, chance_words(share))
        for (name, raw, pooled, low, high), share in zip(numbers, chance, strict=True)
    )
    return Table(
        "Each council's change since go-live",
        (
            Column("Council"), Column("Its own data alone", scale.shown), Column("Drawn together", scale.shown),
            Column("95% credible interval, from", scale.shown), Column("to", scale.shown),
            Column("Probability of a fall" if better is None else "Probability of any benefit", scale.shown),
        ),
        rows,
        "This is no league table: the intervals overlap, and the order of the councils is not known.",
    )  # fmt: skip


def _places(fitted: Fitted) -> Table:
    table = ranking(fitted.posterior, _LEVEL)
    rows = tuple(
        (str(name), f"{middle:.0f}", f"{low:.0f} to {high:.0f}", chance_words(first))
        for name, middle, low, high, first in table.to_numpy(dtype=object)
    )
    return Table(
        "How well the order is known",
        (
            Column("Council"), Column("Middle place, 1 for the largest fall"), Column("95% credible interval of it"),
            Column("Probability of place 1"),
        ),
        rows,
        "Where nearly every place is possible, no council is known to do better than another.",
    )  # fmt: skip


def _another(fitted: Fitted, scale: Scale) -> str:
    low, high = (float(end) for end in fitted.posterior.estimate("new").interval(_LEVEL))
    return (
        f"What to expect in a council like ours: in another council like these the change would lie between "
        f"{scale.shown(low)} and {scale.shown(high)} (95% prediction interval)."
    )


def _answers(material: Material, fitted: Fitted) -> pd.DataFrame:
    beliefs = material.study.beliefs
    return answers(
        fitted.posterior,
        better=_better(material) or "lower",
        beyond=beliefs.threshold if beliefs is not None else None,
        level=_LEVEL,
    )


def _better(material: Material) -> Better | None:
    told = material.study.spec.outcome
    return told.better if told is not None else None


def _cell(value: float) -> str | float:
    return value if np.isfinite(value) else "no comparison"
