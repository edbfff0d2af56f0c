from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.estimators.trial.gls import gls_rule
from staggered.model.covariance import Cells
from tests.oracles import dense, did
from tests.random_panels import random_panel, stepped_panel, with_outcome


@pytest.mark.parametrize("seed", range(40))
def test_variance_is_hussey_and_hughes_closed_form(seed: int) -> None:
    """Their equation 8 needs a complete design of equal sizes, but any sequence of treatment."""
    generator = np.random.default_rng(seed)
    clusters, periods = generator.integers(3, 30), generator.integers(2, 12)
    treatment = (generator.random((clusters, periods)) < 0.5).astype(float)
    treatment[0], treatment[1] = 0, np.arange(periods) > 0
    size, icc = int(generator.integers(1, 200)), float(generator.uniform(0.001, 0.6))
    design = sg.Design(treatment, size=size)
    covariance = sg.Exchangeable(icc=icc)
    rule = sg.Gls(covariance).rule(sg.Frame(design))
    expected = did.hussey_hughes_variance(treatment, within=(1 - icc) / size, between=icc)
    assert rule.variance(covariance.blocks(Cells.of(design), 1.0))[0, 0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "covariance",
    [sg.Independent(), sg.Exchangeable(icc=0.2), sg.Nested(icc=0.2, cac=0.4), sg.Decay(icc=0.2, cac=0.6)],
    ids=lambda one: type(one).__name__,
)
@pytest.mark.parametrize("seed", range(8))
def test_equals_dense_generalised_least_squares(seed: int, covariance: sg.Exchangeable) -> None:
    panel = random_panel(seed)
    frame = panel.frame
    used = frame.used
    blocks = covariance.blocks(Cells.of(frame.design), 1.0)
    _, periods = dense.dummies(frame)
    total = dense.covariance(frame, blocks)
    design = np.column_stack([frame.design.treatment[used], periods])
    precision = np.linalg.inv(total)
    solve = np.linalg.solve(design.T @ precision @ design, design.T @ precision)
    rule = sg.Gls(covariance).rule(frame)
    np.testing.assert_allclose(rule.W[0], solve[0], atol=1e-10)
    residuals = panel.outcome[used] - design @ (solve @ panel.outcome[used])
    np.testing.assert_allclose(rule.residuals(panel.outcome)[used], residuals, atol=1e-9)
    assert rule.variance(blocks)[0, 0] == pytest.approx(solve[0] @ total @ solve[0], rel=1e-10)


def test_weights_of_the_frame_play_no_part_as_the_covariance_weighs_the_cells() -> None:
    panel = stepped_panel(1, clusters=6, steps=3)
    generator = np.random.default_rng(1)
    weighted = replace(panel.frame, weights=generator.uniform(1, 9, size=panel.outcome.shape), per="child")
    one = sg.Gls(sg.Exchangeable(icc=0.1)).fit(panel, sg.Cluster("CR2"))
    other = sg.Gls(sg.Exchangeable(icc=0.1)).fit(sg.Panel(weighted, panel.outcome), sg.Cluster("CR2"))
    assert one.value == other.value
    assert one.se == pytest.approx(other.se, rel=1e-12)
    assert other.estimand == (
        "effect of treatment, taken as constant, each cell counting by how precisely it is measured"
    )


def test_bigger_clusters_count_for_more() -> None:
    treatment = [[0, 1], [0, 1], [0, 0], [0, 0]]
    covariance = sg.Exchangeable(icc=0.01)
    weights = sg.Gls(covariance).rule(sg.Frame(sg.Design(treatment, size=[10, 100, 50, 50]))).by_cluster()[0]
    assert weights[1, 1] > weights[0, 1] > 0


def test_treatment_may_go_back() -> None:
    panel = sg.Panel(sg.Frame(sg.crossover(clusters=8, periods=2, size=20)), np.arange(16.0).reshape(8, 2))
    assert np.isfinite(sg.Gls(sg.Nested(icc=0.05, cac=0.8)).fit(panel).value)


def test_a_period_that_loses_its_only_cluster_does_not_stop_the_jackknife() -> None:
    treatment = np.array([[0, 1, 1, np.nan], [0, 0, 1, np.nan], [0, 0, 0, 1], [0, 0, 1, np.nan]])
    panel = sg.Panel(sg.Frame(sg.Design(treatment)), np.random.default_rng(1).normal(size=(4, 4)))
    fit = sg.Gls(sg.Exchangeable(icc=0.1)).fit(panel, sg.Jackknife())
    assert np.isfinite(fit.se)


@pytest.mark.parametrize("treatment", [[[1, 1], [1, 1]], [[0, 1], [0, 1]]], ids=["always", "together"])
def test_an_effect_that_period_effects_explain_is_refused(treatment: list[list[int]]) -> None:
    with pytest.raises(sg.IdentificationError, match="cannot be told apart from the period effects") as told:
        sg.Gls(sg.Exchangeable(icc=0.1)).rule(sg.Frame(sg.Design(treatment)))
    assert len(str(told.value).splitlines()) == 3


def test_given_blocks_are_used_as_they_are() -> None:
    panel = stepped_panel(3, clusters=6, steps=3)
    covariance = sg.Decay(icc=0.2, cac=0.5)
    blocks = covariance.blocks(Cells.of(panel.design), 4.0)
    np.testing.assert_allclose(
        gls_rule(panel.frame, blocks).weights, sg.Gls(covariance).rule(panel.frame).weights, atol=1e-12
    )
    assert sg.Gls(covariance).fit(with_outcome(panel, panel.outcome), sg.Jackknife()).value == pytest.approx(
        gls_rule(panel.frame, blocks).estimate(panel.outcome)[0]
    )
