"""Laws that hold for every registered estimator on any rollout. A newly registered one is picked up by itself."""

from collections.abc import Iterator

import numpy as np
import pytest

import staggered as sg
from staggered.estimators.linear import Linear
from staggered.kernel import patterns as patterns_module
from staggered.kernel.rule import Rule
from staggered.study.registries import ESTIMATORS
from staggered.value import FloatArray
from tests.oracles import dense
from tests.random_panels import random_panel, stepped_panel, with_outcome

OPTIONS: dict[type, tuple[Linear, ...]] = {
    sg.Gls: (
        sg.Gls(sg.Exchangeable(icc=0.1)),
        sg.Gls(sg.Nested(icc=0.05, cac=0.5)),
        sg.Gls(sg.Decay(icc=0.1, cac=0.7)),
    ),
    sg.Twfe: (sg.Twfe(),),
    sg.GroupTime: (
        sg.GroupTime(),
        sg.GroupTime(controls="never", by="cohort"),
        sg.GroupTime(base="universal", by="event"),
        sg.GroupTime(by="event"),
        sg.GroupTime(by="cell"),
        sg.GroupTime(by="calendar", shares="fixed"),
    ),
    sg.Imputation: tuple(sg.Imputation(by=by) for by in ("overall", "event", "cohort", "calendar", "cell")),
    sg.SunAbraham: tuple(sg.SunAbraham(by=by) for by in ("overall", "event", "cohort", "calendar", "cell")),
    sg.Stacked: (sg.Stacked(), sg.Stacked(by="event"), sg.Stacked(by="cohort", before=1, after=0)),
    sg.WithinPeriod: (sg.WithinPeriod(), sg.WithinPeriod(by="calendar")),
    sg.Extended: (sg.Extended(), sg.Extended(controls="never", by="event"), sg.Extended(by="cell")),
}
"""How each estimator is tried."""

EVERY = [pytest.param(one, id=repr(one)) for kind in ESTIMATORS.values() for one in OPTIONS.get(kind, ())]
SEEDS = range(15)
FEWER = range(5)


def test_every_registered_estimator_is_tried() -> None:
    linear = {kind for kind in ESTIMATORS.values() if issubclass(kind, Linear)}
    assert linear == set(OPTIONS)


def rules(estimator: Linear) -> Iterator[Rule]:
    for seed in SEEDS:
        yield estimator.rule(random_panel(seed).frame)


def known_rows(rule: Rule) -> FloatArray:
    """Weights (k, clusters, periods) of the terms that can be estimated."""
    weights = rule.by_cluster()
    known = np.isfinite(weights).all(axis=(1, 2))
    assert known.any()
    return weights[known]


@pytest.mark.parametrize("estimator", EVERY)
def test_weights_sum_to_nothing_over_each_cluster_and_each_period(estimator: Linear) -> None:
    for rule in rules(estimator):
        weights = known_rows(rule)
        if "clusters" in estimator.laws:
            np.testing.assert_allclose(weights.sum(axis=2), 0, atol=1e-9)
        if "periods" in estimator.laws:
            np.testing.assert_allclose(weights.sum(axis=1), 0, atol=1e-9)


@pytest.mark.parametrize("estimator", EVERY)
def test_weights_sum_to_one_over_treated_cells(estimator: Linear) -> None:
    assert "treated" in estimator.laws
    for rule in rules(estimator):
        treated = np.nan_to_num(rule.frame.design.treatment)
        for term, row in zip(rule.terms, rule.by_cluster(), strict=True):
            before = term.event is not None and term.event < 0
            assert np.isnan(row).all() or (row * treated).sum() == pytest.approx(0.0 if before else 1.0, abs=1e-9)


@pytest.mark.parametrize("estimator", EVERY)
def test_cells_that_are_not_in_use_have_no_weight(estimator: Linear) -> None:
    for rule in rules(estimator):
        assert (known_rows(rule)[:, ~rule.frame.used] == 0).all()


