"""What is wrong with a study file, in words: line, what, why, what to do; all of it at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from pydantic import BaseModel, ValidationError

from ..errors import StaggeredError, StudyError
from .lines import Path, locate

_UNKNOWN_WHY = "A key that is not known would be passed over, and the answer would rest on something else."
_BELONGS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text in quotes",
    "list_type": "a list [ ... ]",
    "dict_type": "a table { ... }",
    "model_type": "a table { ... }",
    "bool_type": "true or false",
    "date_type": "a date",
    "date_from_datetime_inexact": "a date",
    "finite_number": "a finite number",
}
_LIMITS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}
_RANGES = {
    "icc": ("It is a share of the total variance.", "Give a fraction from 0 to 1, such as 0.05 for 5%."),
    "cac": ("It is a correlation between periods.", "Give a number from 0 to 1 (above −1 for decay)."),
    "iac": ("It is a share of the variance within clusters.", "Give a fraction from 0 to 1."),
    "size": ("A cell of nobody carries no information.", "Give the number of people, or leave the council out."),
    "alpha": ("It is the chance of a false alarm that is accepted.", "Give a fraction, such as 0.05."),
    "target": ("It is the power that is asked for.", "Give a fraction, such as 0.8."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a file, at a path of keys."""

    path: Path
    what: str
    why: str = ""
    fix: str = ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, or list them all.

    Examples
    --------
    >>> nearest("icd", ["icc", "cac"])
    'Did you mean icc?'
    """
    known = list(known)
    close = difflib.get_close_matches(word.casefold(), known, n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else f"Known here: {', '.join(known)}."


def from_validation(
    error: ValidationError, model: type[BaseModel], section: str, raw: Mapping[str, Any]
) -> list[Problem]:
    """Turn pydantic's findings on one section into problems, one per place in the file."""
    by_place: dict[Path, list[dict[str, Any]]] = {}
    for detail in error.errors():
        by_place.setdefault(_place(detail["loc"], raw, detail["type"]), []).append(cast("dict[str, Any]", detail))
    # Of a value that may be one of several kinds, only the deepest complaint is about what was written.
    return [
        _problem(place, found, model, section)
        for place, found in by_place.items()
        if not any(other != place and other[: len(place)] == place for other in by_place)
    ]


def as_error(name: str, problems: Sequence[Problem], lines: Mapping[Path, int]) -> StudyError:
    """Make one error of all problems: three parts for one problem, a line for each of several."""
    placed = sorted(((locate(lines, problem.path), problem) for problem in problems), key=lambda pair: pair[0])
    if len(placed) == 1:
        line, problem = placed[0]
        return StudyError(f"{name}{f', line {line}' if line else ''}: {problem.what}", problem.why, problem.fix)
    listed = [
        f"{f'line {line}: ' if line else ''}{' '.join(part for part in (p.what, p.why, p.fix) if part)}"
        for line, p in placed
    ]
    return StudyError(
        "\n  ".join([f"{name} has {len(placed)} errors:", *listed]),
        "Nothing is computed from a file that is only partly understood.",
        "Correct them all and check the file again.",
    )


def from_error(error: StaggeredError, path: Path) -> Problem:
    """Keep what the library itself found, at a place in the file."""
    return Problem(path, error.what, error.why, error.fix)


def _place(loc: Sequence[str | int], raw: Mapping[str, Any], kind: str) -> Path:
    """Keys and indices that the file really has: pydantic also names the alternatives it tried."""
    place: list[str | int] = []
    value: Any = raw
    for depth, step in enumerate(loc):
        keyed = isinstance(value, dict) and step in value
        listed = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if keyed or listed:
            value = value[step]
        elif kind != "missing" or depth < len(loc) - 1:
            continue
        place.append(step)
    return tuple(place)


def _problem(place: Path, found: Sequence[dict[str, Any]], model: type[BaseModel], section: str) -> Problem:
    path: Path = (section, *place)
    key = str(next((step for step in reversed(place) if isinstance(step, str)), section))
    kinds = {detail["type"]: detail for detail in found}
    holder = _spelled((section, *place[:-1]))
    if "extra_forbidden" in kinds:
        return Problem(path, f"unknown key {key} in {holder}.", _UNKNOWN_WHY, nearest(key, _fields(model, place[:-1])))
    if "missing" in kinds:
        return Problem(
            path, f"{holder} has no {key}.", "It has no default, because nobody else can know it.", f"Add {key} = ..."
        )
    for kind, (bound, words) in _LIMITS.items():
        if kind in kinds:
            limit = kinds[kind]["ctx"][bound]
            why, fix = _RANGES.get(key, (f"It must be {words} {limit:g}.", "Correct the number."))
            return Problem(
                path, f"{key} in {holder} is {kinds[kind]['input']}, but must be {words} {limit:g}.", why, fix
            )
    if "literal_error" in kinds:
        allowed = [
            word.strip("' ") for word in kinds["literal_error"]["ctx"]["expected"].replace(" or ", ", ").split(",")
        ]
        written = kinds["literal_error"]["input"]
        return Problem(
            path,
            f"{key} in {holder} is {written!r}.",
            f"It is one of {', '.join(allowed)}.",
            nearest(str(written), allowed),
        )
    belongs = " or ".join(dict.fromkeys(_BELONGS.get(kind, detail["msg"]) for kind, detail in kinds.items()))
    return Problem(
        path,
        f"{key} in {holder} is {found[0]['input']!r}, where {belongs} belongs.",
        "It cannot be read.",
        "Correct it.",
    )


def _spelled(path: Path) -> str:
    """[section], or [section] council 3, for people who count from 1."""
    rest = "".join(f" {step + 1}" if isinstance(step, int) else f" {step}" for step in path[1:])
    return f"[{path[0]}]{rest}"


def _fields(model: type[BaseModel], place: Path) -> list[str]:
    """Names known at a place of a section: those of the model that stands there."""
    here = model
    for step in place:
        if isinstance(step, str) and step in here.model_fields:
            inner = _models(here.model_fields[step].annotation)
            here = inner[0] if inner else here
    return list(here.model_fields)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
