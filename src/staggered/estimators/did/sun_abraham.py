"""Sun and Abraham's interaction-weighted event study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...data.frame import Frame
from ...kernel.rule import Rule
from ..linear import Linear, require_by
from .aggregate import BY
from .saturated_rule import saturated_rule


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SunAbraham(Linear):
    """A coefficient for every cohort at every time from go-live, then averages with the cohorts' shares.

        Y_ct = α_c + λ_t + Σ_g Σ_{e ≠ −1} δ_ge 1{cohort g, t = g + e} + e_ct

    The comparison is the never-treated; when there are none, the last cohort before its own start.

    Parameters
    ----------
    by : {"overall", "event", "cohort", "calendar", "cell"}

    Raises
    ------
    IdentificationError
        No cohort has a comparison.

    References
    ----------
    Sun and Abraham (2021), Journal of Econometrics 225:175.

    Examples
    --------
    >>> import staggered as sg
    >>> rule = sg.SunAbraham(by="event").rule(sg.Frame(sg.Design([[0, 0, 1], [0, 0, 0]])))
    >>> [term.label for term in rule.terms]
    ['overall', 'event -2', 'event 0']
    """

    by: Literal["overall", "event", "cohort", "calendar", "cell"] = "overall"

    def __post_init__(self) -> None:
        require_by(self.by, BY, "SunAbraham")

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "interaction-weighted event study (Sun–Abraham)"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Sun L, Abraham S (2021). Estimating dynamic treatment effects in event studies with heterogeneous "
            "treatment effects. Journal of Econometrics 225:175-199.",
        )

    def rule(self, frame: Frame) -> Rule:
        """Weights of the summary asked for."""
        return saturated_rule(frame, self.by, leads=True, never=True, estimator="SunAbraham")