@pytest.mark.parametrize("estimator", EVERY)
def test_fitting_the_fitted_values_again_changes_nothing(estimator: Linear) -> None:
    for rule in rules(estimator):
        hat = dense.hat_matrix(rule)
        np.testing.assert_allclose(hat @ hat, hat, atol=1e-8)


@pytest.mark.parametrize("estimator", EVERY)
def test_dense_weights_are_the_estimate(estimator: Linear) -> None:
    for seed in SEEDS:
        panel = random_panel(seed)
        rule = estimator.rule(panel.frame)
        np.testing.assert_allclose(rule.W @ panel.outcome[rule.frame.used], rule.estimate(panel.outcome), atol=1e-9)


@pytest.mark.filterwarnings("ignore::staggered.FewClustersWarning")
@pytest.mark.parametrize("estimator", EVERY)
@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
def test_reordering_clusters_reorders_weights_and_nothing_else(estimator: Linear) -> None:
    for seed in FEWER:
        panel = random_panel(seed)
        order = np.random.default_rng(seed).permutation(len(panel.design.clusters))
        moved = sg.Panel(panel.frame.keep(order), panel.outcome[order])
        one, other = estimator.rule(panel.frame), estimator.rule(moved.frame)
        assert one.terms == other.terms
        np.testing.assert_allclose(other.by_cluster(), one.by_cluster()[:, order], atol=1e-10)
        np.testing.assert_allclose(other.scores(moved.outcome), one.scores(panel.outcome)[:, order], atol=1e-10)
        for inference in (sg.Cluster("CR2"), sg.Jackknife()):
            np.testing.assert_allclose(
                estimator.fit(moved, inference).uncertainty.se(),
                estimator.fit(panel, inference).uncertainty.se(),
                rtol=1e-7,
            )


@pytest.mark.parametrize("estimator", EVERY)
def test_what_only_sets_clusters_or_periods_apart_changes_nothing(estimator: Linear) -> None:
    for seed in SEEDS:
        panel = random_panel(seed)
        generator = np.random.default_rng(seed)
        count, width = panel.outcome.shape
        shift = np.zeros((count, width))
        if "clusters" in estimator.laws:
            shift += generator.normal(size=(count, 1)) * 10
        if "periods" in estimator.laws:
            shift += generator.normal(size=width) * 10
        shifted = with_outcome(panel, panel.outcome + shift)
        rule = estimator.rule(panel.frame)
        np.testing.assert_allclose(rule.estimate(shifted.outcome), rule.estimate(panel.outcome), atol=1e-8)
        np.testing.assert_allclose(rule.scores(shifted.outcome), rule.scores(panel.outcome), atol=1e-8)


@pytest.mark.parametrize("estimator", EVERY)
def test_an_effect_of_one_everywhere_is_found(estimator: Linear) -> None:
    for rule in rules(estimator):
        effect = np.nan_to_num(rule.frame.design.treatment)
        for term, value in zip(rule.terms, rule.estimate(effect), strict=True):
            before = term.event is not None and term.event < 0
            assert np.isnan(value) or value == pytest.approx(0.0 if before else 1.0, abs=1e-9)


@pytest.mark.parametrize("estimator", EVERY)
def test_simulated_spread_is_w_v_w(estimator: Linear) -> None:
    draws, rule = 20_000, estimator.rule(random_panel(3).frame)
    generator = np.random.default_rng(5)
    count, width = rule.frame.used.shape
    factor = generator.normal(size=(count, width, width))
    deviations = np.einsum("cpq,dcq->dcp", factor, generator.standard_normal((draws, count, width)))
    expected = np.sqrt(np.diag(rule.variance(factor @ np.swapaxes(factor, 1, 2))))
    found = (deviations[:, rule.frame.used] @ rule.W.T).std(axis=0)
    known = np.isfinite(expected) & (expected > 0)
    assert known.any()
    # The spread of a sample's standard deviation is about 1/sqrt(2 draws) of it: five of those.
    np.testing.assert_allclose(found[known], expected[known], rtol=5 / np.sqrt(2 * draws))


