"""Minimisation: every allocation can come up, the balanced ones most often, and the test knows how often."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from staggered.allocation.allocate import allocate
from staggered.allocation.constrained import balance_scores, standardised
from staggered.allocation.minimisation import BIAS, minimised_orders
from staggered.allocation.orders import random_orders, schedule_codes
from staggered.design.design import Design
from staggered.design.shapes import stepped
from staggered.errors import DesignError

SIZES = [420.0, 95.0, 610.0, 150.0, 240.0, 380.0, 70.0, 510.0, 130.0, 290.0, 880.0, 200.0]


def _design() -> tuple[Design, dict[str, dict[str, float]]]:
    names = [f"council {k}" for k in range(12)]
    return stepped(clusters=names, steps=4, size=SIZES), {"children": dict(zip(names, SIZES, strict=True))}


def test_orders_deal_out_every_schedule_once_within_strata() -> None:
    design = stepped(clusters=8, steps=4, strata=list("aaaabbbb"))
    z = np.random.default_rng(1).normal(size=(8, 2))
    orders = minimised_orders(design, z - z.mean(axis=0), 500, np.random.default_rng(2))
    assert (np.sort(orders, axis=1) == np.arange(8)).all()
    assert (np.sort(orders[:, :4], axis=1) == np.arange(4)).all()
    assert len(np.unique(orders, axis=0)) == design.allocations() == 36


def test_minimised_draws_balance_better_than_random_ones() -> None:
    design, balance = _design()
    z = standardised(design, balance)
    minimised = balance_scores(design, z, minimised_orders(design, z, 2000, np.random.default_rng(3)))
    at_random = balance_scores(design, z, random_orders(design, 2000, np.random.default_rng(3)))
    assert np.median(minimised) < 0.4 * np.median(at_random)


def test_the_choice_of_three_councils_is_the_tree_worked_out_by_hand() -> None:
    """Three councils, one treated throughout the only mixed period: probabilities by enumerating the turns."""
    design = Design([[0, 1], [0, 0], [0, 0]])
    z = np.array([[2.0], [-1.0], [-1.0]])
    z = (z - z.mean()) / z.std()
    # a_st is 1 for the treated and -1/2 for each control; centred by its mean of 0 over the clusters it stays.
    contrast = {1: 1.0, 0: -0.5}
    wanted: Counter[int] = Counter()

    def walk(turn: list[int], places: dict[int, int], total: float, taker: int, weight: float) -> None:
        if not turn:
            wanted[taker] += weight  # type: ignore[assignment]
            return
        open_codes = [code for code, n in places.items() if n]
        scores = {code: (total + z[turn[0], 0] * contrast[code]) ** 2 for code in open_codes}
        best = [code for code in open_codes if scores[code] <= min(scores.values()) + 1e-9]
        for code in open_codes:
            share = places[code] / sum(places.values())
            among = places[code] / sum(places[b] for b in best) if code in best else 0.0
            chance = BIAS * among + (1 - BIAS) * share
            walk(
                turn[1:],
                {**places, code: places[code] - 1},
                total + z[turn[0], 0] * contrast[code],
                turn[0] if code == 1 else taker,
                weight * chance,
            )

    for turn in ([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]):
        walk(turn, {1: 1, 0: 2}, 0.0, -1, 1 / 6)
    draws = 40_000
    orders = minimised_orders(design, z, draws, np.random.default_rng(5))
    treated = schedule_codes(design)[orders] == schedule_codes(design)[0]
    found = treated.mean(axis=0)
    assert sum(wanted.values()) == pytest.approx(1)
    for council in range(3):
        expected = wanted[council]
        assert found[council] == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / draws))


def test_the_replays_carry_the_probabilities_of_the_scheme_into_the_test() -> None:
    design, balance = _design()
    drawn = allocate(design, seed=3, balance=balance, method="minimisation", candidates=3000)
    assert drawn.allowed is not None
    assert drawn.allowed.shape == (3001, 12)
    assert (drawn.allowed[0] == np.arange(12)).all()
    schedules = drawn.design.treatment[drawn.allowed]
    assert drawn.smallest_p == (schedules == drawn.design.treatment).all(axis=(1, 2)).mean()
    assert drawn.count == design.allocations()
    certificate = drawn.certificate()
    assert certificate["method"] == "minimisation"
    assert certificate["replays"] == 3000
    assert "by minimisation" in drawn.text()


def test_minimisation_without_anything_to_balance_is_refused() -> None:
    design, balance = _design()
    with pytest.raises(DesignError, match="nothing to balance"):
        allocate(design, seed=1, method="minimisation")
    with pytest.raises(DesignError, match="method is 'taves'"):
        allocate(design, seed=1, balance=balance, method="taves")  # type: ignore[arg-type]
    with pytest.raises(DesignError, match="candidates is 0"):
        allocate(design, seed=1, balance=balance, method="minimisation", candidates=0)
