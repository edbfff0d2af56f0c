"""The design value: what it derives from the matrix, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from staggered.design.design import Design
from staggered.errors import DesignError

NAN = float("nan")


def test_start_exposure_and_absorbing_follow_from_the_matrix() -> None:
    design = Design([[0, 1, 1, 1], [0, NAN, 1, 1], [0, 0, 0, 0], [0, 1, 0, 1]])
    assert design.start.tolist() == [1, 2, np.inf, 1]
    assert design.exposure.tolist() == [[0, 1, 2, 3], [0, 0, 1, 2], [0, 0, 0, 0], [0, 1, 0, 1]]
    assert design.absorbing.tolist() == [True, True, True, False]
    assert design.reversals().tolist() == [[-1, -1], [-1, -1], [-1, -1], [1, 2]]


def test_exposure_runs_on_through_a_gap() -> None:
    design = Design([[0, 1, NAN, 1], [0, 0, 0, 0]])
    assert design.exposure[0].tolist() == [0, 1, 0, 3]


def test_allocations_counts_distinct_schedules_within_strata() -> None:
    wedge = np.triu(np.ones((5, 6)), 1)
    assert Design(wedge).allocations() == 120
    assert Design(wedge, strata=["high", "high", "low", "low", "low"]).allocations() == 12
    assert Design(np.repeat(wedge, 2, axis=0)).allocations() == 113_400
    assert Design([[0, 1], [0, 1]]).allocations() == 1


def test_size_may_be_one_number_one_per_cluster_or_one_per_cell() -> None:
    matrix = [[0, 1], [0, 0]]
    assert Design(matrix, size=3).size.tolist() == [[3, 3], [3, 3]]
    assert Design(matrix, size=[3, 4]).size.tolist() == [[3, 3], [4, 4]]
    assert Design(matrix, size=[[1, 2], [3, 4]]).size.tolist() == [[1, 2], [3, 4]]


def test_equal_contents_are_equal_values() -> None:
    first, second = Design([[0, 1], [0, 0]], size=3), Design([[0, 1], [0, 0]], size=3)
    assert first == second
    assert hash(first) == hash(second)
    assert len({first, second}) == 1
    assert first != Design([[0, 1], [0, 0]], size=4)
    assert first != Design([[0, 1], [0, 0]], size=3, clusters=["Leeds", "Kent"])


def test_arrays_cannot_be_written_to() -> None:
    given = np.array([[0.0, 1.0], [0.0, 0.0]])
    design = Design(given)
    with pytest.raises(ValueError, match="read-only"):
        design.treatment[0, 0] = 1
    given[0, 0] = 1
    assert design.treatment[0, 0] == 0


def test_midpoints_are_days_when_dates_are_known() -> None:
    dates = [["2020-01-01", "2020-01-10"], ["2020-01-11", "2020-01-30"]]
    assert Design([[0, 1], [0, 0]], dates=dates).midpoints.tolist() == [5.0, 20.0]
    assert Design([[0, 1], [0, 0]]).midpoints.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"treatment": [0, 1]}, "shape (2,)"),
        ({"treatment": [[0, 2]]}, "row 1, column 2"),
        ({"treatment": [[0, -0.1]]}, "row 1, column 2"),
        ({"treatment": [[0, 1]], "size": 0}, "size 0 in period 1"),
        ({"treatment": [[0, 1]], "size": [[5, -1]]}, "size -1 in period 2"),
        ({"treatment": [[0, 1]], "size": np.inf}, "size inf"),
        ({"treatment": [[0, 1], [0, 0]], "size": [1, 2, 3]}, "do not fit 2 clusters"),
        ({"treatment": [[0, 1], [0, 0]], "clusters": ["Leeds"]}, "1 clusters were named"),
        ({"treatment": [[0, 1], [0, 0]], "clusters": ["Leeds", "Leeds"]}, "Leeds is given to more than one"),
        ({"treatment": [[0, 1]], "periods": [1, 2, 3]}, "3 periods were named"),
        ({"treatment": [[0, 1]], "strata": ["a", "b"]}, "2 strata were given for 1 clusters"),
        ({"treatment": [[0, NAN], [0, NAN]]}, "No cluster is observed in period 2"),
        ({"treatment": [[0, 1], [NAN, NAN]]}, "2 is not observed in any period"),
        ({"treatment": [[0, 1]], "dates": [["2020-01-01", "2020-02-01"]]}, "Dates of shape"),
        (
            {"treatment": [[0, 1]], "dates": [["2020-01-01", "2020-02-01"], ["2020-01-15", "2020-03-01"]]},
            "not in order, or overlap",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_in_three_lines(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(DesignError) as caught:
        Design(**arguments)  # type: ignore[arg-type]
    assert said in caught.value.what
    assert caught.value.why
    assert caught.value.fix
    assert len(str(caught.value).splitlines()) == 3


def test_batches_repeat_the_design_for_new_clusters_later_on() -> None:
    one = Design([[0, 1, 1], [0, 0, 1]], size=[[5, 6, 7], [8, 9, 10]], strata=["a", "b"])
    three = one.batched(3, lag=2)
    assert three.treatment.shape == (6, 7)
    for k in range(3):
        np.testing.assert_array_equal(three.treatment[2 * k : 2 * k + 2, 2 * k : 2 * k + 3], one.treatment)
        np.testing.assert_array_equal(three.size[2 * k : 2 * k + 2, 2 * k : 2 * k + 3], one.size)
    assert three.observed.sum() == 3 * one.observed.sum()
    assert three.strata == ("a, batch 1", "b, batch 1", "a, batch 2", "b, batch 2", "a, batch 3", "b, batch 3")
    assert three.clusters == ("1", "2", "3", "4", "5", "6")
    assert Design([[0, 1], [0, 0]], clusters=["Leeds", "Kent"]).batched(2, lag=1).clusters[2] == "Leeds, batch 2"


@pytest.mark.parametrize(("batches", "lag"), [(0, 1), (2, 0), (2, 4)])
def test_batches_that_cannot_be_are_refused(batches: int, lag: int) -> None:
    with pytest.raises(DesignError, match="batches were asked for") as caught:
        Design([[0, 1, 1], [0, 0, 1]]).batched(batches, lag)
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize("matrix", [[[0, 1], [0]], [["a", "b"]]])
def test_what_is_no_matrix_of_numbers_is_refused(matrix: object) -> None:
    with pytest.raises(DesignError, match="text, or rows of different lengths"):
        Design(matrix)
