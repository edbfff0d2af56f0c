"""The material of a report: everything that its sections draw on, computed once."""

from __future__ import annotations

import datetime
import hashlib
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from ..allocation.allocate import Allocation
from ..data.panel import Panel
from ..data.source import open_table
from ..design.dates import to_dates
from ..errors import DesignError, StaggeredWarning
from ..hierarchical.posterior import Posterior
from ..kernel.protocols import has_settled_rule
from ..kernel.rule import Rule
from ..planning.decisions import Decisions
from ..results.check import Check
from ..results.estimate import Estimate
from ..study.checks import check
from ..study.panels import source_of
from ..study.reproduce import reproduce
from ..study.study import Analysed, Study
from .fitted import Fitted, fit
from .ratios import as_reported

Kind = Literal["protocol", "trial"]
REHEARSAL_SEED = 1
ASSURANCE_DRAWS = {"gaussian": 500, "binomial": 100, "poisson": 100, "negbinomial": 100}
LEVEL = 0.95
_NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True)
class OverTime:
    """An estimate by time since go-live, and how many treated councils each time rests on."""

    estimate: Estimate
    councils: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A study, and what was computed from it.

    Parameters
    ----------
    study : Study
    kind : {"protocol", "trial"}
    checks : tuple of Check
        What can be said of the study file.
    expected : tuple of Check
        Whether the numbers that it expects come out.
    panels : mapping of str to Panel
        Every reading of the data by its name; for a plan the simulated ones, if any.
    analysed : tuple of Analysed
        Every analysis of every reading, the primary one first; of simulated data for a plan.
    over_time : OverTime or None
        The first analysis that can be given by time since go-live, so given.
    go_live : mapping of council to date
        As the data give them.
    data_name, data_hash : str
        File and SHA-256 of the data; "" where they came as a table.
    dealt : int or None
        Ways to deal out the go-live dates.
    allocation : Allocation or None
        The order drawn for a plan that has a seed.
    fitted : Fitted or None
        The hierarchical model of the first reading, where it can be fitted.
    assurance : Decisions or None
        Of a plan whose [hierarchical] says what effect was believed: what its hierarchical analysis would conclude.
    warned : tuple of str
        What was warned of on the way.
    """

    study: Study
    kind: Kind
    checks: tuple[Check, ...]
    expected: tuple[Check, ...]
    panels: Mapping[str, Panel]
    analysed: tuple[Analysed, ...]
    over_time: OverTime | None = None
    go_live: Mapping[str, datetime.date]
    data_name: str = ""
    data_hash: str = ""
    dealt: int | None = None
    allocation: Allocation | None = None
    fitted: Fitted | None = None
    assurance: Decisions | None = None
    warned: tuple[str, ...] = ()

    @property
    def panel(self) -> Panel:
        """The first reading of the data, which leads."""
        return next(iter(self.panels.values()))

    @property
    def primary(self) -> Estimate:
        """Overall row of the primary analysis."""
        return self.analysed[0].estimate.overall

    def side_by_side(self) -> dict[str, tuple[Analysed, ...]]:
        """Analyses of every reading that shares those of [analysis]."""
        return {name: found for name, found in self._by_reading().items() if not self._own(name)}

    def by_themselves(self) -> dict[str, tuple[Analysed, ...]]:
        """Analyses of every reading that has its own."""
        return {name: found for name, found in self._by_reading().items() if self._own(name)}

    def _by_reading(self) -> dict[str, tuple[Analysed, ...]]:
        return {name: tuple(one for one in self.analysed if one.data == name) for name in self.panels}

    def _own(self, name: str) -> bool:
        return any(one.variant == name for one in self.study.analyses_of(name))


def observed(study: Study, data: Any) -> bool:
    """Whether there are data: handed in, or named by the study file."""
    return data is not None or (study.spec.data is not None and bool(study.spec.data.file or study.spec.data.row))


def gather(study: Study, data: Any, kind: Kind) -> Material:
    """Compute what a report of this kind draws on; what is warned of on the way becomes part of it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", StaggeredWarning)
        material = _of_plan(study) if kind == "protocol" else _of_results(study, data)
    said = []
    for one in caught:
        if issubclass(one.category, StaggeredWarning):
            said.append(str(one.message))
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return replace(material, warned=tuple(dict.fromkeys(said)))


def _of_plan(study: Study) -> Material:
    rehearsed = as_reported(study.rehearse(REHEARSAL_SEED), study) if can_rehearse(study) else ()
    told = study.spec.randomisation
    drawn = study.design is not None and study.design.allocations() > 1 and told is not None and told.seed is not None
    return Material(
        study=study,
        kind="protocol",
        checks=tuple(check(study)),
        expected=_expected(study, with_data=observed(study, None)),
        panels={one.data: study.simulate(REHEARSAL_SEED) for one in rehearsed[:1]},
        analysed=tuple(_as_reported(one, study) for one in rehearsed),
        go_live={},
        allocation=study.allocate() if drawn else None,
        assurance=_assured(study),
    )


