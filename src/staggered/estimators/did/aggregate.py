"""From cohort-by-period effects to an overall, event-time, cohort or calendar summary.

Each summary is linear in the cells' effects with weights that depend on the cohorts' sizes:
rows of `weights`. Where the cohorts' shares are themselves sampled, `slopes` holds the derivative of
each row with respect to every cohort's total weight, linear in the cells' effects again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...design.design import Design
from ...results.estimate import Term
from ...value import BoolArray, FloatArray, IntArray

BY = ("overall", "event", "cohort", "calendar", "cell")


@dataclass(frozen=True, slots=True)
class Summary:
    """How cells become terms.

    Parameters
    ----------
    terms : tuple of Term
    weights : array (k, cells)
        nan throughout for a term of which no cell can be estimated.
    leading : array (m, cohorts, cells)
        Derivative of the first m rows with respect to each cohort's total weight; the others have none.
    headed : bool
    estimand : str
    """

    terms: tuple[Term, ...]
    weights: FloatArray
    leading: FloatArray
    headed: bool
    estimand: str

    @property
    def slopes(self) -> FloatArray:
        """Derivative of the weights with respect to each cohort's total weight, (k, cohorts, cells)."""
        rest = np.zeros((len(self.weights) - len(self.leading), *self.leading.shape[1:]))
        rest[np.isnan(self.weights[len(self.leading) :]).any(axis=1)] = np.nan
        return np.concatenate([self.leading, rest])

    def share_slopes(self, effects: FloatArray) -> FloatArray:
        """Derivative of each term at the given cells' effects, (k, cohorts)."""
        result = np.zeros((len(self.weights), self.leading.shape[1]))
        result[: len(self.leading)] = self.leading @ effects
        return result


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells that can be estimated, with the weight and the number of each one's cohort."""

    cohort: IntArray
    period: IntArray
    sizes: FloatArray
    cohorts: IntArray
    which: IntArray

    @property
    def event(self) -> IntArray:
        return self.period - self.cohort

    @property
    def treated(self) -> BoolArray:
        return self.event >= 0


@dataclass(frozen=True, slots=True)
class _Row:
    weights: FloatArray
    slopes: FloatArray


def summarise(design: Design, cells: IntArray, sizes: FloatArray, by: str, lost: IntArray) -> Summary:
    """Summarise cells as asked.

    Parameters
    ----------
    cells : array (cells, 2)
        Period index of each cell's cohort (first treated period) and of the cell.
    sizes : array (cells,)
        Total weight of the cell.
    by : {"overall", "event", "cohort", "calendar", "cell"}
    lost : array (lost cells, 2)
        Treated cells that cannot be estimated. The overall row leaves them out; a term that has no others is nan.

    References
    ----------
    Callaway and Sant'Anna (2021), Journal of Econometrics 225:200, section 3.
    """
    cohorts, which = np.unique(cells[:, 0], return_inverse=True)
    known = _Cells(cells[:, 0], cells[:, 1], sizes, cohorts, which)
    if by == "overall":
        return _summary([Term("overall")], [_weighted(known, known.treated)], False, "treated cells")
    return _TABLES[by](design.periods, known, lost)


def _cells_table(labels: Sequence[object], cells: _Cells, lost: IntArray) -> Summary:
    """One row per cohort and period; its weight is 1 whatever the cohort's size."""
    place = {(int(g), int(t)): k for k, (g, t) in enumerate(zip(cells.cohort, cells.period, strict=True))}
    every = sorted({*place, *map(tuple, lost.tolist())})
    terms = [Term(f"ATT({labels[g]}, {labels[t]})", t - g, labels[g], labels[t]) for g, t in every]
    overall = _weighted(cells, cells.treated)
    rows = np.full((len(every), len(place)), np.nan)
    known = [row for row, cell in enumerate(every) if cell in place]
    rows[known] = np.eye(len(place))[[place[every[row]] for row in known]]
    return Summary(
        terms=(Term("overall"), *terms),
        weights=np.vstack([overall.weights, rows]),
        leading=overall.slopes[None],
        headed=True,
        estimand=_estimand("treated cells"),
    )


