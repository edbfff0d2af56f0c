"""Linear estimators: leaves supply a rule, everything else is shared."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from ..data.frame import Frame
from ..data.panel import Panel
from ..errors import DesignError
from ..kernel.point import Point
from ..kernel.rule import Rule
from .fitting import Fitting


class Linear(Fitting):
    """An estimator whose weights depend on the frame alone: an interface without fields.

    `laws` names what its weights keep whatever the design: "clusters" and "periods" sum to 0 over each,
    so that what only sets a cluster or a period apart changes nothing; "treated" sum to 1 over treated cells.
    """

    __slots__ = ()

    laws: ClassVar[tuple[str, ...]] = ("clusters", "periods", "treated")

    @property
    def linear(self) -> bool:
        """Whether values are weighted sums of outcomes, with the options it was given."""
        return True

    @property
    def settled(self) -> bool:
        """Whether no option makes the weights look at the outcome."""
        return True

    @abstractmethod
    def rule(self, frame: Frame) -> Rule:
        """Weights and residual map on this frame."""

    def rule_at(self, panel: Panel) -> Rule:
        """The same on a panel's frame: its outcome plays no part."""
        return self.rule(panel.frame)

    def point(self, panel: Panel) -> Point:
        """Values on this panel."""
        return Point.of(self.rule(panel.frame), panel.outcome)


def require_by(by: str, allowed: tuple[str, ...], estimator: str) -> None:
    """Refuse a `by` that the estimator does not offer."""
    if by not in allowed:
        raise DesignError(
            f"{estimator} was given by={by!r}.",
            "It says which effects are wanted.",
            f"Use one of {', '.join(allowed)}.",
        )


def counting(estimand: str, frame: Frame) -> str:
    """Say of whom an estimand is the average."""
    return f"{estimand}, each {frame.per} counting alike"
