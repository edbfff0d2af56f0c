"""Earlier evaluations: published figures by hand, allowances, and the prior that they make."""

import numpy as np
import pytest
from scipy import integrate, stats

from staggered.errors import DataError, DesignError
from staggered.hierarchical.earlier import ALLOWANCES, PUBLISHED, Evaluation, learn
from staggered.model.prior import HalfNormal, Normal

HERTFORDSHIRE = PUBLISHED["hertfordshire-family-safeguarding"]
NORTH_YORKSHIRE = PUBLISHED["north-yorkshire-no-wrong-door"]


def test_two_counts_make_a_log_ratio() -> None:
    found = HERTFORDSHIRE.found()
    assert found.value == pytest.approx(np.log(530 / 1032))
    assert np.expm1(found.value) == pytest.approx(-0.49, abs=0.005)  # "−49%", as printed
    assert found.se == pytest.approx((1 / 530 + 1 / 1032) ** 0.5)


def test_a_ratio_with_its_interval_gives_the_standard_error() -> None:
    # Rate of section 47 enquiries in the Social Workers in Schools trial: +5.5% (−4.5% to +16.6%).
    one = Evaluation(name="schools", outcome="enquiries", comparison="randomised", ratio=1.055, low=0.955, high=1.166)
    assert one.found().se == pytest.approx(0.0509, abs=5e-5)
    assert one.evidence() == one.found()


def test_without_a_comparison_less_counts() -> None:
    allowance = ALLOWANCES["none"]
    assert allowance.bias_sd == pytest.approx(0.16 * 2**0.5)
    given, entered = HERTFORDSHIRE.found(), HERTFORDSHIRE.evidence()
    assert entered.se == pytest.approx(((given.se**2 + allowance.bias_sd**2) / allowance.counts_for) ** 0.5)
    assert ALLOWANCES["randomised"].counts_for == 1
    assert ALLOWANCES["matched"].bias_sd < allowance.bias_sd


def test_the_prior_is_the_prediction_for_a_new_place_by_brute_force() -> None:
    before, tau_prior = Normal(-0.05, 0.15), 0.2
    learnt = learn([HERTFORDSHIRE, NORTH_YORKSHIRE], before=before)
    entered = [one.evidence() for one in (HERTFORDSHIRE, NORTH_YORKSHIRE)]
    y, v = np.array([one.value for one in entered]), np.array([one.se**2 for one in entered])

    def at(tau: float) -> tuple[float, float, float]:
        covariance = np.diag(v + tau**2) + before.sd**2
        weight = stats.multivariate_normal([before.mean] * 2, covariance).pdf(y)
        weight *= stats.halfnorm(scale=tau_prior).pdf(tau)
        gain = before.sd**2 * np.linalg.inv(covariance)
        mean = before.mean + gain.sum(axis=0) @ (y - before.mean)
        return weight, mean, before.sd**2 - gain.sum() * before.sd**2 + tau**2

    total = integrate.quad(lambda t: at(t)[0], 0, 3)[0]
    mean = integrate.quad(lambda t: at(t)[0] * at(t)[1], 0, 3)[0] / total
    square = integrate.quad(lambda t: at(t)[0] * (at(t)[2] + at(t)[1] ** 2), 0, 3)[0] / total
    assert learnt.after.mean == pytest.approx(mean, abs=1e-6)
    assert learnt.after.sd == pytest.approx((square - mean**2) ** 0.5, abs=1e-6)


def test_the_less_it_counts_the_less_it_moves_the_prior() -> None:
    before = Normal(0.0, 0.15)
    moved = [
        learn([Evaluation(name="A", outcome="x", before=1032, after=530, counts_for=share)], before=before).after.mean
        for share in (1.0, 0.5, 0.1)
    ]
    assert moved[0] < moved[1] < moved[2] < 0
    alike = learn([HERTFORDSHIRE], before=before, heterogeneity=HalfNormal(0.01))
    apart = learn([HERTFORDSHIRE], before=before, heterogeneity=HalfNormal(1.0))
    assert alike.after.mean < apart.after.mean
    assert alike.after.sd < apart.after.sd


def test_it_says_what_was_made_of_what() -> None:
    said = learn([HERTFORDSHIRE], before=Normal(0.0, 0.15)).text()
    assert "children on child protection plans" in said
    assert "50% of its information counts" in said
    assert "Before them the prior was normal with mean 0 and SD 0.15" in said


def test_what_was_not_published_is_not_made_up() -> None:
    with pytest.raises(DataError, match="Leeds, Family Valued was published with no ratio"):
        learn([PUBLISHED["leeds-family-valued"]], before=Normal(0.0, 0.15))
    with pytest.raises(DataError, match="a count of 0 or below"):
        Evaluation(name="A", outcome="x", before=10, after=0).found()
    with pytest.raises(DataError, match=r"the ratio 1\.2 with the interval 0\.9 to 1\.1"):
        Evaluation(name="A", outcome="x", ratio=1.2, low=0.9, high=1.1).found()
    with pytest.raises(DesignError, match="No earlier evaluation"):
        learn([], before=Normal(0.0, 0.15))
