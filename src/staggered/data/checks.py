"""Checks of a panel: what a reader of any result from it should know, one finding each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import listing
from ..results.check import Check
from ..value import BoolArray, FloatArray, IntArray
from .comparison import Comparison, stranded
from .councils import misspelt, of_an_area, told, who
from .frame import Frame
from .grid import when

_ENOUGH_COUNCILS = 40
_ENOUGH_IN_AN_ARM = 6
_UNEVEN = 3.0
_UNUSUAL = 8.0
_SMALL_COUNT = 10
_SHORTEST_HISTORY = 2
# Scales the median absolute deviation to the standard deviation of a normal distribution.
_TO_SD = 1.4826

Look = Callable[[Frame, FloatArray], Check]


def check(frame: Frame, outcome: FloatArray) -> list[Check]:
    """Look at everything there is to look at.

    Parameters
    ----------
    frame : Frame
        Design and presence.
    outcome : array (clusters, periods)
        nan where the data hold nothing.
    """
    return [look(frame, outcome) for look in CHECKS]


def _say(frame: Frame, cells: IntArray, value: FloatArray | None = None) -> str:
    """Name cells, with their values where given."""

    def say(k: int) -> str:
        council, period = cells[k]
        shown = "" if value is None else f" ({value[council, period]:,.6g})"
        return f"{who(frame.design.clusters[council])} in {when(frame.design.periods[period])}{shown}"

    return told(np.arange(len(cells)), say)


def _named(frame: Frame, councils: IntArray) -> str:
    return told(councils, lambda k: who(frame.design.clusters[k]))


def _ever_treated(frame: Frame) -> BoolArray:
    return np.asarray((np.nan_to_num(frame.design.treatment) > 0).any(axis=1))


def _gaps(frame: Frame, outcome: FloatArray) -> Check:
    missing = np.isnan(outcome)
    if not missing.any():
        return Check("gaps", True, f"All {outcome.size:,} council-periods have an outcome.")
    per_council = missing.sum(axis=1)
    most = np.argsort(-per_council, kind="stable")[: int((per_council > 0).sum())]
    counts = told(most, lambda k: f"{who(frame.design.clusters[k])} ({per_council[k]})")
    return Check(
        "gaps",
        False,
        f"{int(missing.sum()):,} of {missing.size:,} council-periods have no outcome: "
        f"{_say(frame, np.argwhere(missing))}. By council: {counts}.",
        "Find the values, or ask why they are missing: gaps that depend on the outcome itself shift the result.",
    )


def _hidden(frame: Frame, outcome: FloatArray) -> Check:
    """Gaps of councils whose other counts are small may be counts that somebody hid."""
    known = ~np.isnan(outcome)
    counts = bool((outcome[known] == np.round(outcome[known])).all() and (outcome[known] >= 0).all())
    lowest = np.where(known, outcome, np.inf).min(axis=1)
    suspects = np.argwhere(~known & (lowest <= _SMALL_COUNT)[:, None]) if counts else np.empty((0, 2), dtype=np.int64)
    if not len(suspects):
        return Check("hidden small counts", True, "No gap stands among counts of 10 or fewer.")
    return Check(
        "hidden small counts",
        False,
        f"{len(suspects):,} gaps of councils with counts of 10 or fewer may be counts hidden to protect children: "
        f"{_say(frame, suspects)}.",
        "Add periods or areas up until nothing is hidden; leaving small counts out makes the average too high.",
    )


def _rounded(frame: Frame, outcome: FloatArray) -> Check:
    values = outcome[~np.isnan(outcome)]
    for base in (10, 5):
        if len(values) >= 2 * base and np.ptp(values) > 2 * base and (values % base == 0).all():
            return Check(
                "rounding",
                False,
                f"Every outcome is a multiple of {base}.",
                f"Ask for unrounded numbers: an error of up to {base // 2} is large beside a small council's counts.",
            )
    return Check("rounding", True, "The outcomes do not look rounded to 5 or 10.")


def _unusual(frame: Frame, outcome: FloatArray) -> Check:
    """Find values far from their council's median, by the usual distance of all from theirs."""
    distance = outcome - np.nanmedian(outcome, axis=1, keepdims=True)
    usual = _TO_SD * float(np.nanmedian(np.abs(distance)))
    odd = (
        np.argwhere(np.abs(np.nan_to_num(distance)) > _UNUSUAL * usual)
        if usual > 0
        else np.empty((0, 2), dtype=np.int64)
    )
    if not len(odd):
        return Check("unusual values", True, "No outcome stands far from its council's others.")
    return Check(
        "unusual values",
        False,
        f"Far from their council's other values: {_say(frame, odd, outcome)}.",
        "Check them for a slipped digit, a changed definition or a changed boundary.",
    )


