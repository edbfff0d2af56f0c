"""Priors: what is believed before the data, as distributions and in the user's own words.

Every distribution gives its log density, its quantiles and draws, so that the same prior serves quadrature,
importance sampling, PyMC and assurance.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from scipy import special

from ..errors import DesignError, listing
from ..value import FloatArray, Value

_EDGE = 1e-12
_ONE_IN_TEN = float(special.ndtri(0.9))
_ONE_IN_TWO_HUNDRED = float(special.ndtri(0.995))


def _require_positive(name: str, value: float, kind: str) -> None:
    if not (np.isfinite(value) and value > 0):
        raise DesignError(
            f"{name} of {kind} is {value:g}.",
            "A prior needs a spread above 0, or it would leave the data nothing to say.",
            "Give a positive number.",
        )


class Prior(Value):
    """A distribution of one unknown number: an interface without fields."""

    __slots__ = ()

    @abstractmethod
    def log_density(self, x: FloatArray) -> FloatArray:
        """Log density, up to nothing: it integrates to 1."""

    @abstractmethod
    def quantile(self, probability: FloatArray) -> FloatArray:
        """Value below which lies this share of the distribution."""

    def rvs(self, size: int, random_state: np.random.Generator) -> FloatArray:
        """Draws, by the name that scipy gives them, so that `assurance` takes either."""
        return self.quantile(random_state.uniform(_EDGE, 1 - _EDGE, size))


@dataclass(frozen=True, slots=True, eq=False)
class Normal(Prior):
    """Normal with this mean and standard deviation.

    Examples
    --------
    >>> Normal(0.0, 1.0).quantile(np.array([0.5, 0.975])).round(3)
    array([0.  , 1.96])
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        _require_positive("sd", self.sd, "Normal")

    def log_density(self, x: FloatArray) -> FloatArray:
        """Log density."""
        return np.asarray(-0.5 * ((x - self.mean) / self.sd) ** 2 - np.log(self.sd) - 0.5 * np.log(2 * np.pi))

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Quantiles."""
        return np.asarray(self.mean + self.sd * special.ndtri(probability))


@dataclass(frozen=True, slots=True, eq=False)
class HalfNormal(Prior):
    """Positive part of a normal of mean 0; two thirds of it lie below its scale."""

    scale: float

    def __post_init__(self) -> None:
        _require_positive("scale", self.scale, "HalfNormal")

    def log_density(self, x: FloatArray) -> FloatArray:
        """Log density; minus infinity below 0."""
        inside = -0.5 * (x / self.scale) ** 2 - np.log(self.scale) + 0.5 * np.log(2 / np.pi)
        return np.where(x >= 0, inside, -np.inf)

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Quantiles, by the tail that keeps its digits."""
        p = np.asarray(probability, dtype=float)
        return np.asarray(self.scale * np.where(p < 0.5, np.sqrt(2) * special.erfinv(p), -special.ndtri((1 - p) / 2)))


