"""The cells of a design, as a covariance sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..design.design import Design
from ..errors import DesignError
from ..value import FloatArray, Value


@dataclass(frozen=True, slots=True, eq=False)
class Cells(Value):
    """What a covariance must know of the cells of each cluster; every array (clusters, periods).

    Arrays may have leading axes, for many versions of one design at once.
    """

    size: FloatArray
    treatment: FloatArray
    midpoints: FloatArray
    observed: FloatArray

    @classmethod
    def of(cls, design: Design) -> Cells:
        """Read the cells of a design; a cell that is not observed counts as one person in control."""
        seen = design.observed
        return cls(
            size=np.where(seen, design.size, 1.0),
            treatment=np.nan_to_num(design.treatment),
            midpoints=design.midpoints,
            observed=seen.astype(float),
        )

    def require_equal_sizes(self) -> None:
        """Refuse a closed cohort whose size changes.

        Raises
        ------
        DesignError
            Naming the first cluster whose size differs between the periods in which it is observed.
        """
        seen = self.observed > 0
        largest = np.where(seen, self.size, -np.inf).max(axis=-1)
        smallest = np.where(seen, self.size, np.inf).min(axis=-1)
        changes = np.argwhere(largest > smallest)
        if len(changes):
            where = tuple(changes[0])
            raise DesignError(
                f"iac is above 0 but cluster {where[-1] + 1} is seen with "
                f"{smallest[where]:g} to {largest[where]:g} people.",
                "In a closed cohort the same people are seen in every period, so sizes cannot change.",
                "Give equal sizes within each cluster, or retention= for an open cohort, or iac=0.",
            )
