"""The planned date as instrument against two-stage least squares written out."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.estimators.did.planned_date import PlannedDate
from staggered.inference.model_based import ModelBased


def late_starts(seed: int, noise: float = 1.0) -> sg.Panel:
    """Fourteen councils in a stepped wedge; some start up to two periods late, the worse they are doing."""
    generator = np.random.default_rng([431, seed])
    planned = np.repeat([2, 3, 4, 5, np.inf], [3, 3, 3, 3, 2])
    late = np.where(generator.random(14) < 0.5, generator.integers(1, 3, size=14), 0)
    periods = np.arange(8)
    actual = (periods >= (planned + late)[:, None]).astype(float)
    outcome = generator.normal(size=(14, 1)) + periods * 0.2 + noise * generator.normal(size=(14, 8)) - 1.5 * actual
    weights = generator.uniform(0.5, 2, size=(14, 8))
    covariates = {"planned": (periods >= planned[:, None]).astype(float)}
    return sg.Panel(sg.Frame(sg.Design(actual), weights=weights, covariates=covariates), outcome)


@pytest.mark.filterwarnings("ignore:CR0 with")
@pytest.mark.parametrize("seed", range(5))
def test_it_is_two_stage_least_squares_with_every_dummy(seed: int) -> None:
    panel = late_starts(seed)
    rows, periods = np.indices(panel.outcome.shape).reshape(2, -1)
    dummies = np.column_stack([rows[:, None] == np.arange(14), periods[:, None] == np.arange(1, 8)]).astype(float)
    y, w = panel.outcome.ravel(), panel.frame.weights.ravel()
    x = np.column_stack([panel.design.treatment.ravel(), dummies])
    z = np.column_stack([panel.frame.covariates["planned"].ravel(), dummies])
    solve = np.linalg.inv(z.T @ (w[:, None] * x))
    coefficients = solve @ z.T @ (w * y)
    left = w * (y - x @ coefficients)
    sums = np.array([z[rows == c].T @ left[rows == c] for c in range(14)])
    covariance = solve @ sums.T @ sums @ solve.T
    fit = PlannedDate("planned").fit(panel, sg.Cluster("CR0"))
    assert fit.value == pytest.approx(coefficients[0], rel=1e-9)
    assert fit.se == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-8)
    model = PlannedDate("planned").fit(panel, ModelBased())
    assert model.value == pytest.approx(fit.value, rel=1e-10)
    assert model.se == pytest.approx(fit.se * np.sqrt(14 / 13), rel=1e-8)
    assert model.df == 13


def test_an_effect_is_found_where_plans_slip() -> None:
    assert PlannedDate("planned").point(late_starts(1, noise=0.0)).values[0] == pytest.approx(-1.5, abs=1e-9)
    fit = PlannedDate("planned").fit(late_starts(2))
    assert fit.inference == "jackknife over clusters"
    assert "more common (first-stage F" in fit.notes[0]


def test_a_plan_that_was_followed_is_the_ordinary_regression() -> None:
    panel = late_starts(3)
    followed = replace(panel, frame=replace(panel.frame, covariates={"planned": panel.design.treatment}))
    point = PlannedDate("planned").point(followed)
    assert point.values[0] == pytest.approx(sg.Twfe().point(panel).values[0], rel=1e-9)
    assert "followed throughout" in point.notes[0]


def test_what_is_no_plan_is_refused_and_a_weak_one_said() -> None:
    panel = late_starts(4)
    with pytest.raises(sg.DataError, match="no covariate 'plan'"):
        PlannedDate("plan").point(panel)
    wrong = replace(panel, frame=replace(panel.frame, covariates={"planned": panel.design.treatment * 2}))
    with pytest.raises(sg.DataError, match="other numbers than 0 and 1"):
        PlannedDate("planned").point(wrong)
    never = replace(panel, frame=replace(panel.frame, covariates={"planned": np.zeros(panel.outcome.shape)}))
    with pytest.raises(sg.IdentificationError, match="explains nothing"):
        PlannedDate("planned").point(never)
    generator = np.random.default_rng(5)
    random = (np.arange(8) >= generator.integers(1, 8, size=14)[:, None]).astype(float)
    weak = replace(panel, frame=replace(panel.frame, covariates={"planned": random}))
    assert "weak instrument" in PlannedDate("planned").point(weak).notes[0]
