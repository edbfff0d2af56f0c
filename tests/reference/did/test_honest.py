"""diff-diff 3.13.0's bounds and pre-trend power on mpdta, from CallawaySantAnna(base_period='universal').

`compute_honest_did(event_study, method=..., M=...)` for the average of the four effects, and
`compute_pretrends_power(event_study)`: the slope noticed with power 0.8.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import staggered as sg
from staggered.results.estimate import Estimate
from tests.reference.did import panels

NUMBERS = pd.read_csv(Path(__file__).with_name("honest.csv")).set_index("quantity")


@cache
def study() -> Estimate:
    """The event study that the package starts from."""
    estimator = sg.GroupTime(controls="never", base="universal", by="event")
    return estimator.fit(panels.mpdta(), sg.Cluster("CR0"))


@pytest.mark.slow
def test_smoothness() -> None:
    row = NUMBERS.loc["smoothness"]
    found = sg.bounds(study(), "smoothness", m=[row["m"]])
    np.testing.assert_allclose(found.interval(row["m"]), (row["low"], row["high"]), atol=1e-5)


def test_noticed_slope() -> None:
    assert sg.pretrends(study()).slope == pytest.approx(NUMBERS.loc["noticed slope", "low"], rel=1e-4)


def test_relative_magnitudes_are_a_plug_in_there() -> None:
    """Estimate ± M·2.5·(largest estimated departure) ± 1.96·SE: no allowance for not knowing that departure.

    2.5 is how far the average of four effects can go when each step is at most 1. docs/bounds.md says more.
    """
    fit = study()
    events = np.array([term.event for term in fit.terms[1:]])
    average = fit @ ((events >= 0) / 4)
    steps = np.abs(np.diff(fit.value[events <= -1]))
    for m, low, high in NUMBERS.loc["relative magnitude"].to_numpy():
        reach = m * 2.5 * steps.max() + 1.959964 * average.se
        assert (average.value - reach, average.value + reach) == (
            pytest.approx(low, rel=1e-6),
            pytest.approx(high, rel=1e-6),
        )


@pytest.mark.slow
def test_ours_allows_for_not_knowing_the_largest_departure() -> None:
    found = sg.bounds(study(), "relative", m=[0.5, 1.0])
    plug_in = NUMBERS.loc["relative magnitude"]
    assert (found.high > plug_in["high"].to_numpy()).all()
