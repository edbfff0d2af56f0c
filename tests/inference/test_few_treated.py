"""Conley and Taber, and Ferman and Pinto, against loops straight from the papers."""

import numpy as np
import pytest

import staggered as sg
from staggered.inference.few_treated import ConleyTaber, FermanPinto


def panel(treated: int = 1, controls: int = 20, seed: int = 1, sizes: bool = False) -> sg.Panel:
    generator = np.random.default_rng(seed)
    treatment = np.zeros((treated + controls, 6))
    for row in range(treated):
        treatment[row, 3 + row :] = 1.0
    size = generator.integers(50, 800, size=(treated + controls, 1)).astype(float) if sizes else 1.0
    noise = generator.normal(size=treatment.shape) * (10 / np.sqrt(size) if sizes else 1.0)
    return sg.Panel(sg.Frame(sg.Design(treatment, size=size)), noise + generator.normal(size=(treated + controls, 1)))


def placebos(data: sg.Panel, treated: int) -> np.ndarray:
    """What the treated councils' weights make of each control's residuals from a regression with dummies."""
    treatment = data.design.treatment
    count, periods = treatment.shape
    columns = np.column_stack(
        [treatment.ravel(), np.repeat(np.eye(count), periods, axis=0), np.tile(np.eye(periods), (count, 1))]
    )
    error = data.outcome.ravel() - columns @ np.linalg.lstsq(columns, data.outcome.ravel(), rcond=None)[0]
    others = columns[:, 1:]
    left = treatment.ravel() - others @ np.linalg.lstsq(others, treatment.ravel(), rcond=None)[0]
    weights = (left / (left @ left)).reshape(count, periods)
    error = error.reshape(count, periods)
    return np.array([[weights[j] @ error[c] for c in range(treated, count)] for j in range(treated)])


def test_one_treated_council_is_ranked_among_all_controls() -> None:
    """Conley and Taber (2011), section II: the distribution of the controls' residuals at the treated one's weights."""
    data = panel()
    fit = sg.Twfe().fit(data, ConleyTaber())
    null = placebos(data, 1)[0]
    expected = (1 + (np.abs(null) >= abs(fit.value)).sum()) / 21
    assert fit.p_value == pytest.approx(expected)
    low, high = fit.interval(0.8)
    distance = np.sort(np.abs(null))
    kept = distance[int(np.ceil(0.8 * 21)) - 1 :]
    assert any(high - fit.value == pytest.approx(one, rel=1e-6) for one in kept)
    assert fit.value - low == pytest.approx(high - fit.value, rel=1e-6)


def test_two_treated_councils_draw_a_control_each() -> None:
    data = panel(2)
    fit = sg.Twfe().fit(data, ConleyTaber(draws=9999))
    both = placebos(data, 2)
    sums = (both[0][:, None] + both[1][None, :]).ravel()
    share = (np.abs(sums) >= abs(fit.value)).mean()
    assert fit.p_value == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 9999) + 1e-4)


def test_ferman_and_pinto_rescale_by_the_variance_that_sizes_predict() -> None:
    """Ferman and Pinto (2019), section 3: regress the squared residual on 1/size, rescale every control's."""
    data = panel(1, 30, seed=4, sizes=True)
    fit = sg.Twfe().fit(data, FermanPinto())
    null = placebos(data, 1)[0]
    size = data.design.size.mean(axis=1)
    slope, level = np.polyfit(1 / size[1:], null**2, 1)
    assert slope > 0
    level = max(level, 0.0)
    scaled = null * np.sqrt((level + slope / size[0]) / (level + slope / size[1:]))
    assert fit.p_value == pytest.approx((1 + (np.abs(scaled) >= abs(fit.value)).sum()) / 31)
    assert fit.se == pytest.approx(scaled.std(), rel=1e-9)
    assert fit.se != pytest.approx(sg.Twfe().fit(data, ConleyTaber()).se, rel=0.05)


@pytest.mark.slow
def test_a_large_treated_council_is_not_found_different_too_rarely_or_too_often() -> None:
    """Controls of 50 to 800 children, the treated one of the largest size: 5% at most, give or take the draws."""
    found = {ConleyTaber: 0, FermanPinto: 0}
    for seed in range(400):
        data = panel(1, 40, seed=1000 + seed, sizes=True)
        for kind in found:
            found[kind] += sg.Twfe().fit(data, kind()).p_value <= 0.05
    assert 0.02 < found[FermanPinto] / 400 < 0.09


def test_few_controls_are_refused() -> None:
    with pytest.raises(sg.IdentificationError, match="4 clusters are never treated and observed throughout"):
        sg.Twfe().fit(panel(1, 4), ConleyTaber())
    with pytest.raises(sg.DataError, match="draws is 0"):
        sg.Twfe().fit(panel(), ConleyTaber(draws=0))
