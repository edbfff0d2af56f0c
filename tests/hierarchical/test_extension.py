"""One more wave: what the future is expected to say is what is known today, and more periods say more."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.hierarchical.extension import extend
from staggered.hierarchical.posterior import Posterior

TREATED = np.zeros((10, 6))
for _row, _start in enumerate((2, 2, 3, 3, 4, 4)):
    TREATED[_row, _start:] = 1
PRIORS = sg.prior.Priors(
    level=sg.prior.Normal(0.0, 20.0), effect=sg.prior.Normal(0.0, 0.5), trend=sg.prior.HalfNormal(0.1),
    noise=sg.prior.HalfNormal(0.2), course=sg.prior.HalfNormal(0.2), heterogeneity=sg.prior.HalfNormal(0.1),
)  # fmt: skip


def fitted(**options: object) -> Posterior:
    r = np.random.default_rng(5)
    outcome = r.normal(0, 0.5, (10, 1)) + r.normal(0, 0.1, 6).cumsum() - 0.12 * TREATED + r.normal(0, 0.15, (10, 6))
    panel = sg.Panel(sg.Frame(sg.Design(TREATED, size=1)), outcome)
    model = sg.Hierarchical(engine="analytic", exposure="constant", priors=PRIORS, points=1024)
    return replace(model, **options).posterior(panel)


@pytest.fixture(scope="module")
def longer() -> tuple[Posterior, object]:
    fit = fitted()
    return fit, extend(fit, periods=2, joining=["7", "8"], futures=400)


@pytest.mark.slow
def test_the_future_is_expected_to_say_what_is_known_today(longer) -> None:
    _, found = longer
    # A martingale: the mean of tomorrow's probabilities is today's, whatever tomorrow brings.
    error = found.below.std() / np.sqrt(len(found.below))
    assert found.below.mean() == pytest.approx(found.below_now, abs=3 * error + 0.01)
    assert found.below.std() > 0.05


@pytest.mark.slow
def test_more_periods_and_councils_say_more(longer) -> None:
    fit, found = longer
    assert found.sd.mean() < 0.97 * found.sd_now
    assert found.decides == pytest.approx(found.fall + found.rise)
    table = found.table()
    assert table["width_then"][0] < table["width_now"][0]
    assert "2 more periods in which 7 and 8 go live" in found.text()
    assert found.to_dict()["joining"] == ["7", "8"]
    assert "After one more period, it" in extend(fit, futures=32).text()


@pytest.mark.slow
def test_counts_seasons_and_a_walk_of_the_effect_go_on_too() -> None:
    r = np.random.default_rng(2)
    count = r.poisson(300 * np.exp(r.normal(0, 0.2, (10, 1)) - 0.1 * TREATED)).astype(float)
    panel = sg.Panel(sg.Frame(sg.Design(TREATED, size=60_000)), count)
    fit = sg.Hierarchical(family="poisson", engine="analytic", season=4, points=64, draws=400)
    found = extend(fit.posterior(panel), periods=1, joining=["9"], futures=12)
    assert np.isfinite(found.below).all()
    assert (found.sd > 0).all()
    shares = sg.Panel(sg.Frame(sg.Design(TREATED, size=500)), r.binomial(500, 0.3, TREATED.shape).astype(float))
    other = sg.Hierarchical(family="binomial", engine="analytic", trend="indicators", points=64, draws=400)
    assert np.isfinite(extend(other.posterior(shares), futures=4).sd).all()


def test_what_cannot_be_foreseen_is_refused() -> None:
    fit = fitted(points=64, draws=400)
    with pytest.raises(sg.DesignError, match="1 was to go live next, but is live already"):
        extend(fit, joining=["1"])
    with pytest.raises(sg.DesignError, match="Kent was to go live next, but is not in the data"):
        extend(fit, joining=["Kent"])
    with pytest.raises(sg.DesignError, match="0 periods were to be added"):
        extend(fit, periods=0)
    frame = replace(fit.panel.frame, covariates={"need": np.random.default_rng(1).normal(size=TREATED.shape)})
    adjusted = sg.Hierarchical(engine="analytic", priors=PRIORS, points=64, draws=400)
    with pytest.raises(sg.DesignError, match="values in periods to come"):
        extend(adjusted.posterior(replace(fit.panel, frame=frame)))
    turned = replace(fit, layout=replace(fit.layout, structure=replace(fit.layout.structure, exposure="monotone")))
    with pytest.raises(sg.DesignError, match="never turns back"):
        extend(turned)
