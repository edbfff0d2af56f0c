"""Wooldridge's curves against statsmodels' GLM with the same dummies, and what they refuse."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

import staggered as sg
from staggered.estimators.did.quasi_likelihood import quasi_likelihood
from staggered.value import FloatArray
from tests.oracles import did

FAMILIES = {"poisson": sm.families.Poisson(), "binomial": sm.families.Binomial()}


def rollout(seed: int, family: str, *, counts: bool = False, weights: bool = True, gaps: bool = True) -> sg.Panel:
    """Twelve councils in three cohorts and a never-treated group, none alone, with gaps and unequal weights."""
    generator = np.random.default_rng([2023, seed])
    start = np.repeat([2, 3, 5, np.inf], 3)
    treatment = (np.arange(7) >= start[:, None]).astype(float)
    size = generator.integers(40, 400, size=(12, 7))
    level = generator.normal(-1.5, 0.4, size=(12, 1)) + np.linspace(0, 0.5, 7) - 0.3 * treatment
    share = 1 / (1 + np.exp(-level - generator.normal(0, 0.2, size=(12, 7))))
    outcome = generator.poisson(size * share).astype(float) if counts else share * (3 if family == "poisson" else 1)
    present = np.ones((12, 7), dtype=bool)
    if gaps:
        present[0, 4] = present[10, 1] = False
    frame = sg.Frame(
        sg.Design(treatment, size=size),
        present=present,
        weights=generator.uniform(0.5, 2, size=(12, 7)) if weights else None,
    )
    return sg.Panel(frame, outcome)


def oracle(panel: sg.Panel, estimator: sg.Extended, counts: bool) -> tuple[FloatArray, FloatArray]:
    """Effects of every cell that has a coefficient, and their covariance."""
    start = panel.design.start
    cells = []
    for g in (2, 3, 5):
        leads = range(g - 1) if estimator.controls == "never" else ()
        cells += [(g, t) for t in (*leads, *range(g, 7))]
    assert set(start[np.isfinite(start)]) == {2, 3, 5}
    exposure = panel.design.size if counts else None
    family = FAMILIES[estimator.family]
    return did.extended_curve(panel.frame, panel.outcome, family, cells, exposure)


@pytest.mark.filterwarnings("ignore:CR0 with")
@pytest.mark.parametrize("controls", ["notyet", "never"])
@pytest.mark.parametrize(("family", "counts"), [("poisson", False), ("poisson", True), ("binomial", False)])
@pytest.mark.parametrize("seed", range(3))
def test_cells_and_their_covariance_are_those_of_a_glm(seed: int, family: str, counts: bool, controls: str) -> None:
    panel = rollout(seed, family, counts=counts)
    estimator = sg.Extended(family=family, controls=controls, by="cell")
    values, covariance = oracle(panel, estimator, counts)
    fit = estimator.fit(panel, sg.Cluster("CR0"))
    np.testing.assert_allclose(fit.value, values, rtol=1e-8, atol=1e-10 * np.abs(values).max())
    np.testing.assert_allclose(
        fit.uncertainty.covariance[1:, 1:], covariance, rtol=1e-6, atol=1e-8 * np.abs(covariance).max()
    )
    assert ("exposure" in " ".join(fit.notes)) == counts


@pytest.mark.filterwarnings("ignore:CR0 with")
@pytest.mark.parametrize("by", ["overall", "event", "cohort", "calendar"])
def test_summaries_average_the_cells_as_the_linear_ones_do(by: str) -> None:
    panel = rollout(1, "binomial")
    cells = sg.Extended(family="binomial", by="cell").fit(panel, sg.Cluster("CR0"))
    found = sg.Extended(family="binomial", by=by).fit(panel, sg.Cluster("CR0"))
    linear = sg.Extended(by=by).rule(panel.frame)
    each = sg.Extended(by="cell").rule(panel.frame)
    # The straight line's cells have weights that are independent, so its summaries show how cells are averaged.
    dense = each.W[1:]
    average = np.linalg.lstsq(dense.T, linear.W.T, rcond=None)[0].T
    np.testing.assert_allclose(found.values, average @ cells.value, atol=1e-9)
    expected = average @ cells.uncertainty.covariance[1:, 1:] @ average.T
    np.testing.assert_allclose(found.uncertainty.covariance, expected, atol=1e-10)


def test_a_constant_ratio_is_found_where_the_straight_line_is_wrong() -> None:
    """Rates that double over time and are halved by treatment, exactly."""
    start = np.array([2, 2, 4, 4, np.inf, np.inf])
    treatment = (np.arange(6) >= start[:, None]).astype(float)
    untreated = np.array([1.0, 1.0, 3.0, 3.0, 9.0, 9.0])[:, None] * 2.0 ** np.arange(6)
    panel = sg.Panel(sg.Frame(sg.Design(treatment)), untreated * np.where(treatment > 0, 0.5, 1.0))
    truth = (-0.5 * untreated)[treatment > 0].mean()
    assert sg.Extended(family="poisson").point(panel).values[0] == pytest.approx(truth, rel=1e-10)
    assert abs(sg.Extended().point(panel).values[0] / truth - 1) > 0.5


def test_few_clusters_are_jackknifed_by_fitting_again() -> None:
    panel = rollout(2, "poisson", gaps=False, weights=False)
    estimator = sg.Extended(family="poisson")
    fit = estimator.fit(panel)
    assert fit.inference == "jackknife over clusters"
    without = np.array([estimator.point(panel.without(k)).values[0] for k in range(12)])
    assert fit.se == pytest.approx(np.sqrt(11 / 12 * ((without - fit.value) ** 2).sum()), rel=1e-12)
    permuted = estimator.fit(panel, sg.Permutation(draws=19))
    assert permuted.p_value * 20 == pytest.approx(round(permuted.p_value * 20))


def test_a_council_alone_in_its_cohort_has_no_analytic_standard_error() -> None:
    panel = rollout(0, "poisson", gaps=False).without(0).without(1)
    with pytest.warns(sg.FewClustersWarning):
        fit = sg.Extended(family="poisson", by="cohort").fit(panel, sg.Cluster("CR1"))
    assert np.isnan(fit.se).tolist() == [True, False, False]
    assert np.isnan(fit.overall.se)
    assert "residual of zero" in " ".join(fit.notes)


def test_there_are_no_weights_on_a_curve() -> None:
    panel = rollout(0, "poisson")
    with pytest.raises(sg.DesignError, match="has no weights"):
        sg.Extended(family="poisson").rule(panel.frame)
    with pytest.raises(sg.DesignError, match="sums of weighted outcomes"):
        sg.Extended(family="poisson").fit(panel, sg.Cluster("CR2"))
    compared = sg.compare(panel, [sg.Extended(), sg.Extended(family="poisson")])
    assert len(compared.estimates) == 2
    plan = sg.Plan(design=sg.stepped(clusters=6, steps=3), outcome=sg.Outcome("poisson", baseline=5.0))
    assert 0 <= sg.power(plan, simulate=4, estimator=sg.Extended(family="poisson"), seed=1).power <= 1


@pytest.mark.parametrize(("family", "value"), [("poisson", -1.0), ("binomial", 1.5), ("binomial", -0.1)])
def test_outcomes_off_the_curve_are_named(family: str, value: float) -> None:
    panel = rollout(0, family)
    outcome = panel.outcome.copy()
    outcome[3, 2] = value
    with pytest.raises(sg.DataError, match=rf"4 in 3 \({value:g}\)"):
        sg.Extended(family=family).point(replace(panel, outcome=outcome))


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(sg.DesignError, match="gaussian, poisson, binomial"):
        sg.Extended(family="gamma")


def test_a_period_without_any_event_is_named() -> None:
    panel = rollout(0, "poisson", gaps=False)
    outcome = panel.outcome.copy()
    outcome[:, 1] = 0
    with pytest.raises(sg.IdentificationError, match="extreme value in period 2"):
        sg.Extended(family="poisson").point(replace(panel, outcome=outcome))
    outcome = np.ones_like(panel.outcome) * 0.5
    outcome[9:] = 1
    with pytest.raises(sg.IdentificationError, match="extreme value in the never-treated"):
        sg.Extended(family="binomial").point(replace(panel, outcome=outcome))


def test_a_likelihood_that_climbs_for_ever_is_refused() -> None:
    columns = np.array([[1.0, 0], [1, 0], [1, 1], [1, 1]])
    for family, outcome in (("poisson", [1.0, 2, 0, 0]), ("binomial", [0.5, 0, 1, 1])):
        with pytest.raises(sg.IdentificationError, match="no solution"):
            quasi_likelihood(family, columns, np.array(outcome), np.ones(4))


def test_treated_from_the_start_and_never_compared_are_left_out_and_named() -> None:
    treatment = (np.arange(5) >= np.array([0, 2, 2, 3, 3])[:, None]).astype(float)
    outcome = np.random.default_rng(1).uniform(1, 2, size=(5, 5))
    point = sg.Extended(family="poisson", by="cell").point(sg.Panel(sg.Frame(sg.Design(treatment)), outcome))
    assert point.notes[0] == "Left out for want of a period before treatment: 1."
    known = [term.label for term, value in zip(point.terms[1:], point.values[1:], strict=True) if np.isfinite(value)]
    assert known == ["ATT(3, 3)"]
    assert "nobody left in control" in point.notes[-1]
    with pytest.raises(sg.IdentificationError, match="No cohort can be compared"):
        sg.Extended(family="poisson").point(sg.Panel(sg.Frame(sg.Design([[0, 1], [0, 1], [1, 1]])), np.ones((3, 2))))
