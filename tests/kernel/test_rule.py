from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.kernel.point import Point
from staggered.kernel.protocols import Inference, LinearEstimator
from tests.random_panels import random_panel


def test_blanks_and_gaps_play_no_part_whatever_stands_in_them() -> None:
    panel = random_panel(2)
    rule = sg.Twfe().rule(panel.frame)
    assert not rule.frame.used.all()
    filled = np.where(rule.frame.used, panel.outcome, 1e6)
    np.testing.assert_array_equal(rule.estimate(filled), rule.estimate(panel.outcome))
    np.testing.assert_array_equal(rule.residuals(filled), rule.residuals(panel.outcome))
    assert (rule.residuals(filled)[~rule.frame.used] == 0).all()


def test_weights_of_clusters_are_shares_of_their_patterns() -> None:
    rule = sg.Twfe().rule(random_panel(3, weights=False).frame)
    spread = rule.by_cluster()
    for g in range(len(rule.patterns.first)):
        np.testing.assert_allclose(spread[:, rule.patterns.group == g].sum(axis=1), rule.weights[:, g], atol=1e-12)


def test_variance_is_a_sum_over_clusters() -> None:
    rule = sg.Twfe().rule(random_panel(4).frame)
    count, width = rule.frame.used.shape
    blocks = np.broadcast_to(np.eye(width), (count, width, width))
    np.testing.assert_allclose(rule.variance(blocks)[0, 0], (rule.W[0] ** 2).sum())


def test_scores_are_weights_times_residuals_summed_over_each_cluster() -> None:
    panel = random_panel(5)
    rule = sg.Twfe().rule(panel.frame)
    expected = (rule.by_cluster() * rule.residuals(panel.outcome)).sum(axis=2)
    np.testing.assert_allclose(rule.scores(panel.outcome), expected, atol=1e-12)


def test_products_with_residuals_need_no_residuals() -> None:
    """With loads that gaps must silence, with cluster effects absorbed and without."""
    panel = random_panel(2)
    for one in (sg.Twfe(), sg.Gls(sg.Nested(icc=0.1, cac=0.8)), sg.Imputation()):
        rule = one.rule(panel.frame)
        kinds, which = rule.patterns.kinds()
        loads = np.random.default_rng(1).normal(size=(3, len(kinds), panel.outcome.shape[1]))
        found = rule.residual_products(loads, panel.outcome, rule.patterns.group[kinds], which)
        expected = (loads[:, which] * rule.residuals(panel.outcome)).sum(axis=2)
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_point_says_what_its_rule_says() -> None:
    panel = random_panel(6)
    rule = sg.GroupTime(by="cohort").rule(panel.frame)
    point = Point.of(rule, panel.outcome)
    assert (point.terms, point.notes, point.headed, point.estimand) == (rule.terms, rule.notes, True, rule.estimand)
    np.testing.assert_array_equal(point.values, rule.estimate(panel.outcome))


@pytest.mark.parametrize("one", [sg.Twfe(), sg.GroupTime(), sg.Imputation(), sg.Gls(sg.Independent())], ids=repr)
def test_estimators_keep_the_protocol(one: sg.Twfe) -> None:
    assert isinstance(one, LinearEstimator)
    assert one.name
    assert all(one.references)
    assert one == replace(one)
    assert hash(one) == hash(replace(one))


@pytest.mark.parametrize("one", [sg.Cluster(), sg.Jackknife(), sg.Permutation()], ids=repr)
def test_inferences_keep_the_protocol(one: Inference) -> None:
    assert one.name
    assert one == type(one)()
