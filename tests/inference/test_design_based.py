"""Neyman's variance against all the allocations that could have been drawn."""

from itertools import permutations

import numpy as np
import pytest

import staggered as sg
from staggered.inference.design_based import _less
from tests.random_panels import stepped_panel


def test_difference_of_means_has_neymans_variance() -> None:
    generator = np.random.default_rng(1)
    design = sg.Design([[0, 1]] * 5 + [[0, 0]] * 7)
    outcome = generator.normal(size=(12, 2))
    fit = sg.Efficient(beta=0).fit(sg.Panel(sg.Frame(design), outcome), sg.DesignBased(refined=False))
    treated, control = outcome[:5, 1], outcome[5:, 1]
    one, other = treated.var(ddof=1) / 5, control.var(ddof=1) / 7
    assert fit.value == pytest.approx(treated.mean() - control.mean())
    assert fit.se == pytest.approx(np.sqrt(one + other))
    assert fit.df == pytest.approx((one + other) ** 2 / (one**2 / 4 + other**2 / 6))


@pytest.mark.parametrize("estimator", [sg.GroupTime(), sg.Efficient(beta=1), sg.Efficient(beta=0)], ids=repr)
def test_it_is_right_on_average_over_every_allocation_when_nothing_happens(estimator: sg.GroupTime) -> None:
    """With a constant effect the variance over the draw equals the average of Neyman's estimates of it."""
    base = sg.Design([[0, 0, 1, 1]] * 2 + [[0, 0, 0, 1]] * 2 + [[0, 0, 0, 0]] * 2)
    outcome = np.random.default_rng(3).normal(size=(6, 4))
    values, squares = [], []
    for order in set(permutations((0, 0, 1, 1, 2, 2))):
        design = sg.Design(base.treatment[[2 * k for k in order]])
        fit = estimator.fit(sg.Panel(sg.Frame(design), outcome), sg.DesignBased(refined=False))
        values.append(fit.value)
        squares.append(fit.se**2)
    assert len(values) == 90
    assert np.mean(squares) == pytest.approx(np.var(values), rel=1e-9)


def test_strata_are_drawn_apart() -> None:
    panel = stepped_panel(1, 12, 3)
    strata = tuple("NS" * 6)
    design = sg.Design(panel.design.treatment, strata=strata)
    fit = sg.GroupTime().fit(sg.Panel(sg.Frame(design), panel.outcome), sg.DesignBased())
    rule = sg.GroupTime().rule(sg.Frame(design))
    own = (rule.by_cluster()[0] * panel.outcome).sum(axis=1)
    centred = rule.scores(panel.outcome)[0]
    total = 0.0
    for start in np.unique(design.start):
        for name in "NS":
            rows = np.array([s == name for s in strata]) & (design.start == start)
            total += rows.sum() / (rows.sum() - 1) * ((centred[rows] - centred[rows].mean()) ** 2).sum()
    assert fit.se == pytest.approx(np.sqrt(total))
    assert own.sum() == pytest.approx(fit.value)


@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
def test_councils_that_start_alone_borrow_the_spread_and_it_is_said() -> None:
    fit = sg.Efficient().fit(stepped_panel(1, 6, 6), sg.DesignBased())
    assert np.isfinite(fit.se)
    assert any("start alone in their group, so the spread is not their own" in note for note in fit.notes)
    assert any("once the estimated effect, taken as constant, is taken off" in note for note in fit.notes)
    pooled = sg.Efficient().fit(
        sg.Panel(
            sg.Frame(sg.Design([[0, 1, 1]] * 3 + [[0, 0, 1]] + [[0, 0, 0]] * 3)),
            np.random.default_rng(1).normal(size=(7, 3)),
        ),
        sg.DesignBased(),
    )
    assert any(
        "One council starts alone" in note and "pooled from groups of two or more" in note for note in pooled.notes
    )


def test_nothing_is_taken_off_where_the_excess_is_the_whole_variance() -> None:
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    excess = np.array([[2.0, 0.1], [0.1, 0.25]])
    np.testing.assert_allclose(_less(covariance, excess), [[2.0, 0.5], [0.5, 0.75]])
