"""Mixed models for risks and counts as a user meets them: against other programs, by definition, and bad input."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import statsmodels.api as sm

import staggered as sg
from staggered.estimators.trial.glmm_fit import fit_glmm
from staggered.estimators.trial.glmm_model import fitted
from staggered.estimators.trial.glmm_notes import proportion_icc
from staggered.estimators.trial.glmm_standardise import standardised
from staggered.estimators.trial.laplace import laplace
from staggered.inference.model_based import ParametricBootstrap, Profile
from tests.estimators.trial.risks import random_risks
from tests.oracles.robust import brute_force

FAMILIES = ("binomial", "poisson", "negbinomial")
pytestmark = [
    pytest.mark.filterwarnings("ignore::staggered.errors.ConvergenceWarning"),
]


def by_people(panel: sg.Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes, clusters, and columns of everyone: periods, councils but the first, covariates, treatment."""
    people = panel.people
    clusters, periods = panel.design.treatment.shape
    columns = [
        np.eye(periods)[people.period],
        np.eye(clusters)[people.cluster][:, 1:],
        *([np.column_stack(list(people.covariates.values()))] if people.covariates else []),
        panel.design.treatment[people.cluster, people.period][:, None],
    ]
    return people.outcome, people.cluster, np.hstack(columns)


def other_program(family: str, outcome: np.ndarray, columns: np.ndarray) -> object:
    if family == "negbinomial":
        return sm.NegativeBinomial(outcome, columns).fit(method="newton", disp=0, maxiter=200)
    kind = sm.families.Binomial() if family == "binomial" else sm.families.Poisson()
    return sm.GLM(outcome, columns, family=kind).fit(tol=1e-13, maxiter=100)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("covariates", [0, 2])
def test_with_a_coefficient_for_each_council_it_is_statsmodels_regression(family: str, covariates: int) -> None:
    panel = random_risks(3, family=family, covariates=covariates, people=True)
    outcome, _, columns = by_people(panel)
    other = other_program(family, outcome, columns)
    ours = sg.Glmm(family, "fixed").fit(panel, sg.ModelBased())
    place = columns.shape[1] - 1
    assert ours.value == pytest.approx(other.params[place], abs=1e-6)
    # statsmodels' negative binomial differentiates its likelihood by differences in the dispersion.
    assert ours.se == pytest.approx(other.bse[place], rel=1e-6 if family != "negbinomial" else 1e-3)
    model, fit = fitted(panel, sg.Glmm(family, "fixed").choices())
    assert model.rows.constant - fit.value[0] == pytest.approx(other.llf, rel=1e-9)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_standardised_risks_are_statsmodels_predictions(family: str) -> None:
    panel = random_risks(4, family=family, covariates=2, people=True)
    outcome, cluster, columns = by_people(panel)
    other = other_program(family, outcome, columns)
    arms = [np.hstack([columns[:, :-1], np.full((len(columns), 1), arm)]) for arm in (0.0, 1.0)]
    means = [other.predict(arm) for arm in arms]
    slope = [mean * (1 - mean) if family == "binomial" else mean for mean in means]
    shares = {"child": np.full(len(outcome), 1 / len(outcome))}
    counts = np.bincount(cluster)
    shares["council"] = 1 / counts[cluster] / len(counts)
    estimate = sg.Glmm(family, "fixed").fit(panel, sg.ModelBased())
    noun = "risk" if family == "binomial" else "rate"
    for per, share in shares.items():
        difference = share @ (means[1] - means[0])
        reach = (share * slope[1]) @ arms[1] - (share * slope[0]) @ arms[0]
        found = estimate.on(f"{noun} difference per {per}")
        assert found.value == pytest.approx(difference, abs=1e-8)
        assert found.se == pytest.approx(np.sqrt(reach @ other.cov_params() @ reach), rel=1e-6)
        ratio = estimate.on(f"{noun} ratio per {per}")
        assert ratio.value == pytest.approx((share @ means[1]) / (share @ means[0]), rel=1e-8)
        low, high = ratio.interval()
        assert low < ratio.value < high
        assert ratio.uncertainty.neutral == 1
        assert per in found.estimand


