"""One cohort in one period against its comparison, adjusted for covariates: weights and influence.

Sant'Anna and Zhao (2020), in the forms that divide by the sum of their own weights (Hájek): outcome
regression, inverse probability weighting, and both together. All three are linear in the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...value import BoolArray, FloatArray
from .propensity import Propensity, propensity_of

Method = Literal["reg", "ipw", "dr"]
_RANK = 1e-9


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What the covariates settle about one comparison, before any outcome is seen.

    Parameters
    ----------
    method : {"reg", "ipw", "dr"}
    treated : array (n,) of bool
    design : array (n, p)
        Covariates with a column of ones.
    weight : array (n,)
    regression : array (p, p) or None
        (X'WX)⁻¹ over the comparison, where the outcome is regressed on covariates.
    propensity : Propensity or None
    """

    method: Method
    treated: BoolArray
    design: FloatArray
    weight: FloatArray
    regression: FloatArray | None
    propensity: Propensity | None

    @property
    def own(self) -> FloatArray:
        """Weights of the treated, summing to 1."""
        weight = np.where(self.treated, self.weight, 0.0)
        return np.asarray(weight / weight.sum())

    @property
    def other(self) -> FloatArray:
        """Odds weights of the comparison, summing to 1; none with regression alone."""
        if self.propensity is None:
            return np.zeros(len(self.weight))
        odds = self.propensity.odds(self.weight, self.treated)
        return np.asarray(odds / odds.sum())

    def weights(self) -> FloatArray:
        """Weights of the effect on the clusters' changes, (n,): the treated's sum to 1, the others' to −1."""
        result = self.own - self.other
        if self.regression is not None:
            result -= self._projected(self.design.T @ (self.own - self.other))
        return np.asarray(result)

    def scores(self, change: FloatArray) -> FloatArray:
        """Contribution of each cluster to the effect's error, (n,)."""
        own, other = self.own, self.other
        left = change
        if self.regression is not None:
            left = change - self._predicted(change)
        scores = own * (left - own @ left)
        if self.propensity is not None:
            centred = other * (left - other @ left)
            slope = self.propensity.inverse @ (self.design.T @ centred)
            scale = self.weight / self.weight.mean()
            scores = scores - centred - scale * (self.treated - self.propensity.fitted) * (self.design @ slope)
        if self.regression is not None:
            scores = scores - self._projected(self.design.T @ (own - other)) * left
        return np.asarray(scores)

    def _projected(self, target: FloatArray) -> FloatArray:
        """Weights on the comparison's changes of the regression's prediction at `target` (p,)."""
        assert self.regression is not None
        return np.asarray(np.where(self.treated, 0.0, self.weight * (self.design @ (self.regression @ target))))

    def _predicted(self, change: FloatArray) -> FloatArray:
        assert self.regression is not None
        weighted = np.where(self.treated, 0.0, self.weight)
        return np.asarray(self.design @ (self.regression @ (self.design.T @ (weighted * change))))


def adjustment_of(method: Method, treated: BoolArray, design: FloatArray, weight: FloatArray) -> Adjustment | str:
    """Fit what the method needs on the covariates; the reason in words when it cannot be fitted."""
    regression: FloatArray | None = None
    propensity = None
    over = design if method == "ipw" else design[~treated]
    if collinear(over):
        who = "clusters" if method == "ipw" else "comparison clusters"
        return f"the covariates are constant or collinear among its {len(over)} {who}"
    if method in ("reg", "dr"):
        control = np.where(treated, 0.0, weight)
        regression = np.asarray(np.linalg.inv(design.T @ (design * control[:, None])), dtype=float)
    if method in ("ipw", "dr"):
        propensity = propensity_of(design, treated, weight)
        if propensity is None:
            return "the covariates tell the treated from its comparison completely"
        if not (propensity.odds(weight, treated) > 0).any():
            return "no comparison cluster is like the treated"
    return Adjustment(method, treated, design, weight, regression, propensity)


def collinear(design: FloatArray) -> bool:
    """Whether the columns, each on its own scale, do not span as many dimensions as there are."""
    if len(design) < design.shape[1]:
        return True
    centred = design.copy()
    centred[:, 1:] -= design[:, 1:].mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0))
    size = np.sqrt((design**2).sum(axis=0))
    if (spread <= _RANK * size).any():
        return True
    return bool(np.linalg.svd(centred / spread, compute_uv=False)[-1] < _RANK)


def covariates_at(covariates: FloatArray, period: int) -> FloatArray:
    """Design matrix of a period, (clusters, 1 + covariates), with a column of ones."""
    return np.column_stack([np.ones(covariates.shape[1]), covariates[:, :, period].T])


def complete(design: FloatArray) -> BoolArray:
    """Clusters whose covariates are all known."""
    return np.asarray(np.isfinite(design).all(axis=1))
