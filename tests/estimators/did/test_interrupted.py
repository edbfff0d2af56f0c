"""Interrupted series against the restricted likelihood written out, statsmodels at its ρ, and simulated size."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize

import staggered as sg
from staggered.estimators.did.autoregressive import autoregressive
from staggered.estimators.did.interrupted import InterruptedSeries
from staggered.inference.placebo import Placebo

CONTRASTS = np.array([[0, 0, 1, 4.5], [0, 0, 1, 0], [0, 0, 0, 1.0]])


def series(seed: int, periods: int = 20, correlation: float = 0.5) -> np.ndarray:
    """A line with errors that remember the last."""
    generator = np.random.default_rng([299, seed])
    errors = generator.normal(size=periods + 50)
    for t in range(1, periods + 50):
        errors[t] += correlation * errors[t - 1]
    return 10 + 0.2 * np.arange(periods) + errors[-periods:]


def columns(periods: int = 20, start: int = 10) -> np.ndarray:
    t = np.arange(periods)
    after = (t >= start).astype(float)
    return np.column_stack([np.ones(periods), t - start, after, after * (t - start)])


def one_council(outcome: np.ndarray, start: int, others: np.ndarray | None = None) -> sg.Panel:
    rows = outcome[None] if others is None else np.vstack([outcome, others])
    treatment = np.zeros(rows.shape)
    treatment[0, start:] = 1
    return sg.Panel(sg.Frame(sg.Design(treatment)), rows)


def restricted(y: np.ndarray, x: np.ndarray, correlation: float) -> float:
    """−2 log restricted likelihood at the best σ², determinants written out."""
    n, p = x.shape
    errors = np.array([[correlation ** abs(s - t) for s in range(n)] for t in range(n)])
    inverse = np.linalg.inv(errors)
    left = y - x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ y)
    return float(
        (n - p) * np.log(left @ inverse @ left) + np.linalg.slogdet(errors)[1] + np.linalg.slogdet(x.T @ inverse @ x)[1]
    )


@pytest.mark.parametrize("seed", range(6))
def test_correlation_estimate_and_variance(seed: int) -> None:
    y, x = series(seed), columns()
    fit = autoregressive(x, y, np.arange(20.0), CONTRASTS)
    grid = np.linspace(-0.9, 0.95, 38)
    near = grid[np.argmin([restricted(y, x, r) for r in grid])]
    best = optimize.minimize_scalar(
        lambda r: restricted(y, x, r), bounds=(near - 0.06, min(near + 0.06, 0.98)), method="bounded"
    ).x
    assert fit.correlation == pytest.approx(best, abs=1e-4)
    errors = fit.correlation ** np.abs(np.subtract.outer(np.arange(20), np.arange(20)))
    gls = sm.GLS(y, x, sigma=errors).fit()
    np.testing.assert_allclose(fit.values, CONTRASTS @ gls.params, rtol=1e-8)
    np.testing.assert_allclose(fit.covariance, CONTRASTS @ gls.cov_params() @ CONTRASTS.T, rtol=1e-7)
    assert ((fit.degrees >= 1) & (fit.degrees <= 16)).all()


def test_degrees_are_those_of_the_curvature_written_out() -> None:
    y, x = series(3), columns()
    fit = autoregressive(x, y, np.arange(20.0), CONTRASTS)
    lag = np.abs(np.subtract.outer(np.arange(20), np.arange(20)))

    def pieces(log_variance: float, correlation: float) -> tuple[float, np.ndarray]:
        errors = correlation**lag * np.exp(log_variance)
        inverse = np.linalg.inv(errors)
        bread = np.linalg.inv(x.T @ inverse @ x)
        left = y - x @ bread @ x.T @ inverse @ y
        height = np.linalg.slogdet(errors)[1] - np.linalg.slogdet(bread)[1] + left @ inverse @ left
        return 0.5 * height, np.log(np.einsum("kp,pq,kq->k", CONTRASTS, bread, CONTRASTS))

    errors = fit.correlation**lag
    left = y - x @ sm.GLS(y, x, sigma=errors).fit().params
    at = np.array([np.log(left @ np.linalg.inv(errors) @ left / 16), fit.correlation])
    step = 1e-3 * np.eye(2)
    bend = np.array(
        [
            [
                (
                    pieces(*(at + a + b))[0]
                    - pieces(*(at + a - b))[0]
                    - pieces(*(at - a + b))[0]
                    + pieces(*(at - a - b))[0]
                )
                / 4e-6
                for a in step
            ]
            for b in step
        ]
    )
    slope = np.stack([(pieces(*(at + one))[1] - pieces(*(at - one))[1]) / 2e-3 for one in step])
    expected = 2 / np.einsum("ik,ij,jk->k", slope, np.linalg.inv(bend), slope)
    np.testing.assert_allclose(fit.degrees, np.clip(expected, 1, 16), rtol=1e-3)


def test_level_and_slope_are_found_as_they_are() -> None:
    panel = one_council(series(1) + columns() @ [0, 0, -3.0, 0.5], 10)
    base = InterruptedSeries().point(one_council(series(1), 10))
    moved = InterruptedSeries().point(panel)
    np.testing.assert_allclose(moved.values - base.values, [-3 + 0.5 * 4.5, -3.0, 0.5], atol=1e-6)
    assert "10 periods before go-live and 10 from then on" in moved.notes[0]
    assert "whatever else changed" in moved.notes[1]


def test_the_comparative_series_is_the_difference() -> None:
    others = np.stack([series(k) for k in range(2, 8)])
    panel = one_council(series(1), 10, others)
    comparative = InterruptedSeries(comparison="mean").fit(panel)
    alone = InterruptedSeries().fit(one_council(series(1) - others.mean(axis=0), 10))
    np.testing.assert_allclose(comparative.values, alone.values, atol=1e-8)
    np.testing.assert_allclose(comparative.uncertainty.se(), alone.uncertainty.se(), rtol=1e-6)
    assert "less the average of 6 others" in comparative.estimand
    shocks = sg.Panel(panel.frame, panel.outcome + 5 * np.random.default_rng(1).normal(size=20))
    np.testing.assert_allclose(InterruptedSeries(comparison="mean").point(shocks).values, comparative.values, atol=1e-6)
    placebo = InterruptedSeries(comparison="mean").fit(panel, Placebo())
    assert (placebo.uncertainty.se() > 0).all()


def test_a_gap_is_skipped_and_lengthens_the_lag() -> None:
    panel = one_council(series(4), 10)
    present = np.ones((1, 20), dtype=bool)
    present[0, 5] = False
    gappy = sg.Panel(sg.Frame(panel.design, present=present), panel.outcome)
    keep = np.delete(np.arange(20), 5)
    expected = autoregressive(columns()[keep], panel.outcome[0, keep], keep.astype(float), CONTRASTS)
    np.testing.assert_allclose(InterruptedSeries().point(gappy).values, expected.values, rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_intervals_hold_in_short_series(correlation: float) -> None:
    """At 20 quarters a nominal 5% rejects at most 10% (400 draws, 3 standard errors above 7%)."""
    rejected = np.zeros(3)
    for seed in range(400):
        fit = InterruptedSeries().fit(one_council(series(1000 + seed, correlation=correlation), 10))
        rejected += fit.uncertainty.p_value(fit.values) < 0.05
    assert (rejected / 400 <= 0.11).all()
    assert (rejected / 400 >= 0.015).all()


def test_a_course_without_noise_is_exact() -> None:
    fit = InterruptedSeries().fit(one_council(columns() @ [1.0, 2, 3, 4], 10))
    np.testing.assert_allclose(fit.values, [3 + 4 * 4.5, 3, 4], atol=1e-9)
    assert fit.overall.se == pytest.approx(0, abs=1e-9)


def test_what_cannot_be_followed_is_refused() -> None:
    with pytest.raises(sg.DesignError, match="2 treated councils: 1 and 2"):
        InterruptedSeries().point(sg.Panel(sg.Frame(sg.Design([[0, 1], [0, 1]])), np.ones((2, 2))))
    with pytest.raises(sg.IdentificationError, match="2 periods before go-live and 18"):
        InterruptedSeries().point(one_council(series(1), 2))
    with pytest.raises(sg.IdentificationError, match="No council with data goes live"):
        InterruptedSeries().point(sg.Panel(sg.Frame(sg.Design([[0, 0, 0]])), np.ones((1, 3))))
    with pytest.raises(sg.IdentificationError, match="never treated is observed"):
        InterruptedSeries(comparison="mean").point(one_council(series(1), 10))
    with pytest.raises(sg.DesignError, match="comparison='all'"):
        InterruptedSeries(comparison="all")
    with pytest.raises(sg.IdentificationError, match="rests on 1 clusters"):
        InterruptedSeries().fit(one_council(series(1), 10), sg.Jackknife())


def test_one_council_can_be_read_and_short_sides_are_said() -> None:
    rows = {
        "council": ["Bath"] * 12,
        "year": list(range(2010, 2022)),
        "y": series(2, 12).tolist(),
        "start": [2017] * 12,
    }
    panel = sg.read(rows, cluster="council", period="year", outcome="y", start="start")
    fit = InterruptedSeries().fit(panel)
    assert "Fewer than 8 on either side" in fit.text()
    assert fit.estimand.startswith("average difference over the treated periods between Bath and its earlier line")
    with pytest.raises(sg.IdentificationError):
        sg.Imputation().fit(panel)
