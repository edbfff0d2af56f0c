"""Sun–Abraham, extended and stacked regressions, imputation and two-stage: fixest, diff-diff, pyfixest.

Standard errors are ours times the package's own small-sample factor, C/(C − 1)·(n − 1)/(n − K), where it has one.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import staggered as sg
from staggered.results.estimate import Estimate
from tests.reference.did import panels

NUMBERS = pd.read_csv(Path(__file__).with_name("regressions.csv"))
# Rows and coefficients of the regression, by case: periods, the coefficients of cells or event times, the intercept.
SIZES = {
    "mpdta-sun-abraham": (500, 2500, 17),
    "mpdta-extended-never": (500, 2500, 17),
    "mpdta-extended-notyet": (500, 2500, 12),
    "mpdta-stacked": (349, 1396, 8),
    "castle-stacked": (50, 708, 8),
}
CASES = {
    "mpdta-sun-abraham": lambda by: sg.SunAbraham(by=by),
    "mpdta-extended-never": lambda by: sg.Extended(by=by, controls="never"),
    "mpdta-extended-notyet": lambda by: sg.Extended(by=by),
    "mpdta-stacked": lambda by: sg.Stacked(by=by, before=2, after=1, residuals="stack"),
    "castle-stacked": lambda by: sg.Stacked(by=by, before=2, after=1, residuals="stack"),
    "mpdta-imputation": lambda by: sg.Imputation(by=by),
    "mpdta-two-stage": lambda by: sg.Imputation(by=by, residuals="term"),
    "castle-two-stage": lambda by: sg.Imputation(by=by, residuals="term"),
    "castle-group-time": lambda by: sg.GroupTime(by=by, controls="never"),
}


def fitted(case: str, by: str) -> Estimate:
    panel = panels.castle() if case.startswith("castle") else panels.mpdta()
    return CASES[case](by).fit(panel, sg.Cluster("CR0"))


def factor(case: str, events: np.ndarray) -> np.ndarray:
    """What the package multiplies the variance by."""
    if case in SIZES:
        clusters, rows, coefficients = SIZES[case]
        return np.full(len(events), clusters / (clusters - 1) * (rows - 1) / (rows - coefficients))
    if case == "mpdta-imputation":
        # The coefficients before treatment are from a regression on the 2,209 untreated rows with 8 coefficients.
        return np.where(events < 0, 500 / 499 * 2208 / 2201, 1.0)
    return np.ones(len(events))


def test_every_case_is_tested() -> None:
    assert set(NUMBERS["case"]) == set(CASES)


@pytest.mark.filterwarnings("ignore::staggered.FewClustersWarning")
@pytest.mark.parametrize(
    ("case", "by"), list(NUMBERS[["case", "by"]].drop_duplicates().itertuples(index=False, name=None))
)
def test_estimates_and_standard_errors(case: str, by: str) -> None:
    expected = NUMBERS[(NUMBERS["case"] == case) & (NUMBERS["by"] == by)].set_index("term")
    fit = fitted(case, by)
    found = fit.table().set_index("term").reindex(expected.index)
    events = np.array([next(t.event or 0 for t in fit.terms if t.label == label) for label in expected.index])
    # pyfixest takes fixed effects out by iterating to about 1e-6.
    near = 2e-6 if case == "castle-two-stage" else 1e-8
    np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=near)
    errors = found["std_error"] * np.sqrt(factor(case, events))
    if case == "castle-group-time":
        # Two states are alone in their cohort; the package takes their residual, identically 0, at face value.
        assert np.isnan(errors).all()
        rule = CASES[case](by).rule(panels.castle().frame)
        errors = np.sqrt((rule.scores(panels.castle().outcome) ** 2).sum(axis=1))
        errors = errors[[[t.label for t in rule.terms].index(label) for label in expected.index]]
    if case == "castle-two-stage":
        return
    np.testing.assert_allclose(errors, expected["std_error"], rtol=1e-6)


@pytest.mark.filterwarnings("ignore:CR0 with")
def test_two_stage_standard_error_of_pyfixest() -> None:
    fit, expected = fitted("castle-two-stage", "overall"), NUMBERS[NUMBERS["case"] == "castle-two-stage"].iloc[0]
    assert fit.se == pytest.approx(expected["std_error"], rel=1e-3)


def test_imputation_and_extended_have_the_same_weights_and_other_residuals() -> None:
    panel = panels.mpdta()
    one, other = (estimator.fit(panel, sg.Cluster("CR0")) for estimator in (sg.Imputation(), sg.Extended()))
    assert one.value == pytest.approx(other.value, rel=1e-12)
    assert one.se == pytest.approx(0.01322248865, rel=1e-9)
    rule = sg.Extended().rule(panel.frame)
    assert not np.allclose(rule.residuals(panel.outcome), sg.Imputation().rule(panel.frame).residuals(panel.outcome))
