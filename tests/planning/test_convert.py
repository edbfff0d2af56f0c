import json

import numpy as np
import pytest

import staggered as sg
from tests.oracles import rivals
from tests.oracles.rivals import RIVALS

STEPPED = sg.stepped(clusters=12, steps=4, size=20)
GAUSSIAN = sg.Outcome(sd=1.3)
BASES = {
    "exchangeable": sg.Exchangeable(icc=0.05),
    "nested": sg.Nested(icc=0.05, cac=0.8),
    "nested cohort": sg.Nested(icc=0.05, cac=0.8, iac=0.4),
    "decay": sg.Decay(icc=0.05, cac=0.7),
    "decay cohort": sg.Decay(icc=0.05, cac=0.7, iac=0.3),
    "proportional": sg.ProportionalDecay(icc=0.05, cac=0.7),
    "independent": sg.Independent(),
    "random treatment": sg.RandomTreatment(sg.Nested(icc=0.05, cac=0.8), sd=0.2),
    "correlated treatment": sg.RandomTreatment(sg.Exchangeable(icc=0.05), share=0.4, corr=0.3),
    "decaying random treatment": sg.RandomTreatment(sg.Decay(icc=0.05, cac=0.7), sd=0.2),
    "from sd": sg.Nested.from_sd(between=0.3, within=0.1),
}
UNABLE = {
    ("swCRTdesign", "decay"), ("swCRTdesign", "decay cohort"), ("swCRTdesign", "proportional"),
    ("swCRTdesign", "decaying random treatment"), ("swdpwr", "decay"), ("swdpwr", "decay cohort"),
    ("swdpwr", "proportional"), ("swdpwr", "independent"), ("swdpwr", "random treatment"),
    ("swdpwr", "correlated treatment"), ("swdpwr", "decaying random treatment"), ("swdpwr", "from sd"),
    ("shiny", "proportional"), ("shiny", "correlated treatment"),
}  # fmt: skip
"""What a tool has no words for."""
PAIRS = [(tool, name) for tool in RIVALS for name in BASES]


