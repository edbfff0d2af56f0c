"""Covariate-constrained allocation: draw at random among the allocations that balance the councils best.

The balance score of an allocation sums, over periods and covariates, the squared difference between the
means of treated and control councils (covariates standardised):

    score = Σ_t Σ_k (z̄_k treated in t − z̄_k control in t)²

over the periods in which both exist: Raab and Butcher's score, period by period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..design.design import Design
from ..errors import DesignError, listing
from ..value import FloatArray, IntArray
from .orders import all_orders, random_orders, schedule_codes

_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Candidates:
    """Allocations that were considered, the best of which may be drawn.

    Parameters
    ----------
    acceptable : array (kept, clusters)
        Orders that were kept.
    scores : array (considered,)
        Balance scores of all that were considered, lowest first.
    complete : bool
        Whether every allowed allocation was considered.
    """

    acceptable: IntArray
    scores: FloatArray
    complete: bool

    @property
    def threshold(self) -> float:
        """Largest score that was kept."""
        return float(self.scores[len(self.acceptable) - 1])


def balanced_candidates(
    design: Design, covariates: FloatArray, candidates: int, keep: float, generator: np.random.Generator
) -> Candidates:
    """Score the allowed allocations, or a sample of them, and keep the best.

    Parameters
    ----------
    covariates : array (clusters, covariates)
        Standardised.
    candidates : int
        Most allocations to consider.
    keep : float
        Share of the considered ones to keep.

    References
    ----------
    Raab and Butcher (2001), Statistics in Medicine 20:351; Moulton (2004), Clinical Trials 1:297.
    """
    if not 0 < keep <= 1:
        raise DesignError(
            f"keep is {keep:g}.", "It is the share of allocations that stay acceptable.", "Give a number such as 0.1."
        )
    complete = design.allocations() <= candidates
    orders = all_orders(design) if complete else _distinct(design, random_orders(design, candidates, generator))
    scores = balance_scores(design, covariates, orders)
    ranked = np.argsort(scores, kind="stable")
    kept = int(np.floor(keep * len(orders) + 1e-9))
    if kept < 2:
        raise DesignError(
            f"Keeping {keep:g} of {len(orders)} allocations leaves {kept} to draw from.",
            "An order drawn from fewer than two is not random.",
            _what_binds(design, candidates, keep),
        )
    # Ties with the last one kept are kept too, so that the order of enumeration decides nothing.
    kept = int(np.searchsorted(scores[ranked], scores[ranked][kept - 1] * (1 + 1e-12), side="right"))
    return Candidates(orders[ranked[:kept]], scores[ranked], complete)


def _what_binds(design: Design, candidates: int, keep: float) -> str:
    """Name what leaves too few allocations, and what to do about it."""
    allowed, without = design.allocations(), replace(design, strata=()).allocations()
    if keep * allowed >= 2:
        return f"What binds is candidates={candidates}: the scheme allows {allowed:,}. Consider more of them."
    if keep * without >= 2:
        return f"What binds are the strata: without them there would be {without:,}. Join strata, or keep more."
    enough = f"keep={np.ceil(200 / allowed) / 100:g} or more" if allowed >= 2 else "more councils"
    return f"What binds is keep={keep:g}: councils and steps allow no more than {allowed}. Use {enough}."


def balance_scores(design: Design, covariates: FloatArray, orders: IntArray) -> FloatArray:
    """Balance score of each order, (orders,)."""
    treatment = np.nan_to_num(design.treatment)
    seen = design.observed.astype(float)
    scores = np.empty(len(orders))
    for first in range(0, len(orders), _CHUNK):
        dealt = orders[first : first + _CHUNK]
        treated = treatment[dealt]
        control = seen[dealt] - treated
        difference = _means(treated, covariates) - _means(control, covariates)
        scores[first : first + _CHUNK] = np.nansum(difference**2, axis=(1, 2))
    return scores


def _means(weight: FloatArray, covariates: FloatArray) -> FloatArray:
    """Means of covariates by period, (orders, periods, covariates); nan where nobody is in the arm."""
    total = weight.sum(axis=1)
    sums = np.swapaxes(weight, 1, 2) @ covariates
    return np.asarray(np.divide(sums, total[:, :, None], out=np.full_like(sums, np.nan), where=total[:, :, None] > 0))


def _distinct(design: Design, orders: IntArray) -> IntArray:
    """Orders that give different schedules, in order of first appearance."""
    codes = schedule_codes(design)[orders]
    _, first = np.unique(codes, axis=0, return_index=True)
    return np.asarray(orders[np.sort(first)])


def standardised(design: Design, balance: Mapping[str, Sequence[float] | Mapping[str, float]]) -> FloatArray:
    """Covariates of the design's clusters with mean 0 and SD 1, (clusters, covariates).

    Parameters
    ----------
    balance : mapping
        Covariate to values, in the order of the clusters or by name of the cluster.

    Raises
    ------
    DesignError
        A covariate that is missing for a council or does not vary.
    """
    columns = []
    for name, values in balance.items():
        given = [values.get(c, np.nan) for c in design.clusters] if isinstance(values, Mapping) else list(values)
        column = np.array(given, dtype=float)
        if len(column) != len(design.clusters):
            raise DesignError(
                f"The covariate {name} has {len(column)} values for {len(design.clusters)} clusters.",
                "Every council's value enters the balance score.",
                "Give one value per council, or a mapping by name.",
            )
        missing = [c for c, value in zip(design.clusters, column, strict=True) if not np.isfinite(value)]
        if missing:
            raise DesignError(
                f"The covariate {name} is missing for {listing(missing)}.",
                "An allocation cannot be balanced on what is not known.",
                "Fill in the value, or leave the covariate out.",
            )
        if np.ptp(column) == 0:
            raise DesignError(
                f"The covariate {name} is the same for every council.",
                "Every allocation balances it equally.",
                "Leave it out.",
            )
        columns.append((column - column.mean()) / column.std())
    return np.column_stack(columns)


def same_step(design: Design, orders: IntArray) -> FloatArray:
    """How often each pair of clusters follows the same schedule among some orders, (clusters, clusters)."""
    codes = schedule_codes(design)[orders]
    together = np.zeros((codes.shape[1], codes.shape[1]))
    for code in range(codes.max() + 1):
        member = (codes == code).astype(float)
        together += member.T @ member
    return np.asarray(together / len(orders))


def forced_pairs(design: Design, orders: IntArray) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Pairs that always, and pairs that never, share a schedule though the strata would allow either."""
    frequency = same_step(design, orders)
    codes = schedule_codes(design)
    free = same_step(design, random_orders(design, 2_000, np.random.default_rng(0)))
    shared = np.bincount(codes).max() > 1
    always, never = [], []
    for i in range(len(codes)):
        for j in range(i + 1, len(codes)):
            pair = (design.clusters[i], design.clusters[j])
            if frequency[i, j] == 1 and free[i, j] < 1:
                always.append(pair)
            if shared and frequency[i, j] == 0 and free[i, j] > 0:
                never.append(pair)
    return always, never
