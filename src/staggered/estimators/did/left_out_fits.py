"""Covariate-adjusted effects without each cluster in turn, all of them fitted together.

The sums over everyone but one are products with a matrix of ones that has zeros on its diagonal, so that
nothing is taken off a total and no digits are lost. Where a fit is near the end of what can be fitted, it is
left to `adjustment_of`, which says what can and what cannot.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from ...value import BoolArray, FloatArray, IntArray
from .adjusted import Adjustment, Method, adjustment_of
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
_SETTLED = 1e-10


def effects_without_each(
    method: Method, treated: BoolArray, design: FloatArray, weight: FloatArray, changes: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Effects on each column of changes with everyone, (m,), and without each row in turn, (n, m).

    Parameters
    ----------
    method : {"reg", "ipw", "dr"}
    treated : array (n,) of bool
    design : array (n, p)
        With a column of ones.
    weight : array (n,)
    changes : array (n, m)

    Returns
    -------
    effects, without : arrays (m,) and (n, m)
        nan where the covariates cannot be adjusted for.

    Examples
    --------
    >>> treated, weight = np.array([True, True, False, False]), np.ones(4)
    >>> changes = np.array([[3.0], [5.0], [1.0], [2.0]])
    >>> _, without = effects_without_each("reg", treated, np.ones((4, 1)), weight, changes)
    >>> without.ravel().tolist()
    [3.5, 1.5, 2.0, 3.0]
    """
    count = len(weight)
    without = np.full(changes.shape, np.nan)
    plain = np.zeros(count, dtype=bool)
    whole = adjustment_of(method, treated, design, weight)
    columns = None if isinstance(whole, str) else _standard(whole)
    if not isinstance(whole, str) and columns is not None:
        step = max(1, _CELLS // count)
        for begin in range(0, count, step):
            rows = np.arange(begin, min(begin + step, count))
            weights, plain[rows] = _together(whole, columns, rows)
            without[rows[plain[rows]]] = weights @ changes
    for row in np.flatnonzero(~plain).tolist():
        rest = np.arange(count) != row
        if treated[rest].any() and not treated[rest].all():
            one = adjustment_of(method, treated[rest], design[rest], weight[rest])
            without[row] = np.nan if isinstance(one, str) else one.weights() @ changes[rest]
    effects = np.full(changes.shape[1], np.nan) if isinstance(whole, str) else whole.weights() @ changes
    return np.asarray(effects), without


def _standard(whole: Adjustment) -> FloatArray | None:
    """The covariates with mean 0 and spread 1, which spares digits; None where they have hardly any spread."""
    design = whole.design
    over = design if whole.method == "ipw" else design[~whole.treated]
    mean, spread = over[:, 1:].mean(axis=0), over[:, 1:].std(axis=0)
    if (spread <= _CLOSE * np.sqrt((over[:, 1:] ** 2).mean(axis=0))).any():
        return None
    return np.column_stack([design[:, 0], (design[:, 1:] - mean) / spread])


def _together(whole: Adjustment, columns: FloatArray, rows: IntArray) -> tuple[FloatArray, BoolArray]:
    """Weights on the changes without each of the rows that are plain to fit, (plain, n), and which those are."""
    treated = whole.treated
    left = np.ones((len(rows), len(treated)))
    left[np.arange(len(rows)), rows] = 0.0
    squares = (columns[:, :, None] * columns[:, None, :]).reshape(len(columns), -1)
    plain = ((left @ treated) > 0) & _spans(left if whole.method == "ipw" else left * ~treated, squares)
    left = left[plain] * whole.weight
    other = np.zeros(left.shape)
    if whole.propensity is not None:
        log_odds, settled = _log_odds(whole.propensity, left, treated, columns, squares)
        odds = np.where(treated | (special.expit(log_odds) >= TRIM), 0.0, left * np.exp(log_odds))
        fine = settled & (odds.sum(axis=1) > 0)
        plain[plain] = fine
        left, odds = left[fine], odds[fine]
        other = odds / odds.sum(axis=1, keepdims=True)
    own = left * treated
    weights = own / own.sum(axis=1, keepdims=True) - other
    if whole.regression is not None:
        control = left * ~treated
        slope = _solved(control @ squares, weights @ columns)
        weights -= control * (slope @ columns.T)
    return weights, plain


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
        coefficients += step
        settled = np.abs(step @ columns.T).max(axis=1) < _SETTLED
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
