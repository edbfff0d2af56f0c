"""Outcomes of risk and count models: counts out of how many, and people with 0 and 1 or with counts."""

from __future__ import annotations

import numpy as np

from ...data.panel import Panel
from ...errors import DataError, listing
from ...value import BoolArray, FloatArray, IntArray

_WHOLE = 1e-6
_MULTIPLE = 10


def counts_of(panel: Panel, family: str) -> FloatArray:
    """Counts of each cell: the outcome itself, or a share or rate per person times the size."""
    used, size = panel.frame.used, panel.design.size
    inside = np.where(used, panel.outcome, 0.0)
    _refuse(panel, used & (inside < 0), "a negative count", "Nobody can be counted less than never.")
    if (size[used] == 1).all() and (family == "binomial" or (inside > 1).any()):
        raise DataError(
            f"The panel has outcomes for family={family!r}, but no population.",
            "Out of how many people, or among how many, is part of the outcome.",
            'Name the column in size= when reading, or read person by person with rows="people".',
        )
    whole = np.abs(inside - np.round(inside)) < _WHOLE
    if not whole.all():
        inside = inside * np.where(used, size, 0.0)
        broken = used & (np.abs(inside - np.round(inside)) > _WHOLE * np.maximum(1.0, inside))
        _refuse(
            panel, broken, "an outcome that is neither a count nor a share of the size", "The count behind it is lost."
        )
        _require_rates_per_person(np.round(inside[used & (inside > 0)]).astype(np.int64))
    if family == "binomial":
        _refuse(panel, used & (inside > size + _WHOLE), "more counted than people", "A share cannot exceed one.")
    return np.asarray(np.round(inside), dtype=float)


def _require_rates_per_person(counts: IntArray) -> None:
    """Refuse rates per so many people: the counts behind them would all be multiples of one number."""
    shared = int(np.gcd.reduce(counts)) if len(counts) > 1 else 1
    if shared >= _MULTIPLE:
        raise DataError(
            f"The outcome looks like a rate per {shared:,}: times its size, every count is a multiple of that.",
            "Taken for a rate per person it would be far too sure of itself.",
            "Read the counts themselves, with size= and without per=.",
        )


def require_possible(panel: Panel, family: str, outcome: FloatArray, cluster: IntArray, period: IntArray) -> None:
    """Refuse outcomes of people that the family cannot have, naming their cells."""
    wrong = (outcome != 0) & (outcome != 1) if family == "binomial" else (outcome < 0) | (outcome != np.round(outcome))
    if family != "gaussian" and wrong.any():
        grid = np.zeros(panel.outcome.shape, dtype=bool)
        grid[cluster[wrong], period[wrong]] = True
        needed = "0 or 1" if family == "binomial" else "a count"
        _refuse(
            panel,
            grid,
            f"an outcome that is not {needed}",
            f"family={family!r} knows no other, and {panel.name} has it.",
        )


def _refuse(panel: Panel, wrong: BoolArray, what: str, why: str) -> None:
    if wrong.any():
        named = [f"{panel.design.clusters[i]} in {panel.design.periods[t]}" for i, t in np.argwhere(wrong)]
        raise DataError(f"There is {what} for {listing(named)}.", why, "Correct it, or use another family.")
