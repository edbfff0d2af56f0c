"""Which inference is the default, by councils on either side of the comparison."""

import numpy as np
import pytest

import staggered as sg


def frame(live: tuple[int, ...], never: int, strata: list[str] | None = None) -> sg.Frame:
    start = np.append(np.repeat(np.arange(len(live)) + 2, live), np.full(never, 99))
    return sg.Frame(sg.Design((np.arange(9) >= start[:, None]).astype(float), strata=strata))


@pytest.mark.parametrize(
    ("live", "never", "expected"),
    [
        ((1,), 30, "randomisation"),
        ((2,), 30, "randomisation"),
        ((3,), 140, "randomisation"),
        ((2, 2), 20, "randomisation"),
        ((1, 1, 1, 1, 1), 40, "randomisation"),
        ((12,), 2, "randomisation"),
        ((3,), 3, "jackknife"),
        ((4,), 8, "jackknife"),
        ((2, 1, 1, 1, 1), 0, "jackknife"),
        ((3, 3), 40, "jackknife"),
        ((12, 1, 12), 30, "jackknife"),
        ((12, 12), 30, "cluster-robust"),
        ((10, 10, 10, 10), 0, "cluster-robust"),
    ],
)
def test_the_smaller_side_decides(live: tuple[int, ...], never: int, expected: str) -> None:
    assert expected in sg.Twfe().default_inference(frame(live, never)).name


def test_dates_are_not_swapped_where_the_design_allows_no_swap() -> None:
    strata = ["a", "a", *["b"] * 30]
    assert sg.Twfe().default_inference(frame((2,), 30, strata)).name == sg.Jackknife().name
    treatment = frame((2,), 30).design.treatment.copy()
    treatment[0, 1] = np.nan
    assert sg.Twfe().default_inference(sg.Frame(sg.Design(treatment))).name == sg.Jackknife().name


def test_the_default_says_why_dates_are_swapped() -> None:
    outcome = np.random.default_rng(3).normal(size=(33, 9))
    said = sg.GroupTime().fit(sg.Panel(frame((3,), 30), outcome)).text()
    assert "fewer than 6 of many councils stand on one side (3 of 33 here)" in said
    assert "among all ways to deal them out" in said
