"""Averages over exposure time, and what has none."""

from __future__ import annotations

import numpy as np
import pytest

import staggered as sg
from tests.reference.trial.trials import people

pytestmark = pytest.mark.filterwarnings("ignore::staggered.errors.DesignWarning")


@pytest.fixture(scope="module")
def curve() -> sg.Estimate:
    return sg.Mixed(effect="exposure", df="satterthwaite").fit(people("sim_eti12"))


def test_tate_is_the_average_lme4_and_lmertest_give(curve: sg.Estimate) -> None:
    """lme4 1.1.31, equal weights, with lmerTest's degrees of freedom."""
    whole = curve.tate()
    assert whole.terms[0].label == "TATE(1, 4)"
    assert whole.value == pytest.approx(0.6743176799, abs=1e-5)
    assert whole.se == pytest.approx(0.1248395944, rel=1e-4)
    assert whole.df == pytest.approx(48.71240876, rel=1e-3)


def test_lte_is_the_last_point_of_the_curve(curve: sg.Estimate) -> None:
    """lme4 1.1.31: 1.178964 with standard error 0.210793."""
    assert curve.lte().value == pytest.approx(1.17896424, abs=2e-5)
    assert curve.lte().se == pytest.approx(0.2107927444, rel=1e-4)
    assert curve.pte(4).value == curve.lte().value
    assert "longest exposure time observed (4)" in curve.lte().text()


def test_part_of_the_curve_is_its_own_average(curve: sg.Estimate) -> None:
    part = curve.tate(2, 3)
    assert part.value == pytest.approx(np.mean(curve.value[1:3]))
    assert "average effect over exposure times 2 to 3" in part.estimand
    weights = np.array([0, 0.5, 0.5, 0])
    assert part.se == pytest.approx((curve @ weights).se)


def test_what_was_never_observed_is_refused_by_name(curve: sg.Estimate) -> None:
    with pytest.raises(sg.IdentificationError, match="no effect at exposure time 5"):
        curve.tate(2, 5)
    with pytest.raises(sg.IdentificationError, match="From 3 to 2 is empty"):
        curve.tate(3, 2)
    with pytest.raises(sg.IdentificationError, match="one effect for all exposure times"):
        sg.Mixed().fit(people("sim_eti12")).lte()


def test_periods_before_the_start_never_count() -> None:
    panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=8, steps=4), outcome=sg.Outcome(sd=1.0)), seed=1)
    estimate = sg.GroupTime(by="event").fit(panel)
    after = [k for k, term in enumerate(estimate.terms[1:]) if term.event >= 0 and not np.isnan(estimate.value[k])]
    assert estimate.tate(1, len(after)).value == pytest.approx(estimate.value[after].mean())