@pytest.mark.parametrize("kind", ["CR0", "CR2", "CR3"])
@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
def test_cluster_robust_variance_is_that_of_the_working_regression_of_people(kind: str) -> None:
    """Rows of people times the roots of the fit's weights, working residuals, everything by full matrices."""
    panel = random_risks(5, covariates=1, people=True, size=16)
    outcome, cluster, columns = by_people(panel)
    other = other_program("binomial", outcome, columns)
    mean = other.predict(columns)
    weight = mean * (1 - mean)
    working = columns @ other.params + (outcome - mean) / weight
    ours = sg.Glmm("binomial", "fixed").fit(panel, sg.Cluster(kind))
    scaled = columns * np.sqrt(weight)[:, None]
    reach = np.linalg.solve(scaled.T @ scaled, scaled.T)
    slow = brute_force(reach[-1:], scaled @ reach, np.eye(len(weight)), cluster, np.sqrt(weight) * working, kind)
    assert ours.se == pytest.approx(np.sqrt(slow.variance[0, 0]), rel=1e-6)
    assert ours.df == pytest.approx(slow.degrees[0], rel=1e-5)
    # clubSandwich's form: the root taken after another multiplication by the variances. CR2 alone depends on it.
    reach = np.linalg.solve(columns.T @ (weight[:, None] * columns), columns.T * weight)
    other_root = brute_force(reach[-1:], columns @ reach, np.diag(1 / weight), cluster, working, kind)
    close = 0.01 if kind == "CR2" else 1e-6
    assert ours.se == pytest.approx(np.sqrt(other_root.variance[0, 0]), rel=close)
    assert ours.df == pytest.approx(other_root.degrees[0], rel=close)


@pytest.mark.parametrize("covariance", ["exchangeable", "random-treatment", "random-treatment-correlated", "decay"])
@pytest.mark.parametrize("family", ["binomial", "negbinomial"])
def test_averages_move_with_parameters_as_their_gradient_says(family: str, covariance: str) -> None:
    panel = random_risks(11, family=family, covariates=1, people=True, between=0.8)
    model, fit = fitted(panel, sg.Glmm(family, covariance).choices())
    found = standardised(model, fit)
    place = fit.point.parameters[0]
    for k in range(len(place) - 1):
        step = np.zeros_like(place)
        step[k] = 1e-5
        if not fit.free[0, k]:
            continue
        ends = [
            standardised(model, replace(fit, point=laplace(fit.data, (place + sign * step)[None]))) for sign in (1, -1)
        ]
        for per in ("child", "council"):
            slope = (ends[0][per].means - ends[1][per].means) / 2e-5
            np.testing.assert_allclose(slope, found[per].gradient[:, k], rtol=1e-5, atol=1e-7)
            assert np.linalg.eigvalsh(found[per].own)[0] > -1e-15


def test_cells_and_people_tell_the_same() -> None:
    people = random_risks(6, people=True)
    totals = sg.Panel(people.frame, np.round(people.outcome * people.design.size))
    shares = sg.Panel(people.frame, people.outcome)
    for covariance in ("nested", "fixed"):
        one, two, three = (sg.Glmm("binomial", covariance).fit(panel) for panel in (people, totals, shares))
        assert one.value == pytest.approx(two.value, abs=1e-9)
        assert one.se == pytest.approx(two.se, rel=1e-9)
        assert three.value == two.value


def test_counts_are_rates_of_their_population() -> None:
    panel = random_risks(7, family="poisson")
    larger = replace(panel, frame=replace(panel.frame, design=replace(panel.design, size=1000 * panel.design.size)))
    for family in ("poisson", "negbinomial"):
        one, two = sg.Glmm(family).fit(panel), sg.Glmm(family).fit(larger)
        assert one.value == pytest.approx(two.value, abs=1e-7)
        assert one.on("rate difference").value == pytest.approx(1000 * two.on("rate difference").value, rel=1e-6)
        assert one.on("conditional rate ratio").value == pytest.approx(np.exp(one.value))


