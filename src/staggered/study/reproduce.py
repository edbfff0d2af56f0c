"""Reproducing: whether the numbers that a study file expects come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import StudyError
from ..results.check import Check
from .load import parse
from .schema import Expectation, ExpectedEstimate, ExpectedNumbers, ExpectedVariant
from .study import Analysed, Study, same_numbers

_NUMBERS: dict[str, Callable[[Study], float]] = {
    "power": lambda study: float(np.ravel(study.power().power)[0]),
    "detectable": lambda study: float(study.detectable().needed or np.nan),
    "se": lambda study: float(np.ravel(study.power().se)[0]),
    "allocations": lambda study: float(_design(study).allocations()),
    "smallest_p": lambda study: 1.0 / _design(study).allocations(),
    "people": lambda study: float(np.where(_design(study).observed, _design(study).size, 0.0).sum()),
}


def reproduce(study: Study) -> list[Check]:
    """Compare every number of [expected] with the computed one, to the digits that were printed.

    Parameters
    ----------
    study : Study
        From `sg.load`.

    Returns
    -------
    list of Check
        One per number; `passed` says whether it came out.

    Raises
    ------
    StudyError
        The file expects nothing.

    Examples
    --------
    >>> import staggered as sg
    >>> [check.passed for check in sg.reproduce(sg.load("designs/hussey_hughes.toml"))]
    [True, True, True]
    """
    expected = study.expected
    checks = _compare(study, expected, "")
    for variant in expected.variant:
        checks += _compare(_under(study, variant), variant, f"{variant.name}: ")
    if expected.estimate:
        analysed = study.analyse()
        for wanted in expected.estimate:
            checks += _compare_estimate(_found(analysed, wanted), wanted)
    if not checks:
        raise StudyError(
            f"{Path(study.path).name} expects no numbers.",
            "Nothing can be reproduced where nothing was printed.",
            'Add [expected], for example power = { value = 0.8012, digits = 4, source = "..." }.',
        )
    return checks


def _compare(study: Study, wanted: ExpectedNumbers, prefix: str) -> list[Check]:
    given = {name: getattr(wanted, name) for name in _NUMBERS}
    return [
        _check(f"{prefix}{name}", _NUMBERS[name](study), target) for name, target in given.items() if target is not None
    ]


def _compare_estimate(one: Analysed, wanted: ExpectedEstimate) -> list[Check]:
    label = ", ".join(part for part in (wanted.data, wanted.estimator, wanted.inference) if part)
    head = one.estimate.overall
    found = {"value": head.value, "se": head.se, "p_value": head.p_value}
    targets = {name: getattr(wanted, name) for name in found}
    return [_check(f"{label}: {name}", found[name], target) for name, target in targets.items() if target is not None]


def _check(name: str, computed: float, wanted: Expectation) -> Check:
    passed = same_numbers(computed, wanted.value, wanted.digits)
    message = f"Expected {_printed(wanted.value, wanted.digits)}, computed {_printed(computed, wanted.digits + 2)}"
    source = f" ({wanted.source})." if wanted.source else "."
    fix = "" if passed else "Find out which side is wrong before changing either."
    return Check(name=name, passed=passed, message=message + source, fix=fix)


def _printed(value: float, digits: int) -> str:
    """A number to so many significant digits, noughts at its end included; whole ones whole."""
    if value == int(value) and abs(value) >= 10:
        return f"{value:.0f}"
    return f"{value:#.{digits}g}".rstrip(".")


def _found(analysed: tuple[Analysed, ...], wanted: ExpectedEstimate) -> Analysed:
    for one in analysed:
        same = one.analysis.estimator_name == wanted.estimator and wanted.inference in ("", one.analysis.inference_name)
        if same and wanted.data in ("", one.data):
            return one
    raise StudyError(
        f"[expected] names {wanted.estimator} {wanted.inference} {wanted.data}, which is none of the analyses.",
        "A number that is not computed cannot be compared.",
        "Use the names of [analysis] and of [[data.variant]].",
    )


def _under(study: Study, variant: ExpectedVariant) -> Study:
    """Build the study under a variant's assumptions, from its sections laid over the file's."""
    sections: dict[str, Any] = {"study": {"title": study.title}}
    for name in ("design", "outcome", "correlation", "effect", "power"):
        section = getattr(study.spec, name)
        own = section.model_dump(exclude_unset=True) if section is not None else {}
        over: Mapping[str, object] = getattr(variant, name) if name != "power" else {}
        if own or over:
            sections[name] = dict(over) if {"kind", "structure", "family"} & set(over) else {**own, **over}
    name = f"{Path(study.path).name}, variant {variant.name!r}"
    return parse(sections, {}, Path(study.path).with_name(name), study.digest)


def _design(study: Study) -> Any:
    if study.design is None:
        raise StudyError(
            f"The schedule of {Path(study.path).name} comes with its data.",
            "It has no design of its own to count.",
            "Leave these numbers out of [expected].",
        )
    return study.design
