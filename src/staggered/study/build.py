"""From the sections of a study file to the values of the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from ..design.dates import to_date
from ..design.design import Design
from ..design.rollout import rollout
from ..design.shapes import crossover, hybrid, parallel, staircase, stepped
from ..errors import StudyError, listing
from ..model.covariance import Covariance, RandomTreatment
from ..model.effect import Effect
from ..model.outcome import Outcome
from .problems import nearest
from .registries import COVARIANCES, EFFECTS
from .schema import (
    CorrelationSection,
    Council,
    Crossover,
    EffectSection,
    Hybrid,
    Matrix,
    OutcomeSection,
    Parallel,
    Rollout,
    Shape,
    Staircase,
    Stepped,
)

_DAYS_OF_RATE = 30.0


def build_design(section: Shape) -> Design:
    """Design of a [design] section, which is not `kind = "data"`."""
    if section.batches == 1 and section.lag is None:
        return _one_batch(section)
    if section.batches == 1 or section.lag is None:
        raise StudyError(
            f"[design] has {'no batches' if section.batches == 1 else 'no lag'}.",
            "A batch begins a number of periods after the one before.",
            "Give both batches and lag, or neither.",
        )
    return _one_batch(section).batched(section.batches, section.lag)


def _one_batch(section: Shape) -> Design:
    common = {"size": _size(section), "strata": _strata(section), "name": section.name}
    clusters = _clusters(section)
    match section:
        case Rollout():
            return _rollout(section)
        case Stepped():
            return stepped(
                clusters,
                section.steps,
                baseline=section.baseline,
                after=section.after,
                transition=section.transition,
                **common,
            )
        case Parallel():
            return parallel(clusters, section.periods, baseline=section.baseline, **common)
        case Crossover():
            return crossover(clusters, section.periods, **common)
        case Staircase():
            return staircase(clusters, section.steps, before=section.before, after=section.after, **common)
        case Hybrid():
            return hybrid(clusters, section.steps, stepped=section.stepped, **common)
        case Matrix():
            names = tuple(clusters) if isinstance(clusters, list) else ()
            return Design(
                np.array(section.treatment, dtype=float), clusters=names, periods=tuple(section.periods), **common
            )
    raise AssertionError(type(section))


def build_outcome(section: OutcomeSection) -> Outcome | None:
    """Outcome at planning values; None where the file gives none."""
    if section.sd is None and section.baseline is None:
        return None
    return Outcome(**section.model_dump(exclude={"source"}))


def build_covariance(section: CorrelationSection) -> Covariance:
    """Covariance of a [correlation] section."""
    kind = COVARIANCES.get(section.structure)
    if kind is None or kind is RandomTreatment:
        known = [name for name, known_kind in COVARIANCES.items() if known_kind is not RandomTreatment]
        raise StudyError(
            f"structure in [correlation] is {section.structure!r}.",
            "It says how people of one council hang together over time.",
            nearest(section.structure, known),
        )
    given = section.model_dump(
        exclude={"source", "structure", "random_treatment", "between", "within"}, exclude_none=True
    )
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    spread = section.model_dump(include={"between", "within"}, exclude_none=True)
    if spread:
        base = _from_spread(kind, section.structure, {**spread, **given})
    else:
        _refuse_foreign(given, kind, f'structure = "{section.structure}"', "correlation")
        base = kind(**given)
    if section.random_treatment is None:
        return base
    return RandomTreatment(base, **section.random_treatment.model_dump())  # type: ignore[arg-type]  # it refuses other bases itself


def build_effect(section: EffectSection) -> Effect:
    """Effect of an [effect] section."""
    kind = EFFECTS.get(section.kind)
    if kind is None:
        raise StudyError(
            f"kind in [effect] is {section.kind!r}.",
            "It says how the effect unfolds over time.",
            nearest(section.kind, EFFECTS),
        )
    given = section.model_dump(exclude={"source", "kind"}, exclude_none=True)
    _refuse_foreign(given, kind, f'kind = "{section.kind}"', "effect")
    first = fields(kind)[0].name  # type: ignore[arg-type]  # every leaf is a dataclass
    if first not in given:
        raise StudyError(
            f'[effect] of kind "{section.kind}" has no {first}.',
            "It says how large the effect is.",
            f"Add {first} = ...",
        )
    return kind(**given)


def _rollout(section: Rollout) -> Design:
    councils = {council.name: council.go_live for council in section.council if council.name not in section.never}
    if not councils:
        raise StudyError(
            'A design of kind "rollout" names no council that goes live.',
            "Its schedule follows from the councils' go-live dates.",
            "Add a [[design.council]] table for each, with name and go_live.",
        )
    never = [*(name for name in section.never)]
    rates = _rates(section)
    strata = _strata_by_name(section)
    names = [*councils, *never]
    return rollout(
        councils,
        start=section.start,
        end=section.end,
        size=None if rates is not None else _size(section),
        rate=rates,
        never=never,
        period=section.period,
        strata={name: strata[name] for name in names} if strata else (),
        name=section.name,
    )


def _rates(section: Rollout) -> float | dict[str, float] | None:
    """People per 30 days: as given, or a council's total spread over the days of the window."""
    each = {council.name: council for council in section.council}
    if any(council.total is not None for council in each.values()):
        days = int((to_date(section.end, "end") - to_date(section.start, "start")).astype(int)) + 1
        totals = _of_all(section.council, "total")
        return {name: total / days * _DAYS_OF_RATE for name, total in totals.items()}
    if any(council.rate is not None for council in each.values()):
        return _of_all(section.council, "rate")
    return section.rate