def test_results_do_not_depend_on_the_order_of_councils() -> None:
    panel = random_risks(8, clusters=8)
    order = np.random.default_rng(1).permutation(8)
    other = sg.Panel(panel.frame.keep(order), panel.outcome[order])
    for covariance in ("exchangeable", "fixed"):
        one, two = (sg.Glmm("binomial", covariance).fit(each) for each in (panel, other))
        assert one.value == pytest.approx(two.value, abs=1e-8)
        assert one.interval() == pytest.approx(two.interval(), abs=1e-7)


def test_below_forty_councils_the_normal_distribution_is_never_the_default() -> None:
    assert sg.Glmm("binomial").fit(random_risks(1, clusters=6)).df == 4
    assert sg.Glmm("binomial").fit(random_risks(1, clusters=39, size=8)).df == 37
    assert sg.Glmm("binomial").fit(random_risks(1, clusters=40, size=8)).df == np.inf
    assert sg.Glmm("binomial", df="clusters-2").fit(random_risks(1, clusters=40, size=8)).df == 38
    fixed = sg.Glmm("binomial", "fixed").fit(random_risks(1, clusters=6))
    assert "CR2" in fixed.inference
    assert fixed.df < 6


def test_profile_ends_where_the_likelihood_ratio_is_rejected() -> None:
    panel = random_risks(9, clusters=8)
    estimate = sg.Glmm("binomial").fit(panel, Profile())
    model, fit = fitted(panel, sg.Glmm("binomial").choices())
    for end in estimate.interval():
        offset = fit.data.offset + end * model.treated.ravel()[fit.data.cell]
        null = fitted(panel, replace(sg.Glmm("binomial").choices(), effect=""))[0].data
        held = fit_glmm(replace(null, offset=offset))
        assert 2 * (held.value[0] - fit.value[0]) == pytest.approx(3.841459, abs=2e-3)


def test_bootstrap_refers_the_ratio_to_its_own_draws() -> None:
    panel = random_risks(9, clusters=8)
    boot = ParametricBootstrap(draws=99, seed=3)
    one, two = (sg.Glmm("binomial").fit(panel, boot) for _ in range(2))
    assert one == two
    low, _ = one.interval()
    wald_low, wald_high = sg.Glmm("binomial").fit(panel).interval()
    assert low == pytest.approx(wald_low, abs=0.6 * (wald_high - wald_low))
    assert 0.01 <= one.p_value <= 1
    counts = random_risks(9, family="negbinomial", clusters=6, people=True, size=8)
    assert np.isfinite(sg.Glmm("negbinomial").fit(counts, ParametricBootstrap(draws=20)).interval()).all()


def test_jackknife_fits_again_without_each_council() -> None:
    panel = random_risks(9, clusters=8)
    estimate = sg.Glmm("binomial").fit(panel, sg.Jackknife())
    apart = np.array([sg.Glmm("binomial").point(panel.without(k)).values[0] for k in range(8)])
    assert estimate.se == pytest.approx(np.sqrt(7 / 8 * ((apart - estimate.value) ** 2).sum()))


