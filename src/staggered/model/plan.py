"""The plan: everything a power question needs."""

from __future__ import annotations

from dataclasses import dataclass

from ..design.design import Design
from ..errors import DesignError
from ..value import FloatArray, Value
from .cells import Cells
from .covariance import Covariance, Decay, Exchangeable, Independent, Nested, RandomTreatment
from .effect import Constant, Effect
from .outcome import Outcome
from .parts import require_definite


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Plan(Value):
    """A design with what is assumed of outcome, correlation and effect.

    Parameters
    ----------
    design : Design
    outcome : Outcome
    covariance : Covariance
        Correlation of outcomes within a cluster; none when absent.
    effect : Effect
        On the outcome's scale; none when absent.

    Raises
    ------
    DesignError
        A part that is something else (a number in place of a correlation), or a latent icc without a logit.

    Examples
    --------
    >>> from staggered.design.shapes import stepped
    >>> plan = Plan(design=stepped(clusters=6, steps=3), outcome=Outcome(sd=1.0), effect=Constant(0.3))
    >>> plan.blocks().shape
    (6, 4, 4)
    """

    design: Design
    outcome: Outcome
    covariance: Covariance = Independent()
    effect: Effect = Constant(0.0)

    def __post_init__(self) -> None:
        _require_kinds(self)
        base = self.covariance.base if isinstance(self.covariance, RandomTreatment) else self.covariance
        latent = isinstance(base, (Exchangeable, Nested, Decay)) and base.scale == "latent"
        if latent and self.outcome.link != "logit":
            raise DesignError(
                f"The icc is on the latent scale but the outcome is analysed on the {self.outcome.link} scale.",
                "A latent icc is that of a logistic model: its variance is shared with the logistic distribution.",
                'Give the outcome link="logit", or the icc on the outcome\'s own scale.',
            )

    def blocks(self) -> FloatArray:
        """Covariance of each cluster's cell means, (clusters, periods, periods), on the scale of the analysis."""
        blocks = self.covariance.blocks(Cells.of(self.design), self.outcome.total_variance(self.design, self.effect))
        require_definite(blocks)
        return blocks

    def effects(self) -> FloatArray:
        """Effect in each cell, (clusters, periods), on the scale of the analysis."""
        return self.outcome.effect(self.design, self.effect)


_PARTS: dict[str, tuple[type, str]] = {
    "design": (Design, "sg.stepped(clusters=24, steps=6)"),
    "outcome": (Outcome, "sg.Outcome(sd=1.0)"),
    "covariance": (Covariance, "sg.Nested(icc=0.05, cac=0.8)"),
    "effect": (Effect, "sg.Constant(0.3)"),
}


def _require_kinds(plan: Plan) -> None:
    """Refuse a number, a text or a table where a part of the plan is meant."""
    for name, (kind, example) in _PARTS.items():
        given = getattr(plan, name)
        if not isinstance(given, kind):
            raise DesignError(
                f"The plan's {name} is {given!r:.60}, and not {'an' if name in {'outcome', 'effect'} else 'a'} {name}.",
                "Every power question needs to know what is meant by its numbers.",
                f"Give, for example, {name}={example}.",
            )


def require_plan(given: object) -> None:
    """Refuse a design or anything else where a plan is asked for."""
    if not isinstance(given, Plan):
        raise DesignError(
            f"{type(given).__name__} {given!r:.60} is no plan.",
            "Power needs an outcome, a correlation and an effect beside the design.",
            "Give sg.Plan(design=..., outcome=..., covariance=..., effect=...).",
        )
