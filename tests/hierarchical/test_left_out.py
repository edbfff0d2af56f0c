"""Leaving councils and periods out: against fits of the smaller panels, and planted trouble."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import staggered as sg
from staggered.hierarchical.gaussian import course
from staggered.hierarchical.left_out import _carried_on, later, left_out_councils, refitted
from staggered.hierarchical.posterior import Posterior

TREATED = (np.repeat([2, 3, 4, 5, 99], 2)[:, None] <= np.arange(8)).astype(float)
PRIORS = sg.prior.Priors()


def outcome(seed: int = 1) -> np.ndarray:
    generator = np.random.default_rng(seed)
    level, drift = generator.normal(0, 0.5, (10, 1)), generator.normal(0, 0.1, 8).cumsum()
    return level + drift - 0.4 * TREATED + generator.normal(0, 0.3, (10, 8))


def fitted(values: np.ndarray, family: str = "gaussian", size: float = 1.0, **given: object) -> Posterior:
    panel = sg.Panel(sg.Frame(sg.Design(TREATED, size=size)), values)
    return sg.Hierarchical(
        family=family, engine="analytic", points=256, draws=400, **({"priors": PRIORS} | given)  # type: ignore[arg-type]
    ).posterior(panel)  # fmt: skip


def test_a_refit_is_the_fit_of_what_is_kept() -> None:
    whole = fitted(outcome())
    keep = np.ones((10, 8), dtype=bool)
    keep[3] = False
    found = refitted(whole, keep, 1)
    alone = sg.Hierarchical(engine="analytic", priors=PRIORS, points=1024).posterior(whole.panel.without(3))
    for name, values in alone.hyper.items():
        assert found.hyper[name].mean() == pytest.approx(values.mean(), abs=0.25 * values.std()), name
    events, others = found.estimate("event"), alone.estimate("event")
    np.testing.assert_allclose(events.value, others.value, atol=0.25 * float(others.se.min()))
    # Nothing is known of the council that was left out: its level is as spread as the model has it.
    assert found.levels[:, 3].std() == pytest.approx(np.sqrt((found.hyper["councils"] ** 2).mean()), rel=0.15)
    assert found.levels[:, 2].std() < 0.7 * found.levels[:, 3].std()


def test_periods_ahead_are_drawn_as_the_model_has_them() -> None:
    whole = fitted(outcome())
    keep = np.ones((10, 8), dtype=bool) & (np.arange(8) < 6)
    found = refitted(whole, keep, 1)
    level, _ = found.predictor()
    step = level[:, 0, 7] - level[:, 0, 6]
    assert step.std() == pytest.approx(np.sqrt((found.hyper["trend"] ** 2).mean()), rel=0.25)


def test_the_next_outcome_given_a_councils_own_course() -> None:
    whole = fitted(outcome())
    keep = np.ones((10, 8), dtype=bool) & (np.arange(8) < 6)
    keep[4, 2] = False
    before = refitted(whole, keep, 1)
    one = replace(
        before, fixed=before.fixed[[0] * 4000], levels=before.levels[[0] * 4000], effects=before.effects[[0] * 4000],
        hyper={name: values[[0] * 4000] for name, values in before.hyper.items()}, fresh=before.fresh[[0] * 4000],
    )  # fmt: skip
    drawn = _carried_on(one, keep, 6, np.random.default_rng(1))
    hyper = {name: values[:1] for name, values in before.hyper.items()}
    total = course(hyper, 8)[0] + hyper["noise"] ** 2 * np.eye(8)
    level, effect = before.predictor()
    for council in (0, 4):
        past = np.flatnonzero(keep[council])
        apart = (whole.panel.outcome - level[0] - effect[0])[council, past]
        pull = np.linalg.solve(total[np.ix_(past, past)], total[past, 6])
        mean = (level[0] + effect[0])[council, 6] + pull @ apart
        sd = np.sqrt(total[6, 6] - pull @ total[past, 6])
        assert stats.kstest(drawn[:, council], stats.norm(mean, sd).cdf).pvalue > 0.001


def test_sound_data_are_foretold() -> None:
    found = fitted(outcome()).examined()
    assert [check.name for check in found.checks[-3:]] == [
        "no council decides alone", "councils left out", "the future left out",
    ]  # fmt: skip
    assert "Of 80 outcomes of councils" in found.checks[-2].message
    assert "Of 30 outcomes of the last 3 periods" in found.checks[-1].message
    assert found.passed, found.verdict


def test_a_council_that_decides_alone_is_named() -> None:
    values = outcome()
    values[2, 3:] -= 6.0
    alike = replace(PRIORS, heterogeneity=sg.prior.HalfNormal(0.05))
    steady, foretold = left_out_councils(fitted(values, priors=alike))
    assert not steady.passed
    assert steady.message.startswith("Without 3 the mean effect moves")
    assert "Report the effect without 3" in steady.fix
    assert foretold.passed


def test_a_future_unlike_the_past_is_said() -> None:
    values = outcome()
    values[:, 5:] += 2.0 * np.random.default_rng(3).normal(size=(10, 3))
    (check,) = later(fitted(values))
    assert not check.passed
    assert "do not use it to predict" in check.fix


def test_counts_are_foretold() -> None:
    generator = np.random.default_rng(7)
    level = -3.5 + np.linspace(0, 0.2, 8) + generator.normal(0, 0.2, (10, 1)) - 0.2 * TREATED
    found = left_out_councils(fitted(generator.poisson(2000 * np.exp(level)).astype(float), "poisson", 2000.0))[1]
    assert "Of 80 outcomes of councils" in found.message
    assert found.passed, found.message


def test_an_effect_that_never_turns_back_is_given_back_as_it_is() -> None:
    found = fitted(outcome())
    monotone = replace(
        found, layout=replace(found.layout, structure=replace(found.layout.structure, exposure="monotone"))
    )
    assert monotone.examined() is monotone
