"""sg.Hierarchical with the analytic engine: answers, scales, what is said, and what is refused."""

import re
import warnings
from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.hierarchical.posterior import Posterior
from staggered.results.words import chance_words
from tests.hierarchical.conftest import TREATED, panel_of, priors_of, simulated


@pytest.fixture(scope="module")
def fitted(family: str) -> Posterior:
    return sg.Hierarchical(family=family, engine="analytic", priors=priors_of(family)).posterior(panel_of(family))


def test_event_effects_average_to_the_overall_one(fitted: Posterior) -> None:
    events = fitted.estimate("event")
    weights = np.bincount(fitted.layout.exposure.ravel())[1:] / TREATED.sum()
    assert (events @ weights).value == pytest.approx(events.overall.value)
    assert [term.event for term in events.terms[1:]] == list(range(15))


def test_council_effects_spread_less_than_raw_ones_and_centre_on_the_mean(fitted: Posterior) -> None:
    councils = fitted.estimate("cluster")
    assert len(councils.value) == 24
    assert councils.overall.value == pytest.approx(fitted.estimate().value)
    assert np.abs(councils.value.mean() - councils.overall.value) < 0.05


def test_another_council_is_less_sure_than_the_mean(fitted: Posterior) -> None:
    assert fitted.estimate("new").se > fitted.estimate().se
    assert fitted.estimate("new").value == pytest.approx(fitted.estimate().value, abs=0.01)


def test_by_does_not_change_the_fit(family: str) -> None:
    one = sg.Hierarchical(family=family, engine="analytic", priors=priors_of(family), by="cluster")
    assert one.fit(panel_of(family)).overall.value == pytest.approx(
        replace(one, by="overall").fit(panel_of(family)).value
    )


def test_a_log_rate_is_a_ratio() -> None:
    fit = sg.Hierarchical(family="negbinomial", engine="analytic", priors=priors_of("negbinomial"))
    estimate = fit.fit(panel_of("negbinomial"))
    event = estimate.posterior.estimate("event")
    # In the cells of one time since go-live the effect is one number: the ratio is its exponential, exactly.
    np.testing.assert_allclose(event.on("ratio").draws, np.exp(event.draws), rtol=1e-12)
    assert estimate.on("ratio").value == pytest.approx(np.exp(estimate.value), abs=0.01)
    assert estimate.on("ratio").p_value == pytest.approx(estimate.p_value, abs=0.01)
    assert "ratio is below 1" in estimate.on("ratio").text()


def test_counts_are_rates_times_children() -> None:
    fit = sg.Hierarchical(family="negbinomial", engine="analytic", priors=priors_of("negbinomial"), by="cluster")
    estimate = fit.fit(panel_of("negbinomial"))
    _, size = simulated("negbinomial")
    count, rate = estimate.on("count"), estimate.on("rate")
    for row in (0, 9):
        children = size[row, 0] * TREATED[row].sum()
        assert count.value[row] == pytest.approx(rate.value[row] * children / 10_000)


def test_a_share_changes_by_points() -> None:
    estimate = sg.Hierarchical(family="binomial", engine="analytic", priors=priors_of("binomial")).fit(
        panel_of("binomial")
    )
    assert estimate.on("rate").value == pytest.approx(estimate.value * 0.25 * 0.75, rel=0.25)
    assert 0 < estimate.on("ratio").value < 1


def test_probabilities_are_shares_of_draws(fitted: Posterior) -> None:
    estimate = fitted.estimate()
    assert fitted.probability(below=0.0) == pytest.approx((estimate.draws < 0).mean())
    one = fitted.estimate("cluster")
    assert fitted.probability(below=-0.1, council="3") == pytest.approx((one.draws[:, 2] < -0.1).mean())
    assert chance_words(fitted.probability()) in estimate.text()
    with pytest.raises(sg.DataError, match="Kent has no effect of its own"):
        fitted.probability(council="Kent")


def test_seeds_decide_everything(family: str) -> None:
    fit = sg.Hierarchical(family=family, engine="analytic", priors=priors_of(family), points=128, draws=400)
    first, again = (fit.fit(panel_of(family)) for _ in range(2))
    np.testing.assert_array_equal(first.draws, again.draws)
    assert not np.array_equal(first.draws, replace(fit, seed=2).fit(panel_of(family)).draws)


def test_an_untreated_council_tells_of_national_time() -> None:
    treated = np.vstack([TREATED, np.zeros((4, 20))])
    outcome = np.vstack([simulated("gaussian")[0], np.random.default_rng(2).normal(size=(4, 20))])
    panel = sg.Panel(sg.Frame(sg.Design(treated, size=1)), outcome)
    councils = sg.Hierarchical(engine="analytic", by="cluster").fit(panel)
    assert len(councils.value) == 24


