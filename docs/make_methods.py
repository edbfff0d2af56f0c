"""Write docs/methods.md from the code: `python docs/make_methods.py`. A test compares the page with what this gives."""

from __future__ import annotations

import inspect
import re
import textwrap
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path

import numpy as np

from staggered.data.frame import Frame
from staggered.design.design import Design
from staggered.design.shapes import stepped
from staggered.estimators.linear import Linear
from staggered.kernel.rule import Rule
from staggered.model.covariance import Nested
from staggered.study.registries import COVARIANCES, EFFECTS, ESTIMATORS, INFERENCES

PAGE = Path(__file__).with_name("methods.md")
OPENING = """\
# The methods

Written from the code by `docs/make_methods.py`. The name in code quotes after each heading is its name in a study file.
"Many clusters" are 40 or more, none of them alone in its cohort; where a single one goes live it is permutation.
"""
LAWS = """\
## Which weights obey which law

Every estimator of this table is linear: a weight for each council in each period, fixed by the design before any
outcome is seen. Computed on three designs: six councils starting one by one, nine in three groups with one of them
never treated, and seven with gaps.

- **treated sum to 1** (`treated`): an effect of 1 in every treated cell is estimated as 1.
- **councils cancel** (`clusters`): each council's weights sum to 0, so that how high a council always is makes no
  difference. `Gls` compares councils with each other as well, which is what randomisation allows.
- **periods cancel** (`periods`): each period's weights sum to 0, so that what happens to everyone alike makes no
  difference.
- **none negative**: no treated cell counts against the effect. Where this fails, an effect that grows can come out too
  small, or with the wrong sign: see [staggered difference-in-differences](concepts/staggered-did.md).
"""
_TOLERANCE = 1e-9


def page() -> str:
    """Text of the page."""
    parts = [OPENING]
    for title, kinds in (
        ("Estimators", ESTIMATORS),
        ("Inferences", INFERENCES),
        ("Correlation structures", COVARIANCES),
        ("Effects over time", EFFECTS),
    ):
        parts.append(f"## {title}\n")
        parts += [entry(name, kind) for name, kind in kinds.items()]
    return "\n".join([*parts, LAWS, laws()])


def entry(name: str, kind: type) -> str:
    """One method: what it is, its options, the `by` that it allows, and its references."""
    text = inspect.getdoc(kind) or ""
    lines = [f"### {kind.__name__}: `{name}`\n", _sentence(text) + "\n"]
    options = [_option(kind, field) for field in fields(kind) if field.name != "by" or not _choices(kind, "by")]
    if options:
        lines.append(f"- Options: {'; '.join(options)}.")
    if allowed := _choices(kind, "by"):
        lines.append(f"- by: {', '.join(allowed)}.")
    if issubclass(kind, Linear):
        lines.append(f"- Laws: {', '.join(kind.laws)} (see below).")
        lines.append(
            f"- When no inference is named: jackknife, or with many clusters {_example(kind).large_sample.name}."
        )
    if references := _section(text, "References"):
        lines.append(f"- Source: {references}")
    return "\n".join(lines).rstrip() + "\n"


def laws() -> str:
    """Table of the laws that the weights of each linear estimator obey."""
    rows = [
        "| estimator | treated sum to 1 | councils cancel | periods cancel | none negative |",
        "|---|---|---|---|---|",
    ]
    for kind in ESTIMATORS.values():
        if not issubclass(kind, Linear):
            continue
        rules = [_example(kind).rule(Frame(design)) for design in _designs()]
        obeyed = ["yes" if all(column) else "no" for column in zip(*map(_obeyed, rules), strict=True)]
        rows.append(f"| `{kind.__name__}` | {' | '.join(obeyed)} |")
    return "\n".join(rows) + "\n"


def _example(kind: type[Linear]) -> Linear:
    """An estimator with its defaults, and a correlation where it needs one."""
    takes = any(field.name == "covariance" for field in fields(kind))  # type: ignore[arg-type]  # every leaf is a dataclass
    return kind(covariance=Nested(icc=0.05, cac=0.8)) if takes else kind()  # type: ignore[call-arg]  # checked above


def _obeyed(rule: Rule) -> list[bool]:
    weights = rule.by_cluster()[0]
    treated = np.nan_to_num(rule.frame.design.treatment) > 0
    return [
        bool(abs(weights[treated].sum() - 1) < _TOLERANCE),
        bool(np.abs(weights.sum(axis=1)).max() < _TOLERANCE),
        bool(np.abs(weights.sum(axis=0)).max() < _TOLERANCE),
        bool(weights[treated].min() > -_TOLERANCE),
    ]


def _designs() -> Iterable[Design]:
    yield stepped(clusters=6, steps=6, size=100)
    groups = stepped(clusters=9, steps=3, size=100, after=2).treatment.copy()
    groups[-1] = 0
    yield Design(groups, size=100)
    gaps = stepped(clusters=7, steps=3, size=100, after=2).treatment.copy()
    gaps[[0, 3, 6], [2, 0, 4]] = np.nan
    yield Design(gaps, size=100)


def _sentence(text: str) -> str:
    return text.split("\n\n")[0].replace("\n", " ")


def _section(text: str, title: str) -> str:
    """A section of a numpydoc docstring, on one line."""
    found = re.search(rf"^{title}\n-+\n(.*?)(?=\n\n\w[\w ]*\n-+\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return textwrap.dedent(found[1]).strip().replace("\n", " ") if found else ""


def _option(kind: type, field: Field[object]) -> str:
    choices = _choices(kind, field.name)
    allowed = f" ({', '.join(choices)})" if choices else ""
    if field.default is MISSING and field.default_factory is MISSING:
        return f"`{field.name}`{allowed}, needed"
    return f"`{field.name}`{allowed}, {_shown(field.default)} unless said"


def _choices(kind: type, name: str) -> list[str]:
    """Words that an option may be, when it is one of a few."""
    hints: Mapping[str, object] = typing.get_type_hints(kind)
    hint = hints.get(name)
    return [str(word) for word in typing.get_args(hint)] if typing.get_origin(hint) is typing.Literal else []


def _shown(default: object) -> str:
    if default is None or isinstance(default, bool):
        return "yes" if default else "none" if default is None else "no"
    return f"{default:g}" if isinstance(default, float) else str(default)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"Wrote {PAGE.name}")
