"""In short, for results: the interval, what it means for children, and what may be concluded."""

from __future__ import annotations

import math

from ...planning.tests_of_zero import distance_for
from ...plotting.scale import PercentagePoints, PercentChange, Scale
from ..children import Children, children_of
from ..document import Bullets, Paragraph, Section
from ..material import Material
from ..methods import estimator_words, inference_words
from ..planned import children_per_thousand
from ..words import Finding, conclusion, finding, first_lower, number_cell, plural, scale_of_data, the_outcome
from .limits import yearly


def in_short_results(material: Material) -> Section | None:
    """Say what the primary analysis found and what that allows."""
    if material.kind != "trial":
        return None
    found, scale = finding(material.primary), scale_of_data(material.study)
    what = the_outcome(material.study.outcome_name)
    children = children_of(material.study, material.panel)
    blocks = [Paragraph(conclusion(found, scale, what), lead=True), Paragraph(_estimate(material, found, scale))]
    if children is not None:
        blocks.append(Paragraph(_in_children(material, found, children)))
    elif isinstance(scale, PercentagePoints) and found.has_interval:
        ends = (children_per_thousand(found.low), children_per_thousand(found.high))
        blocks.append(Paragraph(f"In children, the interval runs from {ends[0]} to {ends[1]}."))
    if (smallest := _detectable(material, found, scale)) is not None:
        blocks.append(Paragraph(smallest))
    return Section("in-short", "In short", (*blocks, _may(material, found, scale), _may_not(found)))


def _estimate(material: Material, found: Finding, scale: Scale) -> str:
    first = material.analysed[0]
    period = "year" if yearly(material.panel) else "period"
    estimand = material.primary.estimand.replace("treated cells", f"council-{period}s after go-live")
    reading = f" A {period} counts as after go-live by this rule: {first.data}." if first.data else ""
    return (
        f"The estimate itself: {scale.words(found.value)}, {_error(found, scale)}. It is the {estimand}. It comes "
        f"from the study file's primary analysis: {first_lower(estimator_words(first.analysis))}, with its "
        f"uncertainty from the {inference_words(first).removeprefix('the ')}.{reading}"
    )


def _error(found: Finding, scale: Scale) -> str:
    if not math.isfinite(found.se):
        return "without a standard error"
    if isinstance(scale, PercentChange):
        return (
            f"with a standard error near {100 * found.se:.0f}% ({number_cell(found.se).lstrip('+')} on the log scale)"
        )
    return f"with a standard error of {scale.amount(found.se)}"


def _in_children(material: Material, found: Finding, children: Children) -> str:
    period = "year" if yearly(material.panel) else "period"
    text = (
        f"In children: the {plural(children.councils, 'council')} had "
        f"{plural(children.cells, f'council-{period}')} after go-live, in which {children.total:,.0f} children are "
        f"counted, {children.average:,.0f} in the average one. In such a {period}, "
        f"{scale_of_data(material.study).words(found.value)} stands for {children.words(found.value)}"
    )
    if found.has_interval:
        text += f"; the interval runs from {children.words(found.low)} to {children.words(found.high)}"
    return text + f", if the same percentage held in every council and {period}."


def _detectable(material: Material, found: Finding, scale: Scale) -> str | None:
    """The smallest true difference that would be found with the target power at this standard error."""
    if not math.isfinite(found.se) or math.isnan(found.df):
        return None
    target, alpha = material.study.spec.power.target, material.study.spec.power.alpha
    smallest = distance_for(target, found.df, alpha, True) * found.se
    amount = scale.amount(smallest)
    if isinstance(scale, PercentChange):
        sides = f"{scale.amount(-smallest)} lower or {amount} higher"
    else:
        sides = f"{amount} in either direction"
    return (
        f"With this much uncertainty a difference is found {100 * target:.0f} times in 100 only if it is at least "
        f"{sides}. A smaller one would be missed more often than that."
    )


def _may(material: Material, found: Finding, scale: Scale) -> Bullets:
    items = []
    if found.has_interval:
        items.append(
            f"Anything from {scale.words(found.low)} to {scale.words(found.high)} is compatible with these data."
        )
    every = [one for same in material.side_by_side().values() for one in same]
    others = [
        own for one in every if one is not material.analysed[0] and (own := finding(one.estimate.overall)).has_interval
    ]
    inside = sum(own.leaves_out_nothing for own in others)
    if others:
        every_one = "it" if len(others) == 1 else "every one"
        agree = f"zero lies inside {every_one}" if inside == len(others) else f"zero lies inside {inside} of them"
        items.append(
            f"Other estimators and readings of the same data give {plural(len(others), 'more interval')}: {agree}."
        )
    if not found.leaves_out_nothing:
        items.append("The difference is larger than chance alone would readily give, if the assumptions hold.")
    return Bullets(tuple(items), "What may be concluded")


def _may_not(found: Finding) -> Bullets:
    items: tuple[str, ...]
    if found.leaves_out_nothing:
        items = (
            "That the practice models made no difference. “We cannot tell” is not “nothing happened”.",
            "That there was a promising sign in either direction: the estimate lies inside the range of chance.",
            "That the estimate is the likeliest truth. Quote the interval, or nothing.",
        )
    else:
        items = (
            "That the practice model was the cause, unless the order was drawn at random or the comparison is "
            "believed.",
            "That the estimate will be found again elsewhere. Quote the interval, not the estimate alone.",
        )
    return Bullets(items, "What may not be concluded")