def _event_table(labels: Sequence[object], cells: _Cells, lost: IntArray) -> Summary:
    """One row per event time; the overall one is their average."""
    values = np.union1d(cells.event, lost[:, 1] - lost[:, 0])
    rows = [_weighted(cells, cells.event == e) for e in values]
    terms = [Term(f"event {e:+d}" if e else "event 0", event=int(e)) for e in values]
    after = [row for e, row in zip(values, rows, strict=True) if e >= 0]
    return _headed(terms, _mean(after), rows, "event times of the effect at each")


def _cohort_table(labels: Sequence[object], cells: _Cells, lost: IntArray) -> Summary:
    """One row per cohort, its periods counting alike; the overall one weighs cohorts by size."""
    values = np.union1d(cells.cohort[cells.treated], lost[:, 0])
    included = [cells.treated & (cells.cohort == g) for g in values]
    rows = [_even(cells, include) for include in included]
    terms = [Term(f"cohort {labels[g]}", cohort=labels[g]) for g in values]
    return _headed(terms, _by_size(cells, included, rows), rows, "cohorts of the effect on each")


def _calendar_table(labels: Sequence[object], cells: _Cells, lost: IntArray) -> Summary:
    """One row per period; the overall one is their average."""
    values = np.union1d(cells.period[cells.treated], lost[:, 1])
    rows = [_weighted(cells, cells.treated & (cells.period == t)) for t in values]
    terms = [Term(f"period {labels[t]}", period=labels[t]) for t in values]
    return _headed(terms, _mean(rows), rows, "periods of the effect in each")


_TABLES: dict[str, Callable[[Sequence[object], _Cells, IntArray], Summary]] = {
    "cell": _cells_table,
    "event": _event_table,
    "cohort": _cohort_table,
    "calendar": _calendar_table,
}


def _nothing(cells: _Cells) -> _Row:
    """Weights of what cannot be estimated."""
    return _Row(np.full(len(cells.sizes), np.nan), np.full((len(cells.cohorts), len(cells.sizes)), np.nan))


def _weighted(cells: _Cells, include: BoolArray) -> _Row:
    """Weights proportional to size over the included cells, and their derivative.

    θ = Σ n_c τ_c / Σ n_c, so ∂θ/∂n_g = Σ_{c of g} (τ_c − θ) / Σ n.
    """
    if not include.any():
        return _nothing(cells)
    total = cells.sizes[include].sum()
    weights = np.where(include, cells.sizes, 0.0) / total
    member = ((cells.which == np.arange(len(cells.cohorts))[:, None]) & include).astype(float)
    return _Row(weights, (member - member.sum(axis=1, keepdims=True) * weights) / total)


def _even(cells: _Cells, include: BoolArray) -> _Row:
    """All included cells counting alike, whatever the cohorts' sizes."""
    if not include.any():
        return _nothing(cells)
    return _Row(include / include.sum(), np.zeros((len(cells.cohorts), len(include))))


def _by_size(cells: _Cells, included: Sequence[BoolArray], rows: Sequence[_Row]) -> _Row:
    """Average of the cohorts' rows weighted by cohort size, and its derivative."""
    kept = [k for k, include in enumerate(included) if include.any()]
    n = np.array([cells.sizes[included[k]].mean() for k in kept])
    each = np.stack([rows[k].weights for k in kept])
    weights = n @ each / n.sum()
    slopes = np.zeros((len(cells.cohorts), len(cells.sizes)))
    slopes[[cells.which[included[k]][0] for k in kept]] = (each - weights) / n.sum()
    return _Row(weights, slopes)


def _mean(rows: Sequence[_Row]) -> _Row:
    """Average of the rows that can be estimated."""
    known = [row for row in rows if not np.isnan(row.weights).any()]
    return _Row(np.mean([row.weights for row in known], axis=0), np.mean([row.slopes for row in known], axis=0))


def _headed(terms: Sequence[Term], overall: _Row, rows: Sequence[_Row], over: str) -> Summary:
    return _summary([Term("overall"), *terms], [overall, *rows], True, over)


def _summary(terms: Sequence[Term], rows: Sequence[_Row], headed: bool, over: str) -> Summary:
    return Summary(
        terms=tuple(terms),
        weights=np.stack([row.weights for row in rows]),
        leading=np.stack([row.slopes for row in rows]),
        headed=headed,
        estimand=_estimand(over),
    )


def _estimand(over: str) -> str:
    return "average effect over all treated cells" if over == "treated cells" else f"average over {over}"
