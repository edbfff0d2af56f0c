"""Panel regressions against least squares with dummies and against Twfe, and what a formula may say."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

import staggered as sg
from staggered.inference.model_based import ModelBased
from tests.random_panels import random_panel


def with_covariates(seed: int) -> sg.Panel:
    """A random panel with two covariates and a label."""
    panel = random_panel(seed)
    generator = np.random.default_rng(seed)
    shape = panel.outcome.shape
    frame = replace(
        panel.frame,
        covariates={"x": generator.normal(size=shape), "free meals": generator.uniform(1, 2, size=shape)},
        labels={"region": tuple("NS"[k % 2] for k in range(shape[0]))},
    )
    return replace(panel, frame=frame)


@pytest.mark.parametrize("seed", range(12))
def test_without_covariates_it_is_twfe(seed: int) -> None:
    panel = random_panel(seed)
    one, other = sg.PanelRegression("y ~ treated"), sg.Twfe()
    assert one.point(panel).values[0] == pytest.approx(other.point(panel).values[0], abs=1e-10, rel=1e-10)
    np.testing.assert_allclose(one.point(panel).scores, other.rule(panel.frame).scores(panel.outcome), atol=1e-10)
    assert one.fit(panel, sg.Jackknife()).se == pytest.approx(other.fit(panel, sg.Jackknife()).se, rel=1e-8)


def dense(panel: sg.Panel, columns: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Weighted least squares with every dummy: coefficients and their cluster-robust covariance without factors."""
    used = panel.frame.used
    row, period = np.nonzero(used)
    wanted = np.column_stack([grid[used] for grid in columns])
    dummies = [row[:, None] == np.unique(row), period[:, None] == np.unique(period)[1:]]
    design = np.column_stack([wanted, *dummies]).astype(float)
    fit = sm.WLS(panel.outcome[used], design, weights=panel.frame.weights[used]).fit(
        cov_type="cluster", cov_kwds={"groups": row, "use_correction": False}
    )
    p = wanted.shape[1]
    return fit.params[:p], fit.cov_params()[:p, :p]


@pytest.mark.filterwarnings("ignore:CR0 with")
@pytest.mark.parametrize("seed", range(6))
def test_covariates_are_those_of_least_squares_with_dummies(seed: int) -> None:
    panel = with_covariates(seed)
    x, meals = (panel.frame.covariates[name] for name in ("x", "free meals"))
    treated = np.nan_to_num(panel.design.treatment)
    values, covariance = dense(panel, [treated, x, np.log(meals), treated * x])
    estimator = sg.PanelRegression("y ~ treated + x + log(`free meals`) + treated:x")
    fit = estimator.fit(panel, sg.Cluster("CR0"))
    np.testing.assert_allclose(fit.values, values, rtol=1e-8)
    np.testing.assert_allclose(fit.uncertainty.covariance, covariance, rtol=1e-6, atol=1e-12)
    assert [t.label for t in fit.terms] == ["treated", "x", "log(`free meals`)", "treated:x"]


def test_its_own_variance_is_that_of_linearmodels() -> None:
    """CR1 in the convention of linearmodels: the sum of squared scores times its small-sample factor."""
    panel = with_covariates(4)
    fit = sg.PanelRegression("y ~ treated + x").fit(panel, ModelBased())
    scores = sg.PanelRegression("y ~ treated + x").point(panel).scores
    n, clusters = panel.y.size, int(panel.frame.used.any(axis=1).sum())
    coefficients = 2 + clusters + int(panel.frame.used.any(axis=0).sum()) - 1
    factor = clusters / (clusters - 1) * (n - 1) / (n - coefficients)
    np.testing.assert_allclose(fit.uncertainty.covariance, factor * scores @ scores.T, rtol=1e-8)
    np.testing.assert_allclose(fit.values, sg.PanelRegression("y ~ treated + x").point(panel).values, rtol=1e-10)
    assert fit.df == pytest.approx([clusters - 1] * 2)
    assert "linearmodels" in fit.inference


def test_categories_and_coarser_clusters() -> None:
    panel = with_covariates(2)
    fit = sg.PanelRegression("y ~ treated + treated:C(region)").point(panel)
    assert len(fit.terms) == 2
    with pytest.warns(sg.FewClustersWarning):
        by_region = sg.PanelRegression("y ~ treated").fit(panel, sg.Cluster("CR1", by="region"))
    assert by_region.df == 1


@pytest.mark.parametrize("formula", ["treated + x", "y ~ x", "~ treated", "y ~ treated ~ x"])
def test_a_formula_without_treatment_or_side_is_refused(formula: str) -> None:
    with pytest.raises(sg.DesignError, match="what is explained"):
        sg.PanelRegression(formula)


def test_unknown_names_are_named_with_those_there_are() -> None:
    panel = with_covariates(0)
    for formula, word in (("y ~ treated + z", "z"), ("y ~ treated + __import__('os')", "__import__")):
        with pytest.raises(sg.DesignError, match=f"has {word}") as told:
            sg.PanelRegression(formula).point(panel)
        assert "y, treated, exposure, size, x, free meals and region" in str(told.value)
    with pytest.raises(sg.DesignError, match="cannot be read"):
        sg.PanelRegression("y ~ treated + (x").point(panel)


def test_what_effects_explain_and_what_moves_together_is_named() -> None:
    panel = with_covariates(1)
    shape = panel.outcome.shape
    constant = np.broadcast_to(np.arange(shape[0])[:, None], shape).astype(float)
    x = panel.frame.covariates["x"]
    covariates = {"x": x, "constant": constant, "twice": 2 * x + constant}
    panel = replace(panel, frame=replace(panel.frame, covariates=covariates))
    with pytest.raises(sg.IdentificationError, match="leave nothing of constant"):
        sg.PanelRegression("y ~ treated + constant").point(panel)
    with pytest.raises(sg.IdentificationError, match="x and twice move exactly together"):
        sg.PanelRegression("y ~ treated + x + twice").point(panel)


def test_missing_covariates_are_left_out_and_named_and_no_number_is_refused() -> None:
    panel = with_covariates(3)
    x = panel.frame.covariates["x"].copy()
    x[0, 0] = np.nan
    missing = replace(panel, frame=replace(panel.frame, covariates={"x": x}))
    point = sg.PanelRegression("y ~ treated + x").point(missing)
    assert point.notes == ("Left out for want of a covariate: 1 in 1.",)
    assert sg.PanelRegression("y ~ treated").point(missing).notes == ()
    with pytest.raises(sg.DataError, match="gives no number for"):
        sg.PanelRegression("log(y) ~ treated").point(panel)


def test_defaults() -> None:
    few = with_covariates(0)
    assert sg.PanelRegression("y ~ treated").fit(few).inference == "jackknife over clusters"
    plan = sg.Plan(design=sg.stepped(clusters=44, steps=4), outcome=sg.Outcome(sd=1.0))
    many = sg.PanelRegression("y ~ treated").fit(sg.simulate(plan, seed=1))
    assert many.inference == "variance clustered by council (linearmodels)"
