"""Earlier evaluations as a prior: what was published, how far it can be trusted, and what it says of the next place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import DataError, DesignError, listing
from ..model.prior import HalfNormal, Normal, Pooling, Prior
from ..results.words import number_words
from ..value import Value
from .synthesis import Evidence, Synthesis, discounted, pooled

Comparison = Literal["randomised", "matched", "none"]
_REACH = 3.92
_WITHIN = 0.16
REFERENCES = (
    "Neuenschwander, Capkun-Niggli, Branson and Spiegelhalter (2010), Summarizing historical information on controls "
    "in clinical trials, Clinical Trials 7:5.",
    "Turner, Spiegelhalter, Smith and Thompson (2009), Bias modelling in evidence synthesis, JRSS A 172:21.",
)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How far an evaluation is trusted.

    Parameters
    ----------
    counts_for : float
        Share of its information that counts.
    bias_sd : float
        SD of what it may be wrong by, on the log scale.
    """

    counts_for: float
    bias_sd: float


ALLOWANCES: dict[str, Allowance] = {
    "randomised": Allowance(1.0, 0.0),
    "matched": Allowance(1.0, _WITHIN),
    "none": Allowance(0.5, float(np.sqrt(2) * _WITHIN)),
}
"""By what an evaluation compared with.

A council's log rate of children starting to be looked after moves by 0.16 from year to year once what all councils
share is taken off (145 English councils, 2018 to 2025, computed from the department's yearly figures). A change between
two years without a comparison moves by √2 times that without any practice model. Half of its information counts,
because councils take up a model when numbers are high, and high numbers fall by themselves: that half is a judgement,
and `counts_for` replaces it.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation(Value):
    """What one earlier evaluation found: a ratio with its 95% interval, or two counts.

    Parameters
    ----------
    name : str
    outcome : str
        What was counted, which may not be what the new study counts.
    comparison : {"randomised", "matched", "none"}
        With whom the published figure compares.
    ratio, low, high : float, optional
        With and without the practice model, and its 95% interval.
    before, after : float, optional
        Numbers of children, when that is what was published.
    counts_for, bias_sd : float, optional
        Instead of the allowance for its kind of comparison.
    source : str

    Examples
    --------
    >>> one = Evaluation(name="There", outcome="plans", comparison="none", before=400, after=300)
    >>> one.evidence()
    Evidence(name='There', value=-0.28..., se=0.33...)
    """

    name: str
    outcome: str
    comparison: Comparison = "none"
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    before: float | None = None
    after: float | None = None
    counts_for: float | None = None
    bias_sd: float | None = None
    source: str = ""

    @property
    def allowance(self) -> Allowance:
        """How far it is trusted."""
        usual = ALLOWANCES[self.comparison]
        return Allowance(
            usual.counts_for if self.counts_for is None else self.counts_for,
            usual.bias_sd if self.bias_sd is None else self.bias_sd,
        )

    def found(self) -> Evidence:
        """Log ratio and standard error as published, nothing allowed for.

            counts:  log(after / before),  SE² = 1/before + 1/after
            ratio:   log(ratio),  SE = log(high / low) / 3.92

        Raises
        ------
        DataError
            Figures from which no log ratio and standard error follow.
        """
        if self.before is not None and self.after is not None:
            if not (self.before > 0 and self.after > 0):
                raise self._unusable("a count of 0 or below")
            return Evidence(
                self.name, float(np.log(self.after / self.before)), float(np.sqrt(1 / self.before + 1 / self.after))
            )
        if self.ratio is None or self.low is None or self.high is None:
            raise self._unusable("no ratio with its interval, and no two counts")
        if not 0 < self.low < self.ratio < self.high:
            raise self._unusable(f"the ratio {self.ratio:g} with the interval {self.low:g} to {self.high:g}")
        return Evidence(self.name, float(np.log(self.ratio)), float(np.log(self.high / self.low) / _REACH))

    def evidence(self) -> Evidence:
        """What of it counts: (SE² + bias SD²) / share as its variance."""
        given, allowance = self.found(), self.allowance
        wider = Evidence(given.name, given.value, float(np.hypot(given.se, allowance.bias_sd)))
        return discounted(wider, allowance.counts_for)

    def _unusable(self, what: str) -> DataError:
        return DataError(
            f"{self.name} was published with {what}.",
            "A prior needs the size of an effect and how sure it is; what was not published is not made up.",
            "Leave it out, or give ratio, low and high (or before and after) with their source.",
        )


PUBLISHED: dict[str, Evaluation] = {
    "hertfordshire-family-safeguarding": Evaluation(
        name="Hertfordshire, Family Safeguarding",
        outcome="children on child protection plans",
        before=1032,
        after=530,
        source="Forrester and others (2017), Department for Education RR55: plans from January 2015 on, the council's "
        "own figure, before and after without a comparison.",
    ),
    "leeds-family-valued": Evaluation(
        name="Leeds, Family Valued",
        outcome="children looked after",
        source="Mason and others (2017), ICF for the Department for Education, RR43: called significantly lower after "
        "16 months, before and after without a comparison; its size was not found.",
    ),
    "north-yorkshire-no-wrong-door": Evaluation(
        name="North Yorkshire, No Wrong Door",
        outcome="incidents of young people going missing",
        before=503,
        after=253,
        source="Lushey and others (2017), Loughborough University for the Department for Education, RR51: incidents "
        "before and after, without a comparison.",
    ),
}
"""Published figures of the places where the practice models began, by their name in a study file."""


@dataclass(frozen=True, slots=True, eq=False)
class Learnt(Value):
    """A prior before and after earlier evaluations.

    Parameters
    ----------
    before, after : Normal
        Of the effect in the next place.
    evaluations : tuple of Evaluation
    pooled : Synthesis
        The mean over places, the next place and each evaluation, in this order.
    """

    before: Normal
    after: Normal
    evaluations: tuple[Evaluation, ...]
    pooled: Synthesis

    def text(self) -> str:
        """Say what was made of what."""
        said = [f"The prior of the effect is learnt from {listing([one.name for one in self.evaluations])}."]
        for one in self.evaluations:
            allowed = one.allowance
            said.append(
                f"{one.name}: {one.outcome}, log ratio {number_words(one.found().value)} "
                f"(as published ± {one.found().se:.2g}); {100 * allowed.counts_for:.0f}% of its information counts, "
                f"and it may be wrong by an SD of {allowed.bias_sd:.2g}: it enters as ± {one.evidence().se:.2g}."
            )
        said.append(
            f"Before them the prior was normal with mean {number_words(self.before.mean).lstrip('+')} and SD "
            f"{self.before.sd:.2g}; for a new place it is now {number_words(self.after.mean).lstrip('+')} and "
            f"{self.after.sd:.2g}."
        )
        return " ".join(said)


def learn(evaluations: Sequence[Evaluation], *, before: Normal, heterogeneity: Prior | None = None) -> Learnt:
    """Meta-analytic-predictive prior of the effect in a new place.

        y_j ~ Normal(θ_j, (SE_j² + bias SD_j²) / share_j),   θ_j and θ_new ~ Normal(μ, τ²),   μ ~ `before`

    exactly over μ and θ and by quadrature over τ; the prior is the normal with the mean and SD of θ_new.

    Parameters
    ----------
    evaluations : sequence of Evaluation
    before : Normal
        What was believed of the mean effect without them.
    heterogeneity : Prior, optional
        Of τ, the SD of effects between places; half-normal of scale 0.2 when absent.

    Raises
    ------
    DesignError
        No evaluation.
    DataError
        One without figures that can be used.

    References
    ----------
    Neuenschwander and others (2010), Clinical Trials 7:5.

    Examples
    --------
    >>> learnt = learn([PUBLISHED["hertfordshire-family-safeguarding"]], before=Normal(0.0, 0.14))
    >>> learnt.before.mean > learnt.after.mean > -0.2
    True
    """
    if not evaluations:
        raise DesignError(
            "No earlier evaluation was given.",
            "There is nothing to learn from.",
            "Give one, or use the prior as it is.",
        )
    entered = [one.evidence() for one in evaluations]
    found = pooled(
        tuple(one.name for one in entered),
        np.array([one.value for one in entered]),
        np.array([one.se**2 for one in entered]),
        Pooling(mean=before, heterogeneity=heterogeneity or HalfNormal(0.2)),
    )
    return Learnt(before, found.next_place(), tuple(evaluations), found)
