"""Power of a test: both tails, against integrals, however far out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special, stats

from staggered.planning.tests_of_zero import distance_for, power_of_test


def _integral(distance: float, df: float, alpha: float) -> float:
    """P(|T| > critical) by integrating the normal over the distribution of the estimated spread."""
    critical = special.stdtrit(df, 1 - alpha / 2)

    def given(s: float) -> float:
        tails = special.ndtr(distance - critical * s) + special.ndtr(-distance - critical * s)
        return float(tails * 2 * df * s * stats.chi2.pdf(df * s * s, df))

    return sum(
        integrate.quad(given, a, b, limit=300, epsabs=1e-12)[0] for a, b in ((0, 0.2), (0.2, 1), (1, 3), (3, 60))
    )


@pytest.mark.parametrize("df", [1.0, 2.0, 4.0, 10.0, 22.0, 38.0])
@pytest.mark.parametrize("distance", [0.0, 0.01, 1.0, 2.8, 6.0, 8.0, 15.0, 37.0, 60.0])
def test_noncentral_t_counts_both_tails_and_is_never_nan(distance: float, df: float) -> None:
    power = float(power_of_test(distance, df, 0.05, noncentral=True))
    assert power == pytest.approx(_integral(distance, df, 0.05), abs=2e-6 if distance > 37 else 1e-9)


def test_central_t_and_normal_count_both_tails() -> None:
    critical = stats.t.ppf(0.975, 4)
    by_hand = stats.t.cdf(2.5 - critical, 4) + stats.t.cdf(-2.5 - critical, 4)
    assert float(power_of_test(2.5, 4.0, 0.05, noncentral=False)) == pytest.approx(by_hand, rel=1e-12)
    normal = stats.norm.cdf(2.5 - stats.norm.ppf(0.975)) + stats.norm.cdf(-2.5 - stats.norm.ppf(0.975))
    assert float(power_of_test(-2.5, np.inf, 0.05, noncentral=True)) == pytest.approx(normal, rel=1e-12)


@pytest.mark.parametrize("df", [3.0, 22.0, np.inf])
@pytest.mark.parametrize("noncentral", [True, False])
def test_no_effect_gives_alpha_and_the_distance_gives_back_the_power(df: float, noncentral: bool) -> None:
    assert float(power_of_test(0.0, df, 0.05, noncentral)) == pytest.approx(0.05, rel=1e-9)
    distance = distance_for(0.8, df, 0.05, noncentral)
    assert float(power_of_test(distance, df, 0.05, noncentral)) == pytest.approx(0.8, rel=1e-9)
