"""Leaving out every cluster at once equals solving again without each: the brute force is the oracle."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.estimators.did.adjusted import adjustment_of
from staggered.estimators.did.left_out_fits import Compared, effects_without_each
from staggered.inference.jackknife import leave_one_out
from tests.random_panels import STREAM, random_panel


def with_covariates(panel: sg.Panel, seed: int, *, moving: bool, kind: str = "plain") -> sg.Panel:
    """The panel with two covariates: one continuous, and another that is rare, extreme or missing for some."""
    generator = np.random.default_rng([STREAM, 2, seed])
    shape = panel.outcome.shape
    columns = (
        generator.normal(size=(2, *shape))
        if moving
        else np.repeat(generator.normal(size=(2, shape[0], 1)), shape[1], 2)
    )
    if kind == "rare":
        columns[1] = 0.0
        # A single cluster that never starts: without it the covariate is constant.
        columns[1, generator.choice(np.flatnonzero(np.isinf(panel.design.start)))] = 1.0
    if kind == "extreme":
        columns[1] = 2000 + columns[1] + 3.0 * np.isfinite(panel.design.start)[:, None]
    if kind == "missing":
        columns[1, generator.random(shape[0]) < 0.15] = np.nan
    return replace(panel, frame=replace(panel.frame, covariates={"x": columns[0], "z": columns[1]}))


def many(seed: int, clusters: int = 36) -> sg.Panel:
    """A panel with cohorts large enough to fit each comparison."""
    generator = np.random.default_rng([STREAM, 3, seed])
    start = generator.choice([2.0, 3.0, 4.0, np.inf], size=clusters)
    treatment = (np.arange(6) >= start[:, None]).astype(float)
    weights = generator.uniform(0.5, 2.0, size=treatment.shape)
    outcome = generator.normal(size=treatment.shape) + generator.normal(size=(clusters, 1))
    return sg.Panel(sg.Frame(sg.Design(treatment), weights=weights), outcome)


def assert_as_without_each(estimator: sg.GroupTime, panel: sg.Panel) -> None:
    """Every row of `leave_one_out` is the estimator's own answer on the panel without that cluster."""
    point = estimator.point(panel)
    found, _ = leave_one_out(estimator, panel, point.terms, point.values)
    for row in range(len(found)):
        expected = np.full(len(point.terms), np.nan)
        try:
            other = estimator.point(panel.without(row))
        except sg.IdentificationError:
            pass
        else:
            values = {term.label: value for term, value in zip(other.terms, other.values, strict=True)}
            expected = np.array([values.get(term.label, np.nan) for term in point.terms])
        np.testing.assert_allclose(found[row], expected, rtol=1e-10, atol=1e-10, err_msg=f"without {row}")


@pytest.mark.parametrize("kind", ["plain", "rare", "missing"])
@pytest.mark.parametrize("method", ["reg", "ipw", "dr"])
@pytest.mark.parametrize("seed", range(2))
def test_equals_solving_again_without_each_cluster(seed: int, method: str, kind: str) -> None:
    by = ("overall", "event", "cohort", "calendar", "cell")[(seed + len(kind)) % 5]
    estimator = sg.GroupTime(method=method, by=by, controls=("notyet", "never")[seed % 2])
    panel = with_covariates(many(seed), seed, moving=seed == 1, kind=kind)
    assert_as_without_each(estimator, panel)


@pytest.mark.parametrize("kind", ["plain", "missing"])
@pytest.mark.parametrize("method", ["reg", "ipw", "dr"])
def test_levels_equal_solving_again_without_each_cluster(method: str, kind: str) -> None:
    panel = many(7)
    present = np.random.default_rng([STREAM, 7]).random(panel.outcome.shape) > 0.1
    panel = replace(panel, frame=replace(panel.frame, present=present))
    panel = with_covariates(panel, 7, moving=method == "dr", kind=kind)
    assert_as_without_each(sg.GroupTime(method=method, compare="levels", by="event"), panel)


def test_a_covariate_far_from_zero_loses_no_more_digits_than_the_brute_force() -> None:
    panel = with_covariates(many(5), 5, moving=False, kind="extreme")
    shifted = {**panel.frame.covariates, "z": np.asarray(panel.frame.covariates["z"]) - 2000}
    near = replace(panel, frame=replace(panel.frame, covariates=shifted))
    estimator = sg.GroupTime(method="dr")
    assert_as_without_each(estimator, near)
    far = estimator.fit(panel, sg.Jackknife())
    assert far.se == pytest.approx(estimator.fit(near, sg.Jackknife()).se, rel=1e-8)


