"""The mixed model as a user meets it: options, terms, words, and input that it must refuse or name."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.estimators.trial.mixed import DEGREES
from staggered.inference.model_based import ParametricBootstrap, Profile
from tests.estimators.trial.trials import random_trial
from tests.random_panels import stepped_panel

QUIET = [
    pytest.mark.filterwarnings("ignore::staggered.errors.DesignWarning"),
    pytest.mark.filterwarnings("ignore::staggered.errors.ConvergenceWarning"),
]
pytestmark = QUIET


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"covariance": "autoregressive"}, "covariance 'autoregressive' is not one that is fitted"),
        ({"covariance": sg.ProportionalDecay(icc=0.1, cac=0.8)}, "covariance ProportionalDecay is not one"),
        ({"effect": "sudden"}, "effect='sudden'"),
        ({"df": "containment"}, "df='containment'"),
        ({"time": "cubic"}, "time='cubic'"),
        ({"method": "bayes"}, "method='bayes'"),
    ],
)
def test_options_that_are_none_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(sg.DesignError, match=words):
        sg.Mixed(**options)


@pytest.mark.parametrize(
    ("named", "structure"),
    [
        ("exchangeable", sg.Exchangeable(icc=0.9)),
        ("nested", sg.Nested(icc=0.9, cac=0.1)),
        ("decay", sg.Decay(icc=0.9, cac=0.1)),
        ("decay-by-date", sg.Decay(icc=0.9, cac=0.1, time="date", per_days=365.25)),
        ("independent", sg.Independent()),
        ("random-treatment", sg.RandomTreatment(sg.Exchangeable(icc=0.9), sd=1.0)),
        ("random-treatment-correlated", sg.RandomTreatment(sg.Exchangeable(icc=0.9), sd=1.0, corr=0.5)),
        ("nested-random-treatment", sg.RandomTreatment(sg.Nested(icc=0.9, cac=0.5), sd=1.0)),
    ],
)
def test_of_a_planning_structure_only_the_kind_is_used(named: str, structure: object) -> None:
    panel = random_trial(2, clusters=10, dates=True)
    one, other = sg.Mixed(named).fit(panel), sg.Mixed(structure).fit(panel)
    assert (one.value, one.se, one.df) == (other.value, other.se, other.df)


def test_what_a_result_says() -> None:
    estimate = sg.Mixed("nested").fit(random_trial(1, clusters=10))
    text = estimate.text()
    assert "linear mixed model (REML) with nested correlation" in text
    assert "Kenward and Roger" in text
    assert "degrees of freedom" in text
    assert "(icc)" in text
    assert "taken as constant" in text
    assert any("Kenward MG" in paper for paper in estimate.references)


def test_every_way_of_counting_degrees_of_freedom_is_named_in_the_result() -> None:
    panel = random_trial(1, clusters=12)
    assert len({sg.Mixed(df=df).fit(panel).inference for df in DEGREES}) == len(DEGREES)


def test_people_who_are_followed_have_effects_of_their_own_unless_told_otherwise() -> None:
    panel = random_trial(2, followed=True)
    assert "person" in sg.Mixed().components(panel).names
    assert "person" not in sg.Mixed(cohort=False).components(panel).names
    with pytest.raises(sg.DataError, match="nobody is followed"):
        sg.Mixed(cohort=True).fit(random_trial(2))


def test_a_person_twice_in_a_period_is_refused() -> None:
    panel = random_trial(2, followed=True)
    people = replace(panel.people, unit=np.zeros_like(panel.people.unit))
    with pytest.raises(sg.DataError, match="more than once in a period"):
        sg.Mixed().fit(replace(panel, people=people))


def test_weights_and_sizes_of_means_are_precisions() -> None:
    panel = stepped_panel(3, clusters=8, steps=4)
    sizes = np.random.default_rng(1).integers(5, 60, size=panel.outcome.shape).astype(float)
    by_size = replace(panel, frame=replace(panel.frame, design=replace(panel.design, size=sizes)))
    by_weight = replace(panel, frame=replace(panel.frame, weights=sizes))
    one, other = sg.Mixed().fit(by_size), sg.Mixed().fit(by_weight)
    assert (one.value, one.se) == pytest.approx((other.value, other.se))
    doubled = sg.Mixed().fit(replace(panel, frame=replace(panel.frame, weights=2 * sizes)))
    assert (doubled.value, doubled.se) == pytest.approx((one.value, one.se))


def test_one_mean_a_cell_cannot_tell_movement_from_noise() -> None:
    panel = stepped_panel(3, clusters=8, steps=4)
    nested, plain = sg.Mixed("nested").fit(panel), sg.Mixed("exchangeable").fit(panel)
    assert (nested.value, nested.se) == (plain.value, plain.se)
    assert any("are one variance here" in note for note in nested.notes)


def test_covariates_of_cells_are_adjusted_for() -> None:
    panel = stepped_panel(3, clusters=8, steps=4)
    grid = np.random.default_rng(2).normal(size=panel.outcome.shape)
    moved = replace(panel, outcome=panel.outcome + 5 * grid, frame=replace(panel.frame, covariates={"x": grid}))
    still = replace(panel, frame=replace(panel.frame, covariates={"x": grid}))
    assert sg.Mixed().fit(moved).value == pytest.approx(sg.Mixed().fit(still).value)


@pytest.mark.filterwarnings("error::staggered.errors.DataWarning")
def test_a_covariate_that_calendar_time_explains_is_left_out_and_named() -> None:
    panel = random_trial(1, covariates=1)
    people = panel.people
    by_period = replace(people, covariates={**people.covariates, "wave": 2.0 * people.period})
    with pytest.warns(sg.DataWarning, match="covariate wave is explained by calendar time"):
        estimate = sg.Mixed().fit(replace(panel, people=by_period))
    assert estimate.value == pytest.approx(sg.Mixed().fit(panel).value)
    assert any("wave" in note for note in estimate.notes)


def test_an_effect_that_calendar_time_explains_is_refused() -> None:
    everyone = sg.Design([[0, 1], [0, 1], [0, 1]])
    panel = sg.Panel(sg.Frame(everyone), np.random.default_rng(1).normal(size=(3, 2)))
    with pytest.raises(sg.IdentificationError, match="cannot be told apart from calendar time"):
        sg.Mixed().fit(panel)


def test_more_variances_than_clusters_are_refused() -> None:
    design = sg.Design([[0, 0, 1], [0, 1, 1]], size=30)
    panel = sg.Panel(sg.Frame(design), np.random.default_rng(1).normal(size=(2, 3)), within=np.ones((2, 3)))
    with pytest.raises(sg.IdentificationError, match="2 clusters cannot tell 2 variances between clusters apart"):
        sg.Mixed("nested").fit(panel)


def test_missing_covariates_are_refused_with_their_number() -> None:
    panel = random_trial(1, covariates=1)
    gone = panel.people.covariates["x1"].copy()
    gone[:3] = np.nan
    with pytest.raises(sg.DataError, match="Not known: x1 of 3 people"):
        sg.Mixed().fit(replace(panel, people=replace(panel.people, covariates={"x1": gone})))


def test_an_outcome_without_any_remainder_is_refused() -> None:
    design = sg.stepped(clusters=4, steps=2)
    panel = sg.Panel(sg.Frame(design), np.arange(3.0) + np.zeros((4, 1)) + 0.5 * design.treatment)
    with pytest.raises(sg.DataError, match="explain the outcome without any remainder"):
        sg.Mixed().fit(panel)


def test_empty_cells_are_gaps() -> None:
    panel = random_trial(3, clusters=8, gaps=True)
    assert not panel.frame.used.all()
    estimate = sg.Mixed("nested").fit(panel)
    assert np.isfinite([estimate.value, estimate.se, estimate.df]).all()


def test_the_jackknife_fits_again_without_each_cluster() -> None:
    panel = random_trial(4, clusters=8)
    estimate = sg.Mixed("exchangeable").fit(panel, sg.Jackknife())
    values = [sg.Mixed("exchangeable").point(panel.without(row)).values[0] for row in range(8)]
    expected = np.sqrt(7 / 8 * np.sum((np.array(values) - estimate.value) ** 2))
    assert estimate.se == pytest.approx(expected)
    assert estimate.df == 7


@pytest.mark.parametrize("inference", [sg.Cluster("CR2"), sg.Permutation(), Profile(), ParametricBootstrap(20)])
def test_effects_that_clusters_share_leave_only_the_models_own_inference(inference: object) -> None:
    with pytest.raises(sg.DesignError, match="share effects of exposure time"):
        sg.Mixed(effect="random-exposure").fit(random_trial(2, clusters=8), inference)


def test_shared_effects_beside_decay_are_refused() -> None:
    with pytest.raises(sg.DesignError, match="random exposure effect was asked for with decay"):
        sg.Mixed("decay", effect="random-exposure").fit(random_trial(2, clusters=8))


def test_estimands_are_combinations_of_the_curve() -> None:
    estimate = sg.Mixed("exchangeable", effect="exposure").fit(random_trial(2, clusters=9, steps=3))
    curve = estimate.value
    assert estimate.overall.value == pytest.approx(curve.mean())
    early = estimate @ [0.5, 0.5, 0]
    assert early.value == pytest.approx(curve[:2].mean())
    # Degrees of freedom of a combination are its own, not the fewest of its terms.
    everything = estimate @ [1 / 3, 1 / 3, 1 / 3]
    assert everything.df == pytest.approx(estimate.overall.df)
    assert everything.se == pytest.approx(estimate.overall.se)


def test_results_move_with_the_outcomes_units() -> None:
    panel = random_trial(5, covariates=1)
    people = panel.people
    bigger = replace(people, outcome=1e4 * people.outcome + 3e6)
    moved = replace(panel, outcome=1e4 * panel.outcome + 3e6, people=bigger)
    one, other = sg.Mixed("nested").fit(panel), sg.Mixed("nested").fit(moved)
    np.testing.assert_allclose([other.value, other.se], [1e4 * one.value, 1e4 * one.se], rtol=1e-6)
    assert other.df == pytest.approx(one.df, rel=1e-6)
    before, after = sg.Mixed("nested").components(panel), sg.Mixed("nested").components(moved)
    np.testing.assert_allclose(after.values, 1e8 * before.values, rtol=1e-5)
    np.testing.assert_allclose(after.errors, 1e8 * before.errors, rtol=1e-5)


def test_components_say_what_they_are() -> None:
    parts = sg.Mixed("nested").components(random_trial(1, clusters=12, size=20))
    shared = parts["cluster"] + parts["cluster-period"]
    assert parts.icc == pytest.approx(shared / (shared + parts["residual"]))
    assert parts.cac == pytest.approx(parts["cluster"] / shared)
    assert list(parts.table()["parameter"]) == ["residual", "cluster", "cluster-period"]
    assert "(icc)" in parts.text()
    assert parts.to_dict()["method"] == "REML"
    assert parts["treatment"] == 0
