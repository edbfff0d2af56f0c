"""Studentised randomisation tests against refits, and several trials as strata."""

from itertools import product

import numpy as np
import pytest

import staggered as sg
from staggered.allocation.orders import all_orders
from tests.random_panels import stepped_panel


def refitted(estimator: sg.GroupTime, panel: sg.Panel, effect: float) -> tuple[float, np.ndarray]:
    """Ratio of estimate to Neyman's standard error under the actual order, and under all orders."""
    outcome = panel.outcome - effect * panel.design.treatment
    ratios = []
    for order in all_orders(panel.design):
        design = sg.Design(panel.design.treatment[order], strata=panel.design.strata)
        fit = estimator.fit(sg.Panel(sg.Frame(design), outcome), sg.DesignBased(refined=False))
        ratios.append(fit.value / fit.se)
    return ratios[0], np.array(ratios)


@pytest.mark.parametrize("estimator", [sg.GroupTime(), sg.Efficient(beta=1)], ids=["group-time", "efficient"])
def test_it_equals_refitting_with_the_design_based_variance(estimator: sg.GroupTime) -> None:
    panel = stepped_panel(3, 6, 3)
    fit = estimator.fit(panel, sg.Permutation(draws=99, studentised=True))
    actual, ratios = refitted(estimator, panel, 0.0)
    assert len(ratios) == 90
    assert fit.p_value == pytest.approx((np.abs(ratios) >= abs(actual) * (1 - 1e-9)).mean())


def test_its_interval_holds_the_effects_that_refitting_does_not_reject() -> None:
    panel = stepped_panel(5, 6, 3)
    estimator = sg.GroupTime()
    fit = estimator.fit(panel, sg.Permutation(draws=99, studentised=True))
    low, high = fit.interval(0.9)
    assert np.isfinite([low, high]).all()
    for end, inward in ((low, 1.0), (high, -1.0)):
        for step, kept in ((1e-6, True), (-1e-6, False)):
            actual, ratios = refitted(estimator, panel, end + inward * step * (high - low))
            assert ((np.abs(ratios) >= abs(actual) * (1 - 1e-9)).mean() > 0.1 + 1e-12) == kept


def test_a_council_that_starts_alone_has_no_studentised_test() -> None:
    with pytest.raises(sg.IdentificationError, match="starts alone in its stratum"):
        sg.Twfe().fit(stepped_panel(1, 5, 5), sg.Permutation(studentised=True))


def test_several_trials_are_strata_and_swap_nothing_between_them() -> None:
    """Two trials with their own dates: the allocations are the products of each trial's own."""
    one, other = sg.stepped(clusters=3, steps=3).treatment, sg.stepped(clusters=4, steps=2, after=1).treatment
    treatment = np.vstack([one, other])
    design = sg.Design(treatment, strata=("A",) * 3 + ("B",) * 4)
    outcome = np.random.default_rng(2).normal(size=treatment.shape)
    fit = sg.Twfe().fit(sg.Panel(sg.Frame(design), outcome), sg.Permutation(draws=99))
    own, others = (all_orders(sg.Design(grid)) for grid in (one, other))
    values = []
    for first, second in product(own, others):
        order = np.concatenate([first, 3 + second])
        swapped = sg.Panel(sg.Frame(sg.Design(treatment[order])), outcome)
        values.append(abs(float(sg.Twfe().point(swapped).values[0])))
    assert len(values) == 6 * 6 == design.allocations()
    assert fit.p_value == pytest.approx((np.array(values) >= abs(fit.value) * (1 - 1e-9)).mean())
