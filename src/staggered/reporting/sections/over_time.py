"""Over time: the estimate by time since go-live."""

from __future__ import annotations

from ...errors import listing
from ...plotting.event_study import event_study
from ...plotting.scale import Scale
from ..document import Block, Column, Figure, Paragraph, Section, Table
from ..material import Material, OverTime
from ..words import Finding, finding, interval_cell, plural, scale_of_data
from .limits import yearly

_FEW = 5


def over_time(material: Material) -> Section | None:
    """Draw the event study, and say how to read it."""
    found = material.over_time
    if material.kind != "trial" or found is None:
        return None
    scale = scale_of_data(material.study)
    estimate = found.estimate
    rows = {term.event: k for k, term in enumerate(estimate.terms) if term.event is not None}
    points = {event: finding(estimate, k) for event, k in rows.items()}
    noun = "Years" if yearly(material.panel) else "Periods"
    picture = Figure(
        "over-time",
        f"Before and after go-live, {noun.lower()} since go-live",
        "; ".join(f"{_signed(event)}: {scale.shown(own.value)}" for event, own in points.items()) + ".",
        lambda canvas: event_study(
            estimate, canvas, scale=scale, councils=found.councils, period=noun.lower().removesuffix("s")
        ),
        f"{estimate.estimator[:1].upper()}{estimate.estimator[1:]}; 95% intervals by {estimate.inference}. A "
        "hollow point has no interval, because it rests on a single council.",
    )
    columns = (
        Column(f"{noun} since go-live"),
        Column("Councils behind it", "{:.0f}".format),
        Column("Difference", scale.shown),
        Column("95% interval", scale.shown),
    )
    cells = tuple(
        (_signed(event), float(found.councils.get(event, 0)), own.value, interval_cell(own, scale))
        for event, own in points.items()
    )
    note = (
        f"0 is the first of the {noun.lower()} that count as after go-live. Each interval stands for itself: among "
        "so many, one may leave out zero by chance."
    )
    table = Table(f"Differences by {noun.lower()} since go-live", columns, cells, note)
    blocks: tuple[Block, ...] = (*_before(points, scale), Paragraph(_after(found)), picture, table)
    return Section("over-time", f"{noun} since go-live", blocks)


def _before(points: dict[int, Finding], scale: Scale) -> tuple[Paragraph, ...]:
    """What the points before go-live can show, and how little."""
    before = [own for event, own in points.items() if event < 0 and own.has_interval]
    if not before:
        return ()
    inside = sum(own.leaves_out_nothing for own in before)
    narrowest = min(before, key=lambda own: own.high - own.low)
    return (
        Paragraph(
            "Before go-live, the councils and their comparison should move together: the points on the left "
            f"should lie near zero. {plural(len(before), 'of them has', 'of them have')} an interval, and zero "
            f"lies inside {'all' if inside == len(before) else inside} of these. That is no proof: even the "
            f"narrowest runs from {scale.words(narrowest.low)} to {scale.words(narrowest.high)}, so a drift within "
            "that range would not have been seen."
        ),
    )


def _after(found: OverTime) -> str:
    most = max(found.councils.values())
    thin = [f"{_signed(event)} ({number})" for event, number in found.councils.items() if number < min(_FEW, most)]
    text = "Councils went live at different times, so they are not the same behind every point."
    return f"{text} Few stand behind {listing(thin, most=8)}." if thin else text


def _signed(event: int) -> str:
    return f"{event:+d}".replace("-", "−") if event else "0"
