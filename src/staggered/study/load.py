"""Reading a study file: all that is wrong with it is said at once, each with its line."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from ..design.design import Design
from ..errors import StaggeredError, StudyError
from ..model.covariance import Covariance, Independent
from ..model.plan import Plan
from ..planning.degrees import DF_NAMES
from .analyses import Analysis, build_analysis, entries
from .beliefs import Beliefs, build_beliefs
from .build import build_covariance, build_design, build_effect, build_outcome
from .dates import date_problems
from .lines import Path, key_lines
from .names import name_problems
from .problems import Problem, as_error, from_error, from_validation, nearest
from .schema import DESIGNS, SCHEMA, SECTIONS, DataSection, PowerSection, Rollout, Shape, StudyFile
from .study import Study

_Built = TypeVar("_Built")


def load(path: str | FilePath) -> Study:
    """Read a study file, check it, and build what it describes.

    Parameters
    ----------
    path : str or Path
        A TOML file in UTF-8.

    Returns
    -------
    Study
        With `.plan`, `.digest`, `.panel(data)` and the rest.

    Raises
    ------
    StudyError
        Everything that is wrong with the file, each with its line: unknown keys with the nearest
        valid name, values out of range, councils that do not agree, a design that cannot work.

    Examples
    --------
    >>> import staggered as sg
    >>> study = sg.load("designs/nwd_protocol.toml")
    >>> round(study.power().power, 4)
    0.8012
    """
    path = FilePath(path)
    raw_bytes = _bytes(path)
    text = _text(raw_bytes, path.name)
    raw = _toml(text, path.name)
    return parse(raw, key_lines(text), path, hashlib.sha256(raw_bytes).hexdigest())


def parse(raw: Mapping[str, Any], lines: Mapping[Path, int], path: FilePath, digest: str) -> Study:
    """Check the tables of a file and build the study."""
    problems = _strangers(raw)
    sections = {
        name: _section(name, table, problems) for name, table in raw.items() if name in SECTIONS or name == "design"
    }
    design_section = sections.get("design")
    doubts = name_problems(raw.get("design"))
    doubts += date_problems(design_section) if isinstance(design_section, Rollout) else []
    problems += doubts
    work = _Workshop(problems, raw)
    schedule = design_section if isinstance(design_section, Shape) and not doubts else None
    design = work.build("design", build_design, schedule)
    outcome = work.build("outcome", build_outcome, sections.get("outcome"))
    covariance = work.build("correlation", build_covariance, sections.get("correlation"))
    effect = work.build("effect", build_effect, sections.get("effect"))
    # Where [correlation] is there but broken, that alone is said, not that an analysis lacks it too.
    weighing = Independent() if covariance is None and "correlation" in raw else covariance
    beliefs = work.build("hierarchical", lambda told: build_beliefs(*told), _told(sections))
    analyses = _analyses(sections, weighing, beliefs, problems)
    if design is not None:
        problems += _no_contrast(design)
    problems += _named_well(sections.get("data"), sections.get("power"))
    if not problems and design is not None and outcome is not None and covariance is not None:
        parts = {"effect": effect} if effect is not None else {}
        plan = Plan(design=design, outcome=outcome, covariance=covariance, **parts)
        work.build("correlation", lambda given: given.blocks(), plan, design.clusters)
    if problems:
        raise as_error(path.name, problems, lines)
    return Study(
        path=str(path),
        digest=digest,
        spec=_whole(sections),
        design=design,
        outcome=outcome,
        covariance=covariance,
        effect=effect,
        analyses=tuple(analyses),
        beliefs=beliefs,
    )


def _told(sections: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Sections that say what was believed, and of what outcome."""
    return sections.get("hierarchical"), sections.get("outcome"), sections.get("data")


def _analyses(
    sections: Mapping[str, Any], covariance: Covariance | None, beliefs: Beliefs | None, problems: list[Problem]
) -> list[Analysis]:
    """Build every analysis, the primary ones first, collecting what goes wrong."""
    found: list[Analysis] = []
    for entry in entries(sections.get("analysis"), sections.get("data")):
        try:
            found += build_analysis(entry, covariance, beliefs.model if beliefs is not None else None)
        except StaggeredError as error:
            problems.append(from_error(error, entry.path))
    return found


def _whole(sections: Mapping[str, Any]) -> StudyFile:
    """Join the checked sections."""
    return StudyFile.model_construct(None, **sections)


class _Workshop:
    """Builds section after section, collecting what goes wrong instead of stopping."""

    def __init__(self, problems: list[Problem], raw: Mapping[str, Any]) -> None:
        self.problems, self.raw = problems, raw

    def build(
        self, name: str, builder: Callable[[Any], _Built], section: object | None, clusters: Sequence[str] = ()
    ) -> _Built | None:
        """Build one section; `clusters` are the names for rows that the library counts as "cluster 3"."""
        if section is None:
            return None
        try:
            return builder(section)
        except StaggeredError as error:
            place = _blamed(error.what, name, self.raw.get(name))
            what = (
                re.sub(r"cluster (\d+)", lambda row: clusters[int(row[1]) - 1], error.what) if clusters else error.what
            )
            self.problems.append(Problem(place, what, error.why, error.fix))
        return None


