"""Simulated power: equal to the formula, equal on any number of workers, equal fitted one by one."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
import pytest
from joblib import cpu_count, parallel_config

from staggered.data.frame import Frame
from staggered.data.panel import Panel
from staggered.design.design import Design
from staggered.design.shapes import stepped
from staggered.errors import ConvergenceError, DesignError, StaggeredWarning
from staggered.estimators.did.extended import Extended
from staggered.estimators.did.group_time import GroupTime
from staggered.estimators.did.imputation import Imputation
from staggered.estimators.did.twfe import Twfe
from staggered.estimators.linear import Linear
from staggered.estimators.trial.gls import Gls
from staggered.estimators.trial.mixed import Mixed
from staggered.inference.cluster import Cluster
from staggered.inference.jackknife import Jackknife
from staggered.inference.model_based import Profile
from staggered.inference.permutation import Permutation
from staggered.kernel.protocols import Inference
from staggered.model.covariance import Nested
from staggered.model.effect import ByExposure, BySize, Constant
from staggered.model.outcome import Outcome
from staggered.model.plan import Plan
from staggered.planning.linear_tests import linear_test
from staggered.planning.power import power
from staggered.planning.simulate import draw_outcomes, draw_within
from staggered.planning.simulation import simulated_power
from staggered.results.estimate import Estimate

PLAN = Plan(
    design=stepped(clusters=12, steps=4, size=40),
    outcome=Outcome(sd=1.0),
    covariance=Nested(icc=0.05, cac=0.8),
    effect=Constant(0.2),
)
NULL = replace(PLAN, effect=Constant(0.0))
ESTIMATORS = [Gls(Nested(icc=0.05, cac=0.8)), Twfe(), GroupTime(), Imputation()]


RATES = Nested.from_sd(between=0.2, within=0.1)
LINKS = {
    "gaussian": (Outcome(sd=1.0), PLAN.covariance, Constant(0.2)),
    "risks": (Outcome("binomial", baseline=0.3), PLAN.covariance, Constant(0.1)),
    "log risks": (Outcome("binomial", baseline=0.3, link="log"), PLAN.covariance, Constant(1.3, scale="ratio")),
    "log odds": (Outcome("binomial", baseline=0.3, link="logit"), PLAN.covariance, Constant(1.5, scale="odds")),
    "rates": (Outcome("poisson", baseline=3.0, link="identity"), PLAN.covariance, Constant(0.4)),
    "log rates": (Outcome("poisson", baseline=3.0), RATES, Constant(1.15, scale="ratio")),
    "log rates of clumped events": (
        Outcome("negbinomial", baseline=3.0, dispersion=0.3),
        RATES,
        Constant(1.2, scale="ratio"),
    ),
}


@pytest.mark.parametrize("name", LINKS)
def test_the_known_variance_test_has_the_power_of_the_formula(name: str) -> None:
    """The formula linearises, which costs a point or so where outcomes are not gaussian."""
    outcome, covariance, effect = LINKS[name]
    plan = replace(PLAN, outcome=outcome, covariance=covariance, effect=effect, design=stepped(12, steps=4, size=80))
    simulated, analytic = power(plan, simulate=6000, df="normal", seed=2), power(plan, df="normal")
    assert 0.3 < analytic.power < 0.97
    assert abs(simulated.power - analytic.power) < 3 * simulated.mcse + 0.012 * (name != "gaussian")
    assert simulated.se == pytest.approx(analytic.se, rel=0.05)
    assert abs(simulated.bias) < 4 * simulated.se / np.sqrt(6000) + 0.02 * abs(simulated.effect) * (name != "gaussian")
    assert simulated.coverage == pytest.approx(0.95, abs=0.015)


def test_an_estimator_of_counts_is_given_counts() -> None:
    outcome, covariance, effect = LINKS["log rates"]
    plan = replace(PLAN, outcome=outcome, covariance=covariance, effect=effect)
    found = power(plan, Extended(family="poisson"), simulate=60, inference=Jackknife(), seed=2)
    # Its effect is a difference of rates: 15% of 3.
    assert found.effect == pytest.approx(0.45, rel=1e-6)
    assert abs(found.bias) < 4 * found.se / np.sqrt(60)
    assert "log" not in found.text()
    assert "log rates" in power(plan, Twfe(), simulate=60, inference=Jackknife(), seed=2).text()


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
def test_estimates_spread_as_the_formula_says(estimator: Linear) -> None:
    simulated = power(PLAN, estimator, simulate=4000, inference=Cluster("CR2"), seed=5)
    analytic = power(PLAN, estimator)
    assert simulated.se == pytest.approx(analytic.se, rel=3 / np.sqrt(2 * 4000))
    assert simulated.effect == pytest.approx(analytic.effect)
    assert abs(simulated.bias) < 3 * analytic.se / np.sqrt(4000)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("inference", [Cluster("CR2"), Jackknife(), Permutation(draws=99)], ids=lambda one: one.name)
def test_many_at_once_equal_one_by_one(estimator: Linear, inference: Inference) -> None:
    frame = Frame(PLAN.design)
    outcomes = draw_outcomes(PLAN, 4, np.random.default_rng(8))
    test = linear_test(estimator, inference, frame, 0.95)
    assert test is not None
    tested = test(outcomes)
    for k, outcome in enumerate(outcomes):
        one = estimator.fit(Panel(frame, outcome), inference)
        assert tested.estimates[k] == pytest.approx(one.value, rel=1e-10)
        assert tested.p_values[k] == pytest.approx(one.p_value, rel=1e-8)
        if not isinstance(inference, Permutation):
            low, high = one.interval()
            assert (tested.lows[k], tested.highs[k]) == pytest.approx((low, high), rel=1e-8, abs=1e-10)


def test_a_cluster_without_weight_does_not_count_in_the_jackknife() -> None:
    """Treated from the start, it has nothing before: imputation leaves it out, one by one and many at once."""
    treatment = np.vstack([np.ones(5), PLAN.design.treatment[:, :5]])
    frame = Frame(Design(treatment, 20))
    outcomes = np.random.default_rng(3).normal(size=(3, *treatment.shape))
    test = linear_test(Imputation(), Jackknife(), frame, 0.95)
    assert test is not None
    tested = test(outcomes)
    for k, outcome in enumerate(outcomes):
        one = Imputation().fit(Panel(frame, outcome), Jackknife())
        assert one.df == len(treatment) - 2
        assert tested.p_values[k] == pytest.approx(one.p_value, rel=1e-8)


def test_coverage_counts_the_interval_itself_however_lopsided() -> None:
    """A likelihood profile need not be centred at the estimate."""
    found = power(PLAN, Mixed("exchangeable"), simulate=12, inference=Profile(), seed=3)
    frame, generator = Frame(PLAN.design), np.random.default_rng(np.random.SeedSequence(3).spawn(1)[0])
    draws = draw_outcomes(PLAN, 12, generator)
    spread = draw_within(PLAN, draws, generator)
    assert spread is not None
    panels = [Panel(frame, draw, within=within) for draw, within in zip(draws, spread, strict=True)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ends = [Mixed("exchangeable").fit(panel, Profile()).interval() for panel in panels]
    assert found.covered.tolist() == [low <= found.effect <= high for low, high in ends]


def test_a_wrong_question_is_an_error_and_not_a_failed_fit() -> None:
    with pytest.raises(DesignError, match="random-exposure"):
        power(PLAN, Mixed(effect="random-exposure"), simulate=20, inference=Cluster("CR2"))


def test_one_worker_or_two_give_the_same_numbers() -> None:
    alone = power(NULL, Twfe(), simulate=600, inference=Jackknife(), seed=3)
    with parallel_config(backend="threading", n_jobs=2):
        together = power(NULL, Twfe(), simulate=600, inference=Jackknife(), seed=3)
    assert alone == together
    assert alone != power(NULL, Twfe(), simulate=600, inference=Jackknife(), seed=4)


def test_noise_that_the_analysis_ignores_raises_the_type_one_error() -> None:
    honest = Gls(Nested(icc=0.05, cac=1.0))
    assumed = replace(NULL, covariance=Nested(icc=0.05, cac=1.0))
    truth = replace(NULL, covariance=Nested(icc=0.05, cac=0.5))
    naive = power(assumed, simulate=2000, truth=truth, df="normal", seed=1)
    robust = power(assumed, honest, simulate=2000, truth=truth, inference=Cluster("CR2"), seed=1)
    assert naive.type1 > 0.08
    assert robust.type1 < 0.08
    assert np.isnan(power(PLAN, simulate=50).type1)


def test_effects_that_grow_are_estimated_by_their_weights() -> None:
    truth = replace(PLAN, effect=ByExposure([0.0, 0.1, 0.4, 0.4]))
    result = power(PLAN, Twfe(), simulate=3000, truth=truth, inference=Cluster("CR2"))
    assert result.effect == pytest.approx(float(Twfe().rule(Frame(PLAN.design)).estimate(truth.effects())[0]))
    assert abs(result.bias) < 4 * result.se / np.sqrt(3000)


@dataclass(frozen=True)
class _Stubborn:
    """An estimator that fails on every data set whose first cell is above 0."""

    name: str = "stubborn"
    references: tuple[str, ...] = ()

    def fit(self, panel: Panel, inference: Inference | None = None) -> Estimate:
        if panel.outcome[0, 0] > 0:
            raise ConvergenceError("It did not arrive.", "", "")
        return Twfe().fit(panel, inference)


def test_failed_fits_are_counted_apart_and_never_dropped() -> None:
    result = power(PLAN, _Stubborn(), simulate=60, inference=Jackknife(), seed=2)
    outcomes = draw_outcomes(PLAN, 60, np.random.default_rng(np.random.SeedSequence(2).spawn(1)[0]))
    assert result.failed == int((outcomes[:, 0, 0] > 0).sum())
    assert result.draws == 60
    assert result.power == (result.p_values < 0.05).sum() / 60
    assert result.text().startswith(f"{result.failed} of 60 analyses gave no p-value")


def test_what_cannot_be_simulated_is_refused() -> None:
    with pytest.raises(DesignError, match="without simulate"):
        power(PLAN, inference=Jackknife())  # type: ignore[call-overload]
    with pytest.raises(DesignError, match="simulate is 0"):
        power(PLAN, simulate=0)
    with pytest.raises(DesignError, match="another schedule"):
        power(PLAN, simulate=10, truth=replace(PLAN, design=stepped(clusters=12, steps=3)))
    with pytest.raises(DesignError, match="no weights that are known"):
        power(PLAN, _Stubborn())  # type: ignore[arg-type]


def test_stopping_when_precise_gives_the_same_on_one_worker_and_on_two() -> None:
    alone = simulated_power(PLAN, 20_000, precise=0.012, seed=4)
    with parallel_config("threading", n_jobs=2):
        together = simulated_power(PLAN, 20_000, precise=0.012, seed=4)
    assert together == alone
    assert alone.mcse < 0.012
    assert 1000 <= alone.draws < 20_000
    assert alone.p_values[:250].tolist() == simulated_power(PLAN, 250, seed=4).p_values.tolist()


def test_progress_counts_up_to_the_data_sets() -> None:
    told: list[int] = []
    simulated_power(PLAN, 600, seed=4, on_progress=told.append)
    assert told == [250, 500, 600]


def test_more_workers_than_cores_are_a_warning_and_change_nothing() -> None:
    alone = simulated_power(PLAN, 100, seed=4)
    with (
        parallel_config("threading", n_jobs=cpu_count() + 1),
        pytest.warns(StaggeredWarning, match="fewer cores"),
    ):
        assert simulated_power(PLAN, 100, seed=4) == alone


def test_informative_sizes_as_a_truth_bias_what_weighs_councils_unequally() -> None:
    sizes = [20, 25, 30, 40, 60, 90, 150, 300, 20, 30, 60, 150]
    plan = replace(PLAN, design=stepped(clusters=12, steps=4, size=sizes))
    truth = replace(plan, effect=BySize(0.2, slope=1.0))
    people = np.array(sizes, dtype=float)
    per_council = 0.2 * (people / people.mean())
    found = power(plan, Gls(plan.covariance), simulate=2000, inference=Cluster("CR2"), truth=truth, seed=3)
    weights = Gls(plan.covariance).rule(Frame(plan.design)).by_cluster()[0]
    expected = (weights * per_council[:, None] * plan.design.treatment).sum()
    assert found.effect == pytest.approx(expected)
    assert abs(found.bias) < 3 * found.se / np.sqrt(2000)
    # Larger councils weigh more and gain more, so the analysis answers more than the mean over councils of 0.2.
    assert found.effect > 0.22
    flat = power(plan, Gls(plan.covariance), simulate=500, inference=Cluster("CR2"), truth=plan, seed=3)
    assert flat.effect == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("asked", "said"), [({"precise": -0.1}, "precise is -0.1"), ({"simulate": 10.5}, "simulate is")]
)
def test_when_to_stop_must_make_sense(asked: dict[str, float], said: str) -> None:
    with pytest.raises(DesignError, match=said):
        power(PLAN, **({"simulate": 20} | asked))
