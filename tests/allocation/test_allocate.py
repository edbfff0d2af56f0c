"""Allocation: drawn within strata, repeatable, and certified."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from staggered.allocation.allocate import allocate, by_council
from staggered.allocation.constrained import balance_scores, standardised
from staggered.allocation.orders import all_orders, random_orders
from staggered.design.design import Design
from staggered.design.shapes import stepped
from staggered.errors import DesignError, DesignWarning

STRATA = ["high", "high", "low", "low", "low"]
SHORT = "ignore:Fewer councils than the 5 steps:staggered.errors.DesignWarning"


@pytest.mark.filterwarnings(SHORT)
def test_the_same_seed_draws_the_same_order_and_certificate() -> None:
    design = stepped(clusters=5, steps=5, strata=STRATA)
    first, second = allocate(design, seed=11), allocate(design, seed=11)
    assert first.certificate() == second.certificate()
    assert first.design == second.design
    assert len({allocate(design, seed=k).certificate()["result_sha256"] for k in range(40)}) > 6


@pytest.mark.filterwarnings(SHORT)
def test_strata_are_respected_and_counted() -> None:
    design = stepped(clusters=5, steps=5, strata=STRATA)
    for seed in range(20):
        drawn = allocate(design, seed=seed)
        assert sorted(drawn.design.start[:2]) == [1, 2]
        assert sorted(drawn.design.start[2:]) == [3, 4, 5]
    assert drawn.count == 12
    assert drawn.smallest_p == pytest.approx(1 / 12)
    assert "12 different allocations" in drawn.text()
    assert "1/12" in drawn.text()


def test_every_distinct_allocation_is_listed_once_with_the_actual_one_first() -> None:
    design = Design(np.repeat(np.triu(np.ones((3, 4)), 1), 2, axis=0), strata=list("aabbbb"))
    orders = all_orders(design)
    schedules = {design.treatment[order].tobytes() for order in orders}
    assert len(orders) == len(schedules) == design.allocations() == 6
    assert (design.treatment[orders[0]] == design.treatment).all()
    assert all(sorted(order) == list(range(6)) for order in orders.tolist())


def test_random_orders_are_uniform_within_strata() -> None:
    design = stepped(clusters=5, steps=5, strata=STRATA)
    drawn = random_orders(design, 12_000, np.random.default_rng(3))
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(counts) == 12
    # Twelve cells of 1,000 expected: chi-squared with 11 degrees of freedom, 99.9% point 31.3.
    assert ((counts - 1000) ** 2 / 1000).sum() < 31.3


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(DesignError, match="nothing to draw"):
        allocate(Design([[0, 1], [0, 0]], strata=["a", "b"]), seed=1)


def test_a_constrained_draw_comes_from_the_best_balanced_allocations() -> None:
    design = stepped(clusters=list("abcdef"), steps=3)
    covariate = dict(zip("abcdef", [1.0, 2.0, 3.0, 4.0, 5.0, 60.0], strict=True))
    drawn = allocate(design, seed=4, balance={"rate": covariate}, keep=0.2)
    assert drawn.constraint is not None
    assert drawn.constraint.scored.complete
    assert drawn.count >= 18
    scores = balance_scores(design, standardised(design, {"rate": covariate}), all_orders(design))
    own = balance_scores(design, standardised(design, {"rate": covariate}), drawn.order[None, :])[0]
    assert own <= np.sort(scores)[drawn.count - 1] + 1e-12
    assert drawn.allowed is not None
    assert (drawn.design.treatment[drawn.allowed[0]] == drawn.design.treatment).all()
    reached = {drawn.design.treatment[order].tobytes() for order in drawn.allowed}
    wanted = {design.treatment[order].tobytes() for order in drawn.constraint.scored.acceptable}
    assert reached == wanted
    assert allocate(design, seed=4, balance={"rate": covariate}, keep=0.2).certificate() == drawn.certificate()


def test_the_balance_score_is_the_slow_loop_of_its_definition() -> None:
    design = stepped(clusters=5, steps=4)
    z = np.random.default_rng(2).normal(size=(5, 2))
    order = np.array([3, 1, 4, 0, 2])
    treatment = design.treatment[order]
    total = 0.0
    for t in range(treatment.shape[1]):
        treated, control = z[treatment[:, t] == 1], z[treatment[:, t] == 0]
        if len(treated) and len(control):
            total += ((treated.mean(axis=0) - control.mean(axis=0)) ** 2).sum()
    assert balance_scores(design, z, order[None, :])[0] == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize(
    ("balance", "keep", "said"),
    [
        ({"rate": {"a": 1.0, "b": 2.0}}, 0.5, "missing for c"),
        ({"rate": {"a": 1.0, "b": 1.0, "c": 1.0}}, 0.5, "same for every council"),
        ({"rate": {"a": 1.0, "b": 2.0, "c": 3.0}}, 0.1, "leaves 0 to draw from"),
        ({"rate": {"a": 1.0, "b": 2.0, "c": 3.0}}, 1.5, "keep is 1.5"),
        ({"rate": [1.0, 2.0, 3.0]}, 0.5, "do not say which council"),
    ],
)
def test_what_a_constrained_draw_refuses(balance: dict[str, object], keep: float, said: str) -> None:
    with pytest.raises(DesignError) as caught:
        allocate(stepped(clusters=list("abc"), steps=3), seed=1, balance=balance, keep=keep)
    assert said in caught.value.what


def test_pairs_that_can_never_share_a_step_are_named() -> None:
    design = stepped(clusters=list("abcd"), steps=2)
    covariate = {"a": 10.0, "b": 10.0, "c": 0.0, "d": 0.0}
    certificate = allocate(design, seed=1, balance={"size": covariate}, keep=0.6).certificate()
    assert certificate["pairs_never_together"] == [("a", "b"), ("c", "d")]


def test_a_stratum_with_fewer_councils_than_steps_is_named() -> None:
    design = stepped(clusters=5, steps=5, strata=STRATA)
    with pytest.warns(DesignWarning, match=r"5 steps in the strata high \(2\) and low \(3\)"):
        allocate(design, seed=1)


@pytest.mark.parametrize(
    ("strata", "candidates", "keep", "said"),
    [
        ((), 100_000, 0.1, "keep=0.1: councils and steps allow no more than 6. Use keep=0.34"),
        (("a", "a", "a", "b"), 100_000, 0.2, "the strata: without them there would be 24"),
        ((), 5, 0.35, "candidates=5: the scheme allows 6"),
    ],
)
@pytest.mark.filterwarnings("ignore:Fewer councils:staggered.errors.DesignWarning")
def test_what_leaves_nothing_to_draw_from_is_named(
    strata: tuple[str, ...], candidates: int, keep: float, said: str
) -> None:
    names = list("abcd") if strata else list("abc")
    design = stepped(clusters=names, steps=len(names), strata=strata)
    balance = {"rate": {name: float(k**2) for k, name in enumerate(names)}}
    with pytest.raises(DesignError) as caught:
        allocate(design, seed=1, balance=balance, candidates=candidates, keep=keep)
    assert said in caught.value.fix


def test_the_balance_table_is_the_score_of_each_covariate() -> None:
    design = stepped(clusters=list("abcdef"), steps=3)
    values = {"rate": dict(zip("abcdef", [1.0, 2.0, 3.0, 4.0, 5.0, 60.0], strict=True))}
    drawn = allocate(design, seed=4, balance=values, keep=0.2)
    row = drawn.balance().iloc[0]
    score = balance_scores(design, standardised(design, values), np.stack([np.arange(6), drawn.order]))
    periods = int(((design.treatment.sum(axis=0) > 0) & (design.treatment.sum(axis=0) < 6)).sum())
    assert [row["planned"], row["drawn"]] == pytest.approx(np.sqrt(score / periods).tolist())
    assert row["drawn"] < row["random"]
    assert allocate(design, seed=4).balance().empty


def test_counting_rows_names_no_council() -> None:
    """Councils called 1, 2, ... and a frame whose index pandas made by counting from 0: the column decides."""
    design = stepped(clusters=6, steps=3)
    frame = pd.DataFrame({"council": [str(k) for k in range(8)], "rate": np.arange(8.0) ** 2})
    assert by_council(design, frame)["rate"]["6"] == 36
    assert allocate(design, seed=4, balance=frame).constraint is not None
    with pytest.raises(DesignError, match="do not say which council"):
        allocate(design, seed=4, balance=frame[["rate"]])
