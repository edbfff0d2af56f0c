"""Covariate-adjusted effects without each cluster in turn, all of them fitted together.

The sums over everyone but one are products with a matrix of weights that has zeros where somebody is left out,
so that nothing is taken off a total and no digits are lost. Where a fit is near the end of what can be fitted,
it is left to `adjustment_of` and `level_adjustment_of`, which say what can and what cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from ...value import BoolArray, FloatArray, IntArray
from .adjusted import Adjustment, Method, adjustment_of
from .adjusted_levels import LevelAdjustment, level_adjustment_of
from .propensity import TRIM, Propensity

_CELLS = 1_000_000
"""Cells of a table that is held at once."""

_PLAIN = 1e-4
"""Smallest eigenvalue of the covariates' correlations that is far from collinear."""

_CLOSE = 1e-6
"""Spread of a covariate, against its size, below which digits begin to go."""

_FAR = 15.0
"""Log odds beyond which a fit may be on its way to infinity."""

_STEPS = 10
_SETTLED = 1e-8
"""Largest step, whose square is what then is left to go."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison: who takes part, and what is known of them before any outcome is seen.

    Parameters
    ----------
    method : {"reg", "ipw", "dr"}
    unit : array (n,)
        Cluster of each row; with levels a cluster may have a row in the period and another in the base.
    treated : array (n,) of bool
    after : array (n,) of bool or None
        Which rows belong to the period; None where changes are compared.
    design : array (n, p)
        With a column of ones.
    weight : array (n,)
    """

    method: Method
    unit: IntArray
    treated: BoolArray
    after: BoolArray | None
    design: FloatArray
    weight: FloatArray

    def sides(self) -> list[tuple[bool, BoolArray]]:
        """Side (whether treated) and rows of each group that has to be there."""
        both = [(side, self.treated == side) for side in (True, False)]
        if self.after is None:
            return both
        return [(side, member & (self.after == then)) for side, member in both for then in (True, False)]

    def regressed(self) -> list[BoolArray]:
        """Rows of each group whose covariates must not be collinear."""
        wanted = {"reg": (False,), "ipw": (), "dr": (False,) if self.after is None else (False, True)}[self.method]
        groups = [member for side, member in self.sides() if side in wanted]
        every = self.method == "ipw" or (self.method == "dr" and self.after is not None)
        return [*groups, np.ones(len(self.unit), dtype=bool)] if every else groups

    def adjusted(self, kept: BoolArray) -> Adjustment | LevelAdjustment | None:
        """The fit on some of the rows; None where there is none."""
        if not all((member & kept).any() for _, member in self.sides()):
            return None
        treated, design, weight = self.treated[kept], self.design[kept], self.weight[kept]
        if self.after is None:
            made: Adjustment | LevelAdjustment | str = adjustment_of(self.method, treated, design, weight)
        else:
            made = level_adjustment_of(self.method, treated, self.after[kept], design, weight)
        return None if isinstance(made, str) else made


