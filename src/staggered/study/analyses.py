"""The analyses of a study: which estimator, with which inference, from the names in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ..errors import StudyError, listing
from ..estimators.trial.glmm import Glmm
from ..estimators.trial.mixed import Mixed
from ..hierarchical.hierarchical import Hierarchical
from ..kernel.protocols import Estimator, Inference
from ..model.covariance import Covariance
from .lines import Path
from .problems import nearest
from .registries import ESTIMATORS, INFERENCES
from .schema import AnalysisSection, DataSection


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One estimator with one inference, as a study names them.

    Parameters
    ----------
    estimator_name, inference_name : str
        As written in the file; the second is "" where the estimator's own default serves.
    estimator : Estimator
    inference : Inference or None
        None for the default of the estimator.
    primary : bool
        Whether the study stands or falls by it.
    variant : str or None
        The only reading of the data that it is for; None for all that ask for nothing of their own.
    """

    estimator_name: str
    inference_name: str
    estimator: Estimator
    inference: Inference | None
    primary: bool
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a study file that asks for an analysis: where it stands, and for which reading of the data."""

    path: Path
    asked: Mapping[str, object]
    primary: bool = False
    variant: str | None = None


def entries(analysis: AnalysisSection | None, data: DataSection | None) -> list[Entry]:
    """List every entry with its place, the primary one first."""
    listed: list[Entry] = []
    if analysis is not None:
        if analysis.primary:
            listed.append(Entry(("analysis", "primary"), analysis.primary, primary=True))
        listed += [Entry(("analysis", "sensitivity", k), asked) for k, asked in enumerate(analysis.sensitivity)]
    for k, variant in enumerate(data.variant if data is not None else []):
        place = ("data", "variant", k, "analysis")
        listed += [Entry((*place, j), asked, variant=variant.name) for j, asked in enumerate(variant.analysis)]
    return listed


def build_analysis(
    entry: Entry, covariance: Covariance | None, hierarchical: Hierarchical | None = None
) -> list[Analysis]:
    """Build the analyses of one entry: one for each inference that it lists.

    `hierarchical` is the model of [hierarchical], whose parts an entry may replace.

    Raises
    ------
    StudyError
        A name that is none, an option that the estimator or inference does not have, `gls` without
        [correlation].
    """
    options = dict(entry.asked)
    name = str(options.pop("estimator", ""))
    listed = options.pop("inference", None)
    estimator = (
        _hierarchical(options, listed, hierarchical or Hierarchical())
        if name == "hierarchical"
        else _estimator(name, options, covariance)
    )
    analyses = []
    for inference_name, inference in _inferences(listed):
        analyses.append(
            Analysis(
                estimator_name=name,
                inference_name=inference_name,
                estimator=estimator,
                inference=inference,
                primary=entry.primary,
                variant=entry.variant,
            )
        )
    return analyses


def _estimator(name: str, options: dict[str, object], covariance: Covariance | None) -> Estimator:
    if name not in ESTIMATORS:
        raise StudyError(
            f"[analysis] names the estimator {name!r}." if name else "[analysis] has an entry without an estimator.",
            "The estimator decides what is estimated, and from which comparisons.",
            nearest(name, ESTIMATORS),
        )
    kind = ESTIMATORS[name]
    known = [part.name for part in fields(kind)]  # type: ignore[arg-type]  # every estimator is a dataclass
    if kind in (Mixed, Glmm):
        # Its structure is fitted: that of the plan unless said otherwise, and no value of it is taken for granted.
        planned = {} if covariance is None else {"covariance": covariance}
        options = {**planned, **options}
    elif "covariance" in known:
        if covariance is None:
            raise StudyError(
                f"[analysis] names {name}, but the file has no [correlation].",
                "It weighs the cells by their assumed correlation.",
                "Add [correlation], or name another estimator.",
            )
        if "covariance" in options:
            raise StudyError(
                f"[analysis] gives a covariance to {name}.",
                "Its weights rest on the values of [correlation], and a name alone has none.",
                "Leave it out, or name mixed, which estimates the correlation.",
            )
        options = {"covariance": covariance, **options}
    needed = [part.name for part in fields(kind) if part.default is MISSING and part.default_factory is MISSING]  # type: ignore[arg-type]  # as above
    if absent := [one for one in needed if one not in options]:
        raise StudyError(
            f"{name} in [analysis] has no {listing(absent)}.",
            "It decides which model is fitted, so it is never guessed.",
            f'Add it to the entry, for example {{ estimator = "{name}", {absent[0]} = ... }}.',
        )
    return kind(**_checked(kind, options, name))


def _hierarchical(options: dict[str, object], listed: object, model: Hierarchical) -> Hierarchical:
    if listed is not None:
        raise StudyError(
            f"[analysis] names the inference {listed!r} for hierarchical.",
            "Its posterior already says how sure it is.",
            "Leave inference out.",
        )
    if "priors" in options:
        raise StudyError(
            "[analysis] gives priors to hierarchical.",
            "All analyses of a study share what was believed before the data.",
            "Give them in [hierarchical].",
        )
    options = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    return replace(model, **_checked(Hierarchical, options, "hierarchical"))  # type: ignore[arg-type]  # just checked


def _inferences(listed: object) -> list[tuple[str, Inference | None]]:
    if listed is None:
        return [("", None)]
    return [_inference(entry) for entry in (listed if isinstance(listed, list) else [listed])]


def _inference(entry: object) -> tuple[str, Inference | None]:
    options = dict(entry) if isinstance(entry, Mapping) else {"name": entry}
    name = str(options.pop("name", ""))
    if name not in INFERENCES:
        raise StudyError(
            f"[analysis] names the inference {name!r}.",
            "The inference says how sure the estimate is.",
            nearest(name, INFERENCES),
        )
    kind = INFERENCES[name]
    return name, kind(**_checked(kind, options, name))


def _checked(kind: type, options: dict[str, object], name: str) -> dict[str, object]:
    """Give the options back when the class has them and takes such values."""
    known = [part.name for part in fields(kind)]
    hints = get_type_hints(kind)
    for key, value in options.items():
        if key not in known:
            raise StudyError(
                f"unknown option {key} of {name} in [analysis].",
                "An option that is not known would be passed over, and the answer would rest on something else.",
                nearest(key, known) if known else f"{name} has no options.",
            )
        if key == "covariance" and (isinstance(value, Covariance) or kind in (Mixed, Glmm)):
            continue
        try:
            # A seed may also be a generator of numpy, which pydantic does not know.
            adapter = TypeAdapter(hints[key], config=ConfigDict(arbitrary_types_allowed=True))
            adapter.validate_python(value, strict=True)
        except ValidationError as error:
            said = error.errors()[0]["msg"]
            raise StudyError(
                f"option {key} of {name} in [analysis] is {value!r}.",
                f"It cannot be used: {said[:1].lower()}{said[1:]}.",
                "Correct it, or leave it out for the default.",
            ) from None
    return options
