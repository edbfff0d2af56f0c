"""What can be said of a study file before anything is computed from it."""

from __future__ import annotations

import numpy as np

from ..design.design import Design
from ..errors import listing
from ..inference.permutation import Permutation
from ..results.check import Check
from .study import Study

_FEW = 40


def check(study: Study) -> list[Check]:
    """Look at a study's schedule, sizes, randomisation, plan, analyses and data.

    Parameters
    ----------
    study : Study
        From `sg.load`, which has refused what cannot be used at all.

    Returns
    -------
    list of Check
        Those that did not pass can be worked with, but not without a word about them.

    Raises
    ------
    StaggeredError
        The design cannot tell the effect from change over time, or the data that the file names
        cannot be read.
    """
    checks = [Check("file", True, f"{study.title}. SHA-256 {study.digest}.")]
    if study.design is not None:
        checks += [_schedule(study.design), _sizes(study.design), _allocations(study, study.design)]
    checks.append(_plan(study))
    if study.spec.analysis is not None:
        checks.append(_analyses(study))
    if study.spec.data is not None and (study.spec.data.file or study.spec.data.row):
        checks += _data(study)
    return checks


def _schedule(design: Design) -> Check:
    clusters, periods = design.treatment.shape
    never = int(np.isinf(design.start).sum())
    blank = int((~design.observed).sum())
    parts = [f"{clusters} councils or clusters over {periods} periods, {len(np.unique(design.start))} different starts"]
    parts += [f"{never} never treated"] if never else []
    parts += [f"{blank} cells not observed"] if blank else []
    few = f" Fewer than {_FEW} clusters: t with clusters − 2 degrees of freedom unless the file says otherwise."
    return Check("schedule", True, ", ".join(parts) + "." + (few if clusters < _FEW else ""))


def _sizes(design: Design) -> Check:
    people = np.where(design.observed, design.size, 0.0).sum(axis=1)
    message = f"{people.sum():,.0f} people in all, {people.min():,.0f} to {people.max():,.0f} per cluster."
    return Check("sizes", True, message)


def _allocations(study: Study, design: Design) -> Check:
    count = design.allocations()
    strata = list(dict.fromkeys(design.strata))
    within = f" within the strata {listing(strata)}" if len(strata) > 1 else ""
    floor = f"no exact two-sided p-value can be smaller than {1 / count:.3g}"
    floor += f" (1/{count})" if count < 10_000 else ""
    message = f"{count:,} different allocations exist{within}: {floor}."
    drawn = study.balanced_draw
    if drawn is not None:
        message = f"{count:,} different allocations exist{within}. {drawn.text()}"
    smallest = 1 / count if drawn is None else drawn.smallest_p
    primary = [one for one in study.analyses if one.primary]
    hopeless = any(isinstance(one.inference, Permutation) for one in primary) and smallest > study.spec.power.alpha
    if not hopeless:
        return Check("allocations", True, message)
    alpha = study.spec.power.alpha
    return Check(
        "allocations",
        False,
        f"{message} The primary analysis is a permutation test at {alpha:g}: it can never find anything.",
        "Add councils, join strata, or make another inference the primary one.",
    )


def _plan(study: Study) -> Check:
    if study.lacks:
        return Check(
            "plan", True, f"Power cannot be asked of this file, because it does not give {listing(study.lacks)}."
        )
    smallest = study.detectable()
    return Check("plan", True, smallest.text())


def _analyses(study: Study) -> Check:
    named = dict.fromkeys(
        f"{one.estimator_name} with {one.inference_name or 'its default inference'}" for one in study.analyses
    )
    return Check("analyses", True, f"{listing([*named], most=20)}.")


def _data(study: Study) -> list[Check]:
    found = []
    dated = study.dated_allocations()
    for name, panel in study.panels().items():
        clusters, periods = panel.design.treatment.shape
        treated = int(np.isfinite(panel.design.start).sum())
        message = (
            f"{clusters} councils over {periods} periods, {treated} of them treated at some time, {len(panel.y)} cells."
        )
        sentences = [message, *_dealt(dated, panel.design.allocations()), *panel.notes]
        found.append(Check(f"data ({name})" if name else "data", True, " ".join(sentences)))
    return found


def _dealt(dated: int | None, schedules: int) -> list[str]:
    """Say how many ways there are to deal out dates, and how many of them can be told apart as schedules."""
    if dated is None or dated == 1:
        return []
    floor = f"no exact two-sided p-value can be smaller than {1 / schedules:.3g}"
    return [
        f"Its go-live dates could be dealt in {dated:,} ways, which make {schedules:,} different schedules: {floor}."
    ]
