"""Cluster-robust variances against their formulas over people."""

import numpy as np
import pytest

import staggered as sg
from staggered.estimators.trial.normal_fit import fit_normal
from tests.estimators.trial.trials import random_trial
from tests.oracles import normal

pytestmark = [
    pytest.mark.filterwarnings("ignore::staggered.errors.DesignWarning"),
    pytest.mark.filterwarnings("ignore::staggered.errors.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning"),
]
CASES = [
    ("exchangeable", "exchangeable", {}),
    ("nested", "nested", {"covariates": 2}),
    ("nested", "cohort-nested", {"followed": True}),
    ("exchangeable", "cohort", {"followed": True, "covariates": 1}),
]


@pytest.mark.parametrize("kind", ["CR0", "CR2", "CR3"])
@pytest.mark.parametrize(("covariance", "structure", "made"), CASES)
def test_sandwich_is_that_of_the_people(covariance: str, structure: str, made: dict[str, object], kind: str) -> None:
    panel = random_trial(7, **made)
    estimate = sg.Mixed(covariance).fit(panel, sg.Cluster(kind))
    people = normal.people_of(panel)
    theta = fit_normal(sg.Mixed(covariance).model(panel)).theta[0]
    working = sum(t * m for t, m in zip(theta, normal.parts(people, structure), strict=True))
    error, df = normal.sandwich(people, working, kind)
    assert estimate.se == pytest.approx(error, rel=1e-6)
    assert estimate.df == pytest.approx(df, rel=1e-6)
    assert any("covariance estimated from the same outcomes" in note for note in estimate.notes)


def test_cr1_is_cr0_with_a_factor() -> None:
    panel = random_trial(2)
    plain, corrected = (sg.Mixed().fit(panel, sg.Cluster(kind)) for kind in ("CR0", "CR1"))
    assert corrected.se == pytest.approx(plain.se * np.sqrt(6 / 5))


def test_cr2_is_unbiased_when_the_covariance_is_right() -> None:
    """Over data drawn with the working covariance, mean squared scores are the variance of the estimate."""
    from staggered.estimators.trial.sandwich import sandwich

    model = sg.Mixed("nested").model(random_trial(3))
    found = fit_normal(model)
    working = found.working()
    generator = np.random.default_rng(1)
    root = np.linalg.cholesky(working)
    columns, contrast = model.columns, found.contrasts(np.ones((1, 1)))
    inverse = np.linalg.inv(working)
    bread = np.linalg.inv(np.einsum("clp,clm,cmq->pq", columns, inverse, columns))
    squares = []
    for _ in range(3000):
        outcome = (root @ generator.standard_normal((*working.shape[:2], 1)))[..., 0]
        rest = outcome - columns @ (bread @ np.einsum("clp,clm,cm->p", columns, inverse, outcome))
        squares.append(sandwich(columns, working, rest, contrast, "CR2")[0][0, 0])
    error = np.std(squares) / np.sqrt(len(squares))
    assert np.mean(squares) == pytest.approx(bread[-1, -1], abs=4 * error)


def test_few_clusters_are_warned_of() -> None:
    with pytest.warns(sg.FewClustersWarning, match="CR0 with 6 clusters"):
        sg.Mixed(effect="exposure").fit(random_trial(7), sg.Cluster("CR0"))


def test_a_coarser_cluster_is_refused() -> None:
    with pytest.raises(sg.DesignError, match=r"Cluster\(by='region'\)"):
        sg.Mixed().fit(random_trial(7), sg.Cluster("CR1", by="region"))
