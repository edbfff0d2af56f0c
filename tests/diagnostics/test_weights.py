import numpy as np
import pytest

import staggered as sg
from tests.random_panels import random_panel


def test_two_way_fixed_effects_count_late_periods_of_early_starters_backwards() -> None:
    """Goodman-Bacon: three periods, one early, one late, no never-treated: the early one's last period is negative."""
    design = sg.Design([[0, 1, 1], [0, 0, 1]])
    found = sg.weights(sg.Twfe(), design)
    np.testing.assert_allclose(found.values, [[-0.5, 1.0, -0.5], [0.5, -1.0, 0.5]], atol=1e-12)
    assert found.negative == pytest.approx(-0.5)
    assert "1 treated council-period counts backwards (weights of −0.5 together)" in found.text()
    assert sg.weights(sg.GroupTime(), design).negative == 0


@pytest.mark.parametrize("seed", range(4))
def test_weights_times_outcomes_are_the_estimate(seed: int) -> None:
    panel = random_panel(seed)
    for estimator in (sg.Twfe(), sg.GroupTime(), sg.Imputation(), sg.SunAbraham(), sg.Stacked(), sg.WithinPeriod()):
        found = sg.weights(estimator, panel.frame)
        value = float((found.values * np.nan_to_num(panel.outcome))[panel.frame.used].sum())
        assert value == pytest.approx(float(estimator.fit(panel, sg.Jackknife()).select([0]).values[0]), abs=1e-10)
        table = found.table()
        assert len(table) == panel.frame.used.sum()
        np.testing.assert_allclose(table["weight"], found.values[panel.frame.used])


def test_event_times_of_two_way_regressions_are_contaminated_and_those_of_sun_and_abraham_are_not() -> None:
    design = sg.Design([[0, 1, 1, 1], [0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]])
    by_exposure = sg.weights(sg.SunAbraham(by="event"), design).by_exposure()
    own = by_exposure.loc["event +1"]
    np.testing.assert_allclose(own, [0.0, 1.0, 0.0], atol=1e-12)
    assert not np.allclose(sg.weights(sg.Twfe(), design).by_exposure().iloc[0], 1 / 3)
