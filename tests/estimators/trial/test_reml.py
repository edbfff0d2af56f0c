"""Likelihood and derivatives against the same model written out over people."""

import numpy as np
import pytest

import staggered as sg
from staggered.estimators.trial.normal_fit import NormalFit, fit_normal
from staggered.estimators.trial.reml import criterion, evaluate
from tests.estimators.trial.trials import random_trial
from tests.oracles import normal
from tests.random_panels import stepped_panel

CASES = {
    "exchangeable": ("exchangeable", {}),
    "exchangeable-gaps": ("exchangeable", {"gaps": True}),
    "nested-covariates": ("nested", {"covariates": 2}),
    "random-treatment": ("random-treatment", {"gaps": True, "covariates": 1}),
    "cohort": ("exchangeable", {"followed": True}),
    "cohort-nested-covariates": ("nested", {"followed": True, "covariates": 2}),
}
KINDS = {"cohort": "cohort", "cohort-nested-covariates": "cohort-nested"}


def case(name: str, seed: int = 1, **options: object) -> tuple[NormalFit, normal.People, list[np.ndarray]]:
    covariance, made = CASES[name]
    panel = random_trial(seed, **made)
    people = normal.people_of(panel)
    kind = KINDS.get(name, covariance)
    return fit_normal(sg.Mixed(covariance, **options).model(panel)), people, normal.parts(people, kind)


def dense(matrices: list[np.ndarray], theta: np.ndarray) -> np.ndarray:
    return sum(t * m for t, m in zip(theta, matrices, strict=True))


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("name", CASES)
def test_the_criterion_is_that_of_the_people(name: str, method: str) -> None:
    found, people, matrices = case(name, method=method)
    expected = normal.criterion(people, dense(matrices, found.theta[0]), restricted=method == "reml")
    assert found.criterion[0] == pytest.approx(expected, abs=1e-8)
    # And at parameters that are not the best.
    theta = np.array([0.9, 0.4, 0.3, 0.2][: len(matrices)])
    scaled = theta / found.unit[0] ** 2
    there = evaluate(found.problem, scaled[None]).criterion[0] + found.problem.freedom * np.log(found.unit[0] ** 2)
    expected = normal.criterion(people, dense(matrices, theta), restricted=method == "reml")
    assert there == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_coefficients_are_generalised_least_squares(name: str) -> None:
    found, people, matrices = case(name)
    inverse = np.linalg.inv(dense(matrices, found.theta[0]))
    information = people.columns.T @ inverse @ people.columns
    beta = np.linalg.solve(information, people.columns.T @ inverse @ people.outcome)
    assert found.beta[0, -1] == pytest.approx(beta[-1], abs=1e-9)
    assert found.covariance[0, -1, -1] == pytest.approx(np.linalg.inv(information)[-1, -1], rel=1e-9)


@pytest.mark.parametrize(
    ("covariance", "made"),
    [
        ("nested", {"covariates": 1}),
        ("decay", {}),
        ("decay-by-date", {"dates": True}),
        ("random-treatment-correlated", {}),
        ("nested", {"followed": True}),
    ],
)
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_derivatives_are_those_of_differences(covariance: str, made: dict[str, object], method: str) -> None:
    found = fit_normal(sg.Mixed(covariance, method=method).model(random_trial(4, **made)))
    theta = np.array([0.9, 0.15, 0.35, 0.1][: found.theta.shape[1]])
    here = evaluate(found.problem, theta[None])
    step = 1e-5
    for k in range(len(theta)):
        moved = np.tile(theta, (2, 1))
        moved[:, k] += [step, -step]
        up, down = (evaluate(found.problem, row[None]) for row in moved)
        slope = (up.criterion[0] - down.criterion[0]) / (2 * step)
        assert here.gradient[0, k] == pytest.approx(slope, rel=1e-5, abs=1e-5)
        curve = (up.gradient[0] - down.gradient[0]) / (2 * step)
        np.testing.assert_allclose(here.observed[0, k], curve, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("dates", [False, True])
def test_decay_is_that_of_the_people(dates: bool) -> None:
    panel = random_trial(3, dates=dates)
    found = fit_normal(sg.Mixed("decay-by-date" if dates else "decay").model(panel))
    place = panel.design.midpoints / 365.25 if dates else np.arange(4.0)
    people = normal.people_of(panel)
    assert found.criterion[0] == pytest.approx(
        normal.criterion(people, normal.decay(people, found.theta[0], place)), abs=1e-8
    )


def test_random_exposure_is_that_of_the_people() -> None:
    panel = random_trial(2, clusters=8, effect=1.5)
    found = fit_normal(sg.Mixed(effect="random-exposure").model(panel))
    people = normal.people_of(panel)
    matrices = normal.parts(people, "exposure")
    assert found.criterion[0] == pytest.approx(normal.criterion(people, dense(matrices, found.theta[0])), abs=1e-8)


def test_a_profiled_criterion_is_the_criterion_at_the_best_residual_variance() -> None:
    found = fit_normal(sg.Mixed("nested").model(random_trial(1)))
    ratio = found.maximum.point.theta / found.maximum.point.theta[:, :1]
    value, scale = criterion(found.problem, ratio)
    whole = evaluate(found.problem, ratio * scale[0])
    constant = found.problem.freedom * (1 + np.log(2 * np.pi))
    assert value[0, 0] + constant == pytest.approx(whole.criterion[0])
    assert scale[0, 0] == pytest.approx(found.maximum.point.theta[0, 0])


def test_clusters_alike_are_solved_once() -> None:
    panel = stepped_panel(seed=2, clusters=12, steps=3)
    assert len(fit_normal(sg.Mixed().model(panel)).problem.times) == 3
