"""The same adjustment where whoever is observed then is compared with whoever was observed before.

Sant'Anna and Zhao (2020) for repeated cross-sections: regression, Hájek weighting, and the locally efficient
doubly robust form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...value import BoolArray, FloatArray
from .adjusted import Method, collinear
from .propensity import Propensity, propensity_of


@dataclass(frozen=True, slots=True)
class LevelAdjustment:
    """What the covariates settle about one comparison of levels.

    Parameters
    ----------
    method : {"reg", "ipw", "dr"}
    treated, after : array (n,) of bool
        Of each row: a cluster in one of the two periods.
    design : array (n, p)
    weight : array (n,)
    regressions : mapping of (treated, after) to array (p, p)
        (X'WX)⁻¹ over the rows of that side and period.
    propensity : Propensity or None
    """

    method: Method
    treated: BoolArray
    after: BoolArray
    design: FloatArray
    weight: FloatArray
    regressions: dict[tuple[bool, bool], FloatArray]
    propensity: Propensity | None

    def weights(self) -> FloatArray:
        """Weights of the effect on the rows' outcomes, (n,)."""
        result = self._own(True) - self._own(False) - self._other(True) + self._other(False)
        for side, target in self._targets().items():
            result += self._loading(side, target)
        return np.asarray(result)

    def scores(self, outcome: FloatArray) -> FloatArray:
        """Contribution of each row to the effect's error, (n,)."""
        predicted = {side: self.design @ self._coefficients(side, outcome) for side in self.regressions}
        left = outcome
        if self.method == "dr":
            left = outcome - np.where(self.after, predicted[False, True], predicted[False, False])
        scores = np.zeros(len(outcome))
        slope = np.zeros(self.design.shape[1])
        for after, sign in ((True, 1.0), (False, -1.0)):
            own, other = self._own(after), self._other(after)
            if self.method != "reg":
                centred = other * (left - other @ left)
                scores -= sign * centred
                slope += sign * (self.design.T @ centred)
            scores += sign * own * (left - own @ left)
            scores += sign * self._prediction_scores(after, predicted)
        if self.propensity is not None:
            scale = self.weight / self.weight.mean()
            along = self.design @ (self.propensity.inverse @ slope)
            scores -= scale * (self.treated - self.propensity.fitted) * along
        for side, target in self._targets().items():
            scores += self._loading(side, target) * (outcome - predicted[side])
        if self.method == "dr":
            # R's DRDID adds this term where the derivative has it subtracted. It vanishes as the odds balance the
            # covariates, moves standard errors by about 0.1%, and is kept so that both give the same number.
            twice = 2 * (self.design.T @ (self._other(False) - self._own(False)))
            scores += self._loading((False, False), twice) * (outcome - predicted[False, False])
        return scores

    def _prediction_scores(self, after: bool, predicted: dict[tuple[bool, bool], FloatArray]) -> FloatArray:
        """Scores of averages of predictions, the coefficients taken as known."""
        every = self._side(self.treated)
        if self.method == "reg":
            value = predicted[False, after]
            return np.asarray(-every * (value - every @ value))
        if self.method == "ipw":
            return np.zeros(len(every))
        value = predicted[True, after] - predicted[False, after]
        own = self._own(after)
        return np.asarray(every * (value - every @ value) - own * (value - own @ value))

    def _targets(self) -> dict[tuple[bool, bool], FloatArray]:
        """At which covariates each side's regression is evaluated, signs included."""
        x, every = self.design.T, self._side(self.treated)
        targets = {}
        for after, sign in ((True, 1.0), (False, -1.0)):
            if self.method == "reg":
                targets[False, after] = -sign * (x @ every)
            elif self.method == "dr":
                targets[False, after] = sign * (x @ (self._other(after) - every))
                targets[True, after] = sign * (x @ (every - self._own(after)))
        return targets

    def _side(self, member: BoolArray) -> FloatArray:
        weight = np.where(member, self.weight, 0.0)
        return np.asarray(weight / weight.sum())

    def _own(self, after: bool) -> FloatArray:
        return self._side(self.treated & (self.after == after))

    def _other(self, after: bool) -> FloatArray:
        if self.propensity is None:
            return np.zeros(len(self.weight))
        odds = np.where(self.after == after, self.propensity.odds(self.weight, self.treated), 0.0)
        return np.asarray(odds / odds.sum())

    def _loading(self, side: tuple[bool, bool], target: FloatArray) -> FloatArray:
        """Weights on the side's outcomes of its regression's prediction at `target`."""
        member = (self.treated == side[0]) & (self.after == side[1])
        return np.asarray(np.where(member, self.weight * (self.design @ (self.regressions[side] @ target)), 0.0))

    def _coefficients(self, side: tuple[bool, bool], outcome: FloatArray) -> FloatArray:
        member = (self.treated == side[0]) & (self.after == side[1])
        weighted = np.where(member, self.weight * outcome, 0.0)
        return np.asarray(self.regressions[side] @ (self.design.T @ weighted))


def level_adjustment_of(
    method: Method, treated: BoolArray, after: BoolArray, design: FloatArray, weight: FloatArray
) -> LevelAdjustment | str:
    """Fit what the method needs on the covariates; the reason in words when it cannot be fitted."""
    sides = {"reg": (False,), "ipw": (), "dr": (False, True)}[method]
    regressions: dict[tuple[bool, bool], FloatArray] = {}
    for side in sides:
        for then in (False, True):
            member = (treated == side) & (after == then)
            if collinear(design[member]):
                who = "treated" if side else "comparison"
                return f"the covariates are constant or collinear among its {member.sum()} {who} rows of one period"
            only = np.where(member, weight, 0.0)
            regressions[side, then] = np.asarray(np.linalg.inv(design.T @ (design * only[:, None])), dtype=float)
    propensity = None
    if method != "reg":
        propensity = None if collinear(design) else propensity_of(design, treated, weight)
        if propensity is None:
            return "the covariates tell the treated from its comparison completely, or are collinear"
        odds = propensity.odds(weight, treated)
        if not ((odds > 0) & after).any() or not ((odds > 0) & ~after).any():
            return "no comparison is like the treated"
    return LevelAdjustment(method, treated, after, design, weight, regressions, propensity)
