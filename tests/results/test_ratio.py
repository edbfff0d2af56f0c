"""Ratios: the exponentials of what is known on the log scale."""

import numpy as np
import pytest

from staggered.errors import DataError
from staggered.results.estimate import Estimate, Term
from staggered.results.ratio import Ratio
from staggered.results.uncertainty import Sampling

LOGS = np.array([-0.4, 0.2])
KNOWN = Sampling(np.diag([0.04, 0.01]), np.array([5.0, 5.0]))


def ratio() -> Estimate:
    values = np.exp(LOGS)
    return Estimate((Term("a"), Term("b")), values, Ratio.of(KNOWN, values), "a model", "its variance", "risk ratio")


def test_intervals_and_tests_are_those_of_the_logarithms() -> None:
    found = ratio()
    low, high = found.interval()
    log_low, log_high = KNOWN.interval(LOGS, 0.95)
    np.testing.assert_allclose([low, high], np.exp([log_low, log_high]))
    np.testing.assert_allclose(found.p_value, KNOWN.p_value(LOGS))
    np.testing.assert_allclose(found.se, np.exp(LOGS) * [0.2, 0.1])
    np.testing.assert_allclose(found.band(), np.exp(KNOWN.band(LOGS, 0.95)))


def test_no_effect_is_a_ratio_of_one() -> None:
    found = ratio()
    assert "includes no effect" in found.text()
    assert np.isnan(found.table()["statistic"]).all()
    assert found.select([1]).value == pytest.approx(np.exp(0.2))


def test_sums_of_ratios_are_refused() -> None:
    with pytest.raises(DataError, match="Ratios multiply"):
        ratio() @ [0.5, 0.5]
