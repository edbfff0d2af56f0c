"""Checks of a fit: what they say of sound data, and that they find what was planted."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.hierarchical.fit_checks import fit_checks, overlaps, predicted
from staggered.hierarchical.posterior import Posterior
from staggered.results.check import Check
from tests.hierarchical.conftest import TREATED, panel_of, priors_of, simulated


def fitted(panel: sg.Panel, family: str = "gaussian", **given: object) -> Posterior:
    options = {"priors": priors_of(family), "points": 128, "draws": 400} | given
    return sg.Hierarchical(family=family, engine="analytic", **options).posterior(panel)  # type: ignore[arg-type]


def named(posterior: Posterior) -> dict[str, Check]:
    return {check.name: check for check in posterior.checks}


def test_sound_data_pass(family: str) -> None:
    found = fitted(panel_of(family), family)
    names = ["outcomes by council", "outcomes by period", "prior and posterior"]
    assert [name for name in named(found) if name in names] == names
    assert found.passed, found.verdict
    assert ("councils' own courses" in named(found)) == (family != "gaussian")
    assert found.check_table()["passed"].all()


def test_predicted_means_stand_beside_the_seen_ones(family: str) -> None:
    table = predicted(fitted(panel_of(family), family))
    outcome, size = simulated(family)
    size = np.ones_like(size) if family == "gaussian" else size
    councils = table[table["of"] == "council"]
    np.testing.assert_allclose(councils["observed"], outcome.sum(axis=1) / size.sum(axis=1))
    periods = table[table["of"] == "period"]
    np.testing.assert_allclose(periods["observed"], outcome.sum(axis=0) / size.sum(axis=0))
    assert ((table["low"] < table["observed"]) & (table["observed"] < table["high"])).mean() > 0.9


def test_councils_with_other_noise_are_found_and_named() -> None:
    panel = panel_of("gaussian")
    wild = np.zeros((24, 20))
    wild[:7] = 1.5 * np.random.default_rng(1).normal(size=(7, 20))
    check = named(fitted(replace(panel, outcome=panel.outcome + wild)))["outcomes by council"]
    assert not check.passed
    named_there = check.message.split("Further off than expected: ")[1].rstrip(".").replace(" and ", ", ").split(", ")
    assert len(named_there) > 3
    assert set(named_there) <= {str(k + 1) for k in range(7)}
    assert "Look whether these numbers are right" in check.fix


def test_counts_that_drift_are_found() -> None:
    count, size = simulated("negbinomial")
    drift = np.cumsum(np.random.default_rng(4).normal(0, 0.2, (24, 20)), axis=1)
    moved = np.random.default_rng(5).poisson(count * np.exp(drift)).astype(float)
    panel = sg.Panel(sg.Frame(sg.Design(TREATED, size=size)), moved)
    check = named(fitted(panel, "negbinomial"))["councils' own courses"]
    assert not check.passed
    assert "too narrow" in check.fix


def test_overlap_of_what_the_data_do_not_speak_of() -> None:
    noise = np.random.default_rng(2).normal(0, 50, (24, 20))
    priors = replace(priors_of("gaussian"), noise=sg.prior.HalfNormal(50.0), effect=sg.prior.Normal(0.0, 0.2))
    found = fitted(sg.Panel(sg.Frame(sg.Design(TREATED, size=1)), noise), priors=priors, points=512)
    table = overlaps(found).set_index("name")
    assert table.loc["mean effect", "overlap"] > 0.9
    assert table.loc["noise", "overlap"] < 0.2
    assert "the prior's, not the data's" in named(found)["prior and posterior"].fix
    assert found.estimate().text().startswith("This fit failed")


def test_a_prior_that_the_data_contradict() -> None:
    priors = replace(
        priors_of("gaussian"), effect=sg.prior.Normal(2.0, 0.2), exposure=sg.prior.HalfNormal(0.01),
        noise=sg.prior.HalfNormal(0.05), course=sg.prior.HalfNormal(0.5),
    )  # fmt: skip
    check = named(fitted(panel_of("gaussian"), priors=priors))["prior and posterior"]
    assert "What the data say of the mean effect is what the prior holds for all but impossible" in check.message
    assert "wider prior" in check.fix


def test_the_same_seed_gives_the_same_words() -> None:
    found = fitted(panel_of("gaussian"))
    assert fit_checks(found, 3) == fit_checks(found, 3)


def test_a_fit_that_was_not_checked_says_so() -> None:
    bare = replace(fitted(panel_of("gaussian")), checks=())
    assert bare.verdict == "The fit was not checked."
    with pytest.raises(ValueError, match="No objects to concatenate"):
        bare.check_table()
