"""The protocols of analysis: an estimator fits a panel, an inference makes it an estimate.

Estimators form three circles, each within the one before: those that give values (`PointEstimator`),
those whose values are linear in the outcome at the weights they settled on (`RuleEstimator`), and those
whose weights depend on the frame alone (`LinearEstimator`). An inference asks for no more than it needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeGuard, runtime_checkable

from ..data.frame import Frame
from ..data.panel import Panel
from ..errors import DesignError
from ..results.estimate import Estimate, Term
from ..value import FloatArray, IntArray
from .point import Point
from .rule import Rule


@runtime_checkable
class Estimator(Protocol):
    """Anything that turns a panel into an estimate."""

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        ...

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        ...

    def fit(self, panel: Panel, inference: Inference | None = None) -> Estimate:
        """Estimate, with the given inference or the default for this many clusters."""
        ...


@runtime_checkable
class PointEstimator(Estimator, Protocol):
    """An estimator that can be fitted again on other data, without any uncertainty."""

    def point(self, panel: Panel) -> Point:
        """Values on this panel."""
        ...


@runtime_checkable
class RuleEstimator(PointEstimator, Protocol):
    """An estimator whose weights may look at the outcome, but which is a rule once they are settled.

    Ask `has_rule` whether one is: an option can make an estimator curved in the outcome.
    """

    @property
    def linear(self) -> bool:
        """Whether values are weighted sums of outcomes, with the options it was given."""
        ...

    def rule_at(self, panel: Panel) -> Rule:
        """Weights and residual map settled on this panel."""
        ...


@runtime_checkable
class LinearEstimator(RuleEstimator, Protocol):
    """An estimator whose weights depend on the frame alone, with the options it was given at least."""

    @property
    def settled(self) -> bool:
        """Whether `rule` is the whole story: no option makes the weights look at the outcome."""
        ...

    def rule(self, frame: Frame) -> Rule:
        """Weights and residual map on this frame."""
        ...


@runtime_checkable
class LeavingOut(Protocol):
    """An estimator that solves without each of many clusters more quickly together than one after another."""

    def without_each_of(self, panel: Panel, rows: IntArray) -> Iterator[tuple[int, tuple[Term, ...], FloatArray]]:
        """Cluster left out, terms that remain and their values, for those of `rows` that it can solve together."""
        ...


def has_rule(estimator: object) -> TypeGuard[RuleEstimator]:
    """Whether values are weighted sums of outcomes, once the weights are settled on a panel."""
    return isinstance(estimator, RuleEstimator) and estimator.linear


def has_settled_rule(estimator: object) -> TypeGuard[LinearEstimator]:
    """Whether the weights depend on the frame alone."""
    return isinstance(estimator, LinearEstimator) and estimator.linear and estimator.settled


@runtime_checkable
class Inference(Protocol):
    """A way of knowing how sure an estimate is."""

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        ...

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        ...

    def estimate(self, estimator: PointEstimator, panel: Panel) -> Estimate:
        """Estimate with this uncertainty."""
        ...


def require_inference(given: object) -> None:
    """Refuse what is no inference: a name, a class in place of its instance, a number.

    Raises
    ------
    DesignError
    """
    require_no_text(given, "inference", "Jackknife()")
    if given is not None and (isinstance(given, type) or not isinstance(given, Inference)):
        shown = f"the class {given.__name__}" if isinstance(given, type) else f"{given!r}"
        raise DesignError(
            f"inference is {shown}.",
            "It says how sure an estimate is, with the options of the method.",
            "Write, for example, inference=sg.Jackknife(), with the brackets.",
        )


def require_estimator(given: object) -> None:
    """Refuse what is no estimator: a name, a class in place of its instance, a panel.

    Raises
    ------
    DesignError
    """
    require_no_text(given, "estimator", "Twfe()")
    if isinstance(given, type) or not isinstance(given, Estimator):
        shown = f"the class {given.__name__}" if isinstance(given, type) else f"{given!r}"
        raise DesignError(
            f"estimator is {shown}.",
            "It says what is estimated, with the options of the method.",
            "Write, for example, sg.Twfe(), with the brackets.",
        )


def require_no_text(given: object, name: str, example: str) -> None:
    """Refuse the name of a method where the method itself is needed."""
    if isinstance(given, str):
        raise DesignError(
            f"{name} is the text {given!r}.",
            "Names belong into a study file; in Python the method itself is given, with its options.",
            f"Write, for example, {name}=sg.{example}.",
        )
