"""Scores of the imputation estimator, and its coefficients before go-live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...kernel.least_squares import averaging, centred, determined_operator
from ...kernel.patterns import Patterns
from ...value import BoolArray, FloatArray, IntArray

UNSEEN_LINE = "a straight line before go-live cannot be seen"
"""Said in a note where two reference times hide a straight line."""
Residuals = Literal["cell", "leave-out", "term"]


@dataclass(frozen=True, slots=True)
class Leads:
    """Coefficients of the periods before go-live, fitted on untreated cells alone.

    Parameters
    ----------
    events : array (leads,)
        Times from go-live, all below −1.
    weights : array (leads, patterns, periods)
    columns, solve : array
        A and B of that fit; its centre is that of the fit without leads.
    dropped : tuple of int
        Further times taken as reference because nobody is never treated.
    """

    events: IntArray
    weights: FloatArray
    columns: FloatArray
    solve: FloatArray
    dropped: tuple[int, ...]


def leads_of(patterns: Patterns, start: FloatArray, control: FloatArray) -> Leads:
    """Fit cluster and period effects and one coefficient per time before the last period in control.

        Y_ct = α_c + λ_t + Σ_{e < −1} γ_e 1{t − start_c = e} + ε_ct   over untreated cells

    Where everybody is treated in the end, a straight line in time from go-live cannot be told from the period
    effects, and the earliest time is taken as a second reference.

    Parameters
    ----------
    patterns : Patterns
    start : array (patterns,)
    control : array (patterns, periods)
        Weights of the untreated cells, 0 elsewhere.
    """
    periods = control.shape[1]
    columns = np.arange(periods)
    event = np.where(np.isfinite(start), start, periods * 3.0)[:, None]
    event = np.where(control > 0, columns - event, np.inf)
    events = np.unique(event[(event < -1) & (event >= -periods)]).astype(np.int64)
    dropped: list[int] = []
    while len(events):
        found = _fit(patterns, event, events, control)
        if found is not None:
            return Leads(events, *found, tuple(dropped))
        dropped.append(int(events[0]))
        events = events[1:]
    empty = np.zeros((0, *control.shape))
    return Leads(events, empty, np.zeros((*control.shape, 0)), empty, tuple(dropped))


def _fit(
    patterns: Patterns, event: FloatArray, events: IntArray, control: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Weights of the coefficients, A and B; None when the data do not determine all of them."""
    count, periods = control.shape
    dummies = np.broadcast_to(np.eye(periods)[:, 1:], (count, periods, periods - 1))
    leads = (event[:, :, None] == events).astype(float)
    columns = centred(np.concatenate([leads, dummies], axis=2), averaging(control), patterns.used.astype(float))
    solve, known = determined_operator(columns, control)
    cut = len(events)
    return (solve[:cut], columns, solve) if known[:cut].all() else None


@dataclass(frozen=True, slots=True)
class ImputedScores:
    """Scores with the residuals that the option asks for.

    Parameters
    ----------
    weights : array (k, patterns, periods)
    columns, solve : array
        A and B of the fit on untreated cells, the cells' own means among them.
    centre : array (patterns, periods)
    treated : array (patterns, periods) of bool
    inflation : array (clusters, periods) or None
        Factor on the residuals of treated cells, so that each is taken from the others' mean; None: 1.
    residuals : {"cell", "leave-out", "term"}
    leads : Leads or None
    lead_rows : array (k,) of bool
        Which terms are leads.
    """

    weights: FloatArray
    columns: FloatArray
    solve: FloatArray
    centre: FloatArray
    treated: BoolArray
    inflation: FloatArray | None
    residuals: Residuals
    leads: Leads | None
    lead_rows: BoolArray

    def scores(self, patterns: Patterns, outcome: FloatArray) -> FloatArray:
        """Contribution of each cluster to each term, (k, clusters)."""
        means = patterns.means(outcome)
        level = (self.centre[patterns.group] * outcome).sum(axis=1)[:, None]
        left = np.where(patterns.used[patterns.group], outcome - level, 0.0)
        result = np.empty((len(self.weights), len(patterns.group)))
        rows = ~self.lead_rows
        weights = self.weights[rows]
        errors = left - (self.columns @ np.tensordot(self.solve, means, axes=2))[patterns.group]
        if self.inflation is not None:
            errors *= self.inflation
        result[rows] = patterns.products(weights, errors)
        if self.residuals == "term":
            result[rows] += self._from_term(weights, patterns, means)
        if self.leads is not None and self.lead_rows.any():
            fitted = self.leads.columns @ np.tensordot(self.leads.solve, means, axes=2)
            errors = np.where(self.treated[patterns.group], 0.0, left - fitted[patterns.group])
            result[self.lead_rows] = patterns.products(self.weights[self.lead_rows], errors)
        return result

    def _from_term(self, weights: FloatArray, patterns: Patterns, means: FloatArray) -> FloatArray:
        """What residuals from the term's own average add to those from the cells' averages, (k, clusters)."""
        cells = self.columns.shape[2] - means.shape[1]
        effects = self.columns[:, :, -cells:] @ np.tensordot(self.solve[-cells:], means, axes=2)
        direct = weights * self.treated
        value = np.tensordot(direct, effects, axes=2)
        by_pattern = np.einsum("kgt,gt->kg", direct, effects) - direct.sum(axis=2) * value[:, None]
        return np.asarray(by_pattern[:, patterns.group] * patterns.share)


def leave_out_inflation(patterns: Patterns, members: BoolArray) -> FloatArray:
    """Factor that turns a residual from a cell's mean into one from the mean of its other members.

    1 / (1 − v_i² / Σ_j v_j²), with v the weights of the cell's average; 1 for untreated cells and for a
    cluster that is a cell on its own, whose score is marked as missing elsewhere.

    References
    ----------
    Borusyak, Jaravel and Spiess (2024), supplementary appendix A.9.
    """
    group, share = patterns.group, patterns.share
    squares = np.bincount(group, weights=share**2, minlength=len(patterns.first))
    result = np.ones((len(group), patterns.mass.shape[1]))
    for member in members:
        period = int(np.argmax(member.any(axis=0)))
        mass = member[:, period] * patterns.mass[:, period]
        total = float(mass**2 @ squares)
        own = (mass[group] * share) ** 2 / total
        result[:, period] /= np.where(own < 1 - 1e-12, 1 - own, 1.0)
    return result