def _constant(frame: Frame, outcome: FloatArray) -> Check:
    known = ~np.isnan(outcome)
    highest, lowest = np.where(known, outcome, -np.inf).max(axis=1), np.where(known, outcome, np.inf).min(axis=1)
    same = np.flatnonzero((highest == lowest) & (known.sum(axis=1) >= 3))
    if not len(same):
        return Check("outcomes that never change", True, "Every council's outcome changes over time.")
    said = told(same, lambda k: f"{who(frame.design.clusters[k])} ({lowest[k]:,.6g})")
    return Check(
        "outcomes that never change",
        False,
        f"The outcome is the same in every period for {said}.",
        "Check whether one number was copied along, or whether the outcome cannot change there.",
    )


def _names(frame: Frame, outcome: FloatArray) -> Check:
    alike = misspelt(frame.design.clusters, ~np.isnan(outcome))
    if not alike:
        return Check("names", True, "No two names look like one that was misspelt.")
    said = listing([f"{first!r} and {second!r}" for first, second in alike])
    return Check(
        "names",
        False,
        f"Nearly the same name, never in the same period: {said}.",
        "Correct the spelling if they are one council.",
    )


def _totals(frame: Frame, outcome: FloatArray) -> Check:
    """Find a row for the whole country among the councils: as much as all others together, every period."""
    everyone = np.nansum(outcome, axis=0)
    whole = (np.abs(2 * outcome - everyone) <= 1e-9 * np.abs(everyone)).all(axis=1) & (everyone != 0).all()
    found = np.flatnonzero(whole) if min(outcome.shape) >= 3 else np.array([], dtype=np.int64)
    areas = of_an_area(frame.design.clusters)
    if not len(found) and not areas:
        return Check("totals", True, "No council is the sum of all the others or has the name of a region.")
    said = [f"{_named(frame, found)} equals the sum of all others in every period."] if len(found) else []
    said += [f"{listing(areas)} is the name of a total, a country or a region."] if areas else []
    return Check(
        "totals",
        False,
        " ".join(said),
        "Delete the rows of totals: they would count as a council that is never treated.",
    )


def _sizes(frame: Frame, outcome: FloatArray) -> Check:
    size = np.where(frame.used, frame.design.size, np.nan)
    by_council = np.nanmean(np.where(frame.used.any(axis=1, keepdims=True), size, 1.0), axis=1)
    low, high = int(np.argmin(by_council)), int(np.argmax(by_council))
    if by_council[high] <= _UNEVEN * by_council[low]:
        return Check(
            "sizes", True, f"The largest council is {by_council[high] / by_council[low]:.1f} times the smallest."
        )
    names = frame.design.clusters
    return Check(
        "sizes",
        False,
        f"Sizes run from {by_council[low]:,.0f} ({who(names[low])}) to {by_council[high]:,.0f} ({who(names[high])}).",
        "Decide whether every council or every child should count alike (weights=); the two answers can differ.",
    )


def _from_the_start(frame: Frame, outcome: FloatArray) -> Check:
    treated = np.nan_to_num(frame.design.treatment) > 0
    untreated = frame.used & ~treated
    already = np.flatnonzero(treated.any(axis=1) & ~untreated.any(axis=1))
    if not len(already):
        return Check("treated from the start", True, "Every council that goes live is seen untreated first.")
    return Check(
        "treated from the start",
        False,
        f"Never seen untreated: {_named(frame, already)}.",
        "They say nothing about their own effect and compare poorly; add earlier periods or leave them out.",
    )


