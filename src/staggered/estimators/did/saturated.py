"""Least squares with a coefficient for every cohort-by-period cell named, next to cluster and period effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...kernel.least_squares import averaging, centred, determined_operator
from ...kernel.patterns import Patterns
from ...value import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Saturated:
    """A fit with one coefficient per cell.

    Parameters
    ----------
    members : array (cells, patterns, periods) of bool
        Who makes up each cell.
    effects : array (cells, patterns, periods)
        Weights of each cell's coefficient on the patterns' means.
    known : array (cells,) of bool
        Cells whose coefficient the data determine.
    columns, solve, centre
        A, B and the centre of the fit, as a `Rule` takes them.
    """

    members: BoolArray
    effects: FloatArray
    known: BoolArray
    columns: FloatArray
    solve: FloatArray
    centre: FloatArray


def saturated_fit(patterns: Patterns, start: FloatArray, cells: IntArray) -> Saturated:
    """Fit cluster effects, period effects and a coefficient for each of `cells`.

        Y_ct = α_c + λ_t + Σ_k δ_k 1{c in cohort k, t = period k} + e_ct

    Parameters
    ----------
    patterns : Patterns
    start : array (patterns,)
        Index of the first treated period; inf for never.
    cells : array (cells, 2)
        Cohort (index of its first treated period) and period of each coefficient.
    """
    used = patterns.used.astype(float)
    count, periods = used.shape
    members = cell_members(patterns, start, cells)
    # The first period's dummy is what the others sum to once cluster effects are taken off.
    dummies = np.broadcast_to(np.eye(periods)[:, 1:], (count, periods, periods - 1))
    centre = averaging(patterns.mass)
    columns = centred(np.concatenate([np.moveaxis(members, 0, -1).astype(float), dummies], axis=2), centre, used)
    solve, known = determined_operator(columns, patterns.mass)
    cut = len(cells)
    return Saturated(members, solve[:cut], known[:cut], columns, solve, centre)


def cell_members(patterns: Patterns, start: FloatArray, cells: IntArray) -> BoolArray:
    """Who makes up each cohort-by-period cell, (cells, patterns, periods)."""
    periods = np.arange(patterns.used.shape[1])
    members = (start[None, :] == cells[:, :1])[:, :, None] & (periods == cells[:, 1:])[:, None, :]
    return np.asarray(members & patterns.used)


def lone_members(patterns: Patterns, members: BoolArray, weights: FloatArray) -> BoolArray:
    """Clusters that make up a cell on their own, of the cells that each term rests on, (k, clusters)."""
    found = np.zeros((len(weights), len(patterns.group)), dtype=bool)
    who_makes_up = np.asarray(members.any(axis=2))
    for cell in np.flatnonzero(who_makes_up @ patterns.count == 1):
        found[np.nan_to_num(weights[:, cell]) != 0, patterns.first[who_makes_up[cell]][0]] = True
    return found


def cohort_cells(patterns: Patterns, start: FloatArray, *, leads: bool) -> tuple[IntArray, IntArray]:
    """Cells that get a coefficient, and treated cells of cohorts that have no period before treatment.

    Parameters
    ----------
    leads : bool
        Whether periods before treatment get one too, all but the last of them.
    """
    cells: list[tuple[int, int]] = []
    baseless: list[tuple[int, int]] = []
    for cohort in np.unique(start[np.isfinite(start)]).astype(int).tolist():
        seen = np.flatnonzero(patterns.used[start == cohort].any(axis=0)).tolist()
        before = [period for period in seen if period < cohort]
        after = [(cohort, period) for period in seen if period >= cohort]
        if not before:
            baseless += after
            continue
        cells += ([(cohort, period) for period in before[:-1]] if leads else []) + after
    return np.array(cells, dtype=np.int64).reshape(-1, 2), np.array(baseless, dtype=np.int64).reshape(-1, 2)