def _assured(study: Study) -> Decisions | None:
    """Assurance of the hierarchical analysis: gaussian studies share their integrals, counts are fitted one by one."""
    if not study.can_assure:
        return None
    return study.assurance(ASSURANCE_DRAWS[study.plan.outcome.family])


def _of_results(study: Study, data: Any) -> Material:
    source = data if data is not None else source_of(study.spec, Path(study.path).parent)
    panels = study.panels(data)
    name, digest = _fingerprint(source)
    analysed = as_reported(study.analyse(data), study)
    return Material(
        study=study,
        kind="trial",
        checks=tuple(check(study)),
        expected=_expected(study, with_data=data is None),
        panels=panels,
        analysed=tuple(_as_reported(one, study) for one in analysed),
        over_time=_over_time(study, analysed, next(iter(panels.values()))),
        go_live=_go_live(study, source),
        data_name=name,
        data_hash=digest,
        dealt=study.dated_allocations(data),
        fitted=fit(study, analysed, next(iter(panels.values()))),
    )


def can_rehearse(study: Study) -> bool:
    """Whether the plan is complete, and has analyses."""
    return not study.lacks and bool(study.analyses)


def _expected(study: Study, *, with_data: bool) -> tuple[Check, ...]:
    """Compare the expected numbers, where those of the data are about the data at hand."""
    told = study.expected
    if told.estimate and not with_data:
        return ()
    return tuple(reproduce(study)) if told.model_dump(exclude_defaults=True) else ()


def _fingerprint(source: Any) -> tuple[str, str]:
    """File name and SHA-256 of the data, where they are a file."""
    if not isinstance(source, (str, os.PathLike)):
        return "", ""
    path = Path(source)
    return path.name, hashlib.sha256(path.read_bytes()).hexdigest()


def _as_reported(one: Analysed, study: Study) -> Analysed:
    """Restate log odds of a hierarchical model as differences of shares, where the study speaks of these."""
    posterior = one.estimate.posterior
    in_shares = study.outcome is None or study.outcome.link == "identity"
    if isinstance(posterior, Posterior) and posterior.family == "binomial" and in_shares:
        return replace(one, estimate=one.estimate.on("rate"))
    return one


def _over_time(study: Study, analysed: tuple[Analysed, ...], panel: Panel) -> OverTime | None:
    """Give the first analysis that can be summarised by time since go-live, with its own inference."""
    for one in analysed:
        # Every estimator is a dataclass, which its protocol cannot say.
        estimator = cast(Any, one.analysis.estimator)
        if "by" in {part.name for part in fields(estimator)}:
            if isinstance(one.estimate.posterior, Posterior):
                estimate = _as_reported(replace(one, estimate=one.estimate.posterior.estimate("event")), study).estimate
                return OverTime(estimate, _councils_behind(estimate, None, panel))
            by_event = replace(estimator, by="event")
            estimate = by_event.fit(panel, one.analysis.inference)
            rule = by_event.rule(panel.frame) if has_settled_rule(by_event) else None
            return OverTime(estimate, _councils_behind(estimate, rule, panel))
    return None


def _councils_behind(estimate: Estimate, rule: Rule | None, panel: Panel) -> dict[int, int]:
    """Count the treated councils whose cell at each time since go-live has weight.

    Where no rule is at hand, those observed then.
    """
    design = panel.design
    counts = {}
    for row, term in enumerate(estimate.terms):
        if term.event is None:
            continue
        column = np.where(np.isfinite(design.start), design.start, 0.0).astype(int) + term.event
        inside = np.isfinite(design.start) & (column >= 0) & (column < len(design.periods))
        clusters = np.flatnonzero(inside)
        grid = panel.frame.used if rule is None else np.abs(np.nan_to_num(rule.by_cluster()[row])) > _NEGLIGIBLE
        counts[term.event] = int(grid[clusters, column[inside]].sum())
    return counts


def _go_live(study: Study, source: Any) -> dict[str, datetime.date]:
    """Day of go-live of each council, where the data give days and not periods."""
    told = study.spec.data
    if told is None or told.start is None or told.cluster is None:
        return {}
    columns = [told.cluster, told.start]
    frame = open_table(source, columns, columns).frame.drop_duplicates()
    names = [str(name).strip() for name in frame[told.cluster]]
    try:
        days = to_dates(list(frame[told.start]), names)
    except DesignError:
        # Periods, such as 2021 or 2021-Q3, and no days.
        return {}
    return {name: day.astype(datetime.date) for name, day in zip(names, days, strict=True) if not np.isnat(day)}
