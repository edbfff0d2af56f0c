"""Marginal models against the equations person by person, and input that they must refuse or name."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import staggered as sg
from staggered.data.persons import Persons
from staggered.estimators.trial.marginal_correlation import WORKING, correlation_of
from staggered.inference.model_based import Profile
from tests.estimators.trial.trials import random_trial
from tests.oracles import gee

pytestmark = pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
CORRECTIONS = ("none", "KC", "MD", "FG", "MBN")
FAMILIES = [("gaussian", "identity"), ("binomial", "logit"), ("binomial", "identity"), ("poisson", "log")]


def trial(seed: int, family: str, *, clusters: int = 8, size: int = 7, covariates: int = 1) -> sg.Panel:
    """A random trial with outcomes of a family."""
    panel = random_trial(seed, clusters=clusters, size=size, covariates=covariates)
    score = (panel.people.outcome - panel.people.outcome.mean()) / panel.people.outcome.std()
    outcome = {"gaussian": score, "binomial": score > 0.2, "poisson": np.floor(np.exp(0.6 * score))}[family].astype(
        float
    )
    covariates_of = {name: np.round(column) for name, column in panel.people.covariates.items()}
    people = replace(panel.people, outcome=outcome, covariates=covariates_of)
    grid = {name: people.means(column, panel.outcome.shape) for name, column in covariates_of.items()}
    return replace(
        panel,
        frame=replace(panel.frame, covariates=grid),
        outcome=people.means(outcome, panel.outcome.shape),
        people=people,
    )


def one_by_one(panel: sg.Panel, family: str, link: str) -> gee.People:
    """The panel's people with R's columns."""
    people = panel.people
    periods = (people.period[:, None] == np.arange(panel.outcome.shape[1])).astype(float)
    periods[:, 0] = 1.0
    treated = panel.design.treatment[people.cluster, people.period]
    columns = np.column_stack([periods, *people.covariates.values(), treated])
    return gee.People(people.outcome, columns, people.cluster, people.period, family, link)


@pytest.mark.parametrize(("family", "link"), FAMILIES)
@pytest.mark.parametrize("working", WORKING)
def test_equations_are_solved_and_every_correction_is_its_papers(family: str, link: str, working: str) -> None:
    panel = trial(3, family, covariates=0 if (family, link) == ("binomial", "identity") else 1)
    model = sg.Marginal(family, working, link=link).model(panel)
    found, people = model.solved(), one_by_one(panel, family, link)
    total, covariances = gee.covariances(people, found.beta, found.scale, found.correlation.by_lag)
    spread = np.sqrt(np.diag(covariances["none"]))
    np.testing.assert_allclose(total * spread, 0, atol=1e-6)
    for name in CORRECTIONS:
        fitted = sg.Marginal(family, working, None if name == "none" else name, link=link).fit(panel)
        assert fitted.value == pytest.approx(found.beta[-1], abs=1e-10)
        assert fitted.se == pytest.approx(np.sqrt(covariances[name][-1, -1]), rel=1e-8)


@pytest.mark.parametrize("working", WORKING[1:])
def test_scale_and_correlation_are_means_over_pairs_of_people(working: str) -> None:
    panel = trial(4, "binomial")
    found = sg.Marginal("binomial", working).model(panel).solved()
    scale, pairs = gee.moments(one_by_one(panel, "binomial", "logit"), found.beta, working)
    assert found.scale == pytest.approx(scale)
    if working == "decay":
        level, decay = found.correlation.values
        lags = np.array(list(pairs))
        means, counts = np.array(list(pairs.values())).T
        loss = lambda a, r: float((counts * (means - a * r ** lags.astype(float)) ** 2).sum())  # noqa: E731
        best = loss(level, decay)
        for a, r in [(1.001, 1), (0.999, 1), (1, 0.999), (1.001, 0.999)]:
            assert best <= loss(level * a, decay * r)
    else:
        assert found.correlation.values == pytest.approx([pairs[kind][0] for kind in sorted(pairs)])


def test_cells_of_a_binary_outcome_are_as_good_as_its_people() -> None:
    panel = trial(5, "binomial", covariates=0)
    sizes = panel.people.counts(panel.outcome.shape)
    cells = replace(panel, people=None, within=None, frame=replace(panel.frame, covariates={}))
    cells = replace(cells, frame=replace(cells.frame, design=replace(cells.design, size=sizes)))
    for working in WORKING:
        one, other = (sg.Marginal("binomial", working).fit(each) for each in (panel, cells))
        assert (one.value, one.se) == pytest.approx((other.value, other.se), rel=1e-9)


def test_cells_of_means_and_their_variance_are_as_good_as_people() -> None:
    panel = trial(5, "gaussian", covariates=0)
    sizes, people = panel.people.counts(panel.outcome.shape), panel.people
    squares = people.means(people.outcome**2, panel.outcome.shape) - panel.outcome**2
    cells = replace(panel, people=None, within=squares * sizes / np.maximum(sizes - 1, 1))
    cells = replace(cells, frame=replace(cells.frame, covariates={}, design=replace(cells.design, size=sizes)))
    one, other = (sg.Marginal("gaussian", "nested").fit(each) for each in (panel, cells))
    assert (one.value, one.se) == pytest.approx((other.value, other.se), rel=1e-9)


def test_independence_is_that_of_statsmodels_with_mancl_and_derouens_correction() -> None:
    panel = trial(6, "binomial")
    people = one_by_one(panel, "binomial", "logit")
    model = sm.GEE(people.outcome, people.columns, people.cluster, family=sm.families.Binomial())
    for correction, kind in ((None, "robust"), ("MD", "bias_reduced")):
        theirs = model.fit(cov_type=kind)
        ours = sg.Marginal("binomial", "independence", correction).fit(panel)
        assert ours.value == pytest.approx(theirs.params[-1], abs=1e-8)
        assert ours.se == pytest.approx(theirs.bse[-1], rel=1e-6)


def test_statsmodels_takes_the_coefficients_off_scale_and_pairs() -> None:
    """Its exchangeable correlation is ours with N − p for N and pairs − p for pairs, at its own coefficients."""
    panel = trial(6, "gaussian", covariates=0)
    people = one_by_one(panel, "gaussian", "identity")
    structure = sm.cov_struct.Exchangeable()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = sm.GEE(people.outcome, people.columns, people.cluster, cov_struct=structure).fit(maxiter=200)
    width = people.columns.shape[1]
    pairs = gee.moments(people, np.asarray(theirs.params), "exchangeable")[1]
    mean, count = pairs[0]
    observations = len(people.outcome)
    assert structure.dep_params == pytest.approx(
        mean * count / (count - width) * (observations - width) / observations, rel=1e-3
    )


def test_correlations_that_no_people_can_have_are_drawn_towards_nothing() -> None:
    people = np.full((3, 2), 10.0)
    sums = np.array([[5.0, -5.0]] * 3)
    found = correlation_of("nested", sums, np.full((3, 2), 10.0), people, 1.0)
    assert found.shrunk < 1
    matrix = np.kron(found.matrix, np.ones((10, 10)))
    np.fill_diagonal(matrix, 1.0)
    assert np.linalg.eigvalsh(matrix).min() > 0


def test_an_effect_for_each_exposure_time_and_their_average() -> None:
    panel = trial(7, "gaussian", clusters=9, size=12)
    estimate = sg.Marginal("gaussian", "exchangeable", effect="exposure").fit(panel)
    assert [term.label for term in estimate.terms] == ["overall", "event 0", "event +1", "event +2"]
    assert estimate.overall.value == pytest.approx(estimate.value.mean())


def test_what_a_result_says() -> None:
    panel = trial(1, "binomial")
    text = sg.Marginal("binomial", "nested").fit(panel).text()
    for words in ("Log odds ratio", "odds ratio:", "Kauermann", "correlation between periods", "t with clusters − 2"):
        assert words in text
    followed = replace(panel, people=replace(panel.people, unit=np.arange(len(panel.people.outcome))))
    notes = sg.Marginal("binomial", "nested").fit(followed).notes
    assert any("seen again" in note for note in notes)


def test_permutation_and_jackknife_fit_again() -> None:
    panel = trial(2, "gaussian", clusters=6)
    marginal = sg.Marginal("gaussian", "exchangeable")
    others = [marginal.point(panel.without(row)).values[0] for row in range(6)]
    jackknife = marginal.fit(panel, sg.Jackknife())
    assert jackknife.se == pytest.approx(np.sqrt(5 / 6 * ((np.array(others) - jackknife.value) ** 2).sum()))
    p = marginal.fit(panel, sg.Permutation(draws=19)).p_value
    assert round(p * 20) == pytest.approx(p * 20)


def test_its_own_scores_serve_the_cluster_bootstrap() -> None:
    panel = trial(2, "gaussian", clusters=12)
    plain = sg.Marginal("gaussian", correction=None).fit(panel)
    drawn = sg.Marginal("gaussian").fit(panel, sg.Bootstrap(999, band=False))
    assert drawn.se == pytest.approx(plain.se, rel=0.25)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"family": "gamma"}, "family is 'gamma'"),
        ({"family": "gaussian", "working": "unstructured"}, "working='unstructured'"),
        ({"family": "gaussian", "correction": "HC3"}, "correction='HC3'"),
        ({"family": "gaussian", "effect": "sudden"}, "effect='sudden'"),
        ({"family": "gaussian", "link": "logit"}, "link='logit' does not go with family='gaussian'"),
    ],
)
def test_options_that_are_none_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(sg.DesignError, match=words):
        sg.Marginal(**options)


def people_panel(outcome: np.ndarray, cluster: np.ndarray, period: np.ndarray, **covariates: np.ndarray) -> sg.Panel:
    design = sg.stepped(clusters=6, steps=3)
    people = Persons(cluster=cluster, period=period, outcome=outcome, covariates=covariates)
    shape = design.treatment.shape
    frame = sg.Frame(design, covariates={name: people.means(column, shape) for name, column in covariates.items()})
    return sg.Panel(frame, people.means(people.outcome, shape), people=people)


def six_by_four(seed: int, risk: float, size: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    cluster, period = (np.repeat(index.ravel(), size) for index in np.indices((6, 4)))
    return (generator.random(len(cluster)) < risk).astype(float), cluster, period


@pytest.mark.filterwarnings("ignore:In 4 nobody")
def test_an_outcome_that_the_treated_never_have_is_refused() -> None:
    outcome, cluster, period = six_by_four(1, 0.4)
    treated = sg.stepped(clusters=6, steps=3).treatment[cluster, period] > 0
    with pytest.raises(sg.IdentificationError, match="With treatment the outcome never occurs"):
        sg.Marginal("binomial").fit(people_panel(np.where(treated, 0.0, outcome), cluster, period))
    difference = sg.Marginal("gaussian").fit(people_panel(np.where(treated, 0.0, outcome), cluster, period))
    assert np.isfinite(difference.se)


def test_a_covariate_that_separates_is_named() -> None:
    outcome, cluster, period = six_by_four(2, 0.4)
    generator = np.random.default_rng(3)
    apart = np.where(outcome > 0, 1.0, -1.0) * generator.uniform(0.5, 1.5, len(outcome))
    with pytest.raises(sg.IdentificationError, match="covariate risk score the outcome almost never"):
        sg.Marginal("binomial").fit(people_panel(outcome, cluster, period, **{"risk score": apart}))


def test_a_council_without_any_event_is_named_and_counts() -> None:
    outcome, cluster, period = six_by_four(4, 0.3)
    outcome[cluster == 2] = 0
    estimate = sg.Marginal("binomial", "exchangeable").fit(people_panel(outcome, cluster, period))
    assert np.isfinite([estimate.value, estimate.se]).all()
    assert any(f"Nobody in {sg.stepped(clusters=6, steps=3).clusters[2]} had" in note for note in estimate.notes)


def test_a_period_without_any_event_is_left_out_and_named() -> None:
    outcome, cluster, period = six_by_four(4, 0.4)
    outcome[period == 0] = 0
    with pytest.warns(sg.DataWarning, match="nobody .* had the outcome"):
        estimate = sg.Marginal("binomial").fit(people_panel(outcome, cluster, period))
    assert np.isfinite(estimate.se)
    with pytest.raises(sg.IdentificationError, match="Nobody has the outcome in any period"):
        sg.Marginal("binomial").point(people_panel(0 * outcome, cluster, period))
    with pytest.raises(sg.DataError, match="never changes"):
        sg.Marginal("binomial").fit(people_panel(0 * outcome, cluster, period))


def test_equations_that_are_not_solved_give_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = people_panel(*six_by_four(5, 0.5))
    monkeypatch.setattr("staggered.estimators.trial.marginal_equations._STEPS", 1)
    marginal = sg.Marginal("binomial", "exchangeable")
    with pytest.raises(sg.ConvergenceError, match="were not solved"):
        marginal.fit(panel)
    point = marginal.point(panel)
    assert np.isnan(point.values).all()
    assert any("were not solved" in note for note in point.notes)


def test_a_cluster_that_alone_decides_has_no_standard_error_and_is_named() -> None:
    design = sg.Design([[0, 0, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]], size=30)
    panel = sg.Panel(sg.Frame(design), np.random.default_rng(1).normal(size=(4, 3)))
    estimate = sg.Marginal("gaussian").fit(panel)
    assert np.isnan(estimate.se)
    assert any(f"without {design.clusters[0]} some coefficient" in note for note in estimate.notes)
    assert np.isfinite(sg.Marginal("gaussian", correction="FG").fit(panel).se)


def test_few_clusters_without_a_correction_are_warned_of() -> None:
    with pytest.warns(sg.FewClustersWarning, match="correction=None with 8 clusters"):
        sg.Marginal("gaussian", correction=None).fit(trial(1, "gaussian"))
    two = sg.Panel(sg.Frame(sg.Design([[0, 1], [0, 0]])), np.random.default_rng(1).normal(size=(2, 2)))
    with pytest.raises(sg.IdentificationError, match="from 2 clusters"):
        sg.Marginal("gaussian").fit(two)


def test_an_effect_that_calendar_time_explains_is_refused() -> None:
    everyone = sg.Design([[0, 1], [0, 1], [0, 1]])
    with pytest.raises(sg.IdentificationError, match="cannot be told apart from calendar time"):
        sg.Marginal("gaussian").fit(sg.Panel(sg.Frame(everyone), np.random.default_rng(1).normal(size=(3, 2))))


@pytest.mark.parametrize(
    ("family", "outcome", "words"),
    [
        ("binomial", 2.0, "not 0 or 1"),
        ("poisson", 0.5, "not a count"),
        ("poisson", -1.0, "not a count"),
    ],
)
def test_outcomes_that_the_family_cannot_have_are_named(family: str, outcome: float, words: str) -> None:
    values, cluster, period = six_by_four(1, 0.4)
    values[0] = outcome
    with pytest.raises(sg.DataError, match=words):
        sg.Marginal(family).fit(people_panel(values, cluster, period))


def test_counts_without_a_population_and_shares_that_are_no_counts_are_refused() -> None:
    cells = pd.DataFrame(
        [(c, t, int(t >= c), 3 + c + t, 50) for c in range(1, 5) for t in range(5)],
        columns=["c", "t", "x", "y", "n"],
    )
    asked = {"cluster": "c", "period": "t", "outcome": "y", "treated": "x"}
    with pytest.raises(sg.DataError, match="no population"):
        sg.Marginal("poisson").fit(sg.read(cells, **asked))
    rate = sg.Marginal("poisson").fit(sg.read(cells, **asked, size="n"))
    assert "rate ratio" in rate.estimand
    with pytest.raises(sg.DataError, match="neither a count nor a share"):
        sg.Marginal("poisson").fit(sg.read(cells.assign(y=cells.y + 0.017), **asked, size="n"))
    with pytest.raises(sg.DataError, match="more counted than people"):
        sg.Marginal("binomial").fit(sg.read(cells.assign(y=60 + cells.t), **asked, size="n"))


def test_missing_covariates_are_refused_with_their_number() -> None:
    outcome, cluster, period = six_by_four(1, 0.4)
    age = np.where(np.arange(len(outcome)) < 3, np.nan, 7.0)
    panel = people_panel(outcome, cluster, period)
    lacking = replace(panel, people=replace(panel.people, covariates={"age": age}))
    with pytest.raises(sg.DataError, match="Not known: age of 3 people"):
        sg.Marginal("binomial").fit(lacking)


def test_it_has_no_likelihood_to_profile() -> None:
    with pytest.raises(sg.DesignError, match=r"Profile\(\) was given marginal model"):
        sg.Marginal("gaussian").fit(trial(1, "gaussian"), Profile())
