"""Effects: what treatment does to a cell, as a difference on the outcome's own scale."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..design.design import Design
from ..errors import DesignError, listing
from ..value import FloatArray, Value

Scale = Literal["difference", "ratio", "odds"]


class Effect(Value):
    """What treatment does to each cell; one leaf per pattern over time."""

    __slots__ = ()

    @abstractmethod
    def cells(self, design: Design) -> FloatArray:
        """Effect in each cell, (clusters, periods), fractions of treatment applied; a fall is negative."""


@dataclass(frozen=True, slots=True, eq=False)
class Constant(Effect):
    """The same effect from the first treated period on.

    Parameters
    ----------
    size : float
        The effect: a difference on the outcome's scale, a ratio of means or risks, or an odds ratio.
    scale : {"difference", "ratio", "odds"}
        How `size` is meant.

    Examples
    --------
    >>> Constant(-0.02).cells(Design([[0, 1, 1]]))
    array([[ 0.  , -0.02, -0.02]])
    """

    size: float
    scale: Scale = "difference"

    def __post_init__(self) -> None:
        if self.scale not in {"difference", "ratio", "odds"}:
            raise DesignError(
                f"scale is {self.scale!r}.", "It says how the effect is meant.", "Use difference, ratio or odds."
            )
        if not np.isfinite(self.size) or (self.scale != "difference" and self.size <= 0):
            raise DesignError(
                f"The effect is {self.size:g} on the {self.scale} scale.",
                "An effect is a finite number, and a ratio is above 0.",
                "Give, for example, −0.02 as a difference or 0.9 as a ratio.",
            )

    def cells(self, design: Design) -> FloatArray:
        """Effect on treated cells; of a ratio, its distance from 1 (the outcome knows the baseline)."""
        return np.asarray(self.size * np.nan_to_num(design.treatment) + 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Ramp(Effect):
    """An effect that grows evenly and is full after `over` treated periods.

    Parameters
    ----------
    size : float
        The full effect, a difference on the outcome's scale.
    over : int
        Treated periods until it is reached.

    Examples
    --------
    >>> Ramp(0.3, over=3).cells(Design([[0, 1, 1, 1, 1]])).round(6)
    array([[0. , 0.1, 0.2, 0.3, 0.3]])
    """

    size: float
    over: int = 3

    def __post_init__(self) -> None:
        if not np.isfinite(self.size) or not self.over >= 1:
            raise DesignError(
                f"The ramp rises to {self.size:g} over {self.over:g} periods.",
                "Its full effect is a finite number, reached after one treated period or more.",
                "Give, for example, sg.Ramp(0.3, over=3).",
            )

    def cells(self, design: Design) -> FloatArray:
        """Effect by exposure time, rising to its full size."""
        return np.asarray(self.size * np.minimum(design.exposure / self.over, 1.0) * np.nan_to_num(design.treatment))


@dataclass(frozen=True, slots=True, eq=False)
class ByExposure(Effect):
    """An effect for each period of exposure; the last one lasts.

    Parameters
    ----------
    sizes : sequence of float
        Effect in the first treated period, the second, and so on.

    Examples
    --------
    >>> ByExposure([0.1, 0.2]).cells(Design([[0, 1, 1, 1]]))
    array([[0. , 0.1, 0.2, 0.2]])
    """

    sizes: Sequence[float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", _numbers(self.sizes, "ByExposure"))

    def cells(self, design: Design) -> FloatArray:
        """Effect by exposure time."""
        by_exposure = np.array([0.0, *self.sizes])
        return np.asarray(by_exposure[np.minimum(design.exposure, len(self.sizes))] * np.nan_to_num(design.treatment))


@dataclass(frozen=True, slots=True, eq=False)
class ByCohort(Effect):
    """An effect for each cohort, named by the label of its first treated period.

    Parameters
    ----------
    sizes : mapping of period label to float

    Examples
    --------
    >>> ByCohort({2: 0.1, 3: 0.3}).cells(Design([[0, 1, 1], [0, 0, 1]]))
    array([[0. , 0.1, 0.1],
           [0. , 0. , 0.3]])
    """

    sizes: Mapping[object, float]

    def cells(self, design: Design) -> FloatArray:
        """Effect by cohort."""
        labels = [design.periods[int(s)] if np.isfinite(s) else None for s in design.start]
        missing = [label for label in dict.fromkeys(labels) if label is not None and label not in self.sizes]
        if missing:
            raise DesignError(
                f"No effect is given for the cohort that starts in {listing(missing)}.",
                "Every cohort that is treated needs its effect.",
                "Name each cohort by the label of its first treated period.",
            )
        by_row = np.array([self.sizes[label] if label is not None else 0.0 for label in labels])
        return np.asarray(by_row[:, None] * np.nan_to_num(design.treatment))


@dataclass(frozen=True, slots=True, eq=False)
class BySize(Effect):
    """An effect that depends on the size of the cluster: a truth of informative sizes for simulation.

        effect of cluster i = size · (n_i / n̄)^slope

    with n_i its mean number of people per observed period and n̄ the mean of those over clusters. It is no
    pattern to plan with, and a study file does not know it.

    Parameters
    ----------
    size : float
        Effect in a cluster of mean size, a difference on the outcome's scale.
    slope : float
        0.5: four times the people, twice the effect; negative: smaller clusters gain more.

    Examples
    --------
    >>> BySize(0.1, slope=1.0).cells(Design([[0, 1], [0, 1]], size=[30, 90])).round(3)
    array([[0.  , 0.05],
           [0.  , 0.15]])
    """

    size: float
    slope: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.size) and np.isfinite(self.slope)):
            raise DesignError(
                f"BySize was given {self.size:g} and {self.slope:g}.",
                "An effect and its slope are finite numbers.",
                "Give, for example, size=0.1, slope=0.5.",
            )

    def cells(self, design: Design) -> FloatArray:
        """Effect by cluster."""
        people = np.where(design.observed, design.size, 0.0).sum(axis=1) / design.observed.sum(axis=1)
        by_row = self.size * (people / people.mean()) ** self.slope
        return np.asarray(by_row[:, None] * np.nan_to_num(design.treatment))


@dataclass(frozen=True, slots=True, eq=False)
class ByCalendar(Effect):
    """An effect for each calendar period, the same for all who are treated in it.

    Parameters
    ----------
    sizes : sequence of float
        One for each period of the design.

    Examples
    --------
    >>> ByCalendar([0, 0.1, 0.2]).cells(Design([[0, 1, 1]]))
    array([[0. , 0.1, 0.2]])
    """

    sizes: Sequence[float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", _numbers(self.sizes, "ByCalendar"))

    def cells(self, design: Design) -> FloatArray:
        """Effect by calendar period."""
        if len(self.sizes) != len(design.periods):
            raise DesignError(
                f"ByCalendar has {len(self.sizes)} effects for {len(design.periods)} periods.",
                "Each period needs its effect.",
                "Give one per period, 0 where nobody is treated.",
            )
        return np.asarray(np.array(self.sizes) * np.nan_to_num(design.treatment))


EFFECTS: tuple[type[Effect], ...] = (Constant, Ramp, ByExposure, ByCohort, ByCalendar)
"""Every pattern a plan may assume."""


def _numbers(sizes: Sequence[float], kind: str) -> tuple[float, ...]:
    numbers = tuple(float(size) for size in sizes)
    if not numbers or not np.isfinite(numbers).all():
        raise DesignError(f"{kind} was given {list(numbers)}.", "Effects are finite numbers.", "Give at least one.")
    return numbers
