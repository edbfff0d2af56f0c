"""The plan: parts that are what they should be, and a latent icc that is converted and said."""

import numpy as np
import pytest
from scipy import special

import staggered as sg
from staggered.errors import DesignError

DESIGN, OUTCOME = sg.stepped(8, steps=4, size=200), sg.Outcome(sd=1.0)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"design": [[0, 1]], "outcome": OUTCOME}, r"design is \[\[0, 1\]\]"),
        ({"design": DESIGN, "outcome": "binomial"}, "outcome is 'binomial'"),
        ({"design": DESIGN, "outcome": OUTCOME, "covariance": 0.05}, "covariance is 0.05"),
        ({"design": DESIGN, "outcome": OUTCOME, "effect": 0.3}, "effect is 0.3"),
        (
            {"design": DESIGN, "outcome": OUTCOME, "covariance": sg.Exchangeable(icc=0.1, scale="latent")},
            "latent scale but the outcome is analysed on the identity scale",
        ),
    ],
)
def test_parts_that_are_something_else_are_refused_in_three_lines(parts, says):
    with pytest.raises(DesignError, match=says) as caught:
        sg.Plan(**parts)
    assert len(str(caught.value).splitlines()) == 3


def test_a_design_in_place_of_a_plan_and_a_class_in_place_of_an_estimator():
    with pytest.raises(DesignError, match="is no plan"):
        sg.power(DESIGN)
    with pytest.raises(DesignError, match="the class Twfe"):
        sg.power(sg.Plan(design=DESIGN, outcome=OUTCOME), sg.Twfe)


def test_an_effect_of_no_duration_is_refused():
    with pytest.raises(DesignError, match="over 0 periods"):
        sg.Ramp(0.3, over=0)


def test_a_latent_icc_is_converted_and_stated():
    """About the icc that people's answers have, by the average over a normal cluster effect."""
    plan = sg.Plan(
        design=DESIGN,
        outcome=sg.Outcome("binomial", baseline=0.2, link="logit"),
        covariance=sg.Exchangeable(icc=0.03, scale="latent"),
        effect=sg.Constant(0.7, scale="odds"),
    )
    variance = 0.03 / 0.97 * np.pi**2 / 3
    said = sg.power(plan).text()
    assert f"τ² is {variance:.3g}" in said
    stated = float(said.split("about an icc of ")[1].split()[0])
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    risks = special.expit(special.logit(0.2) + np.sqrt(variance) * nodes)
    share = weights / weights.sum()
    mean = share @ risks
    exact = (share @ risks**2 - mean**2) / (mean * (1 - mean))
    assert stated == pytest.approx(exact, rel=0.1)