@pytest.mark.parametrize("covariates", [0, 1])
def test_permutation_compares_one_step_estimates_under_every_allocation(covariates: int) -> None:
    """By definition: the model without effect is fitted, and its working outcomes are regressed under each schedule."""
    panel = random_risks(10, clusters=4, steps=4, size=40, covariates=covariates, people=True, effect=0.0)
    estimate = sg.Glmm("binomial").fit(panel, sg.Permutation())
    _, fit = fitted(panel, replace(sg.Glmm("binomial").choices(), effect=""))
    data, people = fit.data, panel.people
    period, cluster = people.period, people.cluster
    columns = [np.eye(data.shape[1])[period]]
    if covariates:
        columns.append(people.covariates["x1"][:, None])
    columns = np.hstack(columns)
    effect = fit.point.mode[0][cluster, period]
    spread = np.std(people.covariates["x1"]) if covariates else 1.0
    eta = columns[:, : data.shape[1]] @ fit.beta[0, : data.shape[1]] + effect
    if covariates:
        x = people.covariates["x1"]
        eta = eta + fit.beta[0, -1] * (x - x.mean()) / spread
    mean = 1 / (1 + np.exp(-eta))
    weight = mean * (1 - mean)
    working = eta + (people.outcome - mean) / weight
    shared = fit.point.theta[0, 0] * (cluster[:, None] == cluster) + np.diag(1 / weight)
    precision = np.linalg.inv(shared)
    found = []
    for order in permutations(range(4)):
        treated = panel.design.treatment[list(order)][cluster, period]
        whole = np.column_stack([columns, treated])
        found.append(np.linalg.solve(whole.T @ precision @ whole, whole.T @ precision @ working)[-1])
    found = np.abs(found)
    assert estimate.p_value == pytest.approx(np.mean(found >= found[0] - 1e-9))


def test_the_randomisation_interval_ends_where_the_test_rejects() -> None:
    panel = random_risks(12, clusters=8, steps=4, size=60, effect=0.8)
    estimate = sg.Glmm("binomial").fit(panel, sg.Permutation(draws=499))
    low, high = estimate.interval()
    assert low < estimate.value < high
    for end in (low, high):
        for inside, step in ((True, 0.02), (False, -0.02)):
            point = end + step * (1 if end == low else -1)
            assert (estimate.uncertainty._p_at(point) > 0.05) is inside
    assert estimate.uncertainty._p_at(0.0) == pytest.approx(estimate.p_value, abs=0.01)


def test_an_effect_for_each_exposure_is_estimated_and_averaged() -> None:
    panel = random_risks(13, clusters=9, steps=3, size=80, effect=0.6)
    estimate = sg.Glmm("binomial", effect="exposure").fit(panel)
    assert [term.label for term in estimate.terms] == ["overall", "event 0", "event +1", "event +2"]
    assert estimate.overall.value == pytest.approx(estimate.value.mean())
    assert "those who were treated" in estimate.on("risk difference").estimand


# Bad input


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"family": "gaussian"}, "family='gaussian'"),
        ({"family": "binomial", "covariance": "autoregressive"}, "covariance 'autoregressive' is not one"),
        ({"family": "binomial", "effect": "spline"}, "effect='spline'"),
        ({"family": "binomial", "df": "kenward-roger"}, "df='kenward-roger'"),
        ({"family": "binomial", "time": "weekly"}, "time='weekly'"),
        ({"family": "binomial", "covariance": "nested", "nodes": 9}, "nodes=9 with nested councils"),
        ({"family": "binomial", "nodes": 0}, "nodes=0"),
    ],
)
def test_options_that_are_none_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(sg.DesignError, match=words):
        sg.Glmm(**options)


def with_outcome(panel: sg.Panel, outcome: np.ndarray) -> sg.Panel:
    return sg.Panel(panel.frame, outcome)


def test_a_variance_at_zero_is_named() -> None:
    panel = random_risks(2, between=0.0, size=30)
    with pytest.warns(sg.ConvergenceWarning, match="variance of cluster was estimated as zero"):
        estimate = sg.Glmm("binomial").fit(panel)
    assert any("estimated as zero" in note for note in estimate.notes)
    assert np.isfinite(estimate.se)


def test_an_effect_that_tells_events_without_fail_is_refused() -> None:
    panel = random_risks(1, never=1)
    none = np.where(panel.design.treatment > 0, 0.0, panel.outcome)
    for covariance in ("exchangeable", "fixed"):
        with pytest.raises(sg.IdentificationError, match="The effect tells events from the rest without fail"):
            sg.Glmm("binomial", covariance).fit(with_outcome(panel, none))
        with pytest.raises(sg.IdentificationError, match="rate ratio is then 0"):
            sg.Glmm("poisson", covariance).fit(with_outcome(panel, none))


