"""Scales: how an effect is written for people, as percent, as percentage points, or as it is."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import MaxNLocator

_MINUS = "−"
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200)
_MOST_TICKS = 7


class Scale:
    """How the numbers of an analysis are written: an interface without fields."""

    __slots__ = ()

    @property
    @abstractmethod
    def axis(self) -> str:
        """What stands at an axis."""

    @abstractmethod
    def shown(self, value: float) -> str:
        """Write a difference for a table: +0.7%."""

    @abstractmethod
    def amount(self, value: float) -> str:
        """Write how much it is, without a direction: 0.7%."""

    @abstractmethod
    def ticks(self, low: float, high: float) -> tuple[list[float], list[str]]:
        """Positions and labels along an axis."""

    def words(self, value: float) -> str:
        """Write a difference for a sentence: 0.7% higher.

        Examples
        --------
        >>> PercentChange().words(-0.1), PercentChange().words(0.0), PercentagePoints().words(0.021)
        ('9.5% lower', 'no difference', '2.1 percentage points higher')
        """
        if math.isnan(value):
            return "not known"
        if math.isinf(value):
            return "no upper end" if value > 0 else "no lower end"
        amount = self.amount(value)
        if not any(digit in amount for digit in "123456789"):
            return "no difference"
        return f"{amount} {'higher' if value > 0 else 'lower'}"


@dataclass(frozen=True, slots=True)
class PercentChange(Scale):
    """A difference of logarithms as the percent change that it is: 100 · (exp(x) − 1).

    Examples
    --------
    >>> PercentChange().shown(0.00676), PercentChange().shown(-0.204)
    ('+0.7%', '−18.5%')
    """

    noun: str = "difference"

    @property
    def axis(self) -> str:
        """What stands at an axis."""
        return f"{self.noun} in percent"

    def shown(self, value: float) -> str:
        """Write it with one decimal and its sign."""
        return signed(100 * math.expm1(value), 1, "%") if math.isfinite(value) else ""

    def amount(self, value: float) -> str:
        """Write its size with one decimal."""
        return f"{abs(100 * math.expm1(value)):.1f}%"

    def ticks(self, low: float, high: float) -> tuple[list[float], list[str]]:
        """Round percents at their places on the log scale, in the finest step that leaves them room."""
        best: list[int] = [0]
        for step in _STEPS:
            inside = [p for p in range(-100 + step, 1000, step) if low <= math.log1p(p / 100) <= high]
            gaps = np.diff(np.log1p(np.array(inside) / 100))
            if len(inside) > 1:
                best = inside
                if gaps.min() >= (high - low) / _MOST_TICKS:
                    break
        inside = best
        return [math.log1p(p / 100) for p in inside], [_whole(p, "%") for p in inside]


@dataclass(frozen=True, slots=True)
class PercentagePoints(Scale):
    """A difference of risks in percentage points.

    Examples
    --------
    >>> PercentagePoints().shown(-0.0185)
    '−1.85'
    """

    noun: str = "difference"

    @property
    def axis(self) -> str:
        """What stands at an axis."""
        return f"{self.noun} in percentage points"

    def shown(self, value: float) -> str:
        """Write it with two decimals and its sign."""
        return signed(100 * value, 2) if math.isfinite(value) else ""

    def amount(self, value: float) -> str:
        """Write its size with up to two decimals."""
        points = f"{abs(100 * value):.2f}".rstrip("0").rstrip(".")
        return f"{points} percentage point{'' if points == '1' else 's'}"

    def ticks(self, low: float, high: float) -> tuple[list[float], list[str]]:
        """Round percentage points."""
        places = _round_places(100 * low, 100 * high)
        return [place / 100 for place in places], [_whole(place) for place in places]


@dataclass(frozen=True, slots=True)
class PerPeople(Scale):
    """A difference of rates, in so many per `per` children.

    Examples
    --------
    >>> PerPeople(10_000).words(-1.576), PerPeople(10_000).shown(8.474)
    ('1.58 fewer per 10,000 children', '+8.47')
    """

    per: float
    noun: str = "difference"

    @property
    def axis(self) -> str:
        """What stands at an axis."""
        return f"{self.noun} per {self.per:,.0f} children"

    def shown(self, value: float) -> str:
        """Write it with three significant digits and its sign."""
        return AsIs().shown(value)

    def amount(self, value: float) -> str:
        """Write its size with what it is per."""
        return f"{AsIs().amount(value)} per {self.per:,.0f} children"

    def ticks(self, low: float, high: float) -> tuple[list[float], list[str]]:
        """Round numbers."""
        return AsIs().ticks(low, high)

    def words(self, value: float) -> str:
        """Write it for a sentence."""
        if not math.isfinite(value) or AsIs().amount(value) == "0":
            return AsIs().words(value)
        which = "more" if value > 0 else "fewer"
        return f"{AsIs().amount(value)} {which} per {self.per:,.0f} children"


@dataclass(frozen=True, slots=True)
class AsIs(Scale):
    """A difference on the scale of the analysis.

    Examples
    --------
    >>> AsIs().shown(0.31416), AsIs().words(-2.0)
    ('+0.314', '2 lower')
    """

    noun: str = "difference"

    @property
    def axis(self) -> str:
        """What stands at an axis."""
        return f"{self.noun}, on the scale of the analysis"

    def shown(self, value: float) -> str:
        """Write it with three significant digits and its sign."""
        return signed(value, _decimals(value)) if math.isfinite(value) else ""

    def amount(self, value: float) -> str:
        """Write its size with three significant digits."""
        text = f"{abs(value):.{_decimals(value)}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def ticks(self, low: float, high: float) -> tuple[list[float], list[str]]:
        """Round numbers."""
        places = _round_places(low, high)
        return places, [_whole(place) for place in places]


def signed(value: float, decimals: int, unit: str = "") -> str:
    """Write a number with its sign, a real minus, and no sign before nought.

    Examples
    --------
    >>> signed(-1.849, 1, "%"), signed(0.04, 1, "%"), signed(12, 0)
    ('−1.8%', '0.0%', '+12')
    """
    text = f"{abs(value):,.{decimals}f}"
    if not any(digit in text for digit in "123456789"):
        return f"{text}{unit}"
    return f"{_MINUS if value < 0 else '+'}{text}{unit}"


def _decimals(value: float) -> int:
    """Decimals that leave three significant digits."""
    return max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0


def _whole(place: float, unit: str = "") -> str:
    text = f"{abs(place):.10g}"
    return text + unit if not place else f"{_MINUS if place < 0 else '+'}{text}{unit}"


def _round_places(low: float, high: float) -> list[float]:
    places = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [float(place) for place in np.round(places, 10) if low <= place <= high]