@pytest.mark.parametrize("seed", range(8))
def test_gaps_transitions_lone_cohorts_and_fits_at_their_limit(seed: int) -> None:
    """Few clusters: most comparisons have hardly more clusters than covariates, and many cannot be fitted."""
    panel = random_panel(seed)
    one = np.random.default_rng([STREAM, 4, seed]).normal(size=(len(panel.outcome), 1))
    grid = np.broadcast_to(one, panel.outcome.shape)
    panel = replace(panel, frame=replace(panel.frame, covariates={"x": grid}))
    estimator = sg.GroupTime(
        method=("reg", "ipw", "dr")[seed % 3],
        by=("event", "cell")[seed % 2],
        base=("varying", "universal")[seed % 2],
        compare=("changes", "levels")[seed % 4 > 1],
    )
    assert_as_without_each(estimator, panel)


def test_only_clusters_that_hold_up_a_period_alone_are_solved_one_at_a_time() -> None:
    panel = with_covariates(many(2), 2, moving=False)
    estimator, every = sg.GroupTime(method="dr"), np.arange(36)
    assert [row for row, *_ in estimator.without_each_of(panel, every)] == every.tolist()
    treatment = panel.design.treatment.copy()
    treatment[0] = np.arange(6) >= 5
    lone = replace(panel, frame=replace(panel.frame, design=sg.Design(treatment)))
    assert [row for row, *_ in estimator.without_each_of(lone, every)] == every[1:].tolist()
    assert_as_without_each(estimator, lone)
    assert not list(sg.GroupTime().without_each_of(many(2), every))


@pytest.mark.parametrize("method", ["reg", "ipw", "dr"])
@pytest.mark.parametrize("shift", [0.0, 1.5, 3.0, 6.0])
def test_fits_together_as_fits_apart(method: str, shift: float) -> None:
    """From sides that overlap well to sides that the covariate tells apart without some, or in any case."""
    generator = np.random.default_rng([STREAM, 5])
    count = 24
    treated = np.arange(count) < 9
    design = np.column_stack([np.ones(count), generator.normal(size=(count, 2))])
    design[:, 1] += shift * treated
    weight, changes = generator.uniform(0.5, 2, size=count), generator.normal(size=(count, 3))
    compared = Compared(method, np.arange(count), treated, None, design, weight)
    everyone, _, without = effects_without_each(compared, changes)
    whole = adjustment_of(method, treated, design, weight)
    np.testing.assert_allclose(everyone, np.full(3, np.nan) if isinstance(whole, str) else whole.weights() @ changes)
    for row in range(count):
        rest = np.arange(count) != row
        one = adjustment_of(method, treated[rest], design[rest], weight[rest])
        expected = np.full(3, np.nan) if isinstance(one, str) else one.weights() @ changes[rest]
        np.testing.assert_allclose(without[row], expected, rtol=1e-10, atol=1e-10)


def test_in_portions_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng([STREAM, 6])
    treated, weight = np.arange(40) < 15, generator.uniform(0.5, 2, size=40)
    design, changes = np.column_stack([np.ones(40), generator.normal(size=40)]), generator.normal(size=(40, 2))
    compared = Compared("dr", np.arange(40), treated, None, design, weight)
    at_once = effects_without_each(compared, changes)[2]
    monkeypatch.setattr("staggered.estimators.did.left_out_fits._CELLS", 300)
    np.testing.assert_allclose(effects_without_each(compared, changes)[2], at_once, rtol=1e-12)


def test_weights_that_grow_on_one_side_are_told_from_those_that_do_not() -> None:
    """The odds depend on how the two sides' weights compare, which their shares within each side do not show."""
    panel = with_covariates(many(3), 3, moving=False)
    design = sg.Design((np.arange(6) >= np.where(np.arange(36) < 14, 3, np.inf)[:, None]).astype(float))
    weights = np.ones((36, 6))
    weights[:14, 1] = 4.0
    frame = replace(panel.frame, design=design, weights=weights)
    cell = sg.GroupTime(method="ipw", by="cell", base="varying").point(replace(panel, frame=frame))
    labels = [term.label for term in cell.terms]
    # The base of period 2 alone has the heavy weights.
    x = np.column_stack([np.ones(36), *(np.asarray(grid)[:, 0] for grid in panel.frame.covariates.values())])
    for period in (1, 2):
        one = adjustment_of("ipw", np.arange(36) < 14, x, weights[:, period - 1])
        assert not isinstance(one, str)
        change = panel.outcome[:, period] - panel.outcome[:, period - 1]
        assert cell.values[labels.index(f"ATT(4, {period + 1})")] == pytest.approx(one.weights() @ change, rel=1e-10)