def test_a_period_without_events_is_left_out_and_named() -> None:
    panel = random_risks(1)
    gone = panel.outcome.copy()
    gone[:, 1] = 0
    with pytest.warns(sg.DataWarning, match="In 2 nobody had the outcome"):
        estimate = sg.Glmm("binomial").fit(with_outcome(panel, gone))
    present = np.ones_like(gone, dtype=bool)
    present[:, 1] = False
    without = sg.Panel(replace(panel.frame, present=present), np.where(present, gone, np.nan))
    assert estimate.value == pytest.approx(sg.Glmm("binomial").fit(without).value, abs=1e-7)


def test_a_council_without_events_counts_at_random_and_is_left_out_with_its_own_coefficient() -> None:
    panel = random_risks(1)
    gone = panel.outcome.copy()
    gone[2] = 0
    name = panel.design.clusters[2]
    with pytest.warns(sg.DataWarning, match=f"In {name} nobody had the outcome .or everybody.. Kept"):
        kept = sg.Glmm("binomial").fit(with_outcome(panel, gone))
    assert np.isfinite(kept.se)
    with pytest.warns(sg.DataWarning, match=f"In {name} nobody had the outcome .or everybody., so that nothing"):
        fixed = sg.Glmm("binomial", "fixed").fit(with_outcome(panel, gone), sg.ModelBased())
    alone = sg.Glmm("binomial", "fixed").fit(with_outcome(panel, gone).without(2), sg.ModelBased())
    assert fixed.value == pytest.approx(alone.value, abs=1e-7)


def test_an_empty_cell_is_a_gap() -> None:
    panel = random_risks(1)
    present = np.ones(panel.outcome.shape, dtype=bool)
    present[3, 2] = False
    gap = sg.Panel(replace(panel.frame, present=present), np.where(present, panel.outcome, np.nan))
    assert np.isfinite(sg.Glmm("binomial").fit(gap).se)
    assert np.isfinite(sg.Glmm("binomial", "nested").fit(gap, sg.Cluster("CR2")).se)


def test_a_covariate_that_tells_some_people_without_fail_costs_them() -> None:
    panel = random_risks(1, covariates=1, people=True, size=40)
    people = panel.people
    rare = np.zeros(len(people.outcome))
    rare[np.flatnonzero(people.outcome == 0)[:7]] = 1
    odd = replace(people, covariates={**people.covariates, "rare": rare})
    with pytest.warns(sg.DataWarning, match="By rare the outcome of 7 people is told without fail"):
        estimate = sg.Glmm("binomial").fit(replace(panel, people=odd))
    rest = people.keep(rare == 0)
    sizes = rest.counts(panel.outcome.shape)
    fewer = sg.Panel(
        replace(panel.frame, design=replace(panel.design, size=sizes)),
        rest.means(rest.outcome, sizes.shape),
        people=rest,
    )
    assert estimate.value == pytest.approx(sg.Glmm("binomial").fit(fewer).value, abs=1e-7)


def test_a_covariate_that_calendar_time_explains_is_left_out_and_named() -> None:
    panel = random_risks(1, covariates=1, people=True)
    people = panel.people
    wave = 2.0 * people.period + 1
    more = replace(panel, people=replace(people, covariates={**people.covariates, "wave": wave}))
    with pytest.warns(sg.DataWarning, match="covariate wave is explained by calendar time"):
        estimate = sg.Glmm("binomial").fit(more)
    assert estimate.value == pytest.approx(sg.Glmm("binomial").fit(panel).value, abs=1e-8)
    lasting = replace(panel, people=replace(people, covariates={**people.covariates, "region": people.cluster * 1.0}))
    with pytest.warns(sg.DataWarning, match="covariate region is explained"):
        sg.Glmm("binomial", "fixed").fit(lasting)
    assert np.isfinite(sg.Glmm("binomial").fit(lasting).se)