def test_practice_models_and_moderators() -> None:
    outcome, _ = simulated("gaussian")
    kinds = tuple("AB"[k % 2] for k in range(24))
    shift = 0.8 * TREATED * (np.array(kinds) == "A")[:, None]
    need = np.random.default_rng(1).normal(size=(24, 1)) * np.ones(20)
    frame = sg.Frame(sg.Design(TREATED, size=1), labels={"model": kinds}, covariates={"need": need})
    panel = sg.Panel(frame, outcome + shift + 0.5 * TREATED * need)
    fit = sg.Hierarchical(
        engine="analytic", practice_models="model", moderators=("need",), by="model",
        priors=replace(sg.prior.Priors(), practice_model=sg.prior.HalfNormal(1.0)),
    )  # fmt: skip
    estimate = fit.fit(panel)
    assert [term.label for term in estimate.terms] == ["overall", "A", "B"]
    difference = estimate @ [1.0, -1.0]
    low, high = difference.interval()
    assert low < 0.8 < high
    fixed = dict(zip(estimate.posterior.layout.names, estimate.posterior.fixed.T, strict=True))
    assert fixed["effect by need"].mean() == pytest.approx(0.5 * need.std(), abs=0.15)


def test_seasons_are_found() -> None:
    outcome, _ = simulated("gaussian")
    wave = 0.6 * np.cos(np.pi / 2 * np.arange(20))
    panel = sg.Panel(sg.Frame(sg.Design(TREATED, size=1)), outcome + wave)
    fit = sg.Hierarchical(engine="analytic", season=4, priors=sg.prior.Priors(trend=sg.prior.HalfNormal(0.1)))
    seasons = fit.posterior(panel).fixed[:, 20:24].mean(axis=0)
    np.testing.assert_allclose(seasons - seasons.mean(), [0.6, 0.0, -0.6, 0.0], atol=0.2)


def test_shares_are_read_as_the_counts_they_came_from() -> None:
    count, size = simulated("binomial")
    frame = sg.Frame(sg.Design(TREATED, size=size))
    fit = sg.Hierarchical(family="binomial", engine="analytic", points=64, draws=400)
    np.testing.assert_array_equal(fit.fit(sg.Panel(frame, count)).draws, fit.fit(sg.Panel(frame, count / size)).draws)


def test_beliefs_are_said_and_matter() -> None:
    belief = sg.prior.Belief(large=0.02, not_credible=0.05)
    fit = sg.Hierarchical(family="negbinomial", engine="analytic", priors=priors_of("negbinomial"))
    told = replace(fit, priors=replace(priors_of("negbinomial"), effect=belief)).fit(panel_of("negbinomial"))
    assert abs(told.value) < abs(fit.fit(panel_of("negbinomial")).value)
    assert "a fall of more than 2%" in told.text()


def test_a_fit_that_fails_its_checks_says_so_first() -> None:
    fit = sg.Hierarchical(engine="analytic", priors=priors_of("gaussian")).posterior(panel_of("gaussian"))
    failed = replace(fit, checks=(replace(fit.checks[0], passed=False, fix="Do this."), *fit.checks[1:]))
    assert failed.estimate().text().startswith("This fit failed 1 of its 5 checks")
    assert failed.estimate().table().shape == fit.estimate().table().shape
    assert "The fit passed its 5 checks." in fit.estimate().text()


def few(treated_councils: int, councils: int = 6) -> sg.Panel:
    treated = np.zeros((councils, 8))
    treated[:treated_councils, 4:] = 1
    return sg.Panel(sg.Frame(sg.Design(treated, size=100)), np.random.default_rng(1).normal(size=treated.shape))


def test_one_treated_council_is_warned_of() -> None:
    with pytest.warns(sg.FewClustersWarning, match="1 council goes live"):
        estimate = sg.Hierarchical(engine="analytic").fit(few(1))
    assert "known from its prior alone" in estimate.text()


def test_two_councils_need_priors() -> None:
    with pytest.raises(sg.DesignError, match="fewer than 3"):
        sg.Hierarchical(engine="analytic").fit(few(1, 2))
    with pytest.warns(sg.FewClustersWarning):
        assert np.isfinite(sg.Hierarchical(engine="analytic", priors=sg.prior.Priors()).fit(few(1, 2)).value)


def test_priors_on_another_scale_are_flagged_before_fitting() -> None:
    panel = panel_of("gaussian")
    far = replace(panel, outcome=panel.outcome + 100)
    with pytest.warns(sg.DataWarning, match="standard deviations away"):
        sg.Hierarchical(engine="analytic", priors=sg.prior.Priors(), points=64).fit(far)
    wide = replace(panel, outcome=panel.outcome * 100 - (panel.outcome * 100).mean())
    with pytest.warns(sg.DataWarning, match="meant for another scale"), warnings.catch_warnings():
        sg.Hierarchical(engine="analytic", priors=sg.prior.Priors(), points=64).posterior(wide)


