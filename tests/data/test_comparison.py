"""What there is to compare."""

import numpy as np
import pytest

from staggered.data.comparison import Comparison, compared, stranded
from staggered.data.councils import Councils
from staggered.data.grid import Grid
from staggered.design.design import Design
from staggered.errors import DesignError, IdentificationError

nan = np.nan


def laid_out(treatment: list[list[float]], absent: tuple[tuple[int, int], ...] = ()) -> tuple[Design, np.ndarray, Grid]:
    count, width = np.shape(treatment)
    names = tuple("ABCDEF"[:count])
    councils = Councils(names, np.repeat(np.arange(count), width), np.arange(2, count * width + 2))
    design = Design(treatment, clusters=names, periods=tuple(range(2019, 2019 + width)))
    used = design.observed.copy()
    for cell in absent:
        used[cell] = False
    return design, used, Grid(councils, design.periods, np.arange(count * width))


def said(treatment: list[list[float]], absent: tuple[tuple[int, int], ...] = ()) -> tuple[str, ...]:
    return compared(*laid_out(treatment, absent))


def test_nothing_is_said_where_every_period_has_untreated_councils() -> None:
    assert said([[0, 1, 1], [0, 0, 1], [0, 0, 0]]) == ()


def test_periods_without_control_and_those_who_go_live_only_then_are_named() -> None:
    (note,) = said([[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]])
    assert "No council is untreated in 2021 and 2022" in note
    assert "B in 2021 (row 8) and C in 2021 (row 12)" in note


def test_a_last_period_after_everyone_has_gone_live_strands_nobody() -> None:
    (note,) = said([[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1]])
    assert "No council is untreated in 2022" in note
    assert "C in 2022 (row 13)" in note
    (note,) = said([[0, 1, 1], [0, 1, 1], [0, 0, nan]])
    assert "No council is untreated in 2021" in note
    assert "go live only then" not in note


def test_nobody_treated_is_said() -> None:
    assert "No council is treated" in said([[0, 0], [0, 0]])[0]


@pytest.mark.parametrize("treatment", [[[1, 1], [1, 1]], [[1, 0], [1, 0]], [[1], [1]]])
def test_everyone_treated_from_the_start(treatment: list[list[float]]) -> None:
    with pytest.raises(DesignError, match=r"first period already: A in 2019 \(row 2\) and B in 2019"):
        said(treatment)


@pytest.mark.parametrize(
    ("treatment", "absent", "named"),
    [
        ([[0, 1], [0, 1]], (), r"Everyone goes live at once: A in 2020 \(row 3\) and B in 2020 \(row 5\)"),
        ([[0, nan, 1], [0, nan, 1], [0, 0, 1]], (), "Everyone goes live at once"),
        ([[0, 1], [0, 0]], ((1, 1),), r"No untreated council has an outcome beside: A in 2020 \(row 3\)"),
    ],
)
def test_no_period_with_treated_and_untreated(
    treatment: list[list[float]], absent: tuple[tuple[int, int], ...], named: str
) -> None:
    with pytest.raises(IdentificationError, match=named):
        said(treatment, absent)


def test_one_council_is_told_what_it_can_use() -> None:
    (note,) = said([[0, 0, 1]])
    assert "only one council, A" in note
    assert "InterruptedSeries" in note


def test_shares_are_a_comparison_but_not_a_control() -> None:
    design, used, _ = laid_out([[0, 0.5, 1], [0, 1, 1], [0, 0.5, 1]])
    comparison = Comparison.of(design, used)
    assert comparison.both.tolist() == [False, True, False]
    assert comparison.without_control().tolist() == [1, 2]
    assert stranded(design, used).tolist() == [0, 1, 2]
