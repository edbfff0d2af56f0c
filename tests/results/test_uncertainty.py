import numpy as np
import pytest
from scipy import optimize, stats

from staggered.results.uncertainty import Draws, Reference, Sampling, combined, sup_t, t_quantile


def test_sampling_is_the_t_distribution() -> None:
    one = Sampling(np.diag([4.0, 9.0]), np.array([5.0, np.inf]))
    value = np.array([3.0, -6.0])
    np.testing.assert_allclose(one.p_value(value), [2 * stats.t.sf(1.5, 5), 2 * stats.norm.sf(2)])
    low, high = one.interval(value, 0.9)
    half = [2 * stats.t.ppf(0.95, 5), 3 * stats.norm.ppf(0.95)]
    np.testing.assert_allclose([value - low, high - value], [half, half])


def test_contrasts_of_sampling_take_the_fewest_degrees_and_no_nan_of_terms_left_out() -> None:
    covariance = np.array([[4.0, 1.0, np.nan], [1.0, 9.0, np.nan], [np.nan] * 3])
    one = Sampling(covariance, np.array([5.0, 8.0, np.nan])).contrast(np.array([[1.0, -1, 0], [0, 0, 1]]))
    assert one.covariance[0, 0] == pytest.approx(4 + 9 - 2)
    assert one.degrees[0] == 5
    assert np.isnan(one.covariance[1, 1])


@pytest.mark.parametrize("df", [np.inf, 6.0])
def test_sup_t_of_unrelated_terms_is_the_quantile_of_the_largest(df: float) -> None:
    """Without correlation the largest |z| of k has a known distribution; with t the denominators are shared."""

    def covered(quantile: float) -> float:
        if np.isinf(df):
            return float((2 * stats.norm.cdf(quantile) - 1) ** 3)
        scale = stats.chi(df, scale=1 / np.sqrt(df))
        return float(scale.expect(lambda s: (2 * stats.norm.cdf(quantile * s) - 1) ** 3))

    expected = optimize.brentq(lambda quantile: covered(quantile) - 0.95, 1, 9)
    assert sup_t(np.eye(3), df, 0.95) == pytest.approx(expected, rel=0.01)


def test_sup_t_of_identical_terms_is_the_ordinary_quantile() -> None:
    assert sup_t(np.ones((4, 4)), np.inf, 0.95) == pytest.approx(stats.norm.ppf(0.975), abs=0.015)


def test_bands_are_wider_than_intervals_and_leave_unknown_terms_out() -> None:
    covariance = np.diag([1.0, 4.0, 0.0])
    covariance[2, 2] = np.nan
    one = Sampling(covariance, np.full(3, np.inf))
    value = np.zeros(3)
    (low, high), (inner, outer) = one.band(value, 0.95), one.interval(value, 0.95)
    assert (low[:2] < inner[:2]).all()
    assert (high[:2] > outer[:2]).all()
    np.testing.assert_allclose(high[1], 2 * high[0])
    assert np.isnan(low[2])


def test_a_band_covers_all_terms_as_often_as_it_says() -> None:
    generator = np.random.default_rng(3)
    root = generator.normal(size=(5, 5))
    one = Sampling(root @ root.T, np.full(5, np.inf))
    _, half = one.band(np.zeros(5), 0.9)
    drawn = generator.standard_normal((20_000, 5)) @ root.T
    covered = (np.abs(drawn) <= half).all(axis=1).mean()
    assert abs(covered - 0.9) < 4 * np.sqrt(0.9 * 0.1 / 20_000) + 0.003


def test_draws_are_their_quantiles() -> None:
    draws = np.random.default_rng(4).normal([1.0, 0.0], [1.0, 2.0], size=(50_000, 2))
    one = Draws(draws)
    low, high = one.interval(draws.mean(axis=0), 0.9)
    np.testing.assert_allclose(high - low, [2 * 1.645, 4 * 1.645], rtol=0.02)
    np.testing.assert_allclose(one.se(), [1, 2], rtol=0.02)
    np.testing.assert_allclose(one.p_value(draws.mean(axis=0))[0], 2 * stats.norm.sf(1), rtol=0.05)
    assert np.isnan(one.df()).all()
    both = one.contrast(np.array([[1.0, 1.0]]))
    assert both.se()[0] == pytest.approx(np.sqrt(5), rel=0.02)
    low, high = one.band(np.array([1.0, 0.0]), 0.9)
    inside = ((draws >= low) & (draws <= high)).all(axis=1).mean()
    assert inside == pytest.approx(0.9, abs=0.001)


def reference(null: list[list[float]]) -> Reference:
    stacked = np.array(null)
    return Reference(stacked, np.zeros_like(stacked), np.ones(stacked.shape[1]), exact=True)


def test_p_values_count_the_actual_allocation_and_ties() -> None:
    one = reference([[1.0], [-3.0], [2.0 + 1e-13], [0.5]])
    assert one.p_value(np.array([2.0]))[0] == pytest.approx(3 / 5)
    assert one.p_value(np.array([4.0]))[0] == pytest.approx(1 / 5)
    assert one.p_value(np.array([0.0]))[0] == 1
    assert np.isnan(one.p_value(np.array([np.nan]))[0])
    assert one.smallest_p == 1 / 5


def test_an_unknown_re_allocation_counts_as_far_from_no_effect() -> None:
    one = reference([[1.0, 1.0], [np.nan, 0.0], [-0.5, 0.0]])
    np.testing.assert_allclose(one.p_value(np.array([2.0, 2.0])), [2 / 4, 1 / 4])
    assert np.isnan(one.se()[0])


def test_the_attainable_floor_counts_ties_at_the_far_end() -> None:
    one = reference([[3.0], [-3.0], [1.0]])
    assert one.attainable_p(np.array([2.0]))[0] == pytest.approx(2 / 4)
    assert one.attainable_p(np.array([4.0]))[0] == pytest.approx(1 / 4)


def test_contrasts_of_re_allocations_leave_out_terms_of_weight_zero() -> None:
    one = reference([[1.0, np.nan], [2.0, 5.0]]).contrast(np.array([[2.0, 0.0], [1.0, 1.0]]))
    np.testing.assert_array_equal(one.null, [[2, np.nan], [4, 7]])
    np.testing.assert_array_equal(one.own_slope, [2, 2])


def test_bonferroni_band_is_the_interval_at_the_shared_level() -> None:
    generator = np.random.default_rng(5)
    null = generator.normal(size=(199, 2))
    one = Reference(null, np.zeros_like(null), np.ones(2), exact=True)
    value = np.array([0.3, -0.2])
    np.testing.assert_array_equal(one.band(value, 0.9), one.interval(value, 0.95))


def test_combined_weighs_rows() -> None:
    np.testing.assert_array_equal(combined(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, -1.0]])), [[-1], [-1]])


def test_quantiles_of_t() -> None:
    np.testing.assert_allclose(
        t_quantile(np.array([3.0, np.inf, np.nan]), 0.975), [stats.t.ppf(0.975, 3), 1.959963984540054, np.nan]
    )
