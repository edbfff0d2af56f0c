"""From people to council-periods."""

import numpy as np
import pandas as pd
import pytest

from staggered.data.councils import Councils
from staggered.data.grid import Grid
from staggered.data.people import cell_means, follow, gather
from staggered.errors import DataError


def grid(*cells: int) -> Grid:
    found = np.array(cells, dtype=np.int64)
    councils = Councils(("Leeds", "Kent"), found // 2, np.arange(2, len(cells) + 2))
    return Grid(councils, (2020, 2021), found)


def test_means_counts_and_variances_are_those_of_pandas() -> None:
    rng = np.random.default_rng(4)
    cells, values = rng.integers(0, 4, 500), rng.normal(1e6, 1.0, 500)
    values[::17] = np.nan
    people = gather(values, grid(*cells))
    grouped = pd.Series(values).groupby(cells)
    assert people.mean.ravel() == pytest.approx(grouped.mean().to_numpy(), rel=1e-14)
    assert people.count.ravel().tolist() == grouped.count().tolist()
    # At a mean of a million, a variance from sums of squares would be off in the first digits.
    assert people.within.ravel() == pytest.approx(grouped.var().to_numpy(), rel=1e-10)


def test_cells_of_one_or_nobody() -> None:
    people = gather(np.array([3.0, 5.0, np.nan]), grid(0, 1, 2))
    assert people.mean.ravel()[:2].tolist() == [3, 5]
    assert np.isnan(people.mean.ravel()[2:]).all()
    assert people.count.ravel().tolist() == [1, 1, 0, 0]
    assert np.isnan(people.within).all()


def test_means_of_those_who_are_seen() -> None:
    means = cell_means(np.array([1.0, 3.0, 9.0]), np.array([True, True, False]), grid(0, 0, 0))
    assert means[0, 0] == 2
    assert np.isnan(means.ravel()[1:]).all()


def test_a_person_is_an_identifier_within_a_council() -> None:
    column = pd.Series(["a", "b", "a", "a"])
    assert follow(column, "child", grid(0, 0, 1, 2)) == (
        "3 people are followed. Identifiers found in more than one council (1) are taken for different people."
    )
    assert follow(pd.Series([1, 2, 1, 3]), "child", grid(0, 0, 1, 2)) == "3 people are followed."


def test_a_person_twice_in_a_period_is_refused_with_the_rows() -> None:
    with pytest.raises(DataError, match=r"more than once in a period: a of Leeds in 2020 \(row 4\)\."):
        follow(pd.Series(["a", "b", "a", "a"]), "child", grid(0, 0, 0, 1))


@pytest.mark.parametrize("blank", [None, "", np.nan])
def test_a_blank_identifier_is_refused(blank: object) -> None:
    with pytest.raises(DataError, match=r"'child' is blank for Leeds in 2021 \(row 3\)"):
        follow(pd.Series(["a", blank], dtype=object), "child", grid(0, 1))
