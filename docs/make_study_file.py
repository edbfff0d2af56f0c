"""Write docs/study-file.md from the code: `python docs/make_study_file.py`. A test compares the page with it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from staggered.data.read import read
from staggered.design import rollout, shapes
from staggered.design.design import Design
from staggered.hierarchical.earlier import PUBLISHED
from staggered.model.covariance import Decay, Exchangeable, Nested, RandomTreatment
from staggered.model.effect import Constant, Ramp
from staggered.model.outcome import Outcome
from staggered.planning.power import power
from staggered.study.schema import (
    DESIGNS,
    SECTIONS,
    Council,
    DataVariant,
    EarlierEvaluation,
    EffectBelief,
    Expectation,
    ExpectedVariant,
    Grid,
    RandomTreatmentSection,
    ReservedSection,
    Shape,
)

PAGE = Path(__file__).with_name("study-file.md")
OPENING = """\
# The study file

Written from the code by `docs/make_study_file.py`. One TOML file drives every stage. An unknown key is an error that
names the nearest valid one, and all errors of a file are listed at once, each with its line. The files in `designs/`
and `examples/` are complete examples. Every section may also have `source`: where its numbers come from.

The file begins with `schema = 1` and needs `[study]` with a title. Every other section is needed only for what rests
on it: `power` needs `[design]`, `[outcome]`, `[correlation]` and `[effect]`; `analyse` needs `[data]` and `[analysis]`.
Names of correlation structures, effects, estimators and inferences are in [the methods](methods.md).
"""
BECOMES: dict[str, tuple[Callable[..., object], ...]] = {
    "[design]": (Design, shapes.stepped),
    **{
        f'[design] kind = "{kind.__name__}"': (kind, shapes.stepped)
        for kind in (
            shapes.stepped,
            shapes.parallel,
            shapes.crossover,
            shapes.staircase,
            shapes.hybrid,
            rollout.rollout,
        )
    },
    '[design] kind = "matrix"': (Design,),
    "[outcome]": (Outcome,),
    "[correlation]": (Exchangeable, Nested, Decay),
    "[correlation] random_treatment": (RandomTreatment,),
    "[effect]": (Constant, Ramp),
    "[power]": (power,),
    "[power] grid": (Exchangeable, Nested),
    "[data]": (read,),
    "[[data.variant]]": (read,),
}
"""What a section's keys become: their descriptions are taken from there, unless they stand here:"""
SAID: dict[str, dict[str, str]] = {
    "[study]": {
        "title": "Stands on every output.",
        "practice_model": "What is rolled out.",
        "question": "What the study asks, in one sentence.",
    },
    "[design]": {
        "council": "The councils, one `[[design.council]]` each.",
        "clusters": "How many, or their names.",
        "batches": "How often the design is rolled out, each time to as many new clusters.",
        "lag": "Periods from the beginning of one batch to that of the next.",
    },
    "[[design.council]]": {
        "name": "Stands in every output; one spelling.",
        "code": "Official code, kept for reference.",
        "go_live": "First day of the model; 2020-09-01 without quotes.",
        "size": "People per period.",
        "rate": "People per 30 days.",
        "total": "People in the whole window.",
        "stratum": "Councils of one stratum may swap dates.",
        "covariates": "What the draw may be balanced on, such as `{ rate = 61.0 }`.",
    },
    '[design] kind = "rollout"': {"start": "First day of the window.", "end": "Last day of the window."},
    '[design] kind = "crossover"': {"periods": "All periods; everyone swaps in each."},
    "[correlation]": {
        "structure": "Name of the correlation structure.",
        "correlation": "A table of one's own, a row and a column for each period, 1 on its diagonal.",
        "between": "SD of the log rate between councils, in place of `icc`.",
        "within": "SD of the log rate within a council from period to period.",
        "random_treatment": "An effect that differs between councils.",
    },
    "[effect]": {
        "kind": "Name of the pattern over time.",
        "over": "Treated periods until a ramp is full.",
        "sizes": "Effects by exposure, by period or by cohort.",
    },
    "[power]": {
        "target": "Power at which the detectable effect is given.",
        "df": '"normal", "clusters-2", "clusters-periods-1" or a number; clusters − 2 below 40 clusters, else normal.',
        "grid": "Correlations over which power is shown.",
    },
    "[randomisation]": {
        "method": "Over all councils, within the strata, or balanced on covariates within them.",
        "seed": "Decides the draw. Choose it before, and draw once.",
        "balance": 'With "constrained" and "minimisation": names of the councils\' covariates, or "size".',
        "candidates": "Most allocations to score, or to play through for the test of a minimised draw.",
        "keep": 'With "constrained": share of the scored allocations that stay acceptable.',
    },
    "[data]": {
        "file": "Table beside this file: .csv, .xlsx or .parquet.",
        "row": "Rows typed in, in place of `file`.",
        "log": "Take the logarithm of the outcome.",
        "variant": "Other readings of the same data.",
    },
    "[[data.variant]]": {
        "name": "Stands over its results.",
        "clusters": "Everyone, or those that adopt at some time.",
        "analysis": "Analyses of this reading.",
    },
    "[analysis]": {
        "primary": "The analysis that the study stands or falls by.",
        "sensitivity": "Those that stand beside it.",
    },
    "[hierarchical]": {
        "family": "As `[outcome]` says, or gaussian where the data are read as a rate or a logarithm, unless said.",
        "engine": '"pymc": Markov chains, for reported results. "analytic": needs nothing more, in less than a second.',
        "trend": "National time: a random walk, or a free level for each period.",
        "exposure": "Effect by time since go-live: a random walk, one that never turns back, or the same throughout.",
        "deviations": "Whether each council has slow deviations of its own (gaussian).",
        "season": "Periods in a year's cycle: 4 for quarters, 12 for months.",
        "moderators": "Covariates that may change the effect.",
        "practice_models": "Label that names each council's practice model, kept when reading.",
        "effect": "What was believed of the effect before the data.",
        "matters": "Smallest change for the better that would matter: 0.05 for 5%, or in the outcome's units.",
        "earlier": "Earlier evaluations that the prior learns from, one `[[hierarchical.earlier]]` each.",
        "priors": "Scales of half-normal priors by name: `councils`, `heterogeneity` (of effects between councils), "
        "`trend`, `exposure`, `course`, `noise`, `dispersion`, `season`, `practice_model`.",
        "draws": "Draws of the posterior.",
        "points": "Points of the hyperparameters (analytic).",
        "seed": "Decides every draw.",
    },
    "[hierarchical] effect": {
        "large": "A fall that would be large: at most one chance in ten of a larger one.",
        "not_credible": "A fall that nobody would believe: one chance in two hundred.",
        "expected": "Change that was expected; −0.05 for a fall of 5%.",
        "mean": "Instead of words, mean of a normal on the model's own scale.",
        "sd": "Its standard deviation.",
    },
    "[[hierarchical.earlier]]": {
        "published": "Name of one whose figures come with staggered: "
        + ", ".join(f"`{name}`" for name in PUBLISHED)
        + ".",
        "name": "Where it was done.",
        "outcome": "What it counted, which may not be what this study counts.",
        "comparison": "With whom the figure compares; none unless said.",
        "ratio": "With and without the practice model.",
        "low": "Lower end of its 95% interval.",
        "high": "Upper end.",
        "before": "Instead of a ratio, the number before go-live.",
        "after": "The number after.",
        "counts_for": "Share of its information that counts, in place of the usual one.",
        "bias_sd": "SD of what it may be wrong by on the log scale, in place of the usual one.",
        "source": "Where it was published.",
    },
    "[report]": {"limits": "Sentences that are added to what this cannot say."},
    "[expected]": {
        "power": "Power for the effect of the file.",
        "detectable": "Smallest detectable effect.",
        "se": "Standard error of the effect.",
        "allocations": "Number of possible orders.",
        "smallest_p": "Smallest p-value that the orders allow.",
        "people": "People in all observed cells.",
        "variant": "Numbers under other assumptions.",
        "estimate": "Results of analyses of the data.",
    },
    "Each number of [expected]": {
        "value": "As printed.",
        "digits": "Significant digits that were printed.",
        "source": "Where it was printed, or that it was computed for this file.",
    },
    "[[expected.variant]]": {
        "name": "Stands before its numbers.",
        **dict.fromkeys(("design", "outcome", "correlation", "effect"), "What differs in this section."),
        **dict.fromkeys(("power", "detectable", "se", "allocations", "smallest_p", "people"), "As in `[expected]`."),
    },
}
KINDS = {"string": "text", "number": "number", "integer": "whole number", "boolean": "true or false", "object": "table"}


