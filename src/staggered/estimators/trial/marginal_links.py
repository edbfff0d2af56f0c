"""Families and links of marginal models: means, their slopes and variances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from ...errors import DesignError
from ...value import BoolArray, FloatArray

LINKS = {"gaussian": ("identity",), "binomial": ("logit", "identity", "log"), "poisson": ("log", "identity")}
_SCALE = {
    ("gaussian", "identity"): "difference in means",
    ("binomial", "logit"): "log odds ratio",
    ("binomial", "identity"): "difference in risk",
    ("binomial", "log"): "log risk ratio",
    ("poisson", "log"): "log rate ratio",
    ("poisson", "identity"): "difference in rate",
}
_RATIO = {"log odds ratio": "odds ratio", "log risk ratio": "risk ratio", "log rate ratio": "rate ratio"}


@dataclass(frozen=True, slots=True)
class Link:
    """Distribution and scale of a marginal model.

    Parameters
    ----------
    family : {"gaussian", "binomial", "poisson"}
    link : str, optional
        The first of its family's when absent.

    Raises
    ------
    DesignError
        A family or link that is none.

    Examples
    --------
    >>> Link("binomial").scale, Link("poisson").ratio
    ('log odds ratio', 'rate ratio')
    """

    family: str
    link: str = ""

    def __post_init__(self) -> None:
        if self.family not in LINKS:
            raise DesignError(
                f"family is {self.family!r}.", "It names a distribution.", f"Use one of {', '.join(LINKS)}."
            )
        object.__setattr__(self, "link", self.link or LINKS[self.family][0])
        if self.link not in LINKS[self.family]:
            raise DesignError(
                f"link={self.link!r} does not go with family={self.family!r}.",
                "The link is the scale on which effects add up.",
                f"Use one of {', '.join(LINKS[self.family])}.",
            )

    @property
    def scale(self) -> str:
        """What an effect is on this scale."""
        return _SCALE[self.family, self.link]

    @property
    def article(self) -> str:
        """Article before the ratio."""
        return "an" if self.ratio.startswith("o") else "a"

    @property
    def ratio(self) -> str:
        """What the exponential of an effect is; "" on a scale of differences."""
        return _RATIO.get(self.scale, "")

    def predictor(self, mean: float) -> float:
        """Linear predictor of a mean."""
        if self.link == "logit":
            return float(logit(mean))
        return float(np.log(mean)) if self.link == "log" else mean

    def mean(self, predictor: FloatArray) -> FloatArray:
        """Mean at a linear predictor."""
        if self.link == "logit":
            return np.asarray(expit(predictor))
        return np.asarray(np.exp(np.minimum(predictor, 500.0)) if self.link == "log" else predictor)

    def slope(self, mean: FloatArray) -> FloatArray:
        """How fast the mean moves with the predictor."""
        if self.link == "logit":
            return np.asarray(mean * (1 - mean))
        return mean if self.link == "log" else np.ones_like(mean)

    def variance(self, mean: FloatArray) -> FloatArray:
        """Variance of an outcome, up to the scale."""
        if self.family == "gaussian":
            return np.ones_like(mean)
        return np.asarray(mean * (1 - mean)) if self.family == "binomial" else mean

    def possible(self, mean: FloatArray) -> BoolArray:
        """Whether the family can have such means."""
        if self.family == "gaussian":
            return np.isfinite(mean)
        return (mean > 0) & (mean < (1 if self.family == "binomial" else np.inf))
