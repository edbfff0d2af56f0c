"""Records on clusters by periods."""

import numpy as np
import pytest

from staggered.data.councils import Councils
from staggered.data.grid import Grid, gaps, require_once
from staggered.errors import DataError


def grid(*cells: int, names: tuple[str, ...] = ("Leeds", "17"), rows: tuple[int, ...] = ()) -> Grid:
    found = np.array(cells, dtype=np.int64)
    councils = Councils(names, found // 3, np.array(rows or range(2, len(cells) + 2)))
    return Grid(councils, (2020, 2021, 2022), found)


def test_values_are_placed_where_their_record_belongs() -> None:
    laid = grid(4, 0, 2)
    assert np.array_equal(laid.place(np.array([7.0, 8.0, 9.0])), [[8, np.nan, 9], [np.nan, 7, np.nan]], equal_nan=True)
    assert laid.counts().tolist() == [[1, 0, 1], [0, 1, 0]]
    assert laid.spreadsheet().tolist() == [[3, 0, 4], [0, 2, 0]]
    assert [laid.say(k) for k in range(3)] == [
        "council 17 in 2021 (row 2)",
        "Leeds in 2020 (row 3)",
        "Leeds in 2022 (row 4)",
    ]


def test_a_council_twice_in_a_period_is_refused_with_all_its_rows() -> None:
    require_once(grid(0, 1, 2, 3))
    with pytest.raises(DataError) as caught:
        require_once(grid(0, 1, 0, 4, 0, 4))
    assert "period: Leeds in 2020 (rows 2, 4 and 6) and council 17 in 2021 (rows 5 and 7)." in str(caught.value)


def test_gaps_are_said_with_the_place_where_they_show() -> None:
    present = np.array([[True, False, True], [False, True, False]])
    said = gaps(grid(0, 1, 2, 4), present)
    assert said.startswith("3 of 6 council-periods have no outcome, in 2 of 2 councils: ")
    assert "Leeds in 2021 (blank in row 3)" in said
    assert "council 17 in 2020 (no row)" in said
    assert "council 17 in 2022 (no row after row 5)" in said
    assert gaps(grid(0, 1, 2, 3, 4, 5), np.ones((2, 3), dtype=bool)) == ""


def test_what_must_not_change_within_a_council() -> None:
    laid = grid(0, 1, 3, 4)
    words = {"why": "why", "fix": "fix"}
    assert laid.constant(np.array([5, 5, 6, 6]), str, "The region changes", **words).tolist() == [0, 2]
    with pytest.raises(DataError) as caught:
        laid.constant(np.array([5, 6, 7, 8]), lambda k: "abcd"[k], "The region changes", **words)
    assert caught.value.what == (
        "The region changes: Leeds has a in 2020 (row 2) and b in 2021 (row 3) and "
        "council 17 has c in 2020 (row 4) and d in 2021 (row 5)."
    )
