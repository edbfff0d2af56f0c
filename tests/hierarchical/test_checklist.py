"""The BARG checklist: every item is filled from the fit, and what is missing is said."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.hierarchical.beforehand import beforehand
from staggered.hierarchical.checklist import checklist
from staggered.hierarchical.posterior import Posterior
from staggered.hierarchical.sensitivity import Sensitivity
from tests.hierarchical.conftest import TREATED, panel_of, priors_of

MODEL = sg.Hierarchical(engine="analytic", points=256, draws=1000)
ITEMS = (
    "model and data", "priors", "prior justification", "prior predictive", "computation", "posterior predictive",
    "posterior summary", "prior sensitivity", "decision rule", "reproducible",
)  # fmt: skip


@pytest.fixture(scope="module")
def fitted(family: str) -> Posterior:
    return replace(MODEL, family=family, priors=priors_of(family)).posterior(panel_of(family))


def test_a_full_report_passes_every_item(fitted: Posterior) -> None:
    model = replace(MODEL, family=fitted.family, priors=fitted.priors)
    other = Sensitivity(("as given",), (fitted.estimate(),), {"effect prior": 0.0, "all priors": 0.0, "data": 1.0})
    expected = beforehand(model, fitted.panel)
    found = checklist(fitted, seed=1, expected=expected, sensitivity=other, beyond=-0.05, reason="As in the protocol.")
    assert tuple(check.name for check in found) == ITEMS
    assert [check.text() for check in found if not check.passed] == []
    said = {check.name: check.message for check in found}
    assert "480 cells of 24 councils, 24 of which go live" in said["model and data"]
    assert "heterogeneity half-normal 0.3" in said["priors"]
    assert said["prior justification"] == "As in the protocol."
    assert "numpy" in said["reproducible"]
    assert "credible interval (equal tails)" in said["posterior summary"]


def test_what_is_missing_is_said(fitted: Posterior) -> None:
    missing = [check for check in checklist(fitted, seed=1) if not check.passed]
    assert [check.name for check in missing] == [ITEMS[2], ITEMS[3], ITEMS[7], ITEMS[8]]
    assert all(check.fix for check in missing)


def test_words_justify_a_prior_and_parts_of_the_model_are_named() -> None:
    panel = panel_of("negbinomial")
    belief = sg.prior.Belief(large=0.1, not_credible=0.3)
    fit = replace(
        MODEL, family="negbinomial", priors={"effect": belief}, season=4, exposure="constant", trend="indicators"
    )
    said = {check.name: check.message for check in checklist(fit.posterior(panel), seed=1)}
    assert said["prior justification"] == belief.text()
    assert "a season of 4 periods" in said["model and data"]
    assert "the same throughout" in said["model and data"]
    assert "national time free in each period" in said["model and data"]


def test_councils_that_move_otherwise_are_found() -> None:
    # Counts that move far more than Poisson noise allows.
    r = np.random.default_rng(1)
    count = r.poisson(400 * np.exp(r.normal(0, 0.3, TREATED.shape))).astype(float)
    panel = sg.Panel(sg.Frame(sg.Design(TREATED, size=50_000)), count)
    fit = replace(MODEL, family="poisson", points=64).posterior(panel)
    item = next(check for check in checklist(fit, seed=1) if check.name == "posterior predictive")
    assert not item.passed
    assert "another family" in item.fix