@pytest.mark.parametrize("estimator", EVERY)
def test_simulated_power_is_analytic_power(estimator: Linear) -> None:
    starts = np.repeat([1, 2, 3, 4, 9], 3)
    plan = sg.Plan(
        design=sg.Design(np.arange(5) >= starts[:, None], size=20),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Nested(icc=0.05, cac=0.8),
        effect=sg.Constant(0.3),
    )
    analytic = sg.power(plan, estimator, df="normal")
    simulated = sg.power(plan, estimator, simulate=4000, inference=sg.Cluster("CR2"), seed=4)
    expected, error = (float(np.atleast_1d(one)[0]) for one in (analytic.power, analytic.se))
    found = float((np.abs(simulated.estimates) > 1.959963985 * error).mean())
    assert 0.2 < expected < 0.98
    assert abs(found - expected) < 3 * np.sqrt(expected * (1 - expected) / 4000)


@pytest.mark.parametrize("estimator", [one for kind in OPTIONS for one in OPTIONS[kind][:1]], ids=repr)
def test_randomisation_p_values_are_uniform_when_nothing_happened(estimator: Linear) -> None:
    """Whichever of the 24 allocations was the actual one, each p-value comes up as often as it should."""
    panel = stepped_panel(seed=11)
    outcomes = [with_outcome(panel, panel.outcome[order]) for order in sg.allocate(panel.design, seed=1).allowed]
    p_values = sorted(estimator.fit(one, sg.Permutation()).p_value for one in outcomes)
    assert len(p_values) == 24
    np.testing.assert_allclose(p_values, np.arange(1, 25) / 24, atol=1e-12)


@pytest.mark.filterwarnings("ignore::staggered.FewClustersWarning")
@pytest.mark.parametrize("estimator", EVERY)
@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
def test_solving_once_for_clusters_alike_is_solving_for_each(
    estimator: Linear, monkeypatch: pytest.MonkeyPatch
) -> None:
    panels = [random_panel(seed, weights=False, gaps=seed % 2 == 0) for seed in FEWER]
    together = [estimator.rule(panel.frame) for panel in panels]
    fits = [estimator.fit(panel, sg.Cluster("CR2")) for panel in panels]
    assert any(len(rule.patterns.first) < len(rule.patterns.group) for rule in together)

    def apart(rows: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        every = np.arange(len(rows))
        return every, every, np.ones_like(every)

    monkeypatch.setattr(patterns_module, "_alike", apart)
    for panel, rule, fit in zip(panels, together, fits, strict=True):
        alone = estimator.rule(panel.frame)
        assert len(alone.patterns.first) == len(alone.patterns.group)
        np.testing.assert_allclose(alone.by_cluster(), rule.by_cluster(), atol=1e-9)
        np.testing.assert_allclose(alone.residuals(panel.outcome), rule.residuals(panel.outcome), atol=1e-8)
        np.testing.assert_allclose(alone.scores(panel.outcome), rule.scores(panel.outcome), atol=1e-8)
        again = estimator.fit(panel, sg.Cluster("CR2"))
        np.testing.assert_allclose(again.uncertainty.se(), fit.uncertainty.se(), rtol=1e-6)
        np.testing.assert_allclose(again.uncertainty.df(), fit.uncertainty.df(), rtol=1e-6)


def test_imputation_weights_are_those_of_extended_two_way_fixed_effects() -> None:
    """One coefficient for each treated cell; pooled by cohort and period (Wooldridge 2021) where a cohort is alike."""
    for seed in SEEDS:
        rule = sg.Imputation().rule(random_panel(seed).frame)
        np.testing.assert_allclose(rule.W[0], dense.extended_twfe_weights(rule.frame, pooled=False), atol=1e-9)
        rule = sg.Imputation().rule(random_panel(seed, gaps=False, weights=False, transition=False).frame)
        np.testing.assert_allclose(rule.W[0], dense.extended_twfe_weights(rule.frame, pooled=True), atol=1e-9)