@dataclass(frozen=True, slots=True, eq=False)
class HalfCauchy(Prior):
    """Positive part of a Cauchy: half of it lies below its scale, and its tail is long."""

    scale: float

    def __post_init__(self) -> None:
        _require_positive("scale", self.scale, "HalfCauchy")

    def log_density(self, x: FloatArray) -> FloatArray:
        """Log density; minus infinity below 0."""
        inside = np.log(2 / (np.pi * self.scale)) - np.log1p((x / self.scale) ** 2)
        return np.where(x >= 0, inside, -np.inf)

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Quantiles."""
        p = np.asarray(probability, dtype=float)
        return np.where(p < 1, self.scale * np.tan(np.pi / 2 * p), np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Uniform(Prior):
    """Any value between two ends alike."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _require_positive("high − low", self.high - self.low, "Uniform")

    def log_density(self, x: FloatArray) -> FloatArray:
        """Log density; minus infinity outside."""
        return np.where((x >= self.low) & (x <= self.high), -np.log(self.high - self.low), -np.inf)

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Quantiles."""
        return np.asarray(self.low + (self.high - self.low) * np.asarray(probability))


@dataclass(frozen=True, slots=True, eq=False)
class Beta(Prior):
    """A share between 0 and 1."""

    a: float
    b: float

    def __post_init__(self) -> None:
        _require_positive("a", self.a, "Beta")
        _require_positive("b", self.b, "Beta")

    def log_density(self, x: FloatArray) -> FloatArray:
        """Log density; minus infinity outside 0 to 1."""
        inside = np.clip(x, _EDGE, 1 - _EDGE)
        log = special.xlogy(self.a - 1, inside) + special.xlog1py(self.b - 1, -inside) - special.betaln(self.a, self.b)
        return np.where((x >= 0) & (x <= 1), log, -np.inf)

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Quantiles."""
        return np.asarray(special.betaincinv(self.a, self.b, probability))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Belief(Value):
    """A belief about a ratio in a user's words: "a 10% fall would be large; a 30% fall is not credible".

    It stands for a normal on the log scale, centred on `expected`: at most one chance in ten of a change beyond
    `large` in that direction and one in two hundred of a change beyond `not_credible`. Where the two
    sentences ask for different spreads the wider one is taken, so that the prior never claims more than the
    weaker of them.

    Parameters
    ----------
    large : float, optional
        Relative change that would be large: 0.10 for 10%.
    not_credible : float, optional
        Relative change that nobody would believe.
    expected : float
        Relative change expected: −0.05 for a fall of 5%, 0 for none.
    risk : float, optional
        Risk without the practice model, for a model on log odds: the same sentences then stand for a normal of the log
        odds ratio.

    Examples
    --------
    >>> belief = Belief(large=0.10, not_credible=0.30)
    >>> print(belief.text())
    Before the data a fall of more than 10% has a 22% chance, and a fall of more than 30% a 0.5% chance;
    the middle value is a change of 0%.
    """

    large: float | None = None
    not_credible: float | None = None
    expected: float = 0.0
    risk: float | None = None

    def __post_init__(self) -> None:
        if self.risk is not None and not 0 < self.risk * (1 + self.expected) < 1:
            raise DesignError(
                f"The risk without the practice model is {self.risk:g}.",
                "It is a share of children, and changes of it are turned into log odds.",
                "Give a fraction between 0 and 1, such as 0.07 for 7%.",
            )
        for name, share in (("large", self.large), ("not_credible", self.not_credible)):
            if share is not None and not 0 < share < 1:
                raise DesignError(
                    f"{name} is {share:g}.",
                    "It is a relative fall, and nothing falls by more than all of it.",
                    "Give, for example, 0.10 for a fall of 10%.",
                )
        if self.large is None and self.not_credible is None:
            raise DesignError(
                "A belief was given without large and not_credible.",
                "It would say nothing about the size of effects.",
                "Give one of them, for example not_credible=0.30.",
            )
        if self.large is not None and self.not_credible is not None and self.large >= self.not_credible:
            raise DesignError(
                f"A fall of {self.large:.0%} is called large and a fall of {self.not_credible:.0%} not credible.",
                "What is not credible must be further away than what is large.",
                "Give, for example, large=0.10 and not_credible=0.30.",
            )
        nearest = min(share for share in (self.large, self.not_credible) if share is not None)
        if not -nearest < self.expected < nearest / (1 - nearest):
            raise DesignError(
                f"A change of {self.expected:.0%} is expected, but {nearest:.0%} is called large or not credible.",
                "What is expected cannot be surprising.",
                "Give an expected change nearer to 0, or larger limits.",
            )

    def prior(self) -> Normal:
        """The normal on the log scale (of the odds, where a risk is given) that the sentences stand for."""
        centre = self.linked(self.expected)
        spreads = [
            (centre - self.linked(-share)) / quantile
            for share, quantile in ((self.large, _ONE_IN_TEN), (self.not_credible, _ONE_IN_TWO_HUNDRED))
            if share is not None
        ]
        return Normal(centre, max(spreads))

    def linked(self, change: float) -> float:
        """A relative change on the scale of the linear predictor: a log ratio, or a log odds ratio at the risk."""
        if self.risk is None:
            return float(np.log1p(change))
        return float(special.logit(self.risk * (1 + change)) - special.logit(self.risk))

    def text(self) -> str:
        """Say what the prior implies, so that the user can disagree with it."""
        prior = self.prior()
        chances = [
            (share, float(special.ndtr((self.linked(-share) - prior.mean) / prior.sd)))
            for share in (self.large, self.not_credible)
            if share is not None
        ]
        said = ", and ".join(
            f"a fall of more than {share:.0%} {'has ' if k == 0 else ''}a {100 * chance:.2g}% chance"
            for k, (share, chance) in enumerate(chances)
        )
        return f"Before the data {said}; the middle value is a change of {self.expected:.0%}."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Priors(Value):
    """Priors of the hierarchical model, on the scale of its linear predictor.

    The defaults suit a log or logit scale. `scaled` gives them in units of a standard deviation of a gaussian outcome.

    Parameters
    ----------
    level : Normal
        Mean of all councils over all periods, without treatment.
    effect : Normal or Belief
        Effect in the first treated period.
    councils : HalfNormal
        SD of council levels.
    heterogeneity : HalfNormal
        SD of effects between councils.
    trend : HalfNormal
        SD of the national change from one period to the next.
    exposure : HalfNormal
        SD of the change of the effect from one treated period to the next.
    course : HalfNormal
        SD of a council's own slow deviations (gaussian).
    persistence : Beta
        Share of such a deviation that is left one period later.
    noise : HalfNormal
        SD of what is left (gaussian); between people where the data came person by person.
    dispersion : HalfNormal
        √α of the negative binomial's variance μ + αμ².
    covariate : Normal
        Coefficient of a covariate or moderator per standard deviation of it.
    season : HalfNormal
        SD of seasonal deviations.
    practice_model : HalfNormal
        SD of effects between practice models.
    """

    level: Normal = Normal(0.0, 1.5)
    effect: Normal | Belief = Normal(0.0, 0.5)
    councils: HalfNormal = HalfNormal(1.0)
    heterogeneity: HalfNormal = HalfNormal(0.3)
    trend: HalfNormal = HalfNormal(0.3)
    exposure: HalfNormal = HalfNormal(0.2)
    course: HalfNormal = HalfNormal(0.5)
    persistence: Beta = Beta(3.0, 2.0)
    noise: HalfNormal = HalfNormal(0.5)
    dispersion: HalfNormal = HalfNormal(0.5)
    covariate: Normal = Normal(0.0, 0.5)
    season: HalfNormal = HalfNormal(0.3)
    practice_model: HalfNormal = HalfNormal(0.2)

    def __post_init__(self) -> None:
        for name, kinds in _KINDS.items():
            if not isinstance(given := getattr(self, name), kinds):
                raise DesignError(
                    f"The prior of {name} is a {type(given).__name__}.",
                    "The model's integrals and its chains rest on the kind of each prior.",
                    f"Give a {' or '.join(kind.__name__ for kind in kinds)}.",
                )

    @classmethod
    def scaled(cls, centre: float, sd: float) -> Priors:
        """Wide priors for a gaussian outcome with this mean and standard deviation."""
        return cls(
            level=Normal(centre, 2.5 * sd),
            effect=Normal(0.0, sd),
            councils=HalfNormal(2 * sd),
            heterogeneity=HalfNormal(0.5 * sd),
            trend=HalfNormal(0.5 * sd),
            exposure=HalfNormal(0.3 * sd),
            course=HalfNormal(sd),
            noise=HalfNormal(sd),
            covariate=Normal(0.0, sd),
            season=HalfNormal(0.5 * sd),
            practice_model=HalfNormal(0.4 * sd),
        )

    @property
    def first_effect(self) -> Normal:
        """The effect's prior as a distribution, whichever way it was said."""
        return self.effect.prior() if isinstance(self.effect, Belief) else self.effect


