"""Group-time effects with covariates, and repeated cross-sections: R did, moderndid and diff-diff.

diff-diff's "dr" divides the comparison's augmentation by the weight of the treated and not by the sum of its own
odds weights, so it is not the estimator of Sant'Anna and Zhao (2020) as DRDID has it. Ours equals R's.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import staggered as sg
from staggered.results.estimate import Estimate
from tests.reference.did import panels

NUMBERS = pd.read_csv(Path(__file__).with_name("adjusted.csv"))
CASES = {
    "ipw-never": (sg.GroupTime(controls="never", method="ipw"), "covariate"),
    "ipw-never-diffdiff": (sg.GroupTime(controls="never", method="ipw"), "covariate"),
    "reg-never": (sg.GroupTime(controls="never", method="reg"), "covariate"),
    "dr-never": (sg.GroupTime(controls="never", method="dr"), "covariate"),
    "dr-never-diffdiff": (sg.GroupTime(controls="never", method="dr"), "covariate"),
    "dr-notyet": (sg.GroupTime(method="dr"), "covariate"),
    "dr-levels": (sg.GroupTime(controls="never", method="dr", compare="levels"), "levels"),
    "none-never-moderndid": (sg.GroupTime(controls="never"), "plain"),
    "none-never-diffdiff": (sg.GroupTime(controls="never"), "plain"),
}
PRETESTS = {
    "ipw-never": (6.798777, 0.23604),
    "dr-notyet": (6.834285, 0.23326),
    "dr-levels": (0.282146, 0.99797),
}
"""R did's Wald statistic of the cells before treatment, and its p-value, as printed."""


def with_by(estimator: sg.GroupTime, by: str) -> sg.GroupTime:
    options = {name: getattr(estimator, name) for name in ("controls", "method", "compare")}
    return sg.GroupTime(by=by, **options)


@cache
def fitted(case: str, by: str) -> Estimate:
    estimator, data = CASES[case]
    panel = panels.mpdta_as_cross_sections() if data == "levels" else panels.mpdta(data == "covariate")
    return with_by(estimator, by).fit(panel, sg.Cluster("CR0"))


def test_every_case_is_tested() -> None:
    assert set(NUMBERS["case"]) == set(CASES)


@pytest.mark.parametrize(
    ("case", "by"), list(NUMBERS[["case", "by"]].drop_duplicates().itertuples(index=False, name=None))
)
def test_estimates_and_standard_errors(case: str, by: str) -> None:
    expected = NUMBERS[(NUMBERS["case"] == case) & (NUMBERS["by"] == by)].set_index("term")
    found = fitted(case, by).table().set_index("term").reindex(expected.index)
    if case == "dr-never-diffdiff":
        # Another estimator under the same name: near, and not the same.
        gap = np.abs(found["estimate"] / expected["estimate"] - 1)
        assert 1e-7 < gap.max() < 0.02
        return
    np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=1e-7 if "reg" not in case else 1e-8)
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=1e-6)


def test_doubly_robust_is_hajek() -> None:
    """R did prints −0.0417517720611 for the simple effect; dividing by the treated's weight gives −0.0417514970931."""
    assert fitted("dr-never", "overall").value == pytest.approx(-0.0417517720611, rel=1e-10)


@pytest.mark.parametrize("case", PRETESTS)
def test_the_joint_test_of_cells_before_treatment(case: str) -> None:
    fit = fitted(case, "cell")
    before = [k for k, term in enumerate(fit.terms) if term.event is not None and term.event < 0]
    covariance = fit.uncertainty.covariance[np.ix_(before, before)]
    wald = fit.values[before] @ np.linalg.solve(covariance, fit.values[before])
    statistic, p = PRETESTS[case]
    assert wald == pytest.approx(statistic, rel=1e-5)
    assert stats.chi2.sf(wald, len(before)) == pytest.approx(p, abs=1e-5)