def _bytes(path: FilePath) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        what = (
            "is a folder"
            if path.is_dir()
            else "cannot be opened"
            if isinstance(error, PermissionError)
            else "does not exist"
        )
        raise StudyError(
            f"The study file {path} {what}.",
            "Everything else follows from it.",
            "Check the spelling and the folder you are in.",
        ) from None


def _text(raw: bytes, name: str) -> str:
    # The byte-order mark that Windows editors write is dropped.
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise StudyError(
            f"{name}, line {line}: the file is not in UTF-8.",
            "Letters such as £ or é would be read wrongly.",
            "Save it again with the encoding UTF-8.",
        ) from None
    if not text.strip():
        raise StudyError(
            f"{name} is empty.", "There is no study in it.", "Begin with schema = 1 and a [study] section with a title."
        )
    return text.replace("\r\n", "\n")


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error), re.DOTALL)
        said, line, column = found.groups() if found else (str(error), None, None)
        where = f", line {line}, column {column}" if line else ", at its end"
        raise StudyError(
            f"{name}{where}: this is not TOML ({said[:1].lower()}{said[1:]}).",
            "Nothing after that place can be read.",
            "Text needs quotes, lists need commas, a number begins with a digit (0.05), and each key stands once.",
        ) from None


def _strangers(raw: Mapping[str, Any]) -> list[Problem]:
    """Sections that are none, and those that must be there."""
    known = ["schema", "design", *SECTIONS]
    problems = [
        Problem(
            (name,),
            f"unknown section or key {name}.",
            "It would be passed over, and the answer would rest on something else.",
            nearest(name, known),
        )
        for name in raw
        if name not in known
    ]
    if raw.get("schema", SCHEMA) != SCHEMA or isinstance(raw.get("schema"), bool):
        what = f"schema is {raw['schema']!r}."
        problems.append(
            Problem(
                ("schema",),
                what,
                f"This version reads schema {SCHEMA}.",
                f"Write schema = {SCHEMA}, or update staggered.",
            )
        )
    if "study" not in raw:
        what = "the file has no [study] section."
        problems.append(Problem((), what, "Every output carries the study's title.", 'Add [study] with title = "..."'))
    return problems


def _section(name: str, table: object, problems: list[Problem]) -> BaseModel | None:
    if not isinstance(table, dict):
        problems.append(
            Problem(
                (name,),
                f"{name} is {table!r}, where a section belongs.",
                "It cannot be read.",
                f"Begin a line with [{name}].",
            )
        )
        return None
    model: type[BaseModel]
    if name == "design":
        kind = table.get("kind")
        if kind not in DESIGNS:
            what = f"kind in [design] is {kind!r}." if kind is not None else "[design] has no kind."
            fix = nearest(str(kind), DESIGNS) if kind is not None else f"Known here: {', '.join(DESIGNS)}."
            problems.append(Problem(("design", "kind"), what, "It says how the rollout is laid out.", fix))
            return None
        model = DESIGNS[str(kind)]
    else:
        model = SECTIONS[name]
    try:
        return model.model_validate(table)
    except ValidationError as error:
        problems += from_validation(error, model, name, table)
        return None


def _named_well(data: object, power: object) -> list[Problem]:
    """Variants that cannot be told apart, and degrees of freedom that have no such name."""
    problems: list[Problem] = []
    names = [variant.name for variant in data.variant] if isinstance(data, DataSection) else []
    for k, name in enumerate(names):
        if name in names[:k]:
            what = f"two variants of the data are called {name!r}."
            why = "Their results could not be told apart."
            problems.append(Problem(("data", "variant", k, "name"), what, why, "Give each its own name."))
    df = power.df if isinstance(power, PowerSection) else None
    if isinstance(df, str) and df not in DF_NAMES:
        what = f"df in [power] is {df!r}."
        why = "It says which degrees of freedom the test has."
        problems.append(Problem(("power", "df"), what, why, nearest(df, DF_NAMES)))
    return problems


def _no_contrast(design: Design) -> list[Problem]:
    """Refuse a schedule under which treated and control are never seen in one period."""
    treated, seen = np.nan_to_num(design.treatment) > 0, design.observed
    if ((treated & seen).any(axis=0) & (~treated & seen).any(axis=0)).any():
        return []
    if treated[seen].all():
        what = f"Everyone is treated in every period, from the first ({design.periods[0]}) on."
    elif not treated.any():
        what = "Nobody is treated in any period."
    else:
        what = "In no period are some councils treated and others not: all of them change at once."
    why = "What treatment did cannot be told from what the time brought."
    return [
        Problem(("design",), what, why, "Check the go-live dates, and let the window begin before the first of them.")
    ]


def _blamed(what: str, name: str, table: object) -> Path:
    """Place in a section that an error of the library speaks of: a council, else a key, else the section."""
    if not isinstance(table, dict):
        return (name,)
    for k, council in enumerate(table.get("council", [])):
        if isinstance(council, dict) and str(council.get("name")) in what:
            return (name, "council", k)
    said = re.split(r"[^\w]+", what)
    return next(((name, word) for word in said if word in table), (name,))