def page() -> str:
    """Text of the page."""
    parts = [OPENING]
    for name, model in SECTIONS.items():
        if name == "outcome":
            parts += _designs()
        if not issubclass(model, ReservedSection):
            parts.append(_section(f"[{name}]", model))
        if name == "correlation":
            parts.append(_section("[correlation] random_treatment", RandomTreatmentSection))
        if name == "power":
            parts.append(_section("[power] grid", Grid))
        if name == "data":
            parts.append(_section("[[data.variant]]", DataVariant))
        if name == "hierarchical":
            parts += [
                _section("[hierarchical] effect", EffectBelief),
                _section("[[hierarchical.earlier]]", EarlierEvaluation, leave_out=set()),
            ]
        if name == "expected":
            parts += [
                _section("Each number of [expected]", Expectation, leave_out=set()),
                _section("[[expected.variant]]", ExpectedVariant),
            ]
    reserved = [f"`[{name}]`" for name, model in SECTIONS.items() if issubclass(model, ReservedSection)]
    parts.append(f"## Kept for later\n\n{', '.join(reserved)} may stand empty.\n")
    return "\n".join(parts)


def _designs() -> list[str]:
    """What every kind of design may say, then each kind's own keys."""
    shared = set(Shape.model_fields)
    parts = [_section("[design]", Shape), _section("[[design.council]]", Council)]
    for name, model in DESIGNS.items():
        parts.append(_section(f'[design] kind = "{name}"', model, leave_out={*shared, "kind", "source"}))
    return parts


