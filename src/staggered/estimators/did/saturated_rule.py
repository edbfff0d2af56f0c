"""From a saturated fit to a rule: which frame it rests on, what it can estimate, and what it says of the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...data.frame import Frame
from ...errors import IdentificationError, listing
from ...kernel.patterns import patterns_of
from ...kernel.rule import Rule
from ...value import BoolArray, IntArray
from ..linear import counting
from .aggregate import summarise
from .saturated import cohort_cells, lone_members, saturated_fit


def saturated_rule(frame: Frame, by: str, *, leads: bool, never: bool, estimator: str) -> Rule:
    """Rule of a saturated fit, summarised as asked.

    Parameters
    ----------
    leads : bool
        Whether periods before treatment get coefficients.
    never : bool
        Whether the comparison is the never-treated alone (or, when there are none, the last cohort in the
        periods before it starts); else every untreated cell.
    """
    frame.require_absorbing(estimator)
    frame, notes = set_aside(frame, never)
    patterns = patterns_of(frame)
    start = frame.design.start[patterns.first]
    if never:
        start = np.where(start >= horizon(frame), np.inf, start)
    cells, baseless = cohort_cells(patterns, start, leads=leads)
    if not (cells[:, 1] >= cells[:, 0]).any():
        raise nothing_left()
    fit = saturated_fit(patterns, start, cells)
    if not (fit.known & (cells[:, 1] >= cells[:, 0])).any():
        raise nothing_left()
    lost = cells[~fit.known & (cells[:, 1] >= cells[:, 0])]
    kept, members, effects = cells[fit.known], fit.members[fit.known], fit.effects[fit.known]
    sizes = np.einsum("kgt,gt->k", members, patterns.mass)
    summary = summarise(frame.design, kept, sizes, by, np.concatenate([baseless, lost]))
    return Rule(
        terms=summary.terms,
        weights=np.tensordot(summary.weights, effects, axes=1),
        frame=frame,
        patterns=patterns,
        fitted=fit.columns,
        solve=fit.solve,
        family=np.zeros(len(patterns.first), dtype=np.int64),
        centre=fit.centre,
        lone=lone_members(patterns, members, summary.weights),
        estimand=counting(summary.estimand, frame),
        notes=(*notes, *lost_note(frame, lost)),
        headed=summary.headed,
    )


def horizon(frame: Frame) -> float:
    """First period of the comparison's own treatment: inf when some are never treated."""
    return float(frame.design.start[frame.seen].max())


def set_aside(frame: Frame, never: bool) -> tuple[Frame, tuple[str, ...]]:
    """Leave out clusters without a period before treatment, and periods after the comparison's own start."""
    design, used = frame.design, frame.used
    columns = np.arange(used.shape[1])
    present = used.copy()
    notes = []
    early = used.any(axis=1) & ~(used & (columns < design.start[:, None])).any(axis=1)
    if early.any():
        present[early] = False
        names = listing([design.clusters[k] for k in np.flatnonzero(early)])
        notes.append(f"Left out for want of a period before treatment: {names}.")
        if not present.any():
            raise nothing_left()
        frame = replace(frame, present=present)
    if never and np.isfinite(last := horizon(frame)):
        after: BoolArray = columns >= last
        names = listing([design.clusters[k] for k in np.flatnonzero(design.start == last)])
        notes.append(
            f"Nobody is never treated: the comparison is the last cohort ({names}), and periods from its own "
            f"start ({design.periods[int(last)]}) on are left out."
        )
        frame = replace(frame, present=present & ~after)
    return frame, tuple(notes)


def nothing_left() -> IdentificationError:
    """Say that there is no comparison."""
    return IdentificationError(
        "No cohort can be compared with anyone.",
        "Every comparison needs clusters that are still in control, and a period before treatment.",
        "Add clusters that start later or never, or a baseline period.",
    )


def lost_note(frame: Frame, lost: IntArray) -> tuple[str, ...]:
    """Name the treated cells whose effect the data do not determine."""
    if not len(lost):
        return ()
    named = listing([f"cohort {frame.design.periods[g]} in {frame.design.periods[t]}" for g, t in lost])
    return (f"Not estimable, with nobody left in control to compare with: {named}.",)
