"""Augmented synthetic control against the paper's formula."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.estimators.did.augmented import AugmentedSynthetic, augmented_weights, cross_validated
from tests.estimators.did.test_synthetic_did import NEVER, panel_of
from tests.oracles import synthetic

ONE = [6, *[NEVER] * 8]


@pytest.mark.parametrize("penalty", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("seed", range(5))
def test_weights_are_those_of_the_paper(seed: int, penalty: float) -> None:
    panel = panel_of(seed, ONE)
    past, own = panel.outcome[1:, :6].T, panel.outcome[0, :6]
    expected = synthetic.augmented(past, own, penalty)
    found = augmented_weights(past, own, np.array([penalty]))[0]
    np.testing.assert_allclose(found, expected, atol=2e-4)
    assert found.sum() == pytest.approx(1, abs=1e-10)
    point = AugmentedSynthetic(ridge=penalty, by="event").point(panel)
    np.testing.assert_allclose(point.values[1:], panel.outcome[0] - found @ panel.outcome[1:], atol=1e-12)
    assert point.values[0] == pytest.approx(point.values[7:].mean())


@pytest.mark.parametrize("seed", range(5))
def test_the_penalty_is_the_largest_within_one_standard_error(seed: int) -> None:
    panel = panel_of(seed, ONE)
    past, own = panel.outcome[1:, :6].T, panel.outcome[0, :6]
    largest = np.linalg.svd(past - past.mean(axis=1, keepdims=True), compute_uv=False)[0] ** 2
    grid = [largest * 10 ** (-8 * k / 20) for k in range(21)]
    errors = np.array(
        [
            [
                (own[s] - synthetic.augmented(np.delete(past, s, axis=0), np.delete(own, s), p) @ past[s]) ** 2
                for p in grid
            ]
            for s in range(6)
        ]
    )
    mean, best = errors.mean(axis=0), errors.mean(axis=0).argmin()
    bound = mean[best] + errors[:, best].std(ddof=1) / np.sqrt(6)
    expected = max(p for p, m in zip(grid, mean, strict=True) if m <= bound)
    assert cross_validated(past, own) == pytest.approx(expected, rel=1e-6)


def test_extrapolation_reaches_a_council_that_no_average_resembles() -> None:
    """A council with twice the swing of all others: the synthetic control misses its course, ridge follows it."""
    generator = np.random.default_rng(3)
    course = np.sin(np.arange(12))
    swing = np.array([2.0, *np.linspace(0.2, 1.0, 9)])
    outcome = np.outer(swing, course) + generator.normal(0, 0.01, size=(10, 12))
    treatment = np.zeros((10, 12))
    treatment[0, 9:] = 1
    panel = sg.Panel(sg.Frame(sg.Design(treatment)), outcome)
    hardly, freely = (AugmentedSynthetic(ridge=r).point(panel) for r in (1e9, 1e-3))
    assert abs(freely.values[0]) < 0.1 < abs(hardly.values[0])
    assert "no extrapolation" in hardly.notes[-1]
    assert "of weight is negative" in freely.notes[-1]


def test_laws() -> None:
    panel = panel_of(1, ONE)
    for ridge in ("cv", 0.5):
        estimator = AugmentedSynthetic(ridge=ridge)
        base = estimator.point(panel).values[0]
        shocks = panel.outcome + np.random.default_rng(2).normal(size=10) * 4
        assert estimator.point(replace(panel, outcome=shocks)).values[0] == pytest.approx(base, abs=1e-6)
        effect = panel.outcome - 3 * panel.design.treatment
        assert estimator.point(replace(panel, outcome=effect)).values[0] == pytest.approx(base - 3, abs=1e-9)
    table = AugmentedSynthetic(ridge=0.5).weights(panel)
    assert table["weight"].sum() == pytest.approx(1)
    assert len(table) == 8


def test_placebos_by_default_and_several_dates_refused() -> None:
    fit = AugmentedSynthetic(ridge=1.0).fit(panel_of(0, ONE))
    assert fit.inference == "placebos among councils in control"
    assert fit.se > 0
    with pytest.raises(sg.DesignError, match="different times: 6 and 8"):
        AugmentedSynthetic().point(panel_of(0, [5, 7, *[NEVER] * 5]))
    for ridge in (0, -1.0, "best"):
        with pytest.raises(sg.DesignError, match="holds extrapolation back"):
            AugmentedSynthetic(ridge=ridge)


def test_one_donor_leaves_nothing_to_choose() -> None:
    panel = panel_of(4, [6, NEVER])
    gap = panel.outcome[0] - panel.outcome[1]
    assert AugmentedSynthetic().point(panel).values[0] == pytest.approx(gap[6:].mean())
