"""Wooldridge's extended two-way fixed effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...data.frame import Frame
from ...data.panel import Panel
from ...errors import DesignError
from ...inference.cluster import Cluster
from ...kernel.point import Point
from ...kernel.protocols import Inference
from ...kernel.rule import Rule
from ..linear import Linear, require_by
from .aggregate import BY
from .nonlinear import nonlinear_point
from .saturated_rule import saturated_rule


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Extended(Linear):
    """Two-way fixed effects with a coefficient for every treated cohort in every period, then averaged.

        Y_ct = α_c + λ_t + Σ_g Σ_{s ≥ g} δ_gs 1{cohort g, t = s} + e_ct

    or, on a curve G (exp for counts and rates, logistic for shares), cohorts having levels instead of clusters:

        E[Y_ct] = G(α_g + λ_t + δ_gt),    effect in the cell = G(α_g + λ_t + δ_gt) − G(α_g + λ_t)

    which is always told on the scale of the outcome.

    Parameters
    ----------
    family : {"gaussian", "poisson", "binomial"}
        Straight line, or a curve fitted by quasi-likelihood: the outcome need not be Poisson or binomial. Whole
        numbers with sizes that differ are counts with the size as exposure; shares lie between 0 and 1.
    controls : {"notyet", "never"}
        Whether every untreated cell serves as comparison, or, with coefficients for the periods before
        go-live too, only the never-treated (then it is Sun and Abraham's regression).
    by : {"overall", "event", "cohort", "calendar", "cell"}

    Raises
    ------
    IdentificationError
        No treated cell has a comparison; on a curve, a cohort or period whose untreated cells are all 0 (or all 1).
    DataError
        On a curve, an outcome that it cannot reach.

    References
    ----------
    Wooldridge (2025), Empirical Economics 69:2545; curves: Wooldridge (2023), Econometrics Journal 26:C31.

    Examples
    --------
    >>> import staggered as sg
    >>> sg.Extended().rule(sg.Frame(sg.Design([[0, 1], [0, 0]]))).W.round(12).tolist()
    [[-1.0, 1.0, 1.0, -1.0]]
    """

    by: Literal["overall", "event", "cohort", "calendar", "cell"] = "overall"
    family: Literal["gaussian", "poisson", "binomial"] = "gaussian"
    controls: Literal["notyet", "never"] = "notyet"

    def __post_init__(self) -> None:
        require_by(self.by, BY, "Extended")
        for field, value, allowed in (
            ("controls", self.controls, ("notyet", "never")),
            ("family", self.family, ("gaussian", "poisson", "binomial")),
        ):
            if value not in allowed:
                raise DesignError(
                    f"Extended was given {field}={value!r}.",
                    "It says who is compared with." if field == "controls" else "It says which curve is fitted.",
                    f"Use one of {', '.join(allowed)}.",
                )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        curve = "" if self.family == "gaussian" else f", {self.family} quasi-likelihood"
        return f"extended two-way fixed effects (Wooldridge{curve})"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        if self.family != "gaussian":
            return (
                "Wooldridge JM (2023). Simple approaches to nonlinear difference-in-differences with panel data. "
                "Econometrics Journal 26:C31-C66.",
            )
        return (
            "Wooldridge JM (2025). Two-way fixed effects, the two-way Mundlak regression, and "
            "difference-in-differences estimators. Empirical Economics 69:2545-2587.",
        )

    @property
    def linear(self) -> bool:
        """Whether values are weighted sums of outcomes: not on a curve."""
        return self.family == "gaussian"

    @property
    def large_sample(self) -> Inference:
        """Adjusted residuals; on a curve, plain scores."""
        return Cluster("CR2") if self.linear else Cluster("CR1")

    def rule(self, frame: Frame) -> Rule:
        """Weights of the summary asked for.

        Raises
        ------
        DesignError
            On a curve, where there are none.
        """
        if self.family != "gaussian":
            raise DesignError(
                f"Extended(family={self.family!r}) has no weights.",
                "Its estimates are curved in the outcome, not weighted sums of it.",
                "Use family='gaussian' where weights are needed.",
            )
        never = self.controls == "never"
        return saturated_rule(frame, self.by, leads=never, never=never, estimator="Extended")

    def point(self, panel: Panel) -> Point:
        """Values on this panel."""
        if self.family != "gaussian":
            return nonlinear_point(panel, self.family, self.by, self.controls)
        return Point.of(self.rule(panel.frame), panel.outcome)
