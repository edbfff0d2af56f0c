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
        An icc on the latent scale without a logit.

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
