"""The rows of other tools, read and put in our own terms; README.md says what each key means."""

from __future__ import annotations

import ast
import math
import operator
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import staggered as sg
from staggered.value import FloatArray

PATH = Path(__file__).with_name("power_rows.toml")
FILE = tomllib.loads(PATH.read_text(encoding="utf-8"))
OPERATIONS: dict[type, Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
}
LINKS: dict[str, Callable[[float], float]] = {
    "identity": lambda p: p,
    "log": math.log,
    "logit": lambda p: math.log(p / (1 - p)),
}


def number(given: float | str) -> float:
    """A number, or the arithmetic of one."""
    if not isinstance(given, str):
        return float(given)

    def worked(node: ast.expr) -> float:
        if isinstance(node, ast.Constant):
            return float(node.value)
        if isinstance(node, ast.BinOp):
            return OPERATIONS[type(node.op)](worked(node.left), worked(node.right))
        if isinstance(node, ast.UnaryOp):
            return OPERATIONS[type(node.op)](worked(node.operand))
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        return {"sqrt": math.sqrt, "exp": math.exp}[node.func.id](*map(worked, node.args))

    return worked(ast.parse(given, mode="eval").body)


@dataclass(frozen=True)
class Case:
    """One question that another tool answered, and its answers."""

    id: str
    plan: sg.Plan
    values: tuple[dict[str, Any], ...]
    analysis: dict[str, Any] = field(default_factory=dict)
    test: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def tails(self) -> int:
        return int(self.test.get("tails", 2))

    @property
    def df(self) -> str | float:
        return self.test.get("df", "normal")

    @property
    def noncentral(self) -> bool:
        return self.test.get("t") != "central"


def cases() -> tuple[Case, ...]:
    return tuple(_case(entry) for entry in FILE["case"])


def left_out() -> tuple[dict[str, str], ...]:
    return tuple(FILE["left_out"])


def _case(entry: dict[str, Any]) -> Case:
    design = _design(entry)
    outcome, covariance = CONVERSIONS[entry["conversion"]](
        {name: value if name in {"structure", "share", "people"} else number(value)
         for name, value in entry["correlation"].items()},
        _outcome(entry["outcome"], design),
    )  # fmt: skip
    plan = sg.Plan(design=design, outcome=outcome, covariance=covariance, effect=_effect(entry["effect"], outcome))
    return Case(
        id=entry["id"],
        plan=plan,
        values=tuple(entry["values"]),
        analysis=entry.get("analysis", {}),
        test=entry.get("test", {}),
        given=entry,
    )


def _design(entry: dict[str, Any]) -> sg.Design:
    rows: list[list[float]] = []
    for line in entry["design"]:
        times, _, cells = line.partition(" x ")
        cells = cells.split() if " " in cells else list(cells)
        rows += [[math.nan if cell == "-" else float(cell) for cell in cells]] * int(times)
    size = entry["size"]
    return sg.Design(rows, size=size if isinstance(size, list) else number(size))


def _outcome(given: dict[str, Any], design: sg.Design) -> dict[str, Any]:
    """Arguments of an outcome; a trend to the mean of the last period is linear on the scale of the link."""
    arguments = {name: value if name in {"family", "link", "variance", "trend"} else number(value)
                 for name, value in given.items()}  # fmt: skip
    if isinstance(arguments.get("trend"), dict):
        link = LINKS[arguments.get("link", "identity")]
        change = link(arguments["trend"]["to"]) - link(arguments["baseline"])
        arguments["trend"] = np.linspace(0.0, change, len(design.periods))
    return arguments


def _effect(given: Any, outcome: sg.Outcome) -> sg.Constant:
    if not isinstance(given, dict):
        return sg.Constant(number(given))
    ((kind, size),) = given.items()
    if kind == "to":
        low, high = size
        if outcome.link == "log":
            return sg.Constant(high / low, scale="ratio")
        return sg.Constant(high / (1 - high) / (low / (1 - low)), scale="odds")
    return sg.Constant(number(size), scale=kind)


Converted = tuple[sg.Outcome, Any]


def _varying(base: Any, given: dict[str, float]) -> Any:
    """Add a treatment effect that differs between clusters where the tool has one."""
    if "treatment" not in given:
        return base
    return sg.RandomTreatment(base, sd=given["treatment"], corr=given.get("corr", 0.0))