def effects_without_each(compared: Compared, outcome: FloatArray) -> tuple[FloatArray, IntArray, FloatArray]:
    """Effects on each column of outcomes (or changes) with everyone, and without each cluster in turn.

    Parameters
    ----------
    compared : Compared
    outcome : array (n, m)

    Returns
    -------
    effects : array (m,)
    units : array (u,)
        The clusters.
    without : array (u, m)
        nan where the covariates cannot be adjusted for.

    Examples
    --------
    >>> treated = np.array([True, True, False, False])
    >>> compared = Compared("reg", np.arange(4), treated, None, np.ones((4, 1)), np.ones(4))
    >>> effects_without_each(compared, np.array([[3.0], [5.0], [1.0], [2.0]]))[2].ravel().tolist()
    [3.5, 1.5, 2.0, 3.0]
    """
    units = np.unique(compared.unit)
    without = np.full((len(units), outcome.shape[1]), np.nan)
    plain = np.zeros(len(units), dtype=bool)
    whole = compared.adjusted(np.ones(len(compared.unit), dtype=bool))
    columns = None if whole is None else _standard(compared)
    if whole is not None and columns is not None:
        step = max(1, _CELLS // len(compared.unit))
        for begin in range(0, len(units), step):
            rows = np.arange(begin, min(begin + step, len(units)))
            weights, plain[rows] = _together(compared, whole.propensity, columns, units[rows])
            without[rows[plain[rows]]] = weights @ outcome
    for row in np.flatnonzero(~plain).tolist():
        kept = compared.unit != units[row]
        one = compared.adjusted(kept)
        if one is not None:
            without[row] = one.weights() @ outcome[kept]
    effects = np.full(outcome.shape[1], np.nan) if whole is None else whole.weights() @ outcome
    return np.asarray(effects), units, without


def _standard(compared: Compared) -> FloatArray | None:
    """The covariates with mean 0 and spread 1, which spares digits; None where a group has hardly any spread."""
    design = compared.design
    for member in compared.regressed():
        spread = design[member, 1:].std(axis=0)
        if (spread <= _CLOSE * np.sqrt((design[member, 1:] ** 2).mean(axis=0))).any():
            return None
    over = design[compared.regressed()[-1], 1:]
    return np.column_stack([design[:, 0], (design[:, 1:] - over.mean(axis=0)) / over.std(axis=0)])


def _together(
    compared: Compared, propensity: Propensity | None, columns: FloatArray, units: IntArray
) -> tuple[FloatArray, BoolArray]:
    """Weights on the outcomes without each of the clusters that are plain to fit, (plain, n), and which those are."""
    left = (compared.unit != units[:, None]).astype(float)
    squares = (columns[:, :, None] * columns[:, None, :]).reshape(len(columns), -1)
    plain = np.ones(len(units), dtype=bool)
    for _, member in compared.sides():
        plain &= (left @ member) > 0
    for member in compared.regressed():
        plain &= _spans(left * member, squares)
    left = left[plain] * compared.weight
    odds = np.zeros(left.shape)
    if propensity is not None:
        log_odds, settled = _log_odds(propensity, left, compared.treated, columns, squares)
        odds = np.where(
            compared.treated | (log_odds >= special.logit(TRIM)), 0.0, left * np.exp(np.minimum(log_odds, _FAR))
        )
        for side, member in compared.sides():
            settled &= side | ((odds @ member) > 0)
        plain[plain] = settled
        left, odds = left[settled], odds[settled]
    if compared.after is None:
        return _change_weights(compared, left, odds, columns, squares), plain
    return _level_weights(compared, compared.after, left, odds, columns, squares), plain


def _change_weights(
    compared: Compared, left: FloatArray, odds: FloatArray, columns: FloatArray, squares: FloatArray
) -> FloatArray:
    """As `Adjustment.weights`, for each row of weights `left` (b, n) and of odds weights (b, n)."""
    weights = _shares(left * compared.treated)
    if compared.method != "reg":
        weights -= _shares(odds)
    if compared.method != "ipw":
        weights -= _loading(left, ~compared.treated, weights, columns, squares)
    return weights


def _level_weights(
    compared: Compared, after: BoolArray, left: FloatArray, odds: FloatArray, columns: FloatArray, squares: FloatArray
) -> FloatArray:
    """As `LevelAdjustment.weights`, for each row of weights `left` (b, n) and of odds weights (b, n)."""
    treated, every = compared.treated, _shares(left * compared.treated)
    weights = np.zeros(left.shape)
    for then, sign in ((after, 1.0), (~after, -1.0)):
        own = _shares(left * (treated & then))
        control = ~treated & then
        weights += sign * own
        if compared.method == "reg":
            weights -= sign * _loading(left, control, every, columns, squares)
            continue
        other = _shares(odds * then)
        weights -= sign * other
        if compared.method == "dr":
            weights += sign * _loading(left, control, other - every, columns, squares)
            weights += sign * _loading(left, treated & then, every - own, columns, squares)
    return weights


def _shares(weights: FloatArray) -> FloatArray:
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _loading(
    left: FloatArray, member: BoolArray, at: FloatArray, columns: FloatArray, squares: FloatArray
) -> FloatArray:
    """Weights on the members' outcomes of their regression's prediction at the covariates' sums `at` (b, n)."""
    loading, own = np.zeros(left.shape), left[:, member]
    loading[:, member] = own * (_solved(own @ squares[member], at @ columns) @ columns[member].T)
    return loading


def _spans(member: FloatArray, squares: FloatArray) -> BoolArray:
    """Whether the members' columns are far from collinear, for each row of `member` (b, n)."""
    p = round(squares.shape[1] ** 0.5)
    count = member.sum(axis=1)
    gram = (member @ squares / np.maximum(count, 1.0)[:, None]).reshape(-1, p, p)
    return np.asarray((count > p) & (np.linalg.eigvalsh(gram)[:, 0] > _PLAIN))


def _log_odds(
    whole: Propensity, weight: FloatArray, treated: BoolArray, columns: FloatArray, squares: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Fitted log odds of starting for each row of weights (b, n), by Newton from everyone's, and which settled."""
    start = np.linalg.lstsq(columns, special.logit(whole.fitted), rcond=None)[0]
    coefficients = np.tile(start, (len(weight), 1))
    settled = np.zeros(len(weight), dtype=bool)
    for _ in range(_STEPS):
        fitted = special.expit(coefficients @ columns.T)
        try:
            step = _solved((weight * fitted * (1 - fitted)) @ squares, (weight * (treated - fitted)) @ columns)
        except np.linalg.LinAlgError:
            break
        along = np.abs(step @ columns.T).max(axis=1)
        # On its way to infinity: it stays where it is, and does not count as settled.
        wild = ~(along < 2 * _FAR)
        coefficients[~wild] += step[~wild]
        settled = along < _SETTLED
        if settled.all():
            break
    log_odds = coefficients @ columns.T
    return log_odds, settled & (np.abs(log_odds).max(axis=1) < _FAR) & _overlap(log_odds, weight, treated)


def _overlap(log_odds: FloatArray, weight: FloatArray, treated: BoolArray) -> BoolArray:
    """Whether some of the treated lie below some of the comparison, so that the likelihood has a maximum."""
    lowest = np.where(treated & (weight > 0), log_odds, np.inf).min(axis=1)
    highest = np.where(~treated & (weight > 0), log_odds, -np.inf).max(axis=1)
    return np.asarray(lowest < highest)


def _solved(normal: FloatArray, right: FloatArray) -> FloatArray:
    """Solutions (b, p) of b systems whose matrices are the rows (b, p p) of `normal`."""
    p = right.shape[1]
    return np.asarray(np.linalg.solve(normal.reshape(-1, p, p), right[:, :, None])[:, :, 0])
