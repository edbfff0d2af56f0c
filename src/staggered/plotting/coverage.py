"""Coverage: which effects of a cohort in a period can be estimated, and on whom each rests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from ..kernel.rule import Rule
from .canvas import CONTROL, INK, LINE, PAPER, QUIET, SMALL, TREATED, WARM, Place, axes_for, tidy

_NEGLIGIBLE = 1e-12
_LONGEST = 9


@dataclass(frozen=True, slots=True)
class Cell:
    """One effect of a cohort in a period.

    Parameters
    ----------
    cohort, period : object
        Labels.
    event : int
        Periods since go-live.
    treated, control : tuple of str
        Clusters on either side of the comparison; empty where it cannot be made.
    value : int
        Row of the term in the rule.
    """

    cohort: object
    period: object
    event: int
    treated: tuple[str, ...]
    control: tuple[str, ...]
    row: int

    @property
    def estimable(self) -> bool:
        """Whether the comparison can be made."""
        return bool(self.treated and self.control)


def cells_of(rule: Rule) -> tuple[Cell, ...]:
    """Read a `by="cell"` rule: who stands on either side of each comparison, from the signs of W in its period."""
    design, weights = rule.frame.design, rule.by_cluster()
    found = []
    for row, term in enumerate(rule.terms):
        if term.cohort is None or term.period is None or term.event is None:
            continue
        column = weights[row, :, design.periods.index(term.period)]
        sides = (column > _NEGLIGIBLE, column < -_NEGLIGIBLE)
        treated, control = (tuple(design.clusters[k] for k in np.flatnonzero(side)) for side in sides)
        found.append(Cell(term.cohort, term.period, term.event, treated, control, row))
    return tuple(found)


def coverage(rule: Rule, on: Place = None) -> Axes:
    """Draw a cohort-by-period table of what can be estimated.

    Filled: with the number of councils in the comparison; outlined: the comparison is a single council,
    which is named; crossed: nobody is left to compare with.
    """
    design, cells = rule.frame.design, cells_of(rule)
    cohorts = sorted({design.periods.index(cell.cohort) for cell in cells})
    axes = axes_for(on, 7.4, 1.45 + 0.58 * len(cohorts))
    for cell in cells:
        _tile(axes, cell, design.periods.index(cell.period), cohorts.index(design.periods.index(cell.cohort)))
    starts = design.start.tolist()
    labels = [f"{_councils(starts.count(c))}, go-live {design.periods[c]}" for c in cohorts]
    axes.set_xticks(range(len(design.periods)), [str(period) for period in design.periods])
    axes.set_yticks(range(len(cohorts)), labels)
    axes.set(xlim=(-0.5, len(design.periods) - 0.5), ylim=(len(cohorts) - 0.5, -0.5))
    tidy(axes)
    keys = [
        Patch(facecolor=CONTROL, label="before go-live"),
        Patch(facecolor=TREATED, label="after, can be estimated"),
        Patch(facecolor=PAPER, edgecolor=WARM, linewidth=1.6, label="rests on one council"),
        Patch(facecolor=PAPER, edgecolor=LINE, hatch="////", label="cannot be estimated"),
    ]
    axes.legend(
        handles=keys, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False,
        fontsize=SMALL, labelcolor=INK, handlelength=1.2, borderpad=0.2,
    )  # fmt: skip
    return axes


def _tile(axes: Axes, cell: Cell, column: int, row: int) -> None:
    after = cell.event >= 0
    alone = len(cell.control) == 1
    box = (column - 0.47, row - 0.44)
    if not cell.estimable:
        axes.add_patch(Rectangle(box, 0.94, 0.88, facecolor=PAPER, edgecolor=LINE, hatch="////", linewidth=0.6))
        return
    face = (PAPER if alone else TREATED) if after else CONTROL
    edge = WARM if alone else face
    axes.add_patch(Rectangle(box, 0.94, 0.88, facecolor=face, edgecolor=edge, linewidth=1.6))
    ink = PAPER if after and not alone else WARM if alone and after else QUIET
    named = alone and len(cell.control[0]) <= _LONGEST
    lines = ("only", cell.control[0]) if named else ("against", str(len(cell.control)))
    # Two texts, each centred on its own: the lines of one text are placed by the width of another font.
    for line, shift in zip(lines, (-0.13, 0.13), strict=True):
        axes.text(column, row + shift, line, ha="center", va="center", size=SMALL, color=ink)


def _councils(count: int) -> str:
    return f"{count} council" + ("" if count == 1 else "s")
