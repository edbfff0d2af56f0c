"""Bounds under relative magnitudes: against the test by its definition, and by how often they hold."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize

from staggered.diagnostics.event_path import Path
from staggered.diagnostics.relative import (
    _Test,
    departures,
    reach_of,
    relative_interval,
    restrictions,
)
from staggered.value import FloatArray
from tests.oracles import inequalities

ALPHA = 0.05


def path(before: int, after: int, seed: int = 1) -> Path:
    """Event times from −before − 1 to after − 1, base −1, all measured against a base that is itself uncertain."""
    generator = np.random.default_rng(seed)
    events = np.array([*range(-before - 1, -1), *range(after)])
    own = np.diag(generator.uniform(0.5, 1.5, len(events)))
    return Path(events, generator.normal(size=len(events)), own + 0.8, -1, np.inf)


def kept_by_definition(found: Path, target: FloatArray, m: float, theta: float) -> bool:
    """Whether some pair before go-live keeps θ, with the moments as Rambachan and Roth write them."""
    for given in restrictions(found, target, m):
        moments = given.rows @ found.values - given.direction * theta
        covariance = given.rows @ found.covariance @ given.rows.T
        if not inequalities.rejects(moments, covariance, np.zeros((len(moments), 0)), ALPHA):
            return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_ends_are_where_the_test_by_its_definition_turns(seed: int) -> None:
    found, target, m = path(2, 2, seed), np.array([0.5, 0.5]), 1.0
    low, high = relative_interval(found, target, m, 1 - ALPHA)
    width = high - low
    # Critical values are simulated on either side, hence a strip of 2% of the width.
    for end, inward in ((low, 1), (high, -1)):
        assert kept_by_definition(found, target, m, end + inward * 0.02 * width)
        assert not kept_by_definition(found, target, m, end - inward * 0.02 * width)


def test_the_effects_that_are_not_asked_about_drop_out_exactly() -> None:
    """A θ obeys the two inequalities if and only if a programme with the effects of every time finds a solution."""
    generator = np.random.default_rng(5)
    found, agreed = path(2, 3, 7), set()
    before, after = len(found.before), len(found.after)
    for _ in range(60):
        target, m = generator.normal(size=after), float(generator.uniform(0.2, 2))
        beta = generator.normal(size=before + after)
        moved = replace(found, values=beta)
        largest = float(np.abs(departures(moved)).max())
        theta = float(target @ beta[moved.after] + generator.normal() * 1.2 * m * largest * reach_of(target))
        # Unknown trends δ after go-live: every step at most m·D from δ_{−1} = 0, and θ = target'(β − δ).
        steps = np.eye(after) - np.eye(after, k=-1)
        solved = optimize.linprog(
            np.zeros(after),
            A_ub=np.vstack([steps, -steps]),
            b_ub=np.full(2 * after, m * largest),
            A_eq=target[None],
            b_eq=[target @ beta[moved.after] - theta],
            bounds=(None, None),
        )
        ours = any((g.rows @ beta <= g.direction * theta + 1e-9).all() for g in restrictions(moved, target, m))
        assert ours == (solved.status == 0)
        agreed.add(ours)
    assert agreed == {True, False}


@pytest.mark.parametrize("m", [0.5, 1.0])
@pytest.mark.parametrize("worst", [True, False], ids=["worst", "parallel"])
def test_holds_in_at_least_94_of_100_data_sets(m: float, worst: bool) -> None:
    """At the largest departure that is allowed, and with none after go-live."""
    draws, base = 3000, path(3, 2, 11)
    target = np.array([0.5, 0.5])
    trend = np.array([-1.5, -0.5, -1.0])
    largest = float(np.abs(np.diff([*trend, 0.0])).max())
    after = m * largest * np.array([1.0, 2.0]) * worst
    truth = replace(base, values=np.concatenate([trend, after]))
    tests = [(given, _Test.of(truth, given, ALPHA)) for given in restrictions(truth, target, m)]
    root = np.linalg.cholesky(truth.covariance)
    generator, held = np.random.default_rng(2), 0
    for _ in range(draws):
        values = truth.values + root @ generator.standard_normal(len(root))
        for given, test in tests:
            sd = np.sqrt(np.diag(given.rows @ truth.covariance @ given.rows.T))
            if replace(test, estimates=(given.rows @ values) / sd).keeps(0.0):
                held += 1
                break
    assert held / draws >= 0.94


def test_a_departure_of_none_gives_the_usual_interval_or_more() -> None:
    found, target = path(2, 2, 1), np.array([1.0, 0.0])
    low, high = relative_interval(found, target, 0.0, 0.95)
    sd = float(np.sqrt(found.covariance[2, 2]))
    assert high - low >= 2 * 1.96 * sd * 0.99
    wider = relative_interval(found, target, 2.0, 0.95)
    assert wider[0] < low < high < wider[1]


def test_reach_counts_every_step_that_the_target_feels() -> None:
    assert reach_of(np.array([0.5, 0.5])) == pytest.approx(1.5)
    assert reach_of(np.array([0.25] * 4)) == pytest.approx(2.5)
    assert reach_of(np.array([-1.0, 1.0])) == pytest.approx(1.0)
