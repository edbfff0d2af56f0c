"""Synthetic comparisons: weights on those in control that make them move as the treated did before go-live."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize

from ...data.frame import Frame
from ...errors import IdentificationError, listing
from ...value import BoolArray, FloatArray, IntArray
from .saturated_rule import set_aside

CHOSEN = "Differences before go-live were made small by the choice of weights, so they are no test."
_RIDGE_OF_PERIODS = 1e-6
_SCARCE = 1e-10


@dataclass(frozen=True, slots=True)
class Donors:
    """Who can be compared with whom, before any outcome is seen.

    Parameters
    ----------
    frame : Frame
        Without councils that are set aside.
    cohorts : tuple of Cohort
    donors : array (d,)
        Clusters in control throughout.
    notes : tuple of str
    lost : array (cells, 2)
        Treated cells of cohorts with fewer than two periods before go-live.
    """

    frame: Frame
    cohorts: tuple[Cohort, ...]
    donors: IntArray
    notes: tuple[str, ...]
    lost: IntArray


@dataclass(frozen=True, slots=True)
class Cohort:
    """Clusters that start together.

    Parameters
    ----------
    start : int
    members : array (m,)
    weight : array (m,)
        Of each member, summing to 1.
    size : float
        Total weight.
    before, after : array of int
        Periods in use before and from the start.
    """

    start: int
    members: IntArray
    weight: FloatArray
    size: float
    before: IntArray
    after: IntArray

    def shown(self, by: str) -> list[int]:
        """Periods that become cells: those before go-live only where they are shown."""
        return [*(self.before.tolist() if by in ("event", "cell") else []), *self.after.tolist()]


@dataclass(frozen=True, slots=True)
class Synthetic:
    """Weights that make up one cohort's comparison.

    Parameters
    ----------
    cohort : Cohort
    donors : array (d,)
    unit : array (d,)
        Weights of the donors, summing to 1.
    time : array (periods before,)
        Weights of the periods before go-live, summing to 1.
    """

    cohort: Cohort
    donors: IntArray
    unit: FloatArray
    time: FloatArray

    def path(self, outcome: FloatArray) -> FloatArray:
        """Difference between the cohort and its comparison in every period, less its baseline, (periods,)."""
        own = self.cohort.weight @ outcome[self.cohort.members]
        gap = own - self.unit @ outcome[self.donors]
        return np.asarray(gap - self.time @ gap[self.cohort.before])

    def without(self, cluster: int) -> Synthetic | None:
        """The same weights with one cluster left out and the rest scaled up; None when nobody is left."""
        cohort, kept = self.cohort, self.donors != cluster
        stay = cohort.members != cluster
        if not stay.any() or self.unit[kept].sum() <= _SCARCE:
            return None
        own = cohort.weight[stay]
        smaller = replace(cohort, members=cohort.members[stay], weight=own / own.sum(), size=cohort.size * own.sum())
        return replace(self, cohort=smaller, donors=self.donors[kept], unit=self.unit[kept] / self.unit[kept].sum())


def simplex_weights(columns: FloatArray, target: FloatArray, ridge: float) -> FloatArray:
    """Weights that are not negative and sum to 1, with the smallest |columns·w − target|² + ridge·|w|².

    The sum being 1, the residual is D w with D = columns − target, and minimising |D w|² + (Σw − 1)² over w ≥ 0
    gives the same direction: for w = s·u the best s leaves |D u|²/(1 + |D u|²), which grows with |D u|².

    Parameters
    ----------
    columns : array (n, d)
    target : array (n,)
    ridge : float

    Examples
    --------
    >>> simplex_weights(np.array([[0.0, 2.0], [3.0, 3.0]]), np.array([0.5, 3.0]), 0.0).round(6)
    array([0.75, 0.25])
    """
    count = columns.shape[1]
    difference = np.vstack([columns - target[:, None], np.sqrt(ridge) * np.eye(count)])
    scale = float(np.sqrt((difference**2).sum() / count))
    stacked = np.vstack([difference / scale if scale > 0 else difference, np.ones(count)])
    goal = np.zeros(len(stacked))
    goal[-1] = 1.0
    found, _ = optimize.nnls(stacked, goal, maxiter=50 * count)
    return np.asarray(found / found.sum())


def synthetic_of(cohort: Cohort, donors: IntArray, outcome: FloatArray) -> Synthetic:
    """Unit and time weights of synthetic difference-in-differences.

        ω: min Σ_s (ω0 + Σ_i ω_i Y_is − Ȳ_tr,s)² + ζ² T_pre |ω|²,   ζ = (N_tr T_post)^¼ σ̂
        λ: min Σ_i (λ0 + Σ_s λ_s Y_is − Ȳ_i,post)² + ζ_λ² N_co |λ|²,   ζ_λ = 10⁻⁶ σ̂

    with σ̂ the standard deviation of the donors' changes from one period to the next before go-live.

    References
    ----------
    Arkhangelsky and others (2021), American Economic Review 111:4088, section I.A; σ̂ and ζ_λ as in the authors' code.
    """
    past, future = outcome[np.ix_(donors, cohort.before)], outcome[np.ix_(donors, cohort.after)]
    own = cohort.weight @ outcome[np.ix_(cohort.members, cohort.before)]
    changes = np.diff(past, axis=1)
    noise = float(changes.std(ddof=1)) if changes.size > 1 else 0.0
    zeta = (len(cohort.members) * len(cohort.after)) ** 0.25 * noise
    columns = past.T - past.mean(axis=1)
    unit = simplex_weights(columns, own - own.mean(), zeta**2 * len(cohort.before))
    rows, level = past - past.mean(axis=0), future.mean(axis=1)
    time = simplex_weights(rows, level - level.mean(), (_RIDGE_OF_PERIODS * noise) ** 2 * len(donors))
    return Synthetic(cohort, donors, unit, time)


def donors_of(frame: Frame, estimator: str) -> Donors:
    """Find the cohorts and those in control throughout; say who is left out.

    Raises
    ------
    IdentificationError
        Nobody is in control throughout, or no cohort has two periods before go-live.
    """
    frame.require_absorbing(estimator)
    frame, notes = set_aside(frame, True)
    assert frame.present is not None and frame.weights is not None
    used, design = frame.used, frame.design
    taking_part = used.any(axis=1)
    last = float(design.start[taking_part].max())
    columns = np.arange(used.shape[1]) < last
    gaps = taking_part & (design.observed & ~frame.present)[:, columns].any(axis=1)
    if gaps.any():
        names = listing([design.clusters[k] for k in np.flatnonzero(gaps)])
        notes = (*notes, f"Left out, because not observed in every period: {names}.")
    kept = taking_part & ~gaps
    donors = np.flatnonzero(kept & (design.start >= last))
    weight = np.divide(
        (frame.weights * used).sum(axis=1), used.sum(axis=1), out=np.zeros(len(used)), where=used.any(axis=1)
    )
    cohorts, lost = _cohorts(frame, kept & (design.start < last), donors, columns, weight)
    if not len(donors) or not cohorts:
        raise _nobody(estimator, bool(len(donors)), bool(lost))
    cells = np.array(lost, dtype=np.int64).reshape(-1, 2)
    if len(cells):
        starts = [str(design.periods[g]) for g in np.unique(cells[:, 0])]
        which = f"cohort{'s' if len(starts) > 1 else ''} {listing(starts)}"
        notes = (*notes, f"Not estimable, with fewer than two periods before go-live: {which}.")
    return Donors(frame, cohorts, donors, notes, cells)


def _cohorts(
    frame: Frame, treated: BoolArray, donors: IntArray, columns: BoolArray, weight: FloatArray
) -> tuple[tuple[Cohort, ...], list[tuple[int, int]]]:
    """Cohorts with two periods before go-live, and the treated cells of the others."""
    start, observed = frame.design.start, frame.design.observed
    found: list[Cohort] = []
    lost: list[tuple[int, int]] = []
    for cohort in np.unique(start[treated]).astype(int).tolist():
        members = np.flatnonzero(treated & (start == cohort))
        seen = np.flatnonzero(columns & observed[members].all(axis=0) & observed[donors].all(axis=0))
        before, after = seen[seen < cohort], seen[seen >= cohort]
        if len(before) < 2 or not len(after):
            lost += [(cohort, int(t)) for t in after]
            continue
        size = float(weight[members].sum())
        found.append(Cohort(cohort, members, weight[members] / size, size, before, after))
    return tuple(found), lost


def _nobody(estimator: str, donors: bool, lost: bool) -> IdentificationError:
    what = "no cohort that starts before those it could be compared with"
    if not donors:
        what = "no council that is in control throughout and observed in every period"
    elif lost:
        what = "no cohort with two periods before go-live"
    return IdentificationError(
        f"{estimator} finds {what}.",
        "The comparison is put together from councils in control throughout, so that it moves as the treated did "
        "before they started.",
        "Add councils that never start, or earlier periods; Imputation() needs fewer of both.",
    )
