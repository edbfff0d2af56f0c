"""The structure of the model: which parts it has, whatever the data and whatever the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import log_ndtr, ndtr

from ..errors import DesignError
from ..model.prior import HalfNormal, Prior, Priors
from ..value import FloatArray, Value

Family = Literal["gaussian", "binomial", "poisson", "negbinomial"]
FAMILIES = ("gaussian", "binomial", "poisson", "negbinomial")
_CHOICES = {
    "trend": ("walk", "indicators"),
    "exposure": ("walk", "monotone", "constant"),
    "deviations": ("ar1", "none"),
}
EDGE = 5.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Structure(Value):
    """Parts of the model.

    Parameters
    ----------
    family : {"gaussian", "binomial", "poisson", "negbinomial"}
    trend : {"walk", "indicators"}
        National time: a random walk, or a free level for each period.
    exposure : {"walk", "monotone", "constant"}
        Effect by time since go-live: a random walk, one that never turns back, or the same throughout.
    deviations : {"ar1", "none"}
        A council's own slow deviations (gaussian).
    season : int or None
        Periods in a year's cycle: 4 for quarters, 12 for months.
    moderators : tuple of str
        Covariates that may change the effect.
    practice_models : str or None
        Label that names each council's practice model.
    """

    family: Family = "gaussian"
    trend: Literal["walk", "indicators"] = "walk"
    exposure: Literal["walk", "monotone", "constant"] = "walk"
    deviations: Literal["ar1", "none"] = "ar1"
    season: int | None = None
    moderators: tuple[str, ...] = ()
    practice_models: str | None = None

    def __post_init__(self) -> None:
        for name, allowed in (("family", FAMILIES), *_CHOICES.items()):
            if (given := getattr(self, name)) not in allowed:
                raise DesignError(
                    f"Hierarchical was given {name}={given!r}.",
                    "It names a part of the model.",
                    f"Use one of {', '.join(allowed)}.",
                )
        if self.season is not None and self.season < 2:
            raise DesignError(
                f"season is {self.season}.",
                "It is the number of periods after which the same season comes round.",
                "Give 4 for quarters, 12 for months, or leave it out.",
            )

    def spreads(self, priors: Priors, last_exposure: int) -> dict[str, Prior]:
        """Hyperparameters by name, each with its prior."""
        gaussian = self.family == "gaussian"
        named: dict[str, Prior] = {"councils": priors.councils, "heterogeneity": priors.heterogeneity}
        if self.trend == "walk":
            named["trend"] = priors.trend
        if self.exposure != "constant" and last_exposure > 1:
            named["exposure"] = priors.exposure
        if self.season is not None:
            named["season"] = priors.season
        if self.practice_models is not None:
            named["practice_model"] = priors.practice_model
        if gaussian and self.deviations == "ar1":
            named |= {"course": priors.course, "persistence": priors.persistence}
        if gaussian:
            named["noise"] = priors.noise
        if self.family == "negbinomial":
            named["dispersion"] = priors.dispersion
        return named


@dataclass(frozen=True, slots=True, eq=False)
class Spreads(Value):
    """Hyperparameters in the scale in which their joint prior is standard normal.

    Parameters
    ----------
    names : tuple of str
    priors : tuple of Prior
    """

    names: tuple[str, ...]
    priors: tuple[Prior, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.names)

    def at(self, normal: FloatArray) -> dict[str, FloatArray]:
        """Values at standard normal coordinates (points, count), each (points,).

        A council's slow deviations and the noise are told apart far less well than their sum of squares. They
        take the length and the angle of their pair as coordinates: of two half-normals these are independent, the
        length a Rayleigh and the angle uniform, so that the prior is the same.
        """
        # Beyond the edge a quantile is no longer told from 0 or infinity; no posterior reaches it.
        inside = np.clip(normal, -EDGE, EDGE)
        share = ndtr(inside)
        pairs = list(zip(self.names, self.priors, strict=True))
        values = {name: prior.quantile(share[:, k]) for k, (name, prior) in enumerate(pairs)}
        if "course" in values:
            first, second = self.names.index("course"), self.names.index("noise")
            length = np.sqrt(-2 * log_ndtr(-inside[:, first]))
            angle = np.pi / 2 * share[:, second]
            values["course"] = _scale(self.priors[first]) * length * np.cos(angle)
            values["noise"] = _scale(self.priors[second]) * length * np.sin(angle)
        return values


def _scale(prior: Prior) -> float:
    assert isinstance(prior, HalfNormal)
    return prior.scale
