import numpy as np
import pytest

import staggered as sg
from staggered.estimators.did.comparisons import Comparisons, comparisons_of
from staggered.kernel.patterns import patterns_of

NAN = np.nan


def found(treatment: object, present: object = None, **options: object) -> Comparisons:
    frame = sg.Frame(sg.Design(treatment), present=present)  # type: ignore[arg-type]
    patterns = patterns_of(frame)
    given = {"controls": "notyet", "anticipation": 0, "universal": False, **options}
    return comparisons_of(patterns, frame.design.start[patterns.first], **given)  # type: ignore[arg-type]


STEPS = [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]]


def cells(comparisons: Comparisons) -> list[tuple[int, int, int]]:
    return [(g, t, b) for (g, t), b in zip(comparisons.cells.tolist(), comparisons.base.tolist(), strict=True)]


def test_every_cohort_in_every_period_with_its_base() -> None:
    after = {(g, t, g - 1) for g in (1, 2, 3) for t in range(g, 4)}
    assert set(cells(found(STEPS))) == after | {(2, 1, 0), (3, 1, 0), (3, 2, 1)}
    long = {(2, 0, 1), (2, 1, 1), (3, 0, 2), (3, 1, 2), (3, 2, 2), (1, 0, 0)}
    assert set(cells(found(STEPS, universal=True))) == after | long


def test_anticipation_moves_the_base_back_and_leaves_fewer_controls() -> None:
    early = found(STEPS, anticipation=1)
    assert early.baseless == ((1, 1), (1, 2), (1, 3))
    assert (3, 3, 1) in cells(early)
    assert (3, 2, 1) in cells(early)
    controls = {cell: (row < 0).sum() for cell, row in zip(cells(early), early.parts, strict=True)}
    assert controls[2, 2, 0] == 1
    assert {cell: (row < 0).sum() for cell, row in zip(cells(found(STEPS)), found(STEPS).parts, strict=True)}[
        2, 2, 1
    ] == 2


def test_without_controls_cells_are_lost_by_reason() -> None:
    everyone = found(STEPS[:3])
    assert everyone.unmatched == ((1, 3), (2, 3), (3, 3))
    assert everyone.lost.tolist() == [[1, 3], [2, 3], [3, 3]]
    assert len(found(STEPS[:3], controls="never").cells) == 0
    always = found([[1, 1], [0, 1], [0, 0]])
    assert always.baseless == ((0, 0), (0, 1))
    present = np.array([[True, True, False], [False, True, True], [True, True, True]])
    assert found([[0, 1, 1], [0, 1, 1], [0, 0, 0]], present).unpaired == ((1, 2),)


def test_cohorts_parts_sum_to_one_and_controls_to_minus_one() -> None:
    some = found(STEPS)
    np.testing.assert_allclose(np.maximum(some.parts, 0).sum(axis=1), 1)
    np.testing.assert_allclose(np.minimum(some.parts, 0).sum(axis=1), -1)


@pytest.mark.parametrize("treatment", [[[0, NAN, 1, 1], [0, 0, 0, 0]], [[0, NAN, NAN, 1], [0, 0, 0, 0]]])
def test_a_blank_transition_is_stepped_over(treatment: list[list[float]]) -> None:
    assert all(base == 0 for _, _, base in cells(found(treatment)))
    assert len(found(treatment).lost) == 0