_KINDS: dict[str, tuple[type[Value], ...]] = {
    part.name: {"level": (Normal,), "covariate": (Normal,), "effect": (Normal, Belief), "persistence": (Beta,)}.get(
        part.name, (HalfNormal,)
    )
    for part in fields(Priors)
}
SomePriors = Mapping[str, Prior | Belief]
"""Some priors of the hierarchical model by name; the others are wide ones around the outcome's own level."""


def completed(given: Priors | SomePriors | None, wide: Priors) -> Priors:
    """Every prior: those that are given, the wide ones for the rest.

    Raises
    ------
    DesignError
        A name that is none of a prior.

    Examples
    --------
    >>> completed({"heterogeneity": HalfNormal(0.1)}, Priors()).heterogeneity
    HalfNormal(scale=0.1)
    """
    if given is None or isinstance(given, Priors):
        return given or wide
    if unknown := [name for name in given if name not in _KINDS]:
        raise DesignError(
            f"A prior is given for {listing(unknown)}, which the model does not have.",
            "It would be passed over, and the answer would rest on something else.",
            f"Priors are of {', '.join(_KINDS)}.",
        )
    return replace(wide, **given)  # type: ignore[arg-type]  # checked by the class itself


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pooling(Value):
    """Priors of a synthesis.

    Parameters
    ----------
    mean : Normal or None
        Of the average effect; None for a flat one.
    heterogeneity : Prior or None
        Of the SD of effects between places; None for a flat one on the positive numbers.
    """

    mean: Normal | None = None
    heterogeneity: Prior | None = HalfNormal(0.5)


PRIORS: tuple[type[Prior], ...] = (Normal, HalfNormal, HalfCauchy, Uniform, Beta)
"""Every distribution that a study may name."""
