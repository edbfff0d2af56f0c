"""What there is to compare: refused when nothing is, said when something is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..design.design import Design
from ..errors import DesignError, IdentificationError, listing
from ..value import BoolArray, IntArray
from .councils import told, who
from .grid import Grid, when


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which periods hold treated and untreated cells.

    Parameters
    ----------
    treated, control, both : array (periods,)
        Whether some cell is treated at all, some untreated, or two cells differ in treatment.
    """

    treated: BoolArray
    control: BoolArray
    both: BoolArray

    @classmethod
    def of(cls, design: Design, used: BoolArray) -> Comparison:
        """Look at the used cells of a design."""
        treatment = design.treatment
        highest = np.where(used, treatment, -np.inf).max(axis=0)
        lowest = np.where(used, treatment, np.inf).min(axis=0)
        return cls(highest > 0, lowest == 0, highest > lowest)

    def without_control(self) -> IntArray:
        """Periods in which everybody is treated."""
        return np.flatnonzero(self.treated & ~self.control)


def stranded(design: Design, used: BoolArray) -> IntArray:
    """Councils whose treated cells all lie in periods without an untreated cell."""
    control = Comparison.of(design, used).control
    treated = used & (np.nan_to_num(design.treatment) > 0)
    return np.flatnonzero(treated.any(axis=1) & ~(treated & control).any(axis=1))


def compared(design: Design, used: BoolArray, grid: Grid) -> tuple[str, ...]:
    """Say what cannot be compared.

    Raises
    ------
    DesignError
        Everyone is treated in the first period already.
    IdentificationError
        In no period are some treated and others not.
    """
    comparison = Comparison.of(design, used)
    if not comparison.treated.any():
        return ("No council is treated within these data, so no effect can be estimated; they can serve to plan.",)
    rows = grid.spreadsheet()
    treated = used & (np.nan_to_num(design.treatment) > 0)

    def say(council: int) -> str:
        period = int(treated[council].argmax())
        return f"{who(design.clusters[council])} in {when(design.periods[period])} (row {rows[council, period]})"

    some = np.flatnonzero(treated.any(axis=1))
    if not comparison.both.any() and comparison.treated[0]:
        raise DesignError(
            f"Everyone is treated in the first period already: {told(some, say)}.",
            "Without an untreated period or council there is nothing to compare with.",
            "Add earlier periods, add councils that went live later or never, or check the go-live column.",
        )
    if not comparison.both.any() and len(design.clusters) == 1:
        return (
            f"There is only one council, {design.clusters[0]}: nobody is compared with it, and only InterruptedSeries, "
            "which looks at its own course, can be used.",
        )
    if not comparison.both.any():
        all_of_them = len(some) == len(design.clusters)
        what = "Everyone goes live at once" if all_of_them else "No untreated council has an outcome beside"
        raise IdentificationError(
            f"{what}: {told(some, say)}.",
            "In no period are some treated and others not, so an effect cannot be told from what else changed then.",
            "Add councils that went live at another time or never, or leave start and treated out to describe.",
        )
    late = comparison.without_control()
    alone = stranded(design, used)
    if not len(late):
        return ()
    periods = listing([when(design.periods[k]) for k in late])
    said = f"No council is untreated in {periods}, so nothing can be compared with untreated councils there."
    if len(alone):
        said += f" That leaves no such effect at all for those that go live only then: {told(alone, say)}."
    return (f"{said} Councils that went live later or never would mend it.",)
