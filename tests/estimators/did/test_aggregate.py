import numpy as np
import pytest

import staggered as sg
from staggered.estimators.did.aggregate import BY, summarise

DESIGN = sg.Design([[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]], periods=[2018, 2019, 2020, 2021])
CELLS = np.array([[1, 1], [1, 2], [2, 0], [2, 2]])
SIZES = np.array([3.0, 3.0, 1.0, 1.0])
LOST = np.array([[1, 3], [2, 3]])


def test_weights_by_hand() -> None:
    nan = [np.nan] * 4
    expected = {
        "overall": [[3 / 7, 3 / 7, 0, 1 / 7]],
        "event": [[0.375, 0.5, 0, 0.125], [0, 0, 1, 0], [0.75, 0, 0, 0.25], [0, 1, 0, 0], nan],
        "cohort": [[0.375, 0.375, 0, 0.25], [0.5, 0.5, 0, 0], [0, 0, 0, 1]],
        "calendar": [[0.5, 0.375, 0, 0.125], [1, 0, 0, 0], [0, 0.75, 0, 0.25], nan],
    }
    for by, rows in expected.items():
        np.testing.assert_allclose(summarise(DESIGN, CELLS, SIZES, by, LOST).weights, rows, err_msg=by)


def test_terms_say_what_they_are_about() -> None:
    labels = {by: [t.label for t in summarise(DESIGN, CELLS, SIZES, by, LOST).terms] for by in BY}
    assert labels["event"] == ["overall", "event -2", "event 0", "event +1", "event +2"]
    assert labels["cohort"] == ["overall", "cohort 2019", "cohort 2020"]
    assert labels["calendar"] == ["overall", "period 2019", "period 2020", "period 2021"]
    assert labels["cell"][1:4] == ["ATT(2019, 2019)", "ATT(2019, 2020)", "ATT(2019, 2021)"]
    assert labels["overall"] == ["overall"]
    first = summarise(DESIGN, CELLS, SIZES, "cell", LOST).terms[1]
    assert (first.event, first.cohort, first.period) == (0, 2019, 2019)


def test_cells_that_cannot_be_estimated_are_nan_rows() -> None:
    summary = summarise(DESIGN, CELLS, SIZES, "cell", LOST)
    missing = [t.label for t, row in zip(summary.terms, summary.weights, strict=True) if np.isnan(row).all()]
    assert missing == ["ATT(2019, 2021)", "ATT(2020, 2021)"]
    assert np.isfinite(summary.weights[0]).all()


@pytest.mark.parametrize("by", BY)
def test_slopes_are_the_derivative_of_the_weights_in_each_cohorts_size(by: str) -> None:
    step = 1e-6
    summary = summarise(DESIGN, CELLS, SIZES, by, LOST)
    for k, cohort in enumerate((1, 2)):
        up, down = (
            summarise(DESIGN, CELLS, SIZES + sign * step * (CELLS[:, 0] == cohort), by, LOST).weights
            for sign in (1, -1)
        )
        np.testing.assert_allclose(summary.slopes[:, k], (up - down) / (2 * step), atol=1e-8)


def test_overall_is_named_for_what_it_averages() -> None:
    said = {by: summarise(DESIGN, CELLS, SIZES, by, LOST).estimand for by in BY}
    assert said == {
        "overall": "average effect over all treated cells",
        "cell": "average effect over all treated cells",
        "event": "average over event times of the effect at each",
        "cohort": "average over cohorts of the effect on each",
        "calendar": "average over periods of the effect in each",
    }
