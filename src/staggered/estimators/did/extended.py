"""Wooldridge's extended two-way fixed effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...data.frame import Frame
from ...errors import DesignError
from ...kernel.rule import Rule
from ..linear import Linear, require_by
from .aggregate import BY
from .saturated_rule import saturated_rule


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Extended(Linear):
    """Two-way fixed effects with a coefficient for every treated cohort in every period, then averaged.

        Y_ct = α_c + λ_t + Σ_g Σ_{s ≥ g} δ_gs 1{cohort g, t = s} + e_ct

    Parameters
    ----------
    controls : {"notyet", "never"}
        Whether every untreated cell serves as comparison, or, with coefficients for the periods before
        go-live too, only the never-treated (then it is Sun and Abraham's regression).
    by : {"overall", "event", "cohort", "calendar", "cell"}

    Raises
    ------
    IdentificationError
        No treated cell has a comparison.

    References
    ----------
    Wooldridge (2025), Empirical Economics 69:2545.

    Examples
    --------
    >>> import staggered as sg
    >>> sg.Extended().rule(sg.Frame(sg.Design([[0, 1], [0, 0]]))).W.round(12).tolist()
    [[-1.0, 1.0, 1.0, -1.0]]
    """

    by: Literal["overall", "event", "cohort", "calendar", "cell"] = "overall"
    controls: Literal["notyet", "never"] = "notyet"

    def __post_init__(self) -> None:
        require_by(self.by, BY, "Extended")
        if self.controls not in ("notyet", "never"):
            raise DesignError(
                f"Extended was given controls={self.controls!r}.",
                "It says who is compared with.",
                'Use "notyet" or "never".',
            )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "extended two-way fixed effects (Wooldridge)"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Wooldridge JM (2025). Two-way fixed effects, the two-way Mundlak regression, and "
            "difference-in-differences estimators. Empirical Economics 69:2545-2587.",
        )

    def rule(self, frame: Frame) -> Rule:
        """Weights of the summary asked for."""
        never = self.controls == "never"
        return saturated_rule(frame, self.by, leads=never, never=never, estimator="Extended")
