"""Every row that another tool or a paper gave is reproduced from our own plan, or is listed with its reason."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, special

import staggered as sg
from staggered.planning.likelihood import likelihood_information, likelihood_power
from staggered.value import FloatArray
from tests.oracles import rivals
from tests.reference.planning.rows import (
    FILE,
    Case,
    blocks,
    cases,
    left_out,
    number,
    without_effect_on_variance,
)

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared" / "reference" / "stepped_wedge_power.csv"
PAGE = (ROOT / "docs" / "power_rows.md").read_text(encoding="utf-8")
RELATIVE = 1e-6
Risks = tuple[float, float, float, float]
CASES = cases()
NAMES = {
    "power": "power", "power_printed": "power", "SE": "se", "SE_alt": "se", "SE_null": "se at no effect",
    "N_opt": "size", "nsubjects": "size", "info_content": "information", "MDE80": "detectable",
    "MDE_printed": "detectable", "nclusters_per_step": "clusters per step", "nclusters_per_arm": "clusters per arm",
    "nclusters_per_step_printed": "clusters per step", "clusters_per_sequence": "clusters",
    "clusters_printed": "clusters", "tau2_printed": "lasting variance of a mean",
    "sigma2_printed": "passing variance of a mean", "var_printed": "variance", "VIF3_printed": "inflation of a mean",
    "rho_printed": "correlation of means", "VIF_SW_printed": "inflation of the design",
    "Ntot_PG1_printed": "people in a parallel trial", "ncontrols_printed": "controls", "estimate_printed": "estimate",
    "IT_weight_on_exposure_time": "weight",
}  # fmt: skip
"""What each quantity of the shared file is called in ours."""


def estimator(case: Case) -> sg.Gls | sg.Twfe | None:
    """The analysis that the tool had in mind; None: generalised least squares with period effects."""
    asked = case.analysis
    if asked.get("estimator") == "twfe":
        return sg.Twfe()
    if not {"time", "by"} & set(asked):
        return None
    return sg.Gls(case.plan.covariance, time=asked.get("time", "period"), by=asked.get("by", "overall"))


def power_of(case: Case, plan: sg.Plan | None = None, df: str | float | None = None) -> sg.Power:
    plan = plan or case.plan
    if case.analysis.get("likelihood"):
        return likelihood_power(plan, time=case.analysis.get("time", "period"))
    weights = case.analysis.get("contrast")
    return sg.power(
        plan,
        estimator(case),
        df=df or case.df,
        noncentral=case.noncentral,
        contrast=None if weights is None else [number(weight) for weight in weights],
    )


def one_tail(case: Case, result: sg.Power) -> float:
    """Power of the upper tail alone, as some tools have it."""
    distance = abs(result.effect) / (result.se * number(case.given.get("se_times", 1.0)))
    if math.isinf(result.df):
        return float(special.ndtr(distance - special.ndtri(0.975)))
    critical = special.stdtrit(result.df, 0.975)
    assert not case.noncentral
    return float(special.stdtr(result.df, distance - critical))


def distance(case: Case) -> float:
    """Effect over standard error that gives the target power in one tail, or both."""
    target = case.test["target"]
    if case.tails == 1:
        return float(special.ndtri(target) + special.ndtri(0.975))
    return float(optimize.brentq(lambda away: rivals.power(away, 1.0) - target, 1, 5))


def find_power(case: Case) -> float:
    result = power_of(case)
    if case.analysis.get("spread_known"):
        known = np.linalg.inv(likelihood_information(case.plan, time="none")[:-1, :-1])
        return rivals.power(result.effect, math.sqrt(known[-1, -1]))
    if case.test.get("null") == "two variances":
        # One variance for the critical value, at no effect, another for the estimate.
        critical = rivals.CRITICAL * find_null_error(case)
        return float(sum(special.ndtr((s * result.effect - critical) / result.se) for s in (1, -1)))
    if case.test.get("target") and "size" in {value["quantity"] for value in case.values}:
        return float(sg.needed(case.plan, case.test["target"], "size", df=case.df).power)
    return one_tail(case, result) if case.tails == 1 else float(result.power)


def find_error(case: Case) -> float:
    return float(power_of(case).se)


def find_null_error(case: Case) -> float:
    return float(power_of(case, without_effect_on_variance(case.plan)).se)


def find_size(case: Case) -> float:
    return float(sg.needed(case.plan, case.test["target"], "size", df=case.df).needed or math.nan)


def find_information(case: Case) -> float:
    row, column = case.given["cell"]
    return float(sg.information(case.plan, "cells").ratio[row - 1, column - 1])


def find_rounds(case: Case) -> float:
    """Fractional number of rounds of the design (one cluster on each schedule) that reaches the target."""
    result = power_of(case, df="normal")
    rounds = (distance(case) * result.se / result.effect) ** 2
    if case.df == "2 (k - 1)":

        def excess(k: float) -> float:
            df, away = 2 * (k - 1), result.effect / (result.se / math.sqrt(k))
            return float(1 - special.nctdtr(df, away, special.stdtrit(df, 0.975))) - case.test["target"]

        rounds = float(optimize.brentq(excess, 0.8 * rounds + 0.5, rounds + 3, xtol=1e-12))
    return rounds + case.given.get("plus", 0)


def find_clusters(case: Case) -> float:
    if case.id == "PUB_teer_ex2":
        return float(sg.needed(case.plan, case.test["target"], "clusters", df="normal").needed or math.nan)
    return find_rounds(case) * len(case.plan.design.clusters)


def find_detectable(case: Case) -> float:
    return distance(case) * power_of(case).se + case.given.get("plus", 0)


def find_weight(case: Case) -> float:
    design = case.plan.design
    weights = sg.Gls(case.plan.covariance).rule(sg.Frame(design)).by_cluster()[0]
    return float(weights[design.exposure == case.given["exposure"]].sum())


FINDERS: dict[str, Callable[[Case], float]] = {
    "power": find_power,
    "se": find_error,
    "se at no effect": find_null_error,
    "size": find_size,
    "information": find_information,
    "clusters per step": find_rounds,
    "clusters per arm": find_rounds,
    "clusters": find_clusters,
    "detectable": find_detectable,
    "weight": find_weight,
    "variance": lambda case: power_of(case).se ** 2,
    "lasting variance of a mean": lambda case: blocks(case.plan)[0, 1],
    "passing variance of a mean": lambda case: blocks(case.plan)[0, 0] - blocks(case.plan)[0, 1],
    "inflation of a mean": lambda case: (
        blocks(case.plan)[0, 0] * case.plan.design.size[0, 0] / number(case.given["correlation"]["total"])
    ),
    "correlation of means": lambda case: blocks(case.plan)[0, 1] / blocks(case.plan)[0, 0],
    "inflation of the design": lambda case: power_of(case).se ** 2 / blocks(case.plan)[0, 0],
}
ROWS = [pytest.param(case, value, id=f"{case.id}-{value['quantity']}") for case in CASES for value in case.values]


@pytest.mark.parametrize(("case", "value"), ROWS)
def test_row(case: Case, value: dict[str, float]) -> None:
    found = FINDERS[str(value["quantity"])](case)
    if "within" in case.given:
        # The tool's root finder stops when it is this near, so its number is no nearer than that.
        assert found == pytest.approx(value["value"], abs=case.given["within"])
    elif "digits" in value:
        assert found == pytest.approx(value["value"], abs=0.5 * 10 ** -value["digits"] * (1 + 1e-9))
    else:
        assert found == pytest.approx(value["value"], rel=case.given.get("relative", RELATIVE), abs=1e-12)


def test_every_conversion_is_stated() -> None:
    assert {case.given["conversion"] for case in CASES} == set(FILE["conversions"])


def test_no_case_stands_twice_and_none_is_empty() -> None:
    ids = [case.id for case in CASES]
    assert len(set(ids)) == len(ids)
    assert all(case.values for case in CASES)
    listed = {(one["id"], one["quantity"]) for one in left_out()}
    kept = {(case.id, value["quantity"]) for case in CASES for value in case.values}
    assert not listed & kept


def test_what_is_left_out_stands_on_the_page_with_its_kind() -> None:
    """And the page lists nothing as left out that is not."""
    table = PAGE.split("## Not reproduced")[1]
    rows = [[cell.strip() for cell in line.split("|")[1:5]] for line in table.splitlines() if line.startswith("| `")]
    named = {(row[0].split("`")[1], row[2]) for row in rows}
    assert named == {(one["id"], one["kind"]) for one in left_out()}
    assert all(row[3] for row in rows)


def test_what_needs_an_explanation_stands_on_the_page() -> None:
    explained = PAGE.split("## Reproduced with an explanation")[1].split("## Not reproduced")[0]
    for case in CASES:
        if {"within", "relative", "plus", "recovered", "se_times"} & set(case.given) or "levels" in case.given[
            "conversion"
        ]:
            named = re.sub(r"_[zt]$", "", case.id)
            assert f"`{named}`" in explained, f"{case.id} is not explained in docs/power_rows.md"


@pytest.mark.skipif(not SHARED.exists(), reason="../shared, with the numbers as they were collected, is not here")
def test_every_collected_number_is_reproduced_or_listed() -> None:
    with SHARED.open(encoding="utf-8", newline="") as file:
        collected = [(row["case_id"], NAMES[row["quantity"]], row["value"]) for row in csv.DictReader(file)]
    kept = {(case.id, value["quantity"]): [] for case in CASES for value in case.values}  # type: ignore[var-annotated]
    for case in CASES:
        for value in case.values:
            kept[case.id, value["quantity"]].append(float(value["value"]))
    listed = {(one["id"], one["quantity"]): one["value"] for one in left_out()}
    missing = [
        f"{name} {quantity} {value}"
        for name, quantity, value in collected
        if listed.get((name, quantity)) != value and float(value.split()[0]) not in kept.get((name, quantity), [])
    ]
    assert missing == []
    assert len(collected) == sum(len(values) for values in kept.values()) + len(listed)


def plain_information(people: tuple[int, int], nodes: FloatArray, weights: FloatArray, risks: Risks) -> FloatArray:
    """Information of one cluster about (level, effect, τ²) with a log link, by its own definition."""
    level, effect, spread, top = risks
    b, kernel = nodes, weights * np.exp(-(nodes**2) / (2 * spread))
    linear = np.array([[level], [level + effect]]) + b
    counts = [np.arange(n + 1)[:, None] for n in people]
    each, slope = [], []
    for n, yes, x in zip(people, counts, linear, strict=True):
        p = np.minimum(np.exp(x), 1 - 1e-15)
        each.append(special.binom(n, yes) * p**yes * (1 - p) ** (n - yes))
        slope.append((yes / p - (n - yes) / (1 - p)) * p)
    joint = each[0][:, None] * each[1] * kernel
    total, second = kernel.sum(), (kernel * b**2).sum()
    chance = joint.sum(-1)
    by_group = [(joint * slope[0][:, None]).sum(-1), (joint * slope[1]).sum(-1)]
    edge = np.exp(-(top**2) / (2 * spread))
    end = [np.minimum(np.exp(x + top), 1.0) for x in (level, level + effect)]
    there = np.outer(*(special.binom(n, c.ravel()) * p ** c.ravel() * (1 - p) ** (n - c.ravel())
                       for n, c, p in zip(people, counts, end, strict=True)))  # fmt: skip
    pull = edge * (1 / total - there / chance)
    scores = [
        (by_group[0] + by_group[1]) / chance + pull,
        by_group[1] / chance + pull,
        ((joint * b**2).sum(-1) / chance - second / total) / (2 * spread**2),
    ]
    return np.array([[(one * other * chance / total).sum() for other in scores] for one in scores])


def test_swdpwr_integrates_the_log_model_with_seven_nodes() -> None:
    """With its 500 Legendre nodes from 0 to 5,000 we get its number; with nodes where the density is, ours."""
    icc, control, treated = 0.05, 0.2, 0.3
    spread = math.log1p(icc * (1 - control) / control)
    level, effect = math.log(control) - spread / 2, math.log(treated / control)
    top = -(level + effect)

    def power_with(lowest: float, number: int) -> float:
        points, weights = np.polynomial.legendre.leggauss(number)
        half = (top - lowest) / 2
        nodes, weights = half * points + (top + lowest) / 2, half * weights
        near = nodes > -60
        risks = (level, effect, spread, top)
        information = 6 * sum(
            plain_information(people, nodes[near], weights[near], risks) for people in ((30, 60), (60, 30))
        )
        error = math.sqrt(np.linalg.inv(information)[1, 1])
        return rivals.power(effect, error)

    theirs = next(float(one["value"]) for one in left_out() if one["id"] == "SD_log_conditional_notime")
    assert power_with(-5000.0, 500) == pytest.approx(theirs, rel=1e-9)
    points, _ = np.polynomial.legendre.leggauss(500)
    assert ((5000 + top) / 2 * (points - 1) + top > -3 * math.sqrt(spread)).sum() == 7
    plan = sg.Plan(
        design=sg.stepped(clusters=12, steps=2, size=30),
        outcome=sg.Outcome("binomial", baseline=control, link="log"),
        covariance=sg.Exchangeable(icc=icc),
        effect=sg.Constant(treated / control, scale="ratio"),
    )
    ours = likelihood_power(plan, time="none").power
    assert power_with(-9 * math.sqrt(spread), 200) == pytest.approx(ours, rel=1e-9)
    assert ours == pytest.approx(0.9631668, abs=1e-7)


def test_clusterpower_multiplies_where_it_should_divide() -> None:
    """Its variance of unequal clusters is that of equal ones times the relative efficiency, which is below 1."""
    sizes, icc = np.array([100, 50, 25, 100, 100]), 0.1
    treatment = np.repeat([[1.0], [0.0]], 5, axis=0)
    plan = sg.Plan(
        design=sg.Design(treatment, size=np.tile(sizes, 2)),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Exchangeable(icc=icc),
        effect=sg.Constant(0.2),
    )
    equal = sg.power(replace(plan, design=sg.Design(treatment, size=sizes.mean())), df=8).se
    efficiency = float(np.mean(sizes / (sizes + (1 - icc) / icc)) * (sizes.mean() + (1 - icc) / icc) / sizes.mean())
    assert efficiency < 1
    own = sg.power(plan, df=8)
    assert own.se**2 == pytest.approx(equal**2 / efficiency, rel=1e-12)
    assert own.power == pytest.approx(0.1306, abs=5e-5)
    wrong = 0.2 / (equal * math.sqrt(efficiency))
    theirs = next(float(one["value"]) for one in left_out() if one["id"] == "PUB_cp3")
    upper = 1 - special.nctdtr(8, wrong, special.stdtrit(8, 0.975))
    assert upper == pytest.approx(theirs, abs=5e-6)


def test_the_parallel_trial_of_teerenstras_second_example() -> None:
    """From the printed variance, 23,259; from one that rounds to it and quantiles of 1.96 and 0.842, 23,262."""
    effect, variance = 0.006, 0.02667
    exact = 4 * (special.ndtri(0.8) + special.ndtri(0.975)) ** 2 * variance / effect**2
    assert math.ceil(exact) == 23_259
    rounded = [4 * (1.96 + 0.842) ** 2 * v / effect**2 for v in (0.026665, 0.026675)]
    assert rounded[0] < 23_262 < rounded[1]
