"""Minimisation: councils are taken in random order, and each is sent, most likely, where it balances best.

The score that is kept small is the balance score of the finished allocation as expected so far,

    score = Σ_t Σ_k ( Σ_i placed z_ik (a_s(i),t − ā_t) )²,   a_st = treated_st / treated_t − control_st / control_t

with z the standardised covariates and s(i) the schedule of council i. The councils that are still to come
are expected to add nothing; when all are placed it is the balance score of constrained allocation.
"""

from __future__ import annotations

import numpy as np

from ..design.design import Design
from ..value import FloatArray, IntArray
from .orders import schedule_codes, strata_rows

BIAS = 0.8
"""Probability with which a council goes where it balances best."""
_CHUNK = 5_000
_SAME = 1e-9


def minimised_orders(design: Design, covariates: FloatArray, count: int, generator: np.random.Generator) -> IntArray:
    """Orders drawn by minimisation, independently of each other, (count, clusters).

    Parameters
    ----------
    covariates : array (clusters, covariates)
        Standardised.

    References
    ----------
    Pocock and Simon (1975), Biometrics 31:103; Taves (1974), Clinical Pharmacology and Therapeutics 15:443.
    """
    sizes = [min(_CHUNK, count - first) for first in range(0, count, _CHUNK)]
    return np.concatenate([_sources(design, _placed(design, covariates, size, generator)) for size in sizes])


def _placed(design: Design, covariates: FloatArray, draws: int, generator: np.random.Generator) -> IntArray:
    """Schedule of each cluster in each draw, by number, (draws, clusters)."""
    codes = schedule_codes(design)
    contrast = _contrasts(design, codes)
    stratum = np.empty(len(codes), dtype=np.int64)
    for k, rows in enumerate(strata_rows(design.strata)):
        stratum[rows] = k
    places = np.zeros((stratum.max() + 1, codes.max() + 1))
    np.add.at(places, (stratum, codes), 1.0)
    left = np.tile(places, (draws, 1, 1))
    sums = np.zeros((draws, contrast.shape[1], covariates.shape[1]))
    placed = np.empty((draws, len(codes)), dtype=np.int64)
    each = np.arange(draws)
    turns = generator.permuted(np.tile(np.arange(len(codes)), (draws, 1)), axis=1)
    for cluster in turns.T:
        open_places = left[each, stratum[cluster]]
        steps = contrast[None, :, :, None] * covariates[cluster][:, None, None, :]
        scores = ((sums[:, None] + steps) ** 2).sum(axis=(2, 3))
        chosen = _biased_choice(scores, open_places, generator)
        placed[each, cluster] = chosen
        left[each, stratum[cluster], chosen] -= 1
        sums += steps[each, chosen]
    return placed


def _biased_choice(scores: FloatArray, places: FloatArray, generator: np.random.Generator) -> IntArray:
    """With probability `BIAS` a schedule of the lowest score, else any open one, each by its open places."""
    best = np.where(places > 0, scores, np.inf).min(axis=1, keepdims=True)
    lowest = np.where(scores <= best * (1 + _SAME) + _SAME, places, 0.0)
    weights = np.where(generator.random((len(scores), 1)) < BIAS, lowest, places)
    reached = np.cumsum(weights, axis=1)
    wanted = generator.random((len(scores), 1)) * reached[:, -1:]
    return np.asarray((reached <= wanted).sum(axis=1))


def _contrasts(design: Design, codes: IntArray) -> FloatArray:
    """What a council of covariate 1 adds to treated less control means under each schedule, (schedules, periods)."""
    treated = np.nan_to_num(design.treatment)
    control = design.observed - treated
    both = (treated.sum(axis=0) > 0) & (control.sum(axis=0) > 0)
    of_cluster = treated[:, both] / treated[:, both].sum(axis=0) - control[:, both] / control[:, both].sum(axis=0)
    of_cluster = of_cluster - of_cluster.mean(axis=0)
    first = [int(np.flatnonzero(codes == code)[0]) for code in range(codes.max() + 1)]
    return np.asarray(of_cluster[first])


def _sources(design: Design, placed: IntArray) -> IntArray:
    """Clusters whose schedules are dealt: the k-th taker of a schedule within a stratum has that of its k-th holder."""
    codes = schedule_codes(design)
    orders = np.empty_like(placed)
    for rows in strata_rows(design.strata):
        holders = rows[np.argsort(codes[rows], kind="stable")]
        takers = rows[np.argsort(placed[:, rows], axis=1, kind="stable")]
        np.put_along_axis(orders, takers, np.tile(holders, (len(placed), 1)), axis=1)
    return orders
