"""Draws of missing numbers and of risks, given other columns, with coefficients that are themselves drawn.

Numbers by predictive mean matching among 10 donors, observed predictions at the estimate against missing ones at the
draw (Morris, White and Royston 2014, BMC Medical Research Methodology 14:75). Risks by logistic regression, to which as
many people are added as it has coefficients, half of either outcome, around the mean: so coefficients stay finite where
a council has no events (White, Daniel and Royston 2010, Computational Statistics and Data Analysis 54:2267).
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from ..results.square_root import symmetric_root
from ..value import BoolArray, FloatArray

_DONORS = 10
_STEPS = 50
_ARRIVED = 1e-12


def matched(known: FloatArray, numbers: FloatArray, asked: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Numbers of people whose predicted number is near, (m,).

    Parameters
    ----------
    known : array (n, p)
        Predictors of those whose number is known.
    numbers : array (n,)
    asked : array (m, p)
        Predictors of the others.
    generator : Generator
    """
    inverse = np.linalg.pinv(known.T @ known, hermitian=True)
    estimate = inverse @ (known.T @ numbers)
    fitted = known @ estimate
    freedom = max(len(numbers) - np.linalg.matrix_rank(inverse, hermitian=True), 1)
    variance = ((numbers - fitted) ** 2).sum() / generator.chisquare(freedom)
    wanted = asked @ _drawn(estimate, variance * inverse, generator)
    order = np.argsort(fitted, kind="stable")
    predicted, donors = fitted[order], min(_DONORS, len(order))
    place = np.searchsorted(predicted, wanted)
    window = np.clip(place[:, None] + np.arange(-donors, donors), 0, len(order) - 1)
    distance = np.abs(predicted[window] - wanted[:, None])
    # At the ends the window repeats its last member, which must count once.
    distance[:, 1:][window[:, 1:] == window[:, :-1]] = np.inf
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :donors]
    chosen = nearest[np.arange(len(asked)), generator.integers(0, donors, len(asked))]
    found = predicted[window[np.arange(len(asked)), chosen]]
    # People with the same prediction are equally near, however many: any of them gives, not those at the edge.
    hair = 1e-9 * max(float(np.ptp(predicted)), 1e-300)
    first, last = np.searchsorted(predicted, found - hair), np.searchsorted(predicted, found + hair, side="right")
    return np.asarray(numbers[order[generator.integers(first, last)]])


def drawn_risk(
    known: FloatArray, happened: BoolArray, asked: FloatArray, shift: float, generator: np.random.Generator
) -> FloatArray:
    """Risks of those asked about, moved on the log-odds, (m,)."""
    mean, spread = known.mean(axis=0), known.std(axis=0)
    steps = np.diag(spread)[spread > 0]
    around = np.concatenate([mean + steps, mean - steps])
    columns = np.concatenate([known, around, around])
    outcome = np.concatenate([happened, np.zeros(len(around)), np.ones(len(around))])
    # As many people in all as there are coefficients.
    weight = np.append(np.ones(len(known)), np.full(2 * len(around), known.shape[1] / max(2 * len(around), 1)))
    estimate, covariance = logistic(columns, outcome, weight)
    return np.asarray(expit(asked @ _drawn(estimate, covariance, generator) + shift))


def _drawn(estimate: FloatArray, covariance: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Coefficients around their estimate, the same on every machine."""
    return np.asarray(estimate + symmetric_root(covariance) @ generator.standard_normal(len(estimate)))


def logistic(columns: FloatArray, outcome: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coefficients and covariance of a weighted logistic regression, by Newton's method.

    statsmodels gives the same at many times the cost, and a chain takes hundreds of them.

    Parameters
    ----------
    columns : array (n, p)
    outcome, weight : array (n,)
    """
    estimate = np.zeros(columns.shape[1])
    covariance: FloatArray = np.zeros((len(estimate), len(estimate)))
    for _ in range(_STEPS):
        risk = expit(columns @ estimate)
        lifted = columns * (weight * risk * (1 - risk))[:, None]
        covariance = np.asarray(np.linalg.pinv(lifted.T @ columns, hermitian=True), dtype=np.float64)
        score = columns.T @ (weight * (outcome - risk))
        step = covariance @ score
        estimate = estimate + step
        if score @ step < _ARRIVED:
            break
    return estimate, covariance
