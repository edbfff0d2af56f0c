"""Mixed models on many data sets at once give what each data set gives by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from staggered.data.frame import Frame
from staggered.data.panel import Panel
from staggered.design.shapes import stepped
from staggered.estimators.trial.mixed import Mixed
from staggered.inference.cluster import Cluster
from staggered.inference.permutation import Permutation
from staggered.kernel.protocols import Inference
from staggered.model.covariance import Decay, Exchangeable, Nested
from staggered.model.effect import Constant
from staggered.model.outcome import Outcome
from staggered.model.plan import Plan
from staggered.planning.mixed_tests import mixed_test
from staggered.planning.power import power
from staggered.planning.simulate import draw_outcomes, draw_within, simulate

PLAN = Plan(
    design=stepped(clusters=12, steps=4, size=25),
    outcome=Outcome(sd=1.0),
    covariance=Nested(icc=0.08, cac=0.7),
    effect=Constant(0.3),
)
UNEQUAL = replace(PLAN, design=replace(PLAN.design, size=np.linspace(10, 60, 12)[:, None] * np.ones((12, 5))))
ANALYSES: list[tuple[Mixed, Inference | None]] = [
    *((Mixed("nested", df=df), None) for df in ("kenward-roger", "satterthwaite", "clusters-2", "between-within")),
    (Mixed("exchangeable", df="normal"), None),
    (Mixed("decay"), None),
    (Mixed("random-treatment"), None),
    (Mixed("exchangeable", effect="exposure"), None),
    (Mixed("nested"), Cluster("CR2")),
    (Mixed("nested"), Cluster("CR3")),
    (Mixed("nested"), Permutation(draws=99)),
    (Mixed("exchangeable", effect="exposure"), Permutation(draws=49)),
]


@pytest.mark.filterwarnings("ignore::staggered.errors.ConvergenceWarning", "ignore::staggered.errors.DesignWarning")
@pytest.mark.parametrize("plan", [PLAN, UNEQUAL], ids=["equal", "unequal"])
@pytest.mark.parametrize(("estimator", "inference"), ANALYSES)
def test_many_at_once_equal_one_by_one(plan: Plan, estimator: Mixed, inference: Inference | None) -> None:
    frame, generator = Frame(plan.design), np.random.default_rng(8)
    outcomes = draw_outcomes(plan, 4, generator)
    within = draw_within(plan, outcomes, generator)
    test = mixed_test(estimator, inference, frame, 0.95)
    if isinstance(inference, Permutation) and plan is UNEQUAL:
        assert test is None
        return
    assert test is not None
    found = test(outcomes, within)
    for k, outcome in enumerate(outcomes):
        one = estimator.fit(Panel(frame, outcome, within=within[k]), inference).select([0])
        assert found.estimates[k] == pytest.approx(one.value, rel=1e-7)
        assert found.p_values[k] == pytest.approx(one.p_value, rel=1e-5)
        if not isinstance(inference, Permutation):
            low, high = one.interval()
            assert [found.lows[k], found.highs[k]] == pytest.approx([low, high], rel=1e-6)


def test_boundary_fits_are_counted_as_their_warnings_are() -> None:
    frame, generator = Frame(PLAN.design), np.random.default_rng(3)
    plan = replace(PLAN, covariance=Exchangeable(icc=0.01))
    outcomes = draw_outcomes(plan, 12, generator)
    within = draw_within(plan, outcomes, generator)
    test = mixed_test(Mixed("nested"), None, frame, 0.95)
    alone = [Mixed("nested").components(Panel(frame, y, within=w)) for y, w in zip(outcomes, within, strict=True)]
    at_zero = sum(min(one["cluster"], one["cluster-period"]) == 0 for one in alone)
    assert 0 < test(outcomes, within).singular == at_zero < 12


def test_what_cannot_be_fitted_together_is_left_to_one_by_one() -> None:
    frame = Frame(PLAN.design)
    assert mixed_test(Mixed("exchangeable", effect="random-exposure"), None, frame, 0.95) is None
    assert mixed_test(Mixed("nested"), Permutation(studentised=True), frame, 0.95) is None


def test_simulated_power_of_a_mixed_model_is_that_of_the_formula() -> None:
    plan = replace(PLAN, design=stepped(clusters=48, steps=4, size=25), effect=Constant(0.15))
    found = power(plan, Mixed("nested", df="normal"), simulate=3000, seed=4)
    assert found.failed == 0
    assert found.power == pytest.approx(power(plan, df="normal").power, abs=3 * found.mcse + 0.01)
    assert found.se == pytest.approx(power(plan).se, rel=0.05)


def test_kenward_and_roger_hold_their_level_with_six_clusters() -> None:
    plan = replace(PLAN, design=stepped(clusters=6, steps=3, size=10), effect=Constant(0.0))
    found = power(
        plan, Mixed("exchangeable"), simulate=2000, truth=replace(plan, covariance=Exchangeable(icc=0.08)), seed=2
    )
    assert found.type1 == pytest.approx(0.05, abs=3 * found.mcse)


def test_people_of_a_simulated_cell_spread_as_the_plan_says() -> None:
    generator = np.random.default_rng(1)
    outcomes = draw_outcomes(PLAN, 400, generator)
    within = draw_within(PLAN, outcomes, generator)
    assert within.mean() == pytest.approx(0.92, rel=0.01)
    assert np.var(within) == pytest.approx(2 * 0.92**2 / 24, rel=0.05)
    followed = replace(PLAN, covariance=Nested(icc=0.05, cac=0.8, iac=0.3))
    assert draw_within(followed, outcomes, generator) is None
    yes_no = Plan(design=PLAN.design, outcome=Outcome("binomial", baseline=0.2), covariance=Decay(icc=0.02, cac=0.9))
    panel = simulate(yes_no, seed=3)
    np.testing.assert_allclose(panel.within, panel.outcome * (1 - panel.outcome) * 25 / 24)
    counted = Plan(design=PLAN.design, outcome=Outcome("poisson", baseline=2.0))
    assert draw_within(counted, outcomes, generator) is None
