"""Intervals when departures after go-live are no larger than M times the largest one before it.

For each pair of neighbouring times before go-live, taken as the one with the largest departure D, the restriction
says |δ_{t+1} − δ_t| ≤ M·D at every later time. With the effects unrestricted this is two inequalities in the
combination of interest, −M·k·D ≤ target'β − θ ≤ M·k·D with k = Σ_j |Σ_{t ≥ j} target_t|, next to those that make D
the largest: the effects that are not asked about drop out exactly, and no nuisance parameter is left. Each is
tested by Andrews, Roth and Pakes' conditional test with a least-favourable first stage; θ is kept when any of the
pairs keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from ..results.square_root import symmetric_root
from ..value import FloatArray
from .event_path import Path

_FIRST_STAGE = 0.1
_DRAWS = 20_000
_SEED = 20_240_901
_TIES = 1e-10


@dataclass(frozen=True, slots=True)
class Inequalities:
    """A·β̂ − θ·direction ≤ 0 on average, for the true θ.

    Parameters
    ----------
    rows : array (n, events)
    direction : array (n,)
    """

    rows: FloatArray
    direction: FloatArray


def relative_interval(path: Path, target: FloatArray, m: float, level: float) -> tuple[float, float]:
    """Interval of target'τ that holds when later departures are at most m times the largest earlier one.

    Parameters
    ----------
    path : Path
    target : array (times after,)
    m : float

    References
    ----------
    Rambachan and Roth (2023), Review of Economic Studies 90:2555; Andrews, Roth and Pakes (2023), Review of
    Economic Studies 90:2763.
    """
    tests = [_Test.of(path, pair, 1 - level) for pair in restrictions(path, target, m)]
    after = path.after
    centre = float(target @ path.values[after])
    sd = float(np.sqrt(target @ path.covariance[np.ix_(after, after)] @ target))
    largest = np.abs(departures(path)).max()
    reach = 4 * sd + m * reach_of(target) * (float(largest) + 4 * sd)
    ends = [_ends(test, centre, sd, reach) for test in tests]
    kept = [end for end in ends if end is not None]
    if not kept:
        return centre, centre
    return min(low for low, _ in kept), max(high for _, high in kept)


def departures(path: Path) -> FloatArray:
    """Differences between neighbouring times up to the base, the base's value being 0."""
    return np.asarray(_difference_rows(path) @ path.values)


def reach_of(target: FloatArray) -> float:
    """How far target'δ can go when each step after go-live is at most 1 in size: Σ_j |Σ_{t ≥ j} target_t|."""
    return float(np.abs(np.cumsum(target[::-1])).sum())


def _difference_rows(path: Path) -> FloatArray:
    """Rows that take neighbouring differences before go-live, (pairs, events)."""
    before = path.before
    rows = np.zeros((len(before), len(path.events)))
    for k, row in enumerate(before):
        rows[k, row] = -1.0
        if k + 1 < len(before):
            rows[k, before[k + 1]] = 1.0
    return rows


def restrictions(path: Path, target: FloatArray, m: float) -> list[Inequalities]:
    """One set of inequalities for each pair of times and sign that may be the largest departure."""
    differences = _difference_rows(path)
    own = np.zeros(len(path.events))
    own[path.after] = target
    found = []
    for largest in range(len(differences)):
        for sign in (1.0, -1.0):
            top = sign * differences[largest]
            others = [
                side * differences[k] - top
                for k in range(len(differences))
                for side in (1.0, -1.0)
                if not (k == largest and side == sign)
            ]
            bound = m * reach_of(target) * top
            rows = np.array([own - bound, -own - bound, *others])
            direction = np.zeros(len(rows))
            direction[:2] = 1.0, -1.0
            found.append(Inequalities(rows, direction))
    return found


@dataclass(frozen=True, slots=True)
class _Test:
    """A hybrid test of one set of inequalities, ready for any θ.

    Parameters
    ----------
    estimates, direction : array (n,)
        Studentised rows at θ = 0, and what θ takes off them.
    correlation : array (n, n)
    first : float
        Critical value of the first stage.
    alpha : float
    """

    estimates: FloatArray
    direction: FloatArray
    correlation: FloatArray
    first: float
    alpha: float

    @classmethod
    def of(cls, path: Path, given: Inequalities, alpha: float) -> _Test:
        covariance = given.rows @ path.covariance @ given.rows.T
        sd = np.sqrt(np.diag(covariance))
        correlation = covariance / np.outer(sd, sd)
        first = _least_favourable(correlation, _FIRST_STAGE * alpha)
        return cls((given.rows @ path.values) / sd, given.direction / sd, correlation, first, alpha)

    def keeps(self, theta: float) -> bool:
        """Whether θ is not rejected."""
        z = self.estimates - self.direction * theta
        top = int(np.argmax(z))
        if z[top] <= 0:
            return True
        if z[top] > self.first:
            return False
        alpha = (self.alpha - _FIRST_STAGE * self.alpha) / (1 - _FIRST_STAGE * self.alpha)
        share = self.correlation[top]
        others = share < 1 - _TIES
        low = float(np.max((z[others] - share[others] * z[top]) / (1 - share[others]), initial=-np.inf))
        # Quantile of the normal between `low` and the first stage's critical value.
        below, above = special.ndtr(low), special.ndtr(self.first)
        narrow = above - below <= 1e-12
        critical = low if narrow else float(special.ndtri(above - alpha * (above - below)))
        return bool(z[top] <= max(critical, 0.0))


def _least_favourable(correlation: FloatArray, alpha: float) -> float:
    """Quantile of the largest of correlated normals."""
    draws = np.random.default_rng(_SEED).standard_normal((_DRAWS, len(correlation)))
    return float(np.quantile((draws @ symmetric_root(correlation)).max(axis=1), 1 - alpha))


def _ends(test: _Test, centre: float, sd: float, reach: float) -> tuple[float, float] | None:
    """Ends of the kept θ: a grid finds them roughly, halving finds them exactly."""
    grid = np.unique(np.concatenate([np.linspace(centre - reach, centre + reach, 401), [centre]]))
    kept = np.array([test.keeps(float(theta)) for theta in grid])
    if not kept.any():
        return None
    first, last = int(np.argmax(kept)), int(len(kept) - 1 - np.argmax(kept[::-1]))
    low = grid[first] if first == 0 else _edge(test, float(grid[first]), float(grid[first - 1]))
    high = grid[last] if last == len(grid) - 1 else _edge(test, float(grid[last]), float(grid[last + 1]))
    return float(low), float(high)


def _edge(test: _Test, inside: float, outside: float) -> float:
    return float(optimize.bisect(lambda theta: 1.0 if test.keeps(theta) else -1.0, inside, outside, xtol=1e-10))
