"""Randomisation tests of mixed models against fitting every allocation for itself."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.allocation.orders import all_orders
from staggered.estimators.trial.normal import normal_model
from staggered.estimators.trial.normal_fit import fit_normal
from tests.estimators.trial.trials import random_trial
from tests.oracles import normal

pytestmark = [
    pytest.mark.filterwarnings("ignore::staggered.errors.DesignWarning"),
    pytest.mark.filterwarnings("ignore::staggered.errors.ConvergenceWarning"),
]


def by_hand(panel: sg.Panel, kind: str, mixed: sg.Mixed) -> np.ndarray:
    """Effect under every allocation by generalised least squares on people, covariance from a fit without effect."""
    null = fit_normal(normal_model(panel, replace(mixed.choices(panel), effect="")))
    found = []
    for order in all_orders(panel.design):
        design = replace(panel.design, treatment=panel.design.treatment[order])
        people = normal.people_of(replace(panel, frame=replace(panel.frame, design=design)))
        working = sum(t * m for t, m in zip(null.theta[0], normal.parts(people, kind), strict=True))
        inverse = np.linalg.inv(working)
        x = people.columns
        found.append(np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ people.outcome)[-1])
    return np.array(found)


@pytest.mark.parametrize(
    ("covariance", "kind", "made"),
    [
        ("exchangeable", "exchangeable", {"gaps": True}),
        ("nested", "nested", {"covariates": 1}),
        ("exchangeable", "cohort", {"followed": True}),
    ],
)
def test_every_allocation_is_the_fit_with_weights_held(covariance: str, kind: str, made: dict[str, object]) -> None:
    panel = random_trial(3, clusters=4, steps=2, **made)
    mixed = sg.Mixed(covariance)
    estimate = mixed.fit(panel, sg.Permutation())
    expected = by_hand(panel, kind, mixed)
    np.testing.assert_allclose(estimate.uncertainty.statistic, expected[:1], atol=1e-8)
    np.testing.assert_allclose(np.sort(estimate.uncertainty.null[:, 0]), np.sort(expected[1:]), atol=1e-8)
    assert estimate.p_value == pytest.approx(np.mean(np.abs(expected) >= abs(expected[0]) - 1e-9))
    assert estimate.value == pytest.approx(mixed.fit(panel).value)


def test_the_interval_holds_the_effects_that_the_test_keeps() -> None:
    panel = random_trial(8, clusters=5, steps=5)
    estimate = sg.Mixed("nested").fit(panel, sg.Permutation())
    null = fit_normal(normal_model(panel, replace(sg.Mixed("nested").choices(panel), effect="")))
    low, high = estimate.interval(0.9)
    assert low < estimate.value < high
    for effect, kept in ((low - 0.02, False), (low + 0.02, True), (high - 0.02, True), (high + 0.02, False)):
        people = panel.people
        treated = np.nan_to_num(panel.design.treatment)[people.cluster, people.period]
        moved = replace(people, outcome=people.outcome - effect * treated)
        values = held(replace(panel, people=moved), null.theta[0])
        assert bool(np.mean(np.abs(values) >= abs(values[0]) - 1e-9) > 0.1) is kept


def held(panel: sg.Panel, theta: np.ndarray) -> np.ndarray:
    found = []
    for order in all_orders(panel.design):
        design = replace(panel.design, treatment=panel.design.treatment[order])
        people = normal.people_of(replace(panel, frame=replace(panel.frame, design=design)))
        inverse = np.linalg.inv(sum(t * m for t, m in zip(theta, normal.parts(people, "nested"), strict=True)))
        x = people.columns
        found.append(np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ people.outcome)[-1])
    return np.array(found)


def test_whichever_allocation_was_drawn_p_values_are_uniform_when_nothing_happened() -> None:
    panel = random_trial(1, clusters=4, steps=4, effect=0.0)
    p_values = []
    for order in all_orders(panel.design):
        design = replace(panel.design, treatment=panel.design.treatment[order])
        drawn = replace(panel, frame=replace(panel.frame, design=design))
        p_values.append(sg.Mixed("nested").fit(drawn, sg.Permutation()).p_value)
    np.testing.assert_allclose(sorted(p_values), np.arange(1, 25) / 24, atol=1e-12)


def test_the_effect_at_each_exposure_time_has_its_own_distribution() -> None:
    panel = random_trial(2, clusters=5, steps=5)
    estimate = sg.Mixed("exchangeable", effect="exposure").fit(panel, sg.Permutation())
    assert estimate.uncertainty.null.shape == (119, 6)
    assert np.isfinite(estimate.overall.p_value)
    assert estimate.draws.shape == (119, 5)


def test_blank_transitions_move_with_the_schedule() -> None:
    """Measured but left out around go-live: another allocation leaves out other cells."""
    whole = random_trial(4, clusters=4, steps=4)
    treatment = whole.design.treatment.copy()
    for row, first in enumerate(whole.design.start.astype(int)):
        treatment[row, first] = np.nan
    panel = replace(whole, frame=replace(whole.frame, design=replace(whole.design, treatment=treatment)))
    mixed = sg.Mixed("exchangeable")
    estimate = mixed.fit(panel, sg.Permutation())
    expected = by_hand(panel, "exchangeable", mixed)
    np.testing.assert_allclose(np.sort(estimate.uncertainty.null[:, 0]), np.sort(expected[1:]), atol=1e-8)
    assert any("left blank" in note for note in estimate.notes)


def test_blank_transitions_with_covariates_of_people_are_refused() -> None:
    whole = random_trial(4, clusters=4, steps=4, covariates=1)
    treatment = whole.design.treatment.copy()
    for row, first in enumerate(whole.design.start.astype(int)):
        treatment[row, first] = np.nan
    panel = replace(whole, frame=replace(whole.frame, design=replace(whole.design, treatment=treatment)))
    with pytest.raises(sg.IdentificationError, match="leave different cells out"):
        sg.Mixed().fit(panel, sg.Permutation())
