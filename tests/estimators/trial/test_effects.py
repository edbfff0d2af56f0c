"""Effect models, calendar time and the weights of a constant effect."""

import numpy as np
import pytest

import staggered as sg
from staggered.estimators.trial.effects import effect_columns, natural_spline, time_columns
from staggered.estimators.trial.mixed_notes import weight_grid
from staggered.estimators.trial.normal_fit import fit_normal
from tests.estimators.trial.trials import random_trial

FRAME = sg.Frame(sg.stepped(clusters=4, steps=4))


def test_exposure_time_has_a_column_each() -> None:
    found = effect_columns(FRAME, "exposure")
    assert found.grid.shape == (4, 5, 4)
    assert found.grid[0].argmax(axis=1).tolist() == [0, 0, 1, 2, 3]
    assert found.grid.sum() == FRAME.design.treatment.sum()
    np.testing.assert_allclose(found.contrast[0], 0.25)
    assert [term.event for term in found.terms] == [None, 0, 1, 2, 3]


def test_delayed_effect_is_free_first_and_then_constant() -> None:
    found = effect_columns(FRAME, "delayed", delay=2)
    curve = found.contrast[1:]
    np.testing.assert_allclose(curve, [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]])
    np.testing.assert_allclose(found.contrast[0], curve[-1])


def test_a_spline_with_a_knot_for_each_point_is_free() -> None:
    basis = natural_spline(np.arange(1.0, 6), 5)
    assert np.linalg.matrix_rank(basis) == 5
    assert natural_spline(np.arange(1.0, 6), 9).shape == (5, 5)


def test_a_natural_spline_is_straight_beyond_its_ends_and_smooth_within() -> None:
    inside = np.linspace(0, 1, 2001)
    basis = natural_spline(inside, 4)
    second = np.diff(basis, 2, axis=0) / np.diff(inside)[0] ** 2
    np.testing.assert_allclose(second[0, 1], 0, atol=1e-4)
    for column in second.T:
        # No bend at either end, and a curvature without jumps.
        np.testing.assert_allclose(column[[0, -1]], 0, atol=0.05 * max(np.abs(column).max(), 1))
        assert np.abs(np.diff(column)).max() < 0.05 * max(np.abs(column).max(), 1)


def test_calendar_time() -> None:
    assert time_columns(FRAME, "categorical").tolist() == np.eye(5).tolist()
    np.testing.assert_allclose(time_columns(FRAME, "linear")[:, 1], [0, 0.25, 0.5, 0.75, 1])
    assert time_columns(FRAME, "spline", knots=3).shape == (5, 3)


def test_linear_time_is_categorical_time_where_columns_of_the_design_are_linear() -> None:
    """Grantham and others (2020): variances agree when treated numbers rise in a straight line."""
    panel = random_trial(3, clusters=4, steps=4, size=1, moving=0.0)
    weights = {}
    for time in ("categorical", "linear"):
        found = fit_normal(sg.Mixed("exchangeable", time=time).model(panel))
        theta = np.array([[1.0, 0.4]])
        model = found.model
        working = model.structure.at(theta).value[0]
        inverse = np.linalg.inv(working)
        information = np.einsum("clp,clm,cmq->pq", model.columns, inverse, model.columns)
        weights[time] = np.linalg.inv(information)[-1, -1]
    assert weights["linear"] == pytest.approx(weights["categorical"])


@pytest.mark.parametrize(
    ("effect", "options", "words"),
    [
        ("sudden", {}, "effect is 'sudden'"),
        ("spline", {"knots": 1}, "knots is 1"),
        ("delayed", {"delay": 4}, "delay is 4 where exposure lasts at most 4 periods"),
    ],
)
def test_models_that_are_none(effect: str, options: dict[str, int], words: str) -> None:
    with pytest.raises(sg.DesignError, match=words):
        effect_columns(FRAME, effect, **options)


def test_nobody_treated_and_unknown_time_are_refused() -> None:
    with pytest.raises(sg.DesignError, match="No cell in use is treated"):
        effect_columns(sg.Frame(sg.Design([[0, 0], [0, 0]])), "constant")
    with pytest.raises(sg.DesignError, match="time is 'cubic'"):
        time_columns(FRAME, "cubic")


@pytest.mark.parametrize(("sequences", "ratio"), [(4, 0.05), (5, 0.3), (7, 0.8)])
def test_weights_of_a_constant_effect_are_those_of_kenny(sequences: int, ratio: float) -> None:
    """Kenny and others (2022), equation 4: weights of exposure times, φ = τ²/(τ² + σ²/m)."""
    panel = sg.simulate(
        sg.Plan(
            design=sg.stepped(clusters=sequences, steps=sequences, size=1),
            outcome=sg.Outcome(sd=1.0),
            covariance=sg.Exchangeable(icc=0.5),
        ),
        seed=3,
    )
    found = fit_normal(sg.Mixed().model(panel))
    theta = np.array([[1.0, ratio / (1 - ratio)]])
    precision = np.linalg.inv(found.model.structure.at(theta).value[0])
    columns = found.model.columns
    phi = np.linalg.inv(np.einsum("clp,clm,cmq->pq", columns, precision, columns))
    grid = precision @ columns @ phi[-1]
    effect = found.model.effect
    assert effect is not None
    exposures, weights = effect.exposures, effect.weights(grid)
    q, s, f = sequences, exposures, ratio
    expected = (
        6 * (s - q - 1) * ((1 + 2 * f * q) * s - (1 + f + f * q) * q) / (q * (q + 1) * (f * q**2 + 2 * q - f * q - 2))
    )
    np.testing.assert_allclose(weights, expected, atol=1e-12)


@pytest.mark.filterwarnings("ignore::staggered.errors.ConvergenceWarning")
def test_negative_weights_are_warned_of_and_an_effect_that_may_change_has_none() -> None:
    panel = random_trial(6, clusters=8, steps=4, size=20, between=1.0)
    with pytest.warns(sg.DesignWarning, match=r"negative weight to exposure time .*4 \(−0"):
        estimate = sg.Mixed().fit(panel)
    assert any('effect="exposure" lets it change' in note for note in estimate.notes)
    grid = weight_grid(fit_normal(sg.Mixed().model(panel)))
    assert grid[np.nan_to_num(panel.design.treatment) > 0].sum() == pytest.approx(1)
    np.testing.assert_allclose(grid.sum(axis=0), 0, atol=1e-10)
    free = sg.Mixed(effect="exposure").fit(panel)
    assert not any("negative weight" in note for note in free.notes)
