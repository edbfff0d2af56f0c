"""Generalised linear mixed models against lme4's glmer.

Departure, with the reason: lme4's standard errors of Laplace fits differ from the curvature of its own likelihood by
up to 1.3 in a thousand. It takes second differences of a deviance whose inner iteration stops early, so that the
determinant lags by a term of the same order. `lme4_steps` repeats those steps: stopped early they give lme4's numbers,
run to the end they give ours. With 25 nodes lme4 itself agrees with the curvature.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import staggered as sg
from staggered.estimators.trial.glmm_fit import GlmmFit
from staggered.estimators.trial.glmm_model import GlmmModel, fitted

from .lme4_steps import NEVER, Cells
from .trials import people

GLMER = pd.read_csv(Path(__file__).parent / "glmer.csv").set_index("case")
LAPLACE = [case for case in GLMER.index if GLMER.loc[case, "nodes"] == 1]
INSIDE = [case for case in LAPLACE if GLMER.loc[case, "cluster-period"] != 0]

pytestmark = pytest.mark.filterwarnings("ignore::staggered.errors.ConvergenceWarning")


def model(case: str) -> sg.Glmm:
    row = GLMER.loc[case]
    return sg.Glmm(row["family"], row["covariance"], nodes=int(row["nodes"]))


def fit(case: str) -> tuple[GlmmModel, GlmmFit]:
    asked = model(case)
    return fitted(people(GLMER.loc[case, "dataset"]), asked.choices(), asked.nodes)


@pytest.mark.parametrize("case", GLMER.index)
def test_estimate_and_likelihood_are_those_of_glmer(case: str) -> None:
    row = GLMER.loc[case]
    made, found = fit(case)
    assert found.converged[0]
    assert found.beta[0, -1] == pytest.approx(row["estimate"], abs=1e-4 * row["std_error"])
    if not np.isnan(row["log_likelihood"]):
        reached = made.rows.constant - found.value[0]
        assert row["log_likelihood"] <= reached + 1e-8
        assert reached == pytest.approx(row["log_likelihood"], abs=1e-4)


@pytest.mark.parametrize("case", GLMER.index)
def test_variances_of_councils_are_those_of_glmer(case: str) -> None:
    row = GLMER.loc[case]
    found = model(case).components(people(row["dataset"]))
    for name in ("cluster", "cluster-period"):
        if not np.isnan(row[name]):
            assert found[name] == pytest.approx(row[name], rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("case", [case for case in GLMER.index if case not in LAPLACE])
def test_standard_error_by_quadrature_is_that_of_glmer(case: str) -> None:
    estimate = model(case).fit(people(GLMER.loc[case, "dataset"]))
    assert estimate.se == pytest.approx(GLMER.loc[case, "std_error"], rel=1e-5)


@pytest.mark.parametrize("case", INSIDE)
def test_standard_error_by_laplace_is_that_of_lme4_steps_run_to_the_end(case: str) -> None:
    cells, parameters, start = steps(case)
    ours = model(case).fit(people(GLMER.loc[case, "dataset"])).se
    assert ours == pytest.approx(cells.standard_error(parameters, start, NEVER), rel=2e-5)


@pytest.mark.parametrize("case", INSIDE)
def test_lme4_steps_stopped_as_lme4_stops_give_its_standard_error(case: str) -> None:
    cells, parameters, start = steps(case)
    assert cells.standard_error(parameters, start, 1e-7) == pytest.approx(GLMER.loc[case, "std_error"], rel=1e-4)


def steps(case: str) -> tuple[Cells, np.ndarray, np.ndarray]:
    """lme4's problem, our parameters (SDs first), and the linear predictor from which it starts."""
    made, found = fit(case)
    data = made.data
    clusters, periods = data.shape
    every = np.repeat(np.eye(clusters), periods, axis=0)
    groups = (every, np.eye(clusters * periods))[: data.variances]
    cells = Cells(data.family, data.total[0], data.count, data.columns.reshape(-1, data.fixed), groups)
    parameters = np.concatenate([np.sqrt(found.point.theta[0]), found.beta[0]])
    return cells, parameters, found.point.eta[0]
