"""Regressions behind imputed values, against statsmodels and against what they should give on average."""

import numpy as np
import statsmodels.api as sm

from staggered.data.conditional_draws import drawn_risk, logistic, matched


def test_logistic_regression_is_that_of_statsmodels() -> None:
    generator = np.random.default_rng(1)
    columns = np.column_stack([np.ones(300), generator.normal(size=(300, 3))])
    outcome = (generator.random(300) < 1 / (1 + np.exp(-columns @ [-1, 0.5, 0, 1]))).astype(float)
    weight = generator.integers(1, 4, 300).astype(float)
    estimate, covariance = logistic(columns, outcome, weight)
    fit = sm.GLM(outcome, columns, family=sm.families.Binomial(), freq_weights=weight).fit(tol=1e-12)
    np.testing.assert_allclose(estimate, fit.params, rtol=1e-6)
    np.testing.assert_allclose(covariance, fit.cov_params(), rtol=1e-5)


def test_risks_stay_inside_where_outcomes_are_separated() -> None:
    columns = np.column_stack([np.ones(200), np.repeat([0.0, 1.0], 100)])
    happened = columns[:, 1] > 0
    drawn = [drawn_risk(columns, happened, columns[[0, 150]], 0.0, np.random.default_rng(k)) for k in range(200)]
    low, high = np.mean(drawn, axis=0)
    assert 0 < low < 0.05
    assert 0.95 < high < 1


def test_risks_scatter_as_the_coefficients_do() -> None:
    generator = np.random.default_rng(2)
    columns = np.column_stack([np.ones(400), generator.normal(size=400)])
    happened = generator.random(400) < 1 / (1 + np.exp(-columns @ [-0.5, 0.8]))
    drawn = np.array(
        [drawn_risk(columns, happened, columns[:1], 0.0, np.random.default_rng(k))[0] for k in range(2000)]
    )
    fit = sm.GLM(happened.astype(float), columns, family=sm.families.Binomial()).fit()
    spread = np.sqrt(columns[0] @ fit.cov_params() @ columns[0])
    assert abs(np.log(drawn / (1 - drawn)).std() / spread - 1) < 0.08


def test_matched_numbers_come_from_people_nearby() -> None:
    generator = np.random.default_rng(3)
    known = np.column_stack([np.ones(2000), generator.uniform(0, 10, 2000)])
    numbers = np.floor(known[:, 1])
    asked = np.array([[1.0, 0.1], [1.0, 5.0], [1.0, 9.9]])
    found = np.array([matched(known, numbers, asked, generator) for _ in range(200)])
    assert np.isin(found, numbers).all()
    np.testing.assert_allclose(found.mean(axis=0), [0.1, 4.5, 8.9], atol=0.5)
