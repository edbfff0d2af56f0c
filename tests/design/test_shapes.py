"""The common shapes: each against its own picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from staggered.design.design import Design
from staggered.design.shapes import crossover, hybrid, parallel, staircase, stepped
from staggered.errors import DesignError


def test_stepped_spreads_clusters_evenly_and_the_first_steps_take_the_rest() -> None:
    design = stepped(clusters=7, steps=3)
    assert design.treatment.shape == (7, 4)
    assert np.bincount(design.start.astype(int)).tolist() == [0, 3, 2, 2]


def test_stepped_with_baseline_after_and_transition() -> None:
    design = stepped(clusters=2, steps=2, baseline=2, after=1, transition=1)
    assert np.nan_to_num(design.treatment, nan=-1).tolist() == [[0, 0, -1, 1, 1], [0, 0, 0, -1, 1]]


def test_parallel_counts_its_baseline_among_the_periods() -> None:
    assert parallel(clusters=4, periods=3, baseline=1).treatment.tolist() == [[0, 1, 1]] * 2 + [[0, 0, 0]] * 2


def test_crossover_alternates_over_many_periods() -> None:
    assert crossover(clusters=2, periods=4).treatment.tolist() == [[1, 0, 1, 0], [0, 1, 0, 1]]


def test_staircase_observes_only_around_the_crossing() -> None:
    design = staircase(clusters=4, steps=4, before=2, after=1)
    assert design.treatment.shape == (4, 6)
    assert design.observed.sum(axis=1).tolist() == [3, 3, 3, 3]
    assert np.nan_to_num(design.treatment[1], nan=-1).tolist() == [-1, 0, 0, 1, -1, -1]


def test_hybrid_keeps_the_two_arms_equal() -> None:
    totals = hybrid(clusters=24, steps=6, stepped=0.6).treatment.sum(axis=1)
    assert (totals == 7).sum() == (totals == 0).sum() == 5


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: stepped(clusters=3, steps=4), "3 clusters cannot fill 4 steps"),
        (lambda: stepped(clusters=0, steps=1), "clusters is 0"),
        (lambda: stepped(clusters=3, steps=2, baseline=-1), "baseline is -1"),
        (lambda: parallel(clusters=3, periods=1, baseline=1), "periods is 1"),
        (lambda: crossover(clusters=1, periods=2), "cannot fill 2 arms"),
        (lambda: staircase(before=0), "before is 0"),
        (lambda: hybrid(stepped=1.5), "stepped is 1.5"),
    ],
)
def test_impossible_shapes_are_refused(make, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DesignError, match=said):
        make()


@pytest.mark.parametrize("make", [stepped, parallel, crossover, staircase, hybrid])
def test_no_strata_may_be_said_as_none(make: Callable[..., Design]) -> None:
    assert make(clusters=12, strata=None) == make(clusters=12)


@pytest.mark.parametrize("clusters", [2.5, "8"])
def test_clusters_are_a_whole_number_or_names(clusters: object) -> None:
    with pytest.raises(DesignError, match="clusters is"):
        stepped(clusters=clusters, steps=2)