def _nested(
    total: float, icc: float, cac: float, iac: float, given: dict[str, Any], outcome: dict[str, Any]
) -> Converted:
    """Total variance into the outcome, unless its family or its own SD says it; the rest into the correlation."""
    kind = sg.Decay if given.get("structure") == "decay" else sg.Nested
    spread = {} if outcome["family"] != "gaussian" or "sd" in outcome else {"sd": math.sqrt(total)}
    covariance = kind(icc=icc, cac=cac, iac=iac, retention=given.get("retention"))
    # A correlation that never changes is exchangeable, which is what the exact likelihood is written for.
    if cac == 1 and kind is sg.Nested and outcome["family"] == "binomial":
        covariance = sg.Exchangeable(icc=icc)
    return sg.Outcome(**outcome, **spread), _varying(covariance, given)


def _ours(given: dict[str, Any], outcome: dict[str, Any]) -> Converted:
    return _nested(given.get("total", 1.0), given["icc"], given["cac"], given.get("iac", 0.0), given, outcome)


def _residual(given: dict[str, Any], outcome: dict[str, Any]) -> Converted:
    iac = given.get("iac", 0.0)
    total = given["residual"] ** 2 / ((1 - given["icc"]) * (1 - iac))
    return _nested(total, given["icc"], given["cac"], iac, given, outcome)


def _parts(given: dict[str, Any], outcome: dict[str, Any]) -> Converted:
    cluster, passing = given["cluster"] ** 2, given.get("cluster_period", 0.0) ** 2
    person, residual = given.get("person", 0.0) ** 2, given["residual"] ** 2
    total = cluster + passing + person + residual
    icc, cac, iac = (cluster + passing) / total, cluster / (cluster + passing), person / (person + residual)
    return _nested(total, icc, cac, iac, given, outcome)


def _parts_decaying(given: dict[str, Any], outcome: dict[str, Any]) -> Converted:
    total = given["cluster"] ** 2 + given["residual"] ** 2
    return _nested(total, given["cluster"] ** 2 / total, given["decay"], 0.0, {"structure": "decay"}, outcome)


def _proportional(given: dict[str, Any], outcome: dict[str, Any]) -> Converted:
    total = given["cluster"] ** 2 + given["person"] ** 2
    covariance = sg.ProportionalDecay(icc=given["cluster"] ** 2 / total, cac=given["decay"])
    return sg.Outcome(**outcome, sd=math.sqrt(total)), covariance


def _alphas(given: dict[str, Any], outcome: dict[str, Any]) -> Converted:
    within, between, person = given["alpha0"], given["alpha1"], given["alpha2"]
    return _alphas_of_total({**given, "total": given["residual"] ** 2 / (1 - within - person + between)}, outcome)


def _alphas_of_total(given: dict[str, Any], outcome: dict[str, Any]) -> Converted:
    within, between = given["alpha0"], given["alpha1"]
    iac = (given.get("alpha2", between) - between) / (1 - within)
    return _nested(given.get("total", 1.0), within, between / within, iac, given, outcome)


def _beside(given: dict[str, Any], outcome: dict[str, Any]) -> Converted:
    base = sg.Nested.from_sd(between=given["cluster"], within=given.get("cluster_period", 0.0))
    return sg.Outcome(**outcome), _varying(base, given)


def _levels(given: dict[str, Any], outcome: dict[str, Any]) -> Converted:
    """Nested levels: `share` of each level's variance that lies above it, `people` units of each level in the next.

    With three levels the middle one stays (its part of a mean lasts); with four the second lowest changes too.
    """
    total, shares, units = given["total"], given["share"], [*given["people"], 1]
    above = [total]
    for share in shares:
        above.append(above[-1] * share)
    own = [high - low for high, low in zip(above, [*above[1:], 0.0], strict=True)]
    per_mean = [variance / math.prod(units[level:]) for level, variance in enumerate(own)]
    changing = 2 if len(shares) == 3 else 1
    passing, lasting = sum(per_mean[:changing]), sum(per_mean[changing:])
    people = math.prod(units)
    return sg.Outcome(**outcome, sd=math.sqrt(passing * people)), sg.Exchangeable.from_sd(between=math.sqrt(lasting))


CONVERSIONS: dict[str, Callable[[dict[str, Any], dict[str, Any]], Converted]] = {
    "ours": _ours,
    "residual": _residual,
    "parts": _parts,
    "parts decaying": _parts_decaying,
    "proportional": _proportional,
    "alphas": _alphas,
    "alphas of the total": _alphas_of_total,
    "beside": _beside,
    "levels": _levels,
}


def without_effect_on_variance(plan: sg.Plan) -> sg.Plan:
    """The plan as it would be if treatment did nothing to the means that its variance follows from."""
    return replace(plan, outcome=replace(plan.outcome, variance="baseline"))


def blocks(plan: sg.Plan) -> FloatArray:
    """Covariance of the first cluster's cell means."""
    return np.asarray(plan.blocks()[0])
