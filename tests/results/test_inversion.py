import numpy as np
import pytest

from staggered.results.inversion import accepted_effects


def p_value(tau: float, value: float, null: np.ndarray, slope: np.ndarray, own: float) -> float:
    far = np.abs(null - tau * slope) >= np.abs(value - tau * own) - 1e-9
    return float((1 + (far | np.isnan(null)).sum()) / (len(null) + 1))


@pytest.mark.parametrize("seed", range(60))
def test_ends_are_those_of_a_search_over_effects(seed: int) -> None:
    """The hull of the effects not rejected, by trying a fine grid and every effect at which a comparison ties."""
    generator = np.random.default_rng(seed)
    count = int(generator.integers(4, 40))
    null = generator.normal(size=count)
    slope = generator.uniform(-1.5, 1.5, size=count)
    if seed % 3 == 0:
        null, slope = np.round(null * 2) / 2, np.round(slope * 2) / 2
    if seed % 4 == 0:
        null[0] = slope[0] = np.nan
    value, own = float(np.round(generator.normal() * 4) / 4), 1.0
    alpha = float(generator.uniform(0.05, 0.7))
    with np.errstate(divide="ignore", invalid="ignore"):
        ties = np.concatenate([(value - null) / (own - slope), (value + null) / (own + slope)])
    ties = np.unique(ties[np.isfinite(ties)])
    between = (ties[1:] + ties[:-1]) / 2
    tried = np.sort(np.concatenate([ties, between, [ties[0] - 1, ties[-1] + 1, ties[0] - 1e6, ties[-1] + 1e6]]))
    kept = tried[[p_value(tau, value, null, slope, own) > alpha + 1e-12 for tau in tried]]
    low, high = accepted_effects(value, null, slope, own, alpha)
    assert low == (-np.inf if kept[0] <= ties[0] - 1 else pytest.approx(kept[0], abs=1e-7))
    assert high == (np.inf if kept[-1] >= ties[-1] + 1 else pytest.approx(kept[-1], abs=1e-7))


def test_a_level_that_cannot_be_reached_has_no_ends() -> None:
    assert accepted_effects(1.0, np.zeros(10), np.zeros(10), 1.0, 0.05) == (-np.inf, np.inf)


def test_no_interval_where_the_effect_does_not_move_the_term() -> None:
    assert np.isnan(accepted_effects(1.0, np.zeros(99), np.zeros(99), 0.0, 0.05)).all()
    assert np.isnan(accepted_effects(np.nan, np.zeros(99), np.zeros(99), 1.0, 0.05)).all()


def test_allocations_that_mirror_the_actual_one_never_reject() -> None:
    null = np.array([-2.0 + 1e-15, 0.1, -0.1, 0.05])
    slope = np.array([-1.0, 0.0, 0.0, 0.0])
    low, high = accepted_effects(2.0, null, slope, 1.0, 0.4)
    assert (low, high) == (pytest.approx(1.9), pytest.approx(2.1))
    assert accepted_effects(2.0, null, slope, 1.0, 0.3) == (-np.inf, np.inf)


def test_the_estimate_itself_is_never_rejected() -> None:
    generator = np.random.default_rng(1)
    for _ in range(50):
        null, slope = generator.normal(size=(2, 99))
        value, own = generator.normal(), generator.uniform(0.5, 1.5)
        low, high = accepted_effects(value, null, slope, own, 0.05)
        assert low <= value / own <= high
