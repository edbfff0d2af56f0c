"""The protocol's paragraph and CONSORT's item 7a: every parameter is in them, and they are those of the plan."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.model.covariance import Unstructured
from staggered.planning.sample_size import effect_words, sample_size

PLAN = sg.Plan(
    design=sg.stepped(["Ash", "Beech", "Cedar", "Elm"], steps=2, size=[100, 200, 300, 400]),
    outcome=sg.Outcome("binomial", baseline=0.07, name="becoming looked after"),
    covariance=sg.Nested(icc=0.005, cac=0.8, iac=0.3),
    effect=sg.Constant(-0.02),
)


def test_every_number_of_the_paragraph_is_that_of_the_plan():
    said = sample_size(PLAN, icc=[0.001, 0.01], cac=[0.5, 1.0]).text()
    found, smallest = sg.power(PLAN), sg.detectable(PLAN)
    over = sg.grid(PLAN, icc=[0.001, 0.01], cac=[0.5, 1.0])
    assert "4 clusters in 2 sequences of 2 are observed over 3 periods" in said
    assert "100 to 400 people" in said
    assert "3,000 in all" in said
    assert f"{100 * found.power:.1f}% power" in said
    assert "−2 percentage points, 5% instead of 7%" in said
    assert f"−{100 * smallest.needed:.3g} percentage points" in said
    assert f"from {100 * over.powers.min():.0f}% to {100 * over.powers.max():.0f}%" in said
    assert "2 degrees of freedom" in said
    assert "closed cohort" in said


def test_item_7a_has_every_parameter_that_replicates_it():
    found = sample_size(PLAN)
    items = dict(found.items)
    assert items["Within-period intracluster correlation"].startswith("0.005")
    assert items["Cluster autocorrelation"] == "0.8"
    assert items["Individual autocorrelation"].startswith("0.3")
    assert items["First treated period"] == "Ash 2; Beech 2; Cedar 3; Elm 3"
    assert items["People of each cluster"] == "Ash 300; Beech 600; Cedar 900; Elm 1,200"
    assert items["Significance level"] == "5%, two-sided"
    assert items["Power"] == f"{100 * sg.power(PLAN).power:.1f}%"
    assert found.consort().startswith("7a. Sample size.")
    assert all(f"{name}: {value}" in found.consort() for name, value in items.items())
    assert "Hooper" in found.consort()
    assert found.table()["parameter"].tolist() == [*items]
    assert found.to_dict()["items"] == items


def test_it_can_be_determined_again_from_what_it_says():
    """Read the numbers of item 7a back, and find its standard error and power."""
    items = dict(sample_size(PLAN).items)
    sizes = [int(part.split()[1].replace(",", "")) / 3 for part in items["People of each cluster"].split("; ")]
    start = [int(part.split()[1]) for part in items["First treated period"].split("; ")]
    again = sg.Plan(
        design=sg.Design((np.arange(1, 4) >= np.array(start)[:, None]).astype(float), size=sizes),
        outcome=sg.Outcome("binomial", baseline=0.07),
        covariance=sg.Nested(
            icc=float(items["Within-period intracluster correlation"].split()[0]),
            cac=float(items["Cluster autocorrelation"]),
            iac=float(items["Individual autocorrelation"].split()[0]),
        ),
        effect=sg.Constant(-0.02),
    )
    assert items["Standard error of the effect"] == f"{sg.power(again).se:.4g}"


@pytest.mark.parametrize(
    ("covariance", "says"),
    [
        (sg.Independent(), "Correlation within clusters is none"),
        (sg.Exchangeable(icc=0.01), "the same for any two periods"),
        (sg.Decay(icc=0.01, cac=0.7), "correlation of a cluster one period apart 0.7"),
        (sg.ProportionalDecay(icc=0.01, cac=0.7), "own memory fall alike"),
        (Unstructured(icc=0.01, correlation=np.eye(3)), "a matrix of its own"),
        (sg.RandomTreatment(sg.Nested(icc=0.01, cac=0.8), sd=0.01), "the effect differs between clusters"),
        (sg.Nested.from_sd(between=0.03, within=0.04), "SD between clusters within a period 0.05"),
        (sg.Exchangeable(icc=0.01, iac=0.2, retention=0.5), "open cohort, retention 0.5"),
    ],
)
def test_every_correlation_has_its_words(covariance, says):
    assert says in sample_size(replace(PLAN, covariance=covariance)).text()


@pytest.mark.parametrize(
    ("outcome", "effect", "says"),
    [
        (sg.Outcome(sd=2.0), sg.Constant(0.5), "a difference of +0.5 (+0.25 SD)"),
        (sg.Outcome("poisson", baseline=0.05), sg.Constant(0.9, scale="ratio"), "a ratio of 0.9"),
        (sg.Outcome("binomial", baseline=0.2, link="logit"), sg.Constant(0.7, scale="odds"), "an odds ratio of 0.7"),
    ],
)
def test_effects_are_said_on_their_scale(outcome, effect, says):
    plan = replace(PLAN, outcome=outcome, effect=effect)
    assert effect_words(plan, float(sg.power(plan).effect)) == says


def test_without_an_effect_only_the_detectable_one_is_said():
    said = sample_size(replace(PLAN, effect=sg.Constant(0.0)))
    assert "if the true effect" not in said.text()
    assert "80% power" in said.text()
    assert "Power" not in dict(said.items)
