"""Marginal models against geepack and R code for the corrections.

Departures, with the reason:

* geepack stops when its steps are shorter than 1e-4. Our own steps, stopped there, give its numbers to all digits
  printed; solved to the end, the estimate moves by up to 7e-6.
* geepack's `fij` ("fully iterated jackknife") is smaller than the sandwich, which few clusters already make too small.
  It multiplies the sum of (θ_-i − θ)² by (C − q)/C with q all parameters, the scale and the correlation counted, where
  the jackknife has (C − 1)/C: here 5/12 and 4/12 in place of 11/12. Our refits times its factor give its numbers.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import staggered as sg
from staggered.estimators.trial.marginal_correction import corrected
from staggered.estimators.trial.marginal_equations import Solution, evaluate

from .trials import people

GEE = pd.read_csv(Path(__file__).parent / "gee.csv").set_index("case")
ERRORS = ["none", "KC", "MD", "FG"]

pytestmark = pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")


def marginal(case: str, correction: str = "KC") -> sg.Marginal:
    row = GEE.loc[case]
    return sg.Marginal(row["family"], row["working"], None if correction == "none" else correction)


def stopped_as_geepack_does(case: str) -> Solution:
    """Steps from the fit with independence until one is shorter than 1e-4."""
    row = GEE.loc[case]
    panel = people(row["dataset"])
    beta = sg.Marginal(row["family"], "independence").model(panel).solved().beta
    equations = marginal(case).model(panel).equations
    while True:
        here = evaluate(equations, beta)
        step = np.linalg.solve(here.information.sum(axis=0), here.scores.sum(axis=0))
        beta = beta + step
        if np.abs(step).max() < 1e-4:
            return evaluate(equations, beta)


@pytest.mark.parametrize("case", GEE.index)
@pytest.mark.parametrize("correction", ERRORS)
def test_estimates_and_errors_are_those_of_geepack(case: str, correction: str) -> None:
    row, estimate = GEE.loc[case], marginal(case, correction).fit(people(GEE.loc[case, "dataset"]))
    assert estimate.value == pytest.approx(row["estimate"], abs=1e-5)
    assert estimate.se == pytest.approx(row[correction], rel=1e-5)
    assert estimate.df == 10


@pytest.mark.parametrize("case", GEE.index)
def test_stopped_where_geepack_stops_every_digit_agrees(case: str) -> None:
    row, found = GEE.loc[case], stopped_as_geepack_does(case)
    assert found.beta[-1] == pytest.approx(row["estimate"], rel=2e-10)
    assert found.scale == pytest.approx(row["scale"], rel=1e-9)
    assert float(sum(found.correlation.values)) == pytest.approx(row["correlation"], rel=1e-9)
    for name in ERRORS:
        covariance = corrected(found.scores, found.information, None if name == "none" else name, 1.0)
        assert np.sqrt(covariance[-1, -1]) == pytest.approx(row[name], rel=1e-9)


@pytest.mark.parametrize("case", GEE.index)
def test_fij_is_the_jackknife_times_a_factor_that_counts_every_parameter(case: str) -> None:
    row, panel = GEE.loc[case], people(GEE.loc[case, "dataset"])
    parameters = 6 + 1 + (row["working"] == "exchangeable")
    jackknife = marginal(case).fit(panel, sg.Jackknife()).se
    assert row["fij"] < row["none"] < jackknife
    assert jackknife * np.sqrt((12 - parameters) / 11) == pytest.approx(row["fij"], rel=1e-4)