def _section(title: str, model: type[BaseModel], leave_out: frozenset[str] | set[str] = frozenset({"source"})) -> str:
    schema = model.model_json_schema()
    said = re.sub(r"^\[.*?\]+( kind = \"\w+\"| \w+)?[:.] ?", "", re.sub(r"\s+", " ", model.__doc__ or "").strip())
    meanings = dict(SAID.get(title, {}))
    for called in BECOMES.get(title, ()):
        meanings = {**_parameters(called), **meanings}
    known = schema.get("properties", {})
    rows = [_row(key, told, schema, meanings.get(key, "")) for key, told in known.items() if key not in leave_out]
    table = ["| key | may be | unless said | meaning |", "|---|---|---|---|", *rows] if rows else []
    blocks = [f"## {title}", f"{said[:1].upper()}{said[1:]}" if said else "", "\n".join(table)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _row(key: str, told: Mapping[str, Any], schema: Mapping[str, Any], meaning: str) -> str:
    default = told.get("default")
    if key in schema.get("required", ()):
        shown = "needed"
    elif isinstance(default, bool):
        shown = str(default).lower()
    else:
        shown = "" if default in (None, "", [], {}) else f"{default:g}" if isinstance(default, float) else f"{default}"
    return f"| `{key}` | {_kind(told)} | {shown} | {meaning} |"


def _parameters(called: Callable[..., object]) -> dict[str, str]:
    """Descriptions of the parameters in a numpydoc docstring, each on one line."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=\n\n\w[\w ]*\n-+\n|\Z)", inspect.getdoc(called) or "", re.M | re.S)
    found: dict[str, str] = {}
    entries = re.findall(r"^(\S.*)\n((?:    .*\n?|\n)*)", (section[1] if section else "") + "\n", re.MULTILINE)
    for heading, text in entries:
        said = re.sub(r"\s+", " ", text).strip().replace("|", "\\|")
        for name in heading.split(" : ")[0].split(", "):
            found[name] = said
    return found


def _kind(told: Mapping[str, Any], many: str = "") -> str:
    """Words for what a value may be, in the plural when `many` is "s"."""
    if "anyOf" in told:
        kinds = [_kind(one, many) for one in told["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in told:
        return ", ".join(f'"{word}"' for word in told["enum"])
    if "$ref" in told:
        return f"table{many}"
    if told.get("format") == "date":
        return f"date{many}"
    if told["type"] == "array":
        return f"list{many} of {_kind(told['items'], 's')}"
    if told["type"] == "object" and isinstance(told.get("additionalProperties"), Mapping):
        return f"table{many} of {_kind(told['additionalProperties'], 's')} by name"
    return KINDS[told["type"]] + many + _range(told)


def _range(told: Mapping[str, Any]) -> str:
    bounds = {
        "minimum": "at least {:g}",
        "exclusiveMinimum": "above {:g}",
        "maximum": "at most {:g}",
        "exclusiveMaximum": "below {:g}",
    }
    said = [words.format(told[name]) for name, words in bounds.items() if name in told]
    return f" ({', '.join(said)})" if said else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"Wrote {PAGE.name}")
