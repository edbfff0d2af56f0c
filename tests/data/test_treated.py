"""Treatment as it stands in a column."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from staggered.data.councils import Councils
from staggered.data.grid import Grid
from staggered.data.treated import goes_back, to_treatment
from staggered.design.design import Design
from staggered.errors import DataError

nan = np.nan


def grid(cells: Sequence[int], shape: tuple[int, int] = (2, 3)) -> Grid:
    """Records in the given cells, from row 2."""
    found = np.array(cells, dtype=np.int64)
    councils = Councils(("Leeds", "Kent")[: shape[0]], found // shape[1], np.arange(2, len(cells) + 2))
    return Grid(councils, (2019, 2020, 2021, 2022, 2023)[: shape[1]], found)


def treatment(*values: object, cells: Sequence[int] = range(6)) -> list[list[float]]:
    return to_treatment(pd.Series(list(values)), "live", grid(cells))[0].tolist()


@pytest.mark.parametrize(
    "values",
    [
        (0, 1, 1, 0, 0, 0),
        (0.0, 1.0, 1.0, 0.0, 0.0, 0.0),
        (False, True, True, False, False, False),
        ("0", "1", "1", "0", "0", "0"),
        ("no", "Yes", "YES", "No", "n", "no"),
        ("FALSE", "TRUE", "true", "false", "False", "false"),
    ],
)
def test_ways_to_say_yes_and_no(values: tuple[object, ...]) -> None:
    assert treatment(*values) == [[0, 1, 1], [0, 0, 0]]


def test_shares_are_kept_and_blanks_are_not_observed() -> None:
    found, notes = to_treatment(pd.Series([0, 0.25, 1, 0, None, 0]), "live", grid(range(6)))
    assert np.array_equal(found, [[0, 0.25, 1], [0, nan, 0]], equal_nan=True)
    assert notes == ("Left out as not observed, because 'live' is blank: 1 of 6 cells.",)


def test_values_outside_0_to_1_are_refused() -> None:
    with pytest.raises(DataError, match=r"2019 for Leeds in 2020 \(row 3\) and -1 for Kent in 2021 \(row 7\)"):
        treatment(0, 2019, 1, 0, 0, -1)


def test_words_that_are_neither_are_refused() -> None:
    with pytest.raises(DataError, match=r"'maybe' for Leeds in 2020 \(row 3\)"):
        treatment(0, "maybe", 1, 0, 0, 0)


def test_people_of_one_cell_must_agree() -> None:
    assert treatment(0, 0, 1, 0, 0, 0, 0, cells=(0, 0, 1, 2, 3, 4, 5))[0] == [0, 1, 0]
    assert np.isnan(treatment(nan, nan, 1, 0, 0, 0, 0, cells=(0, 0, 1, 2, 3, 4, 5))[0][0])
    for one, other in ((0, 1), (0, nan), (nan, 1)):
        with pytest.raises(DataError, match="differs between the people of Leeds in 2019"):
            treatment(one, other, 1, 0, 0, 0, 0, cells=(0, 0, 1, 2, 3, 4, 5))


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ({1: 0, 3: 0}, [0, 0, 0, 0, nan]),
        ({1: 1, 3: 1}, [nan, 1, 1, 1, 1]),
        ({0: 0, 3: 1}, [0, nan, nan, 1, 1]),
        ({2: 0.5}, [nan, nan, 0.5, nan, nan]),
        ({0: 0, 4: 1}, [0, nan, nan, nan, 1]),
        ({0: 1, 4: 0}, [1, nan, nan, nan, 0]),
    ],
)
def test_where_a_council_has_no_row_only_what_is_certain_is_filled_in(
    known: dict[int, float], found: list[float]
) -> None:
    placed = to_treatment(pd.Series(list(known.values())), "live", grid(list(known), (1, 5)))[0]
    assert np.array_equal(placed[0], found, equal_nan=True)


def test_treatment_that_goes_back_is_named_with_periods_and_rows() -> None:
    design = Design([[0, 1, 0], [0, 0, 1]], clusters=("Leeds", "Kent"), periods=(2019, 2020, 2021))
    assert (
        goes_back(design, grid(range(6))) == "Leeds goes back from treated in 2020 (row 3) to control in 2021 (row 4)"
    )
    stays = Design([[0, 1, 1], [0, nan, 1]], clusters=("Leeds", "Kent"), periods=(2019, 2020, 2021))
    assert goes_back(stays, grid(range(6))) == ""
