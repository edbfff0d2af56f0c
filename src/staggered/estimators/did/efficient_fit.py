"""Roth and Sant'Anna's adjustment for differences before go-live: the weights, beta, and what variance is in excess."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...value import FloatArray
from .aggregate import Summary
from .randomised import Differences, Groups

# As MASS::ginv does, so that near-collinear pre-periods are cut off at the same place.
_GINV = float(np.sqrt(np.finfo(float).eps))


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Differences in the periods themselves and the same ones just before go-live.

    Parameters
    ----------
    plain, before : array (k, groups, periods)
        Weights of the unadjusted estimates and of the pre-period differences on the groups' means.
    """

    plain: FloatArray
    before: FloatArray

    def weights(self, beta: FloatArray) -> FloatArray:
        """Weights of θ₀ − β·X, (k, groups, periods)."""
        return np.asarray(self.plain - beta[:, None, None] * self.before)

    def optimal(self, variance: FloatArray) -> FloatArray:
        """The β with the smallest variance, Cov(X, θ₀)/Var(X), of each term; 0 where X cannot vary.

        Parameters
        ----------
        variance : array (groups, periods, periods)
            Covariance of each group's means.
        """
        moved = np.einsum("kgt,gts->kgs", self.before, variance, optimize=True)
        own = np.einsum("kgs,kgs->k", moved, self.before)
        joint = np.einsum("kgs,kgs->k", moved, self.plain)
        return np.asarray(np.divide(joint, own, out=np.zeros(len(own)), where=own > 0))


def adjusted_of(summary: Summary, found: Differences, periods: int) -> Adjusted:
    """Spread the summary's weights over groups and periods."""
    rows = np.nan_to_num(summary.weights)
    shape = (len(rows), found.parts.shape[1], periods)
    plain, before = np.zeros(shape), np.zeros(shape)
    base = found.cells[:, 0] - 1
    for target, column in ((plain, found.cells[:, 1]), (before, base)):
        for period in np.unique(column):
            here = column == period
            target[:, :, period] = rows[:, here] @ found.parts[here]
    unknown = np.isnan(summary.weights).any(axis=1)
    plain[unknown] = np.nan
    return Adjusted(plain, before)


def excess_variance(plain: FloatArray, groups: Groups, spread: FloatArray) -> FloatArray:
    """Part of Neyman's variance that outcomes before the first go-live show to be in excess, (k, k).

    (1/N) (Σ_g β_g)' S (Σ_g β_g) with β_g the regression of cohort g's contribution on its outcomes before the
    first cohort that the term uses, and S the cohorts' average covariance of those.

    References
    ----------
    Roth and Sant'Anna (2023), Journal of Political Economy Microeconomics 1:669, section 3.
    """
    total = float(groups.count.sum())
    periods = plain.shape[2]
    rows = np.zeros((len(plain), periods))
    for k, term in enumerate(plain):
        if np.isnan(term).any() or not (term != 0).any():
            continue
        first = groups.start[(term != 0).any(axis=1)].min()
        member = np.flatnonzero(groups.start >= first)
        until = int(min(first, periods))
        if until == 0:
            continue
        rows[k, :until] = _excess_row(term[member], spread[member], until)
    return np.asarray(rows @ rows.T / total)


def _excess_row(term: FloatArray, spread: FloatArray, until: int) -> FloatArray:
    """S^{1/2} Σ_g β_g of one term, (until,)."""
    early = spread[:, :until, :until]
    slopes = np.zeros(until)
    for weights, own, whole in zip(term, early, spread, strict=True):
        if (weights != 0).any():
            slopes += np.linalg.pinv(own, rcond=_GINV, hermitian=True) @ (whole[:until] @ weights)
    values, vectors = np.linalg.eigh(early.mean(axis=0))
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ (vectors.T @ slopes))


def group_covariance(weights: FloatArray, variance: FloatArray) -> FloatArray:
    """Σ_g W_g V_g W_g', (k, k), for covariances V_g of the groups' means."""
    moved = np.einsum("kgt,gts->kgs", weights, variance, optimize=True)
    return np.asarray(np.einsum("kgs,mgs->km", moved, weights, optimize=True))