def _reversals(frame: Frame, outcome: FloatArray) -> Check:
    turns = frame.design.reversals()
    back = np.flatnonzero(turns[:, 0] >= 0)
    if not len(back):
        return Check("treatment stays on", True, "No council goes back from treated to control.")
    periods = frame.design.periods

    def say(council: int) -> str:
        last, first = (when(periods[k]) for k in turns[council])
        return f"{who(frame.design.clusters[council])} (treated in {last}, control in {first})"

    return Check(
        "treatment stays on",
        False,
        f"Treatment goes back: {told(back, say)}.",
        "Correct the rows, blank those cells as not observed, or use Gls, which allows treatment to go back.",
    )


def _comparison(frame: Frame, outcome: FloatArray) -> Check:
    design, comparison = frame.design, Comparison.of(frame.design, frame.used)
    if not comparison.both.any():
        return Check(
            "comparison",
            False,
            "In no period are some treated and others not.",
            "No effect can be estimated from these data alone.",
        )
    late, alone = comparison.without_control(), stranded(design, frame.used)
    if not len(late):
        return Check("comparison", True, "Every period with treated councils has untreated ones too.")
    return Check(
        "comparison",
        False,
        f"No council is untreated in {listing([when(design.periods[k]) for k in late])}"
        + (
            f"; nothing can be compared for those that go live only then: {_named(frame, alone)}."
            if len(alone)
            else "."
        ),
        "Add councils that went live later or never, or say that these effects are left out.",
    )


def _history(frame: Frame, outcome: FloatArray) -> Check:
    """Count the untreated periods that are seen before each go-live."""
    start = frame.design.start
    before = (frame.used & (np.arange(outcome.shape[1]) < start[:, None])).sum(axis=1)
    short = np.flatnonzero(np.isfinite(start) & (before < _SHORTEST_HISTORY) & (before > 0))
    if not len(short):
        return Check("history before go-live", True, "Every go-live has at least two earlier periods or none.")
    return Check(
        "history before go-live",
        False,
        f"Only one earlier period for {_named(frame, short)}.",
        "Add earlier periods: with one, nobody can see whether the councils were moving alike before.",
    )


def _few(frame: Frame, outcome: FloatArray) -> Check:
    treated = _ever_treated(frame)
    total, some = len(treated), int(treated.sum())
    message = f"{total:,} councils, of which {some:,} go live within the data."
    start = frame.design.start[treated]
    # Where everybody goes live, those that are still waiting are the comparison.
    other = total - some or int((start == start.max(initial=0)).sum())
    if total >= _ENOUGH_COUNCILS and min(some, other) >= _ENOUGH_IN_AN_ARM:
        return Check("number of councils", True, message)
    return Check(
        "number of councils",
        False,
        message,
        "With so few, ordinary clustered standard errors are too small: use the jackknife, CR2 or a permutation test.",
    )


def _alone(frame: Frame, outcome: FloatArray) -> Check:
    start = frame.design.start
    starts, count = np.unique(start[np.isfinite(start)], return_counts=True)
    single = np.flatnonzero(np.isin(start, starts[count == 1]))
    if not len(single):
        return Check("steps of one council", True, "Every step has at least two councils.")
    said = told(single, lambda k: f"{who(frame.design.clusters[k])} ({when(frame.design.periods[int(start[k])])})")
    return Check(
        "steps of one council",
        False,
        f"Alone in its step: {said}.",
        "The effect at such a step is one council's history and has no analytic standard error of its own.",
    )


CHECKS: tuple[Look, ...] = (
    _gaps,
    _hidden,
    _rounded,
    _unusual,
    _constant,
    _names,
    _totals,
    _sizes,
    _from_the_start,
    _reversals,
    _comparison,
    _history,
    _few,
    _alone,
)