def _size(section: Shape) -> Any:
    if any(council.size is not None for council in section.council):
        sizes = _of_all(section.council, "size")
        return sizes if isinstance(section, Rollout) else list(sizes.values())
    if isinstance(section.size, dict) and not isinstance(section, Rollout):
        return [section.size[name] for name in _named(section)]
    return 1.0 if section.size is None else section.size


def _of_all(councils: list[Council], key: str) -> dict[str, float]:
    """Give a number of every council, all or none."""
    missing = [council.name for council in councils if getattr(council, key) is None]
    if missing:
        raise StudyError(
            f"{listing(missing)} has no {key}, but other councils have one.",
            "A stratum says who may swap dates with whom."
            if key == "stratum"
            else "It decides how much a council counts.",
            f"Give {key} for every council, or for none.",
        )
    return {council.name: getattr(council, key) for council in councils}


def _clusters(section: Shape) -> int | list[str]:
    if section.council:
        return [council.name for council in section.council]
    if section.clusters is not None:
        return section.clusters
    if isinstance(section, (Matrix, Rollout)):
        return 0
    raise StudyError(
        "[design] says nothing about its clusters.",
        "Power depends on their number more than on anything else.",
        "Add clusters = 24, or a [[design.council]] table for each.",
    )


def _named(section: Shape) -> list[str]:
    clusters = _clusters(section)
    if isinstance(clusters, int):
        raise StudyError(
            "[design] gives sizes or strata by name, but its clusters have none.",
            "Nobody can tell which cluster is meant.",
            "Name the clusters, in clusters = [...] or in [[design.council]] tables.",
        )
    return clusters


def _strata(section: Shape) -> tuple[str, ...]:
    by_name = _strata_by_name(section)
    if by_name:
        return tuple(by_name[name] for name in _named(section))
    return tuple(section.strata) if isinstance(section.strata, list) else ()


def _strata_by_name(section: Shape) -> dict[str, str]:
    if any(council.stratum is not None for council in section.council):
        return {name: str(stratum) for name, stratum in _of_all(section.council, "stratum").items()}
    if isinstance(section.strata, dict):
        missing = [name for name in _named(section) if name not in section.strata]
        if missing:
            raise StudyError(
                f"strata has no stratum for {listing(missing)}.",
                "A stratum says which councils may swap schedules, so every council needs one.",
                "Add it to the table.",
            )
        return section.strata
    return {}


def _from_spread(kind: type[Covariance], structure: str, given: dict[str, float]) -> Covariance:
    """Structures that are given as SDs of a log rate: those that have `from_sd`."""
    takes = {"exchangeable": {"between"}, "nested": {"between", "within"}, "decay": {"between", "within", "cac"}}.get(
        structure
    )
    if takes is None or set(given) != takes:
        needs = "between, within (and cac for decay)" if takes is None else listing(sorted(takes))
        raise StudyError(
            f'[correlation] with structure = "{structure}" gives {listing(sorted(given))}.',
            f"SDs of a log rate stand in place of the icc; this structure then takes {needs} and nothing else.",
            "Give either the SDs, or icc with cac.",
        )
    return kind.from_sd(**given)  # type: ignore[attr-defined,no-any-return]  # the three structures above have it


def _refuse_foreign(given: Mapping[str, object], kind: type, says: str, section: str) -> None:
    known = [part.name for part in fields(kind) if part.name != "variance"]
    foreign = [key for key in given if key not in known]
    if foreign:
        raise StudyError(
            f"{listing(foreign)} in [{section}] does not belong to {says}.",
            "It would be passed over, and the answer would rest on something else.",
            f"With {says} the keys are {', '.join(known)}." if known else "Leave it out.",
        )
