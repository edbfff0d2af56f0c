"""The schedule as a picture in plain text, for terminals and files that know nothing but letters."""

from __future__ import annotations

import numpy as np

from ..design.design import Design

_MOST = 60


def picture(design: Design, *, again: bool = False) -> str:
    """Draw a schedule: a row per cluster, a column per period.

    ``.`` is control, ``#`` treated, ``+`` partly treated, a blank not observed.

    Parameters
    ----------
    design : Design
    again : bool
        Whether the people of a cluster are much the same in every period, as a council's children are: their
        mean number a period is then shown, and not the sum.

    Examples
    --------
    >>> from staggered.design.shapes import stepped
    >>> print(picture(stepped(clusters=["Leeds", "Kent"], steps=2, size=30)))
                   1 2 3   people
    Leeds          . # #       90
    Kent           . . #       90
    """
    names = list(design.clusters)
    width = max(14, *(len(name) for name in names))
    marks = np.select(
        [np.isnan(design.treatment), design.treatment == 0, design.treatment == 1], [" ", ".", "#"], default="+"
    )
    people = np.where(design.observed, design.size, 0.0).sum(axis=1) / (design.observed.sum(axis=1) if again else 1)
    strata = design.strata if len(set(design.strata)) > 1 else ("",) * len(names)
    labels = [str(k + 1) for k in range(len(design.periods))]
    column = max(len(label) for label in labels)
    head = " ".join(label.rjust(column) for label in labels)
    lines = [f"{'':{width}} {head} {'a period' if again else '  people'}"]
    for k in range(min(len(names), _MOST)):
        row = " ".join(mark.rjust(column) for mark in marks[k])
        lines.append(f"{names[k]:{width}} {row} {people[k]:8,.0f}  {strata[k]}".rstrip())
    if len(names) > _MOST:
        lines.append(f"... and {len(names) - _MOST} more")
    return "\n".join([*lines, *_periods(design)])


def _periods(design: Design) -> list[str]:
    """Say which period is which, where their labels or dates add anything."""
    if design.dates is not None:
        days = (design.dates[:, 1] - design.dates[:, 0]).astype(int) + 1
        told = [
            f"  {k + 1}: {first} to {last}, {length} days"
            for k, ((first, last), length) in enumerate(zip(design.dates, days, strict=True))
        ]
        return ["", "Periods", *told]
    if [str(period) for period in design.periods] != [str(k + 1) for k in range(len(design.periods))]:
        return ["", "Periods", *(f"  {k + 1}: {period}" for k, period in enumerate(design.periods))]
    return []