def test_a_council_of_zeros_is_said() -> None:
    count, size = simulated("negbinomial")
    count[2] = 0
    panel = sg.Panel(sg.Frame(sg.Design(TREATED, size=size)), count)
    with pytest.warns(sg.DataWarning, match="any period of 3"):
        estimate = sg.Hierarchical(family="poisson", engine="analytic").fit(panel)
    assert np.isfinite(estimate.se)


@pytest.mark.parametrize(
    ("family", "change", "said"),
    [
        ("binomial", lambda y: y * 10, "more counted than there are children"),
        ("negbinomial", lambda y: y + 0.5, "neither counts nor rates"),
        ("poisson", lambda y: -y, "negative count"),
    ],
)
def test_numbers_that_are_no_counts_are_refused(family: str, change: object, said: str) -> None:
    count, size = simulated("binomial")
    panel = sg.Panel(sg.Frame(sg.Design(TREATED, size=size)), change(count))  # type: ignore[operator]
    with pytest.raises(sg.DataError, match=said):
        sg.Hierarchical(family=family, engine="analytic").fit(panel)


def test_more_than_there_are_children_is_said() -> None:
    count, size = simulated("negbinomial")
    size[3, 2] = count[3, 2] / 2
    panel = sg.Panel(sg.Frame(sg.Design(TREATED, size=size)), count)
    with pytest.warns(sg.DataWarning, match="More is counted than there are children in 4 in 3"):
        sg.Hierarchical(family="negbinomial", engine="analytic", points=64, draws=400).fit(panel)


def test_a_missing_population_is_refused() -> None:
    panel = sg.Panel(sg.Frame(sg.Design(TREATED, size=1)), simulated("negbinomial")[0])
    with pytest.raises(sg.DataError, match="no population"):
        sg.Hierarchical(family="poisson", engine="analytic").fit(panel)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"family": "gamma"}, "family='gamma'"),
        ({"engine": "stan"}, "engine='stan'"),
        ({"by": "region"}, "by='region'"),
        ({"trend": "spline"}, "trend='spline'"),
        ({"season": 1}, "season is 1"),
        ({"draws": 10}, "draws is 10"),
    ],
)
def test_what_is_no_part_of_the_model_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(sg.DesignError, match=re.escape(said)):
        sg.Hierarchical(**given)


def test_other_refusals() -> None:
    panel = panel_of("gaussian")
    fit = sg.Hierarchical(engine="analytic")
    with pytest.raises(sg.DesignError, match="was given the inference"):
        fit.fit(panel, sg.Jackknife())
    with pytest.raises(sg.DesignError, match="exposure='monotone'"):
        replace(fit, exposure="monotone").fit(panel)
    with pytest.raises(sg.DesignError, match="moderator 'need'"):
        replace(fit, moderators=("need",)).fit(panel)
    with pytest.raises(sg.DesignError, match="label 'model'"):
        replace(fit, practice_models="model").fit(panel)
    with pytest.raises(sg.IdentificationError, match="No council is treated"):
        fit.fit(sg.Panel(sg.Frame(sg.Design(np.zeros((4, 5)), size=1)), np.random.default_rng(1).normal(size=(4, 5))))
    with pytest.raises(sg.DataError, match="cannot be restated as a count"):
        fit.fit(panel).on("count")
    with pytest.raises(sg.DesignError, match="scale 'log'"):
        fit.fit(panel).on("log")
    with pytest.raises(sg.IdentificationError, match="without practice models"):
        replace(fit, by="model").fit(panel)
    with pytest.raises(sg.DataError, match="only fits of Hierarchical"):
        sg.Twfe().fit(panel).on("ratio")


@pytest.mark.filterwarnings("ignore::staggered.errors.DesignWarning")
def test_people_of_a_cell_vary_more_than_its_mean_and_the_usual_priors_know_it() -> None:
    """Noise is that of single people where they are known: its prior stands on their spread, not on that of means."""
    plan = sg.Plan(
        design=sg.stepped(clusters=12, steps=4, size=50),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Nested(icc=0.05, cac=0.8),
        effect=sg.Constant(0.2),
    )
    panel = sg.simulate(plan, seed=1)
    fit = sg.Hierarchical(engine="analytic").posterior(panel)
    assert [check.name for check in fit.checks if not check.passed] == []
    assert float(np.median(fit.hyper["noise"])) == pytest.approx(np.sqrt(0.95), rel=0.05)
    assert fit.estimate().se == pytest.approx(sg.Mixed("nested").fit(panel).se, rel=0.35)
