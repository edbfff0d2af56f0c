"""Why six tools disagree on the same naive inputs: each number follows from one reading of them."""

from __future__ import annotations

import csv
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

import staggered as sg
from tests.oracles import rivals

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SHARED = ROOT.parent / "shared" / "reference"
FILE = tomllib.loads((HERE / "agreement.toml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "conventions.md").read_text(encoding="utf-8")
NAIVE = [pytest.param(one, id=f"{one['tool']} iac {one['iac']}") for one in FILE["naive"]]
RISK = [pytest.param(one, id=f"{one['tool']} {one['reading']['icc']}") for one in FILE["risk"]]
ICC, CAC, EFFECT = 0.05, 0.8, 0.3


def naive_plan(one: dict[str, Any]) -> sg.Plan:
    """Our plan for one reading of sd = 1, icc = .05, cac = .8."""
    reading, iac = one["reading"], one["iac"]
    total = 1 / ((1 - ICC) * (1 - iac)) if reading["sd"] == "residual" else 1.0
    kind = {"nested": sg.Nested, "decay": sg.Decay}[reading["correlation"]]
    steps = reading.get("steps", 4)
    return sg.Plan(
        design=sg.stepped(clusters=3 * steps, steps=steps, size=20),
        outcome=sg.Outcome(sd=np.sqrt(total)),
        covariance=kind(icc=ICC, cac=CAC, iac=iac),
        effect=sg.Constant(EFFECT),
    )


@pytest.mark.parametrize("one", NAIVE)
def test_each_answer_follows_from_its_reading(one: dict[str, Any]) -> None:
    plan, reading = naive_plan(one), one["reading"]
    estimator = sg.Gls(plan.covariance, time=reading["time"]) if reading["time"] != "period" else None
    result = sg.power(plan, estimator, df="normal")
    assert rivals.power(EFFECT, result.se, reading["tails"]) == pytest.approx(one["power"], rel=1e-8)
    if "se" in one:
        assert result.se == pytest.approx(one["se"], rel=1e-12)


def naive_inputs(one: dict[str, Any]) -> dict[str, Any]:
    """The naive numbers in the tool's own words."""
    design = sg.stepped(clusters=12, steps=4, size=20).treatment
    iac, reading = one["iac"], one["reading"]
    within, person = ICC, ICC * CAC + iac * (1 - ICC)
    if one["rival"] == "swCRTdesign":
        return {"clusters": [3] * 4, "n": 20, "mu0": 0, "mu1": EFFECT, "sigma": 1.0, "icc": ICC, "cac": CAC, "iac": iac}
    if one["rival"] == "SteppedPower":
        common = {"DesMat": design, "mu0": 0, "mu1": EFFECT, "N": 20}
        if reading["sd"] == "residual":
            return {**common, "sigma": 1.0, "alpha_0_1_2": (within, ICC * CAC, person)}
        return {
            **common,
            "tau": np.sqrt(ICC * CAC),
            "gamma": np.sqrt(ICC * (1 - CAC)),
            "psi": np.sqrt((1 - ICC) * iac),
            "sigma": np.sqrt((1 - ICC) * (1 - iac)),
        }
    if one["rival"] == "swdpwr":
        end = 0.1 if reading["time"] == "period" else 0.0
        means = {"meanresponse_start": 0.0, "meanresponse_end0": end, "meanresponse_end1": end + EFFECT}
        pairs = {"alpha0": within, "alpha1": ICC * CAC, "alpha2": person}
        return {"K": 20, "design": design, "family": "gaussian", "link": "identity", "sigma2": 1.0, **means, **pairs}
    correlation = {"nested": "two-period decay", "decay": "discrete-time decay"}[reading["correlation"]]
    rows = "\n".join(",".join(f"{cell:g}" for cell in row) for row in design[::3])
    return {
        "design": rows, "clusters per sequence": 3, "cluster-period size": 20.0, "correlation": correlation,
        "standard deviation": 1.0, "ICC": ICC, "CAC": CAC, "IAC": iac, "treatment effect SD": 0.0,
        "mean difference": EFFECT,
    }  # fmt: skip


TOOLED = [pytest.param(one, id=f"{one['tool']} iac {one['iac']}") for one in FILE["naive"] if "rival" in one]


@pytest.mark.parametrize("one", TOOLED)
def test_the_formulas_kept_for_each_tool_give_its_answer(one: dict[str, Any]) -> None:
    """So that what `convert` writes can be put to the tool without having it at hand."""
    error, power = rivals.RIVALS[one["rival"]](naive_inputs(one))
    assert power == pytest.approx(one["power"], rel=1e-8)
    if "se" in one:
        assert error == pytest.approx(one["se"], rel=1e-12)


@pytest.mark.parametrize("tool", rivals.RIVALS)
@pytest.mark.parametrize("iac", [0.0, 0.4])
def test_converted_inputs_bring_all_tools_together(tool: str, iac: float) -> None:
    """The one answer is that of an SD and an icc on total variance: .8118 and .9201, which four rows give naively."""
    plan = naive_plan({"iac": iac, "reading": {"sd": "total", "correlation": "nested"}})
    _, power = rivals.RIVALS[tool](sg.convert(plan, tool).inputs)
    together = next(one["power"] for one in FILE["naive"] if one["tool"].endswith("add up to 1") and one["iac"] == iac)
    assert power == pytest.approx(together, rel=2e-6)


def risk_plan(reading: dict[str, Any]) -> sg.Plan:
    """Our plan for one reading of an icc of .05 and a risk that falls from .3 to .2."""
    control, treated, mean = 0.3, 0.2, 0.25
    logit = reading["scale"] == "logit"
    residual = ICC / (1 - ICC)
    shared = {
        "of total variance": lambda: sg.Exchangeable(icc=ICC),
        "of the latent scale": lambda: sg.Exchangeable(icc=ICC, scale="latent"),
        "of residual variance at the mean risk": lambda: sg.Exchangeable(variance=residual * mean * (1 - mean)),
        "of residual variance at the control risk": lambda: sg.Exchangeable(
            variance=residual / control / (1 - control)
        ),
    }[reading["icc"]]()
    if reading["variance"] == "mean of p(1 - p)":
        outcome = sg.Outcome(sd=np.sqrt((control * (1 - control) + treated * (1 - treated)) / 2))
    else:
        outcome = sg.Outcome("binomial", baseline=control, link=reading["scale"], variance=reading["variance"])
    end = reading.get("end", control)
    change = special.logit(end) - special.logit(control) if logit else end - control
    if change:
        outcome = replace(outcome, trend=np.linspace(0, change, 5))
    odds = treated / (1 - treated) / (end / (1 - end))
    effect = sg.Constant(odds, scale="odds") if logit else sg.Constant(treated - end)
    return sg.Plan(design=sg.stepped(clusters=12, steps=4, size=20), outcome=outcome, covariance=shared, effect=effect)


@pytest.mark.parametrize("one", RISK)
def test_each_answer_on_a_risk_follows_from_its_reading(one: dict[str, Any]) -> None:
    plan, reading = risk_plan(one["reading"]), one["reading"]
    result = sg.power(plan, df="normal")
    power = rivals.power(result.effect, result.se, reading["tails"])
    if reading.get("null") == "two variances":
        nothing = sg.power(replace(plan, outcome=replace(plan.outcome, variance="baseline")), df="normal").se
        critical = rivals.CRITICAL * nothing
        power = float(sum(special.ndtr((sign * result.effect - critical) / result.se) for sign in (1, -1)))
    assert power == pytest.approx(one["power"], rel=1e-8)


@pytest.mark.parametrize("one", [*FILE["naive"], *FILE["risk"]], ids=lambda one: one["tool"])
def test_every_answer_stands_on_the_page(one: dict[str, Any]) -> None:
    row = rf"^\| {re.escape(one['tool'])} \|.*\| {one['power']:.4f} \|"
    assert re.search(row, PAGE, re.MULTILINE), f"docs/conventions.md has no row for {one['tool']}: {one['power']:.4f}"


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="the folder ../shared with the numbers as they were collected is not here"
)
@pytest.mark.parametrize(("name", "kind"), [("agreement_naive_inputs.csv", "naive"), ("agreement_binary.csv", "risk")])
def test_no_answer_of_the_collected_files_is_missing(name: str, kind: str) -> None:
    with (SHARED / name).open(encoding="utf-8", newline="") as file:
        collected = [(float(row["power"]), row.get("SE", "NA")) for row in csv.DictReader(file)]
    kept = [(one["power"], str(one.get("se", "NA"))) for one in FILE[kind]]
    assert [power for power, _ in collected] == [power for power, _ in kept]
    assert [error for _, error in collected] == [error for _, error in kept]
