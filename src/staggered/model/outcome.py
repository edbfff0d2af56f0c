"""Outcomes: what is measured, how much it varies between people, and on which scale it is analysed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from ..design.design import Design
from ..errors import DesignError
from ..value import FloatArray, Value
from .effect import Constant, Effect

Family = Literal["gaussian", "binomial", "poisson", "negbinomial"]
Link = Literal["identity", "log", "logit"]
Variance = Literal["baseline", "average", "by-cell"]
_LINKS: dict[str, tuple[str, ...]] = {
    "gaussian": ("identity",),
    "binomial": ("identity", "log", "logit"),
    "poisson": ("log", "identity"),
    "negbinomial": ("log", "identity"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Outcome(Value):
    """One outcome at planning values.

    Parameters
    ----------
    family : {"gaussian", "binomial", "poisson", "negbinomial"}
        Its distribution.
    sd : float
        Total SD between people (gaussian).
    baseline : float
        Risk, or mean count per person or unit of exposure, in control.
    link : {"identity", "log", "logit"}, optional
        Scale of the analysis: identity for gaussian and binomial, log for counts unless said.
    variance : {"baseline", "average", "by-cell"}
        Where the variance of a binomial outcome is taken: p0(1−p0), p̄(1−p̄) at the midpoint of control
        and treated risk, or each cell's own.
    dispersion : float
        α in μ + αμ² (negative binomial).
    exposure : float
        Person-time per person (counts).
    trend : sequence of float
        How far the control mean of each period lies from `baseline` on the scale of the analysis: it
        moves the variance of outcomes that are not gaussian. No trend when absent.
    better : {"higher", "lower"}, optional
        Which direction is an improvement.
    name : str
        In plain English, as it should stand in a sentence.

    Examples
    --------
    >>> Outcome("binomial", baseline=0.07).total_variance(Design([[0, 1]]), Constant(-0.02)).round(4)
    array([[0.0651, 0.0651]])
    """

    family: Family = "gaussian"
    sd: float | None = None
    baseline: float | None = None
    link: Link | None = None
    variance: Variance = "baseline"
    dispersion: float | None = None
    exposure: float = 1.0
    trend: Sequence[float] = ()
    better: Literal["higher", "lower"] | None = None
    name: str = "the outcome"

    def __post_init__(self) -> None:
        if self.family not in _LINKS:
            raise DesignError(
                f"family is {self.family!r}.", "It names a distribution.", f"Use one of {', '.join(_LINKS)}."
            )
        object.__setattr__(self, "link", self.link or _LINKS[self.family][0])
        if self.link not in _LINKS[self.family]:
            raise DesignError(
                f"link={self.link!r} does not go with family={self.family!r}.",
                "The link is the scale on which effects add up.",
                f"Use one of {', '.join(_LINKS[self.family])}.",
            )
        for name, known in (("variance", get_args(Variance)), ("better", ("higher", "lower", None))):
            if getattr(self, name) not in known:
                raise DesignError(
                    f"{name} is {getattr(self, name)!r}.",
                    "It decides what is computed or said, so it is never guessed.",
                    f"Use one of {', '.join(str(one) for one in known)}.",
                )
        object.__setattr__(self, "trend", tuple(float(step) for step in self.trend))
        _require_planning_values(self)

    def total_variance(self, design: Design, effect: Effect) -> FloatArray:
        """Variance of one person's outcome on the scale of the analysis, (clusters, periods).

        On a log or logit scale it is linearised, v(μ) / (dμ/dη)², at the mean that `variance` names.
        """
        control = self.control(design)
        if self.variance == "by-cell":
            mean = self.mean(design, effect)
        elif self.variance == "average":
            mean = control + _furthest(self.mean(design, effect) - control) / 2
        else:
            mean = control
        return np.asarray(self._variance(mean) / self._slope(mean) ** 2)

    def control(self, design: Design) -> FloatArray:
        """Mean of each cell without treatment, (clusters, periods), on the natural scale."""
        base = np.full(design.treatment.shape, self.baseline if self.baseline is not None else 0.0)
        if not self.trend:
            return base
        if len(self.trend) != len(design.periods):
            raise DesignError(
                f"The outcome's trend has {len(self.trend)} numbers for {len(design.periods)} periods.",
                "Each period has its own mean in control.",
                "Give one number per period, 0 where it equals the baseline.",
            )
        control = self._mean_at(self._linear(base) + np.array(self.trend))
        self._require_possible(control, "trend")
        return control

    def mean(self, design: Design, effect: Effect) -> FloatArray:
        """Mean of each cell under the effect, (clusters, periods), on the natural scale."""
        control = self.control(design)
        if isinstance(effect, Constant) and effect.scale != "difference":
            change = (self._treated_mean(control, effect) - control) * np.nan_to_num(design.treatment)
        else:
            change = effect.cells(design)
        self._require_possible(control + change, "effect")
        return np.asarray(control + change)

    def effect(self, design: Design, effect: Effect) -> FloatArray:
        """Effect in each cell on the scale of the analysis, (clusters, periods)."""
        if self.link == "identity" and not (isinstance(effect, Constant) and effect.scale != "difference"):
            if self.family != "gaussian":
                self.mean(design, effect)
            return effect.cells(design)
        return np.asarray(self._linear(self.mean(design, effect)) - self._linear(self.control(design)))

    def _treated_mean(self, control: FloatArray, effect: Constant) -> FloatArray:
        if self.baseline is None:
            raise DesignError(
                f"The effect is a {effect.scale} but the outcome has no baseline.",
                "A ratio is relative to something.",
                "Give baseline= to the outcome, or the effect as a difference.",
            )
        if effect.scale == "ratio":
            return control * effect.size
        odds = control / (1 - control) * effect.size
        return np.asarray(odds / (1 + odds))

    def _require_possible(self, mean: FloatArray, cause: str) -> None:
        """Refuse a risk outside 0 to 1 and a rate that is not above 0."""
        if self.family == "binomial" and not ((mean > 0) & (mean < 1)).all():
            wrong = mean[(mean <= 0) | (mean >= 1)].flat[0]
            raise DesignError(
                f"A baseline of {self.baseline:g} with this {cause} gives a risk of {wrong:g}.",
                "A risk lies between 0 and 1.",
                f"Give a smaller {cause}, or state it as a ratio or an odds ratio.",
            )
        if self.family in {"poisson", "negbinomial"} and not (mean > 0).all():
            raise DesignError(
                f"A baseline of {self.baseline:g} with this {cause} gives a rate of {mean.min():g}.",
                "A rate is above 0.",
                f"Give a smaller {cause}, or state it as a ratio.",
            )

    def _variance(self, mean: FloatArray) -> FloatArray:
        if self.family == "gaussian":
            assert self.sd is not None
            return np.full(mean.shape, self.sd**2)
        if self.family == "binomial":
            return np.asarray(mean * (1 - mean))
        # A count over `exposure` units of person-time, divided by it, is a rate.
        return np.asarray(mean / self.exposure + (self.dispersion or 0.0) * mean**2)

    def _linear(self, mean: FloatArray) -> FloatArray:
        """Means on the scale of the analysis."""
        if self.link == "log":
            return np.asarray(np.log(mean))
        return np.asarray(np.log(mean / (1 - mean))) if self.link == "logit" else mean

    def _mean_at(self, linear: FloatArray) -> FloatArray:
        """Means on the natural scale."""
        if self.link == "log":
            return np.asarray(np.exp(linear))
        return np.asarray(1 / (1 + np.exp(-linear))) if self.link == "logit" else linear

    def _slope(self, mean: FloatArray) -> FloatArray:
        """Derivative dμ/dη of the mean with respect to the scale of the analysis."""
        if self.link == "log":
            return mean
        if self.link == "logit":
            return np.asarray(mean * (1 - mean))
        return np.ones_like(mean)


def _furthest(difference: FloatArray) -> float:
    """Largest difference either way."""
    return float(difference.flat[np.argmax(np.abs(difference))])


def _require_planning_values(outcome: Outcome) -> None:
    """Refuse an outcome that lacks what its family needs, or has it out of range."""
    if outcome.family == "gaussian":
        if outcome.sd is None or not outcome.sd > 0:
            raise DesignError(
                f"The outcome's sd is {outcome.sd}.",
                "Power depends on how much people differ.",
                "Give sd=, the total SD.",
            )
        return
    base = outcome.baseline
    if base is None or not base > 0 or (outcome.family == "binomial" and base >= 1):
        raise DesignError(
            f"The outcome's baseline is {base}.",
            "A risk lies between 0 and 1 and a rate is above 0; the variance follows from it.",
            "Give baseline=, for example 0.07.",
        )
    if outcome.sd is not None:
        raise DesignError(
            f"The {outcome.family} outcome was given sd={outcome.sd:g}.",
            "Its variance follows from its baseline.",
            "Leave sd out.",
        )
    if (outcome.family == "negbinomial") != (outcome.dispersion is not None) or (outcome.dispersion or 0) < 0:
        raise DesignError(
            f"dispersion is {outcome.dispersion} with family={outcome.family!r}.",
            "A negative binomial needs it (α in μ + αμ², 0 or more), the other families have none.",
            "Give or remove dispersion=.",
        )
