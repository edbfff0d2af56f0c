import numpy as np
import pytest
from scipy import stats

import staggered as sg
from staggered.results.estimate import Estimate, Term
from staggered.results.uncertainty import Sampling

COVARIANCE = np.array([[1.0, 0.5, 0.2], [0.5, 1.5, 0.4], [0.2, 0.4, 0.8]])


def study(values: tuple[float, ...] = (0.4, -0.3, 0.5), df: float = np.inf) -> Estimate:
    """Two times before go-live and one after, against event −1."""
    terms = tuple(Term(f"event {event}", event=event) for event in (-3, -2, 0))
    return Estimate(terms, np.array(values), Sampling(COVARIANCE, np.full(3, df)), "by hand", "known")


def test_the_joint_test_is_walds() -> None:
    found = sg.pretrends(study())
    before = np.array([0.4, -0.3])
    wald = before @ np.linalg.solve(COVARIANCE[:2, :2], before)
    assert found.statistic == pytest.approx(wald, rel=1e-12)
    assert found.p_value == pytest.approx(stats.chi2.sf(wald, 2), rel=1e-10)
    assert sg.pretrends(study(df=7.0)).p_value == pytest.approx(stats.f.sf(wald / 2, 2, 7), rel=1e-10)


@pytest.mark.parametrize("power", [0.5, 0.8])
def test_the_slope_is_noticed_as_often_as_asked(power: float) -> None:
    """Roth (2022): some estimate before go-live outside ± 1.96 standard errors; by simulation."""
    found = sg.pretrends(study(), power=power)
    mean = found.slope * np.array([-2.0, -1.0])
    draws = np.random.default_rng(1).multivariate_normal(mean, COVARIANCE[:2, :2], 400_000)
    noticed = (np.abs(draws) > 1.959964 * np.sqrt(np.diag(COVARIANCE)[:2])).any(axis=1).mean()
    assert noticed == pytest.approx(power, abs=0.004)
    assert found.bias == {0: pytest.approx(found.slope)}


def test_a_pretrend_by_steps_is_seen_the_same_at_every_time() -> None:
    """Against the period before, a straight line is the same number everywhere, event −1 included."""
    terms = tuple(Term(f"event {event}", event=event) for event in (-2, -1, 0))
    steps = Estimate(terms, np.zeros(3), Sampling(np.eye(3), np.full(3, np.inf)), "by hand", "known")
    slope = sg.pretrends(steps).slope
    assert 1 - (stats.norm.cdf(1.959964 - slope) - stats.norm.cdf(-1.959964 - slope)) ** 2 == pytest.approx(
        0.8, abs=1e-4
    )


def test_the_paragraph_says_what_would_have_been_missed() -> None:
    said = sg.pretrends(study()).text()
    assert "would have been noticed in 80% of studies like this one" in said
    assert "does not show that trends were parallel" in said


def test_nothing_before_go_live_or_no_covariance_is_refused() -> None:
    panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=12, steps=4), outcome=sg.Outcome(sd=1.0)), seed=1)
    with pytest.raises(sg.IdentificationError, match="nothing before go-live"):
        sg.pretrends(sg.Twfe().fit(panel, sg.Jackknife()))
    with pytest.raises(sg.IdentificationError, match="asked for of an estimate with"):
        sg.pretrends(sg.Twfe().fit(panel, sg.Permutation(draws=19)))
    with pytest.raises(sg.DataError, match="power is 2"):
        sg.pretrends(study(), power=2)