def test_more_random_effects_than_councils_can_carry_are_refused() -> None:
    with pytest.raises(sg.IdentificationError, match="2 clusters cannot tell 2 variances between clusters apart"):
        sg.Glmm("binomial", "nested").fit(random_risks(1, clusters=2, steps=2))


def test_outcomes_of_another_kind_are_refused() -> None:
    panel = random_risks(1)
    with pytest.raises(sg.DataError, match="more counted than people"):
        sg.Glmm("binomial").fit(with_outcome(panel, panel.outcome + 100))
    with pytest.raises(sg.DataError, match="Nobody has the outcome"):
        sg.Glmm("binomial").fit(with_outcome(panel, 0 * panel.outcome))
    with pytest.raises(sg.DataError, match="Everybody has the outcome"):
        sg.Glmm("binomial").fit(with_outcome(panel, panel.design.size))
    people = random_risks(1, people=True)
    odd = replace(people.people, outcome=people.people.outcome + 0.5)
    with pytest.raises(sg.DataError, match="an outcome that is not 0 or 1"):
        sg.Glmm("binomial").fit(replace(people, people=odd))


def test_a_scale_that_cannot_be_had_is_refused() -> None:
    panel = random_risks(1)
    estimate = sg.Glmm("binomial").fit(panel)
    with pytest.raises(sg.DesignError, match="The scale 'rate ratio' was asked for"):
        estimate.on("rate ratio")
    with pytest.raises(sg.DataError, match="A risk difference was asked of an estimate by randomisation"):
        sg.Glmm("binomial").fit(panel, sg.Permutation(draws=50)).on("risk difference")
    with pytest.raises(sg.DataError, match="Ratios multiply"):
        estimate.on("odds ratio") @ [2.0]
    with pytest.raises(sg.DesignError, match="asked for likelihood profiles"):
        sg.Glmm("binomial", nodes=9).fit(panel, Profile())
    with pytest.raises(sg.DesignError, match="by='region'"):
        sg.Glmm("binomial").fit(panel, sg.Cluster("CR1", by="region"))


def test_a_climb_that_did_not_arrive_is_never_a_number_without_a_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("staggered.estimators.trial.glmm_fit._STEPS", 1)
    panel = random_risks(4, between=0.9)
    with pytest.warns(sg.ConvergenceWarning, match="not climbed to its top"):
        estimate = sg.Glmm("binomial").fit(panel)
    assert estimate.text().startswith("The likelihood was not climbed to its top: these numbers are not to be used.")
    assert np.isnan(sg.Glmm("binomial").point(panel).values).all()


def test_covariates_of_cells_are_those_of_everyone_in_them() -> None:
    panel = random_risks(14, covariates=1, people=True)
    mean = np.round(panel.frame.covariates["x1"], 2)
    cells = sg.Panel(replace(panel.frame, covariates={"x1": mean}), np.round(panel.outcome * panel.design.size))
    people = panel.people
    same = replace(panel, people=replace(people, covariates={"x1": mean[people.cluster, people.period]}))
    one, two = sg.Glmm("binomial").fit(cells), sg.Glmm("binomial").fit(same)
    assert one.value == pytest.approx(two.value, abs=1e-8)
    assert one.se == pytest.approx(two.se, rel=1e-7)
    assert one.on("risk ratio").value == pytest.approx(two.on("risk ratio").value, rel=1e-7)


def test_transitions_are_left_out_and_exchanged_with_their_schedules() -> None:
    panel = random_risks(15, clusters=4, steps=4, size=60)
    blank = panel.design.treatment.copy()
    blank[np.arange(4), panel.design.start.astype(int)] = np.nan
    gaps = sg.Panel(
        replace(panel.frame, design=replace(panel.design, treatment=blank), present=np.ones(blank.shape, dtype=bool)),
        panel.outcome,
    )
    estimate = sg.Glmm("binomial").fit(gaps, sg.Permutation())
    assert 24 * estimate.p_value == pytest.approx(round(24 * estimate.p_value))
    assert np.isnan(estimate.interval()).all()
    assert any("No interval is given" in note for note in estimate.notes)


