"""A first study file from ten answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import factorial, prod
from typing import Any

import numpy as np

from .. import __version__
from ..errors import StudyError
from .answers import kind_of, read_answer
from .questions import questions

_CAC = (0.5, 0.8, 1.0)
_ALPHA = 0.05


def draft(answers: Mapping[str, str]) -> str:
    """Text of a study file that runs, from answers in a council's words.

    Parameters
    ----------
    answers : mapping of str to str
        By the keys of `staggered.study.questions.questions`, each as it would be typed. An answer that is
        missing or empty stands for the question's example, and the file says of each of these that it is
        an example and no fact about these councils.

    Returns
    -------
    str
        TOML, to be written to a file and read by `sg.load`.

    Raises
    ------
    StudyError
        An answer that cannot be meant, or two that contradict each other.

    Examples
    --------
    >>> text = draft({"model": "No Wrong Door", "now": "7%", "hoped": "5.15%", "councils": "5", "people": "600"})
    >>> print(text.split("[outcome]")[1].split("[correlation]")[0].strip())
    family = "binomial"
    name = "becoming looked after within 18 months of referral"
    baseline = 0.07
    better = "lower"
    """
    kind = kind_of(answers)
    asked = questions(kind)
    unknown = sorted(set(answers) - {question.key for question in asked})
    if unknown:
        raise StudyError(
            f"There is no question {unknown[0]!r}.",
            "An answer that nobody asked for would be passed over.",
            f"The questions are {', '.join(question.key for question in asked)}.",
        )
    given = {question.key: read_answer(question.key, answers.get(question.key, ""), kind) for question in asked}
    examples = [question.key for question in asked if not answers.get(question.key, "").strip()]
    _agree(given, kind)
    parts = (_head(given, examples), _design(given), _outcome(given, kind), _correlation(given, kind, examples),
             _effect(given, kind), _power(given, kind), _after(given))  # fmt: skip
    return "\n".join(parts)


def _agree(given: Mapping[str, Any], kind: str) -> None:
    """Refuse answers that contradict each other."""
    clusters = _count(given)
    if clusters < given["waves"]:
        raise StudyError(
            f"{clusters} councils cannot go live in {given['waves']} waves.",
            "Every wave needs at least one council.",
            f"Use at most {clusters} waves.",
        )
    if isinstance(given["people"], list) and len(given["people"]) != clusters:
        raise StudyError(
            f"{len(given['people'])} numbers of children are given for {clusters} councils.",
            "Each council needs its own, or all of them one.",
            f"Give {clusters} numbers in the order of the councils, or a single one.",
        )
    same = given["hoped"] == (0 if kind == "score" else given["now"])
    if same:
        raise StudyError(
            "The level with the model is the level without it.",
            "Power is the chance of finding a change, and there is none.",
            "Say by how much it would have to change to be worth the cost.",
        )


def _count(given: Mapping[str, Any]) -> int:
    return given["councils"] if isinstance(given["councils"], int) else len(given["councils"])


def _head(given: Mapping[str, Any], examples: list[str]) -> str:
    model, outcome = given["model"], given["outcome"]
    source = "Answers of the planner to ten questions."
    if examples:
        source += f" Examples that nobody has checked for these councils: {', '.join(examples)}."
    return f"""# First plan, written by staggered {__version__} from ten answers. Change whatever you know better.
# What next: staggered check, show, power and report, each followed by the name of this file.
schema = 1

[study]
title = {_text(f"{model[:1].upper()}{model[1:]}: first plan")}
practice_model = {_text(model)}
question = {_text(f"Does {model} change this: {outcome}?")}
source = {_text(source)}
"""


def _design(given: Mapping[str, Any]) -> str:
    return f"""# Everyone starts without the model; waves go live one after another, evenly spread.
[design]
kind = "stepped"
clusters = {json.dumps(given["councils"], ensure_ascii=False)}
steps = {given["waves"]}
baseline = 1
size = {json.dumps(given["people"])}
"""


def _outcome(given: Mapping[str, Any], kind: str) -> str:
    now = _plain(given["now"])
    family, level = {
        "yes-no": ("binomial", f"baseline = {now}"),
        "count": ("poisson", f"baseline = {now}"),
        "score": ("gaussian", f"sd = {now}"),
    }[kind]
    change = given["hoped"] if kind == "score" else given["hoped"] - given["now"]
    # Of a score nobody has said which direction is the better one; the change that is hoped for says it.
    return f"""[outcome]
family = "{family}"
name = {_text(given["outcome"])}
{level}
better = "{"lower" if change < 0 else "higher"}"
"""


def _correlation(given: Mapping[str, Any], kind: str, examples: list[str]) -> str:
    names = ("between", "within") if kind == "count" else ("icc", "cac")
    what = "SDs of the log rate, between councils and from period to period." if kind == "count" else ""
    borrowed = any(key in examples for key in ("alike", "lasting"))
    source = (
        "An example, not these councils' own: check it against their past."
        if borrowed
        else "The planner's answer: say here where it is from."
    )
    lines = [f"{name} = {_plain(given[key])}" for name, key in zip(names, ("alike", "lasting"), strict=True)]
    comment = f"# {what}\n" if what else ""
    return f'{comment}[correlation]\nstructure = "nested"\n' + "\n".join(lines) + f"\nsource = {_text(source)}\n"


def _effect(given: Mapping[str, Any], kind: str) -> str:
    if kind == "count":
        return f'[effect]\nkind = "constant"\nscale = "ratio"\nsize = {_plain(given["hoped"] / given["now"])}\n'
    change = given["hoped"] if kind == "score" else given["hoped"] - given["now"]
    return f'[effect]\nkind = "constant"\nsize = {_plain(change)}\n'


def _power(given: Mapping[str, Any], kind: str) -> str:
    if kind == "count":
        lasting, moving = given["alike"] ** 2, given["lasting"] ** 2
        own = round(lasting / (lasting + moving), 3)
        grid = f"{{ cac = {_list({*_CAC, own})} }}"
    else:
        icc = given["alike"]
        iccs = {float(f"{icc * factor:.3g}") for factor in (0.5, 1, 2, 4) if icc * factor < 1}
        grid = f"{{ icc = {_list(iccs)}, cac = {_list({*_CAC, given['lasting']})} }}"
    return f"""# Nobody knows the correlation beforehand: read the whole range, not one number.
[power]
alpha = {_ALPHA}
target = 0.8
grid = {grid}
"""


def _after(given: Mapping[str, Any]) -> str:
    """The draw and the analysis: a permutation test only where it can find anything."""
    clusters, waves = _count(given), given["waves"]
    shares = [len(part) for part in np.array_split(np.arange(clusters), waves)]
    orders = factorial(clusters) // prod(map(factorial, shares))
    inference = "permutation" if orders * _ALPHA >= 1 else "jackknife"
    return f"""# {orders:,} orders are possible. Draw one in public: seed = the date of the draw; staggered allocate.
[randomisation]
method = "simple"

[analysis]
primary = {{ estimator = "gls", inference = "{inference}" }}
sensitivity = [{{ estimator = "imputation", inference = "jackknife" }}]
"""


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(value: float) -> str:
    """Write a number without the dust of binary fractions."""
    return f"{value:.10g}" if "." in f"{value:.10g}" or "e" in f"{value:.10g}" else f"{value:.10g}.0"


def _list(values: set[float]) -> str:
    return json.dumps(sorted(values))
