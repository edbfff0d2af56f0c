"""Adjusted scores and degrees of freedom against full matrices."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.inference.small_sample import adjusted_scores
from staggered.kernel.rule import Rule
from staggered.model.covariance import Cells
from tests.oracles import dense, robust
from tests.random_panels import random_panel

ESTIMATORS = [
    sg.Twfe(),
    sg.Gls(sg.Exchangeable(icc=0.1)),
    sg.Gls(sg.Decay(icc=0.2, cac=0.6)),
    sg.GroupTime(by="cohort"),
    sg.Imputation(by="event"),
]
LINEAR = [
    sg.Twfe(), sg.Gls(sg.Decay(icc=0.2, cac=0.6)), sg.WithinPeriod(), sg.GroupTime(), sg.SunAbraham(), sg.Imputation(),
    sg.Extended(), sg.Stacked(),
]  # fmt: skip


def working(rule: Rule, estimator: object) -> np.ndarray:
    if isinstance(estimator, sg.Gls):
        return dense.covariance(rule.frame, estimator.covariance.blocks(Cells.of(rule.frame.design), 1.0))
    return np.diag(1 / rule.frame.weights[rule.frame.used])


def hat_with_own_level(rule: Rule) -> np.ndarray:
    """H, with residuals taken from the level of all of a cluster's cells where cluster effects are absorbed."""
    hat = dense.hat_matrix(rule)
    if rule.centre is None:
        return hat
    cluster = dense.cluster_of(rule.frame)
    shared = (cluster[:, None] == cluster) * rule.frame.weights[rule.frame.used]
    level = shared / shared.sum(axis=1, keepdims=True)
    return hat + level @ (np.eye(len(hat)) - hat)


@pytest.mark.parametrize("kind", ["CR2", "CR3"])
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
@pytest.mark.parametrize("seed", range(6))
def test_equal_the_dense_formulas(seed: int, estimator: sg.Twfe, kind: str) -> None:
    panel = random_panel(seed, weights=seed % 2 == 0)
    rule = estimator.rule(panel.frame)
    scores, degrees, exhausted = adjusted_scores(rule, panel.outcome, kind)
    known = np.isfinite(rule.estimate(panel.outcome))
    slow = robust.brute_force(
        rule.W[known],
        hat_with_own_level(rule),
        working(rule, estimator),
        dense.cluster_of(rule.frame),
        panel.outcome[rule.frame.used],
        kind,
    )
    present = rule.frame.used.any(axis=1)
    scale = np.abs(slow.scores).max()
    np.testing.assert_allclose(scores[known][:, present], slow.scores, atol=1e-7 * scale)
    np.testing.assert_allclose(degrees[known], slow.degrees, rtol=1e-6)
    silent = np.abs(rule.by_cluster()[known][:, present]).max(axis=2) > 1e-9
    assert not (exhausted[known][:, present] & ~silent).any()


def expected_share(panel: sg.Panel) -> float:
    """Expected CR2 variance over the true one, under independent outcomes with variance 1/weight."""
    rule = sg.Twfe().rule(panel.frame)
    spread = 1 / np.sqrt(rule.frame.weights)
    total = 0.0
    for row, period in np.argwhere(rule.frame.used):
        unit = np.zeros(rule.frame.used.shape)
        unit[row, period] = spread[row, period]
        total += (adjusted_scores(rule, unit, "CR2")[0] ** 2).sum()
    return float(total / (rule.W[0] ** 2 * spread[rule.frame.used] ** 2).sum())


def test_cr2_is_unbiased_under_its_working_model() -> None:
    for seed in range(6):
        assert expected_share(random_panel(seed, weights=False)) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("never", [0, 4])
@pytest.mark.parametrize("estimator", LINEAR, ids=lambda one: type(one).__name__)
def test_cr2_of_every_linear_estimator_is_unbiased_under_its_working_model(estimator: sg.Twfe, never: int) -> None:
    start = np.append(np.repeat([2, 4, 6], [2, 3, 2]), np.full(never, 99))
    frame = sg.Frame(sg.Design((np.arange(8) >= start[:, None]).astype(float)))
    rule = estimator.rule(frame)
    blocks = np.broadcast_to(np.eye(8), (len(start), 8, 8))
    if rule.working is not None:
        blocks = rule.working[rule.patterns.group]
    single = np.eye(frame.used.size).reshape(-1, *frame.used.shape)
    maps = np.stack([adjusted_scores(rule, cell, "CR2")[0][0] for cell in single], axis=1)
    by_cell = maps.reshape(len(start), *frame.used.shape)
    expected = np.einsum("icp,cpq,icq->", by_cell, blocks, by_cell)
    assert expected == pytest.approx(float(rule.variance(blocks)[0, 0]), rel=1e-9)


def test_cr2_and_cr3_of_imputation_are_those_of_least_squares_with_every_cell() -> None:
    panel = random_panel(3, weights=False, gaps=False, transition=False)
    one, other = (rule.rule(panel.frame) for rule in (sg.Imputation(), sg.Extended()))
    for kind in ("CR2", "CR3"):
        found, expected = (adjusted_scores(rule, panel.outcome, kind) for rule in (one, other))
        np.testing.assert_allclose(np.abs(found[0][0]), np.abs(expected[0][0]), rtol=1e-8, atol=1e-12)
        assert found[1][0] == pytest.approx(expected[1][0], rel=1e-8)


def test_cr2_is_a_little_low_when_weights_differ_within_a_cluster() -> None:
    """The published adjustment is exact for cluster effects only where a cluster's weights are alike."""
    shares = [expected_share(random_panel(seed)) for seed in range(10)]
    assert 0.95 < min(shares) < max(shares) < 1


def test_plain_scores_understate_where_adjusted_ones_do_not() -> None:
    panel = random_panel(2)
    rule = sg.Twfe().rule(panel.frame)
    plain = (rule.scores(panel.outcome) ** 2).sum()
    two, three = ((adjusted_scores(rule, panel.outcome, kind)[0] ** 2).sum() for kind in ("CR2", "CR3"))
    assert plain < two < three


def test_scale_of_weights_does_not_matter() -> None:
    panel = random_panel(6)
    heavy = sg.Panel(replace(panel.frame, weights=panel.frame.weights * 1e6), panel.outcome)
    for kind in ("CR2", "CR3"):
        one = adjusted_scores(sg.Twfe().rule(panel.frame), panel.outcome, kind)
        other = adjusted_scores(sg.Twfe().rule(heavy.frame), heavy.outcome, kind)
        np.testing.assert_allclose(one[0], other[0], rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(one[1], other[1], rtol=1e-6)