@pytest.mark.parametrize("time", ["linear", "spline"])
def test_calendar_time_may_be_smooth(time: str) -> None:
    panel = random_risks(16, clusters=9, steps=6, size=40, people=True)
    estimate = sg.Glmm("binomial", "fixed", time=time).fit(panel, sg.ModelBased())
    if time == "linear":
        outcome, cluster, columns = by_people(panel)
        columns = np.column_stack([panel.people.period, np.eye(9)[cluster], columns[:, -1]])
        assert estimate.value == pytest.approx(other_program("binomial", outcome, columns).params[-1], abs=1e-6)
    assert estimate.se > 0


def test_correlation_of_outcomes_is_the_share_of_their_variance() -> None:
    panel = random_risks(4, between=0.9, clusters=8)
    model, fit = fitted(panel, sg.Glmm("binomial").choices())
    sd, eta = np.sqrt(fit.point.theta[0, 0]), fit.data.predictor(fit.beta)[0]
    u = np.linspace(-8, 8, 2001)
    mass = np.exp(-(u**2) / 2) / np.exp(-(u**2) / 2).sum()
    between = total = 0.0
    for cell, people in zip(fit.data.cell, fit.data.count, strict=True):
        if model.treated.ravel()[cell]:
            continue
        risk = 1 / (1 + np.exp(-(eta[cell] + sd * u)))
        between += people * (mass @ risk**2 - (mass @ risk) ** 2)
        total += people * (mass @ risk) * (1 - mass @ risk)
    assert proportion_icc(model, fit) == pytest.approx(between / total, rel=1e-6)
    latent = sg.Glmm("binomial").components(panel)
    assert latent.icc == pytest.approx(sd**2 / (sd**2 + np.pi**2 / 3))


@pytest.mark.parametrize("estimator", [sg.Glmm("poisson"), sg.Glmm("negbinomial"), sg.Marginal("poisson")])
def test_rates_per_ten_thousand_are_not_taken_for_rates_per_person(estimator: object) -> None:
    panel = random_risks(7, family="poisson", size=60)
    rates = sg.Panel(panel.frame, panel.outcome / panel.design.size * 10_000)
    with pytest.raises(sg.DataError, match="looks like a rate per 10,000"):
        estimator.fit(rates)


def test_what_plays_no_part_is_said() -> None:
    panel = random_risks(3, people=True)
    followed = replace(panel.people, unit=panel.people.cluster * 1000 + np.arange(len(panel.people.outcome)) % 7)
    estimate = sg.Glmm("binomial").fit(replace(panel, people=followed))
    assert any("no effects of people" in note for note in estimate.notes)
    weighted = replace(panel, frame=replace(panel.frame, weights=panel.design.size / 10))
    estimate = sg.Glmm("binomial").fit(weighted)
    assert any("weights play no part" in note for note in estimate.notes)
    assert estimate.value == sg.Glmm("binomial").fit(panel).value


def test_draws_in_which_something_tells_events_without_fail_are_left_out_of_a_bootstrap() -> None:
    panel = random_risks(3, level=-2.5, size=8, effect=0.2)
    estimate = sg.Glmm("binomial", time="linear").fit(panel, ParametricBootstrap(draws=150))
    lost = int(np.isnan(estimate.uncertainty.ratios).sum() + np.isnan(estimate.uncertainty.null_ratios).sum())
    assert lost > 0
    assert any(note.startswith(f"{lost} of 300 fits ran away") for note in estimate.notes)
    kept = estimate.uncertainty.ratios[np.isfinite(estimate.uncertainty.ratios)]
    assert np.std(kept) > 0.7