def plan_of(structure: object, /, **changes: object) -> sg.Plan:
    base = {"design": STEPPED, "outcome": GAUSSIAN, "covariance": structure, "effect": sg.Constant(0.35)}
    return sg.Plan(**{**base, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(("tool", "name"), [pair for pair in PAIRS if pair not in UNABLE])
def test_the_tool_gives_our_standard_error(tool: str, name: str) -> None:
    plan = plan_of(BASES[name])
    error, power = RIVALS[tool](sg.convert(plan, tool).inputs)
    own = sg.power(plan, df="normal")
    assert error == pytest.approx(own.se, rel=1e-9)
    counted = rivals.power(own.effect, own.se, tails=1) if tool == "shiny" else own.power
    assert power == pytest.approx(counted, rel=1e-9)


@pytest.mark.parametrize(("tool", "name"), sorted(UNABLE))
def test_what_a_tool_cannot_say_is_refused(tool: str, name: str) -> None:
    with pytest.raises(sg.DesignError, match=f"{tool} cannot answer this plan") as told:
        sg.convert(plan_of(BASES[name]), tool)
    assert len(str(told.value).splitlines()) == 3


@pytest.mark.parametrize("tool", ["SteppedPower", "shiny", "swCRTdesign"])
def test_blank_cells(tool: str) -> None:
    plan = plan_of(BASES["nested"], design=sg.stepped(clusters=8, steps=4, size=20, transition=1))
    error, _ = RIVALS[tool](sg.convert(plan, tool).inputs)
    assert error == pytest.approx(sg.power(plan).se, rel=1e-9)


@pytest.mark.parametrize("tool", ["SteppedPower", "swCRTdesign"])
@pytest.mark.parametrize("by", ["cluster", "cell"])
def test_unequal_sizes(tool: str, by: str) -> None:
    generator = np.random.default_rng(3)
    size = generator.integers(5, 60, size=(12, 1 if by == "cluster" else 5))
    plan = plan_of(BASES["nested"], design=sg.stepped(clusters=12, steps=4, size=size))
    error, _ = RIVALS[tool](sg.convert(plan, tool).inputs)
    assert error == pytest.approx(sg.power(plan).se, rel=1e-9)


@pytest.mark.parametrize("tool", ["SteppedPower", "shiny"])
@pytest.mark.parametrize(
    "shape",
    [sg.crossover(6, 4, 20), sg.parallel(6, 3, 20), sg.staircase(6, 3, 20), sg.hybrid(8, 2, 20, stepped=0.5)],
)
def test_any_shape(tool: str, shape: sg.Design) -> None:
    plan = plan_of(BASES["nested"], design=shape)
    error, _ = RIVALS[tool](sg.convert(plan, tool).inputs)
    assert error == pytest.approx(sg.power(plan, df="normal").se, rel=1e-9)


@pytest.mark.parametrize("tool", ["SteppedPower", "shiny", "swCRTdesign"])
def test_a_risk_goes_over_as_a_gaussian_outcome_of_the_same_variance(tool: str) -> None:
    outcome = sg.Outcome("binomial", baseline=0.07)
    plan = plan_of(sg.Exchangeable(icc=0.01), outcome=outcome, effect=sg.Constant(-0.02))
    conversion = sg.convert(plan, tool)
    error, _ = RIVALS[tool](conversion.inputs)
    assert error == pytest.approx(sg.power(plan).se, rel=1e-9)


@pytest.mark.parametrize(
    ("link", "effect"),
    [
        ("identity", sg.Constant(-0.05)),
        ("log", sg.Constant(0.7, scale="ratio")),
        ("logit", sg.Constant(0.6, scale="odds")),
    ],
)
@pytest.mark.parametrize("trend", [(), (0, 0.02, 0.04, 0.06, 0.08)])
def test_swdpwr_takes_every_link(link: str, effect: sg.Constant, trend: tuple[float, ...]) -> None:
    outcome = sg.Outcome("binomial", baseline=0.2, link=link, variance="by-cell", trend=trend)
    plan = plan_of(sg.Nested(icc=0.03, cac=0.5, iac=0.1), outcome=outcome, effect=effect)
    error, power = RIVALS["swdpwr"](sg.convert(plan, "swdpwr").inputs)
    own = sg.power(plan, df="normal")
    # Without a trend the two control means are set a hair apart, or period effects would be left out.
    assert error == pytest.approx(own.se, rel=1e-9 if trend else 1e-4)
    assert power == pytest.approx(own.power, rel=1e-9 if trend else 1e-4)


def test_swdpwr_is_never_asked_without_period_effects() -> None:
    inputs = sg.convert(plan_of(BASES["nested"]), "swdpwr").inputs
    assert abs(inputs["meanresponse_end0"] - inputs["meanresponse_start"]) > 1e-5
    without = RIVALS["swdpwr"]({**inputs, "meanresponse_end0": inputs["meanresponse_start"]})
    assert without[1] > RIVALS["swdpwr"](inputs)[1] + 0.05


@pytest.mark.parametrize(
    ("tool", "changes", "says"),
    [
        ("swCRTdesign", {"design": sg.crossover(6, 2, 20)}, "another shape than whole steps"),
        ("swCRTdesign", {"design": sg.Design([[0, 0, 1], [0, 1, 1]], size=20)}, "another shape than whole steps"),
        ("swdpwr", {"design": sg.stepped(8, 4, 20, transition=1)}, "gaps, fractions or unequal sizes"),
        ("swdpwr", {"outcome": sg.Outcome("binomial", baseline=0.2), "effect": sg.Constant(0.05)}, "a binomial"),
        ("shiny", {"design": sg.stepped(12, 4, np.arange(12) + 10)}, "unequal sizes"),
        ("shiny", {"design": sg.stepped(5, 2, 20)}, "sequences with different numbers"),
        ("SteppedPower", {"effect": sg.Ramp(0.3)}, "an effect that differs between cells"),
        ("SteppedPower", {"covariance": sg.Nested(icc=0.1, cac=0.5, iac=0.2, retention=0.5)}, "an open cohort"),
        ("shiny", {"outcome": sg.Outcome("poisson", baseline=2.0), "effect": sg.Constant(0.1),
                   "covariance": sg.Exchangeable.from_sd(between=0.2)}, "an analysis on the log scale"),
        ("SteppedPower", {"outcome": sg.Outcome("binomial", baseline=0.2, variance="by-cell"),
                          "effect": sg.Constant(0.05)}, "a variance that differs between cells"),
        ("swdpwr", {"outcome": sg.Outcome("binomial", baseline=0.2, variance="by-cell", trend=(0, 0, 0, 0, 0.1)),
                    "effect": sg.Constant(0.05)}, "a trend that is not straight"),
    ],
)  # fmt: skip
def test_what_has_no_words_is_named(tool: str, changes: dict[str, object], says: str) -> None:
    with pytest.raises(sg.DesignError, match=says):
        sg.convert(plan_of(BASES["exchangeable"], **changes), tool)


def test_an_unknown_tool_is_refused() -> None:
    with pytest.raises(sg.DesignError, match="no conversion for 'Stata'"):
        sg.convert(plan_of(BASES["nested"]), "Stata")  # type: ignore[arg-type]


def test_the_call_is_r_text_with_every_input() -> None:
    conversion = sg.convert(plan_of(BASES["decay cohort"]), "SteppedPower")
    assert conversion.call.startswith("library(SteppedPower)\nglsPower(DesMat = rbind(matrix(c(0, 1, 1, 1, 1), 3, 5")
    assert "AR = c(0.7, 1, 1)" in conversion.call
    assert conversion.call.count("(") == conversion.call.count(")")
    for name in conversion.inputs:
        assert f"{name} = " in conversion.call
    assert "total SD" in conversion.text()
    assert set(conversion.table()["input"]) < set(conversion.inputs)


@pytest.mark.parametrize("tool", ["swCRTdesign", "SteppedPower", "swdpwr", "shiny"])
def test_every_conversion_is_plain_values(tool: str) -> None:
    plan = sg.Plan(
        design=sg.stepped(clusters=8, steps=4, size=50),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Nested(icc=0.05, cac=0.8),
        effect=sg.Constant(0.3),
    )
    found = sg.convert(plan, tool).to_dict()
    assert json.loads(json.dumps(found)) == found
