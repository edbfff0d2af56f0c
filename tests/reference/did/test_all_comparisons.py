"""diff-diff 3.13's EfficientDiD on mpdta: all comparisons that parallel trends allow, combined.

The estimator of Chen, Sant'Anna and Xie (2025) is not one of ours. These numbers are what comes of it when, as there,

* the covariance of the comparisons leaves out how a never-treated county's later change goes with its earlier one, and
* a millionth of its mean variance is added to every variance.

A comparison of a cohort with itself at the same time, which is 0 without noise, is not among them. With the covariance
as it is, the weights make the standard error smaller, as efficient ones should.
"""

from functools import cache

import numpy as np
import pytest

import staggered as sg
from tests.reference.did import panels

ESTIMATES = {
    "overall": (-0.0454910718182, 0.0119567965464),
    -3: (0.0206507486457, 0.0114936654064),
    -2: (0.0124058904981, 0.0105305293782),
    -1: (-0.0250184309807, 0.0140403277271),
    0: (-0.0275269523529, 0.0115334807566),
    1: (-0.0511450387285, 0.0166456911363),
    2: (-0.139565983633, 0.0353753020696),
    3: (-0.106011600166, 0.0335854703992),
}
RIDGE = 1e-6


@cache
def changes() -> tuple[np.ndarray, dict[float, np.ndarray], list[int]]:
    """Outcomes less those of the first year, who is in each cohort, and the cohorts that are ever treated."""
    panel = panels.mpdta()
    start = panel.design.start
    member = {float(g): start == g for g in np.unique(start)}
    return panel.outcome - panel.outcome[:, :1], member, [int(g) for g in member if np.isfinite(g)]


def influence(weights: dict[float, np.ndarray]) -> tuple[float, np.ndarray]:
    """Sum of averages over cohorts of weighted changes, and each county's influence on it."""
    change, member, _ = changes()
    value, each = 0.0, np.zeros(len(change))
    for cohort, row in weights.items():
        own = member[cohort]
        moved = change @ row
        value += moved[own].mean()
        each += own / own.mean() * (moved - moved[own].mean())
    return float(value), each


def comparison(g: int, t: int, other: float, base: int) -> dict[float, np.ndarray]:
    """Change of cohort g up to t, less that of the never-treated since `base` and of `other` up to `base`."""
    unit = np.eye(changes()[0].shape[1])
    rows = {float(g): unit[t].copy(), np.inf: np.zeros(len(unit))}
    rows.setdefault(other, np.zeros(len(unit)))
    rows[np.inf] = rows[np.inf] - unit[t] + unit[base]
    rows[other] = rows[other] - unit[base]
    return rows


def left_out(t: int, bases: list[tuple[float, int]]) -> np.ndarray:
    """What the tool's covariance lacks: of the never-treated, changes up to a base with those since another."""
    change, member, _ = changes()
    never = change[member[np.inf]]
    spread = np.cov(never, rowvar=False) / member[np.inf].mean()
    lacking = np.zeros((len(bases), len(bases)))
    for j, (one, s) in enumerate(bases):
        for k, (other, u) in enumerate(bases):
            own, others = spread[s, t] - spread[s, u], spread[u, t] - spread[u, s]
            lacking[j, k] = np.isinf(one) * own + np.isinf(other) * others
    return lacking


def combined(g: int, t: int, as_there: bool) -> tuple[float, np.ndarray]:
    """All comparisons for one cohort and year by the inverse of their covariance."""
    change, member, cohorts = changes()
    years = range(1, change.shape[1])
    bases = [(np.inf, s) for s in years] + [(float(h), s) for h in cohorts for s in years if s < h and (h, s) != (g, t)]
    found = [influence(comparison(g, t, *base)) for base in bases]
    values, each = np.array([one for one, _ in found]), np.array([row for _, row in found])
    matrix = np.zeros((len(bases), len(bases)))
    for own in member.values():
        # Within each cohort with a divisor of its size less one.
        matrix += each[:, own] @ each[:, own].T * own.mean() / (own.sum() - 1) if own.sum() > 1 else 0.0
    if as_there:
        matrix = matrix - left_out(t, bases)
        matrix = matrix + RIDGE * np.trace(matrix) / len(matrix) * np.eye(len(matrix))
    weights = np.linalg.pinv(matrix, rcond=1e-10) @ np.ones(len(bases))
    weights /= weights.sum()
    return float(weights @ values), weights @ each


def averaged(term: object, as_there: bool) -> tuple[float, float]:
    """Average over cohorts by their size, with the standard error that counts their sizes as sampled."""
    change, member, cohorts = changes()
    every = [(g, t) for g in cohorts for t in range(1, change.shape[1])]
    cells = [(g, t) for g, t in every if (t >= g if term == "overall" else t - g == term)]
    found = [combined(g, t, as_there) for g, t in cells]
    size = np.array([member[float(g)].mean() for g, _ in cells])
    value = float(size @ [one for one, _ in found] / size.sum())
    each = sum(s * row for s, (_, row) in zip(size, found, strict=True)) / size.sum()
    for (g, _), (one, _) in zip(cells, found, strict=True):
        each = each + (member[float(g)] - member[float(g)].mean()) * (one - value) / size.sum()
    return value, float(np.sqrt((each**2).mean() / len(each)))


@pytest.mark.parametrize("term", list(ESTIMATES))
def test_the_tools_numbers_are_those_of_its_covariance(term: object) -> None:
    assert averaged(term, as_there=True) == pytest.approx(ESTIMATES[term], rel=1e-8)


def test_with_the_covariance_as_it_is_the_standard_error_is_smaller() -> None:
    value, error = averaged("overall", as_there=False)
    assert error < ESTIMATES["overall"][1]
    assert value == pytest.approx(-0.0437, abs=5e-5)


def test_the_comparison_with_the_never_treated_alone_is_that_of_group_time() -> None:
    fit = sg.GroupTime(by="cell", controls="never", base="universal").fit(panels.mpdta())
    labels = [(term.cohort, term.period) for term in fit.terms]
    periods = panels.mpdta().design.periods
    found = influence(comparison(1, 3, np.inf, 2))[0]
    assert found == pytest.approx(fit.values[labels.index((periods[1], periods[3]))], rel=1e-10)
