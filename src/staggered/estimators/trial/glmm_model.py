"""A generalised linear mixed model of a panel made concrete: rows, columns, covariance, and what had to be left out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np

from ...data.frame import Frame
from ...data.panel import Panel
from ...errors import DataError, DataWarning, IdentificationError, listing
from ...value import BoolArray, FloatArray
from .correlation import Working, working_structure
from .effects import EffectColumns, effect_columns, time_columns
from .glmm_fit import GlmmFit, fit_glmm
from .glmm_quadrature import by_quadrature
from .glmm_rows import Rows, rows_of
from .grouped import Grouped
from .linearised import Coordinates
from .normal import independent, require_clusters
from .separation import Separated, separated, suspicious
from .structure import Structure
from .sufficient import Sufficient

FIXED = "fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GlmmChoices:
    """What a model is made of.

    Parameters
    ----------
    family : {"binomial", "poisson", "negbinomial"}
    working : Working or None
        None: a coefficient for each council instead of random effects.
    effect : str
        Effect model; "" for none (the model under the null).
    time : str
    """

    family: str
    working: Working | None
    effect: str = "constant"
    time: str = "categorical"


@dataclass(frozen=True, slots=True)
class GlmmModel:
    """Rows and columns with their meaning.

    Parameters
    ----------
    data : Grouped
    names : tuple of str
        Of the coefficients before the effect's.
    effect : EffectColumns or None
    rows : Rows
    treated : array (clusters, periods)
        0, 1 or a fraction; 0 in cells that are not used.
    notes : tuple of str
    """

    data: Grouped
    names: tuple[str, ...]
    effect: EffectColumns | None
    rows: Rows
    treated: FloatArray
    notes: tuple[str, ...]

    @property
    def effect_rows(self) -> slice:
        """Where the effect's coefficients stand."""
        return slice(len(self.names), self.data.fixed)

    @property
    def contrast(self) -> FloatArray:
        """Terms as combinations of all coefficients, (k, p)."""
        assert self.effect is not None
        wide = np.zeros((len(self.effect.contrast), self.data.fixed))
        wide[:, self.effect_rows] = self.effect.contrast
        return wide


def fitted(panel: Panel, choices: GlmmChoices, nodes: int = 1) -> tuple[GlmmModel, GlmmFit]:
    """Set a model up on a panel and fit it.

    Parameters
    ----------
    nodes : int
        1 for Laplace's approximation, more for adaptive quadrature.

    Raises
    ------
    IdentificationError
        An effect that calendar time or covariates explain, or that separates events from the rest; more random
        effects than clusters can carry.
    DataError
        Outcomes that the family cannot have; nobody, or everybody, with the outcome.

    Warns
    -----
    DataWarning
        Periods, councils or groups in which nobody has the outcome (or everybody), which are left out where they
        say nothing of the effect; covariates that others explain.
    """
    rows = rows_of(panel, choices.family)
    _require_both(panel, rows, choices)
    rows, notes = _with_events(panel, rows, choices)
    while True:
        model = _assembled(panel, choices, rows)
        fit = fit_glmm(model.data)
        eta = fit.point.eta[0]
        found = separated(model.data, model.names, eta) if suspicious(model.data, eta) else None
        if found is None:
            break
        notes = (*notes, _left_out(found, model, choices))
        rows = rows.keep(~found.rows)
    if nodes > 1 and model.data.variances:
        fit = by_quadrature(fit, nodes)
    return replace(model, notes=(*notes, *model.notes)), fit


def _assembled(panel: Panel, choices: GlmmChoices, rows: Rows) -> GlmmModel:
    frame = panel.frame
    calendar, names = _calendar(panel, choices, rows)
    effect = effect_columns(frame, choices.effect) if choices.effect else None
    own = [np.nan_to_num(column)[..., None] for column in frame.covariates.values()] if panel.people is None else []
    width = rows.covariates.shape[1]
    groups = [calendar, *own, np.zeros((*frame.used.shape, width)), *([effect.grid] if effect else [])]
    columns = np.concatenate(groups, axis=2)
    first = calendar.shape[2]
    named = (*names, *(frame.covariates if panel.people is None else rows.names))
    data = Grouped(
        family=choices.family,
        total=rows.total[None],
        count=rows.count,
        offset=rows.offset[None],
        cell=rows.cell,
        columns=columns,
        covariates=rows.covariates,
        place=slice(first, first + width),
        structure=_structure(frame, choices, rows),
    )
    coordinates = Coordinates.of(data.moments(rows.people[None])[0])
    kept, said = independent(coordinates.columns(data.basis()), named, effect)
    inside = kept[first : first + width] if width else np.zeros(0, dtype=bool)
    place = int(kept[:first].sum())
    data = replace(
        data,
        columns=columns[:, :, kept],
        covariates=rows.covariates[:, inside],
        place=slice(place, place + int(inside.sum())),
    )
    left = tuple(name for name, keep in zip(named, kept, strict=False) if keep)
    treated = np.where(frame.used, np.nan_to_num(frame.design.treatment), 0.0)
    return GlmmModel(data, left, effect, rows, treated, said)


def _calendar(panel: Panel, choices: GlmmChoices, rows: Rows) -> tuple[FloatArray, tuple[str, ...]]:
    """Columns of calendar time, and of councils where they have coefficients, (clusters, periods, m)."""
    clusters, periods = panel.frame.used.shape
    seen = np.zeros((clusters, periods), dtype=bool)
    seen.ravel()[rows.cell] = True
    time = time_columns(panel.frame, choices.time)
    if choices.time == "categorical":
        time = np.eye(periods)[:, seen.any(axis=0)]
        names = tuple(f"period {panel.design.periods[t]}" for t in np.flatnonzero(seen.any(axis=0)))
    else:
        names = tuple(f"time {k + 1}" for k in range(time.shape[1]))
    grid = np.broadcast_to(time, (clusters, periods, time.shape[1]))
    if choices.working is not None:
        return np.where(seen[..., None], grid, 0.0), names
    there = np.flatnonzero(seen.any(axis=1))[1:]
    councils = np.broadcast_to(np.eye(clusters)[:, None, there], (clusters, periods, len(there)))
    both = np.where(seen[..., None], np.concatenate([grid, councils], axis=2), 0.0)
    return both, (*names, *(f"council {panel.design.clusters[k]}" for k in there))


def _structure(frame: Frame, choices: GlmmChoices, rows: Rows) -> Structure:
    """Covariance of cluster effects on the cells' linear predictors."""
    clusters, periods = frame.used.shape
    if choices.working is None:
        return Structure(frame.used.astype(float), (), 1.0)
    cells = Sufficient(
        outcome=np.zeros((clusters, periods)),
        covariates=np.zeros((clusters, periods, 0)),
        root=np.ones((clusters, periods)),
        period=np.broadcast_to(np.arange(periods), (clusters, periods)),
        real=np.ones((clusters, periods), dtype=bool),
        person=None,
        own=np.zeros(0),
        degrees=np.zeros((clusters, 0)),
        squares=np.zeros((clusters, 0)),
    )
    structure = working_structure(choices.working, frame, cells, crossed=None)
    require_clusters(structure, len(np.unique(rows.cell // periods)), choices.working)
    return structure


def _require_both(panel: Panel, rows: Rows, choices: GlmmChoices) -> None:
    """Refuse outcomes that nobody has, or everybody."""
    weight = rows.count if choices.family == "negbinomial" else np.ones(len(rows.total))
    events, people = float((rows.total * weight).sum()), float(rows.count.sum())
    if events > 0 and not (choices.family == "binomial" and events == people):
        return
    raise DataError(
        f"{'Nobody has' if events == 0 else 'Everybody has'} {panel.name}.",
        "Where nothing varies nothing can be compared.",
        "Check the outcome column, and how 0 and 1 are coded.",
    )


def _with_events(panel: Panel, rows: Rows, choices: GlmmChoices) -> tuple[Rows, tuple[str, ...]]:
    """Leave out periods (and councils with a coefficient) in which nobody, or everybody, has the outcome."""
    clusters, periods = panel.frame.used.shape
    names = panel.design
    said: list[str] = []
    kept = np.ones(len(rows.cell), dtype=bool)
    groups = []
    if choices.time == "categorical":
        groups.append((rows.cell % periods, names.periods, periods))
    if choices.working is None:
        groups.append((rows.cell // periods, names.clusters, clusters))
    for group, labels, size in groups:
        empty = _uniform(rows, group, size, choices.family)
        if empty.any():
            who = listing([labels[k] for k in np.flatnonzero(empty)])
            said.append(
                f"In {who} nobody had the outcome (or everybody), so that nothing there tells of a ratio: left out."
            )
            kept &= ~empty[group]
    silent = _uniform(rows, rows.cell // periods, clusters, choices.family)
    if choices.working is not None and silent.any():
        who = listing([names.clusters[k] for k in np.flatnonzero(silent)])
        said.append(
            f"In {who} nobody had the outcome (or everybody). Kept: how far that is chance is judged by how much the "
            "other councils differ."
        )
    for sentence in said:
        warnings.warn(sentence, DataWarning, stacklevel=6)
    return rows if kept.all() else rows.keep(kept), tuple(said)


def _uniform(rows: Rows, group: np.ndarray, size: int, family: str) -> BoolArray:
    """Groups in which nobody, or everybody, has the outcome."""
    total = np.bincount(group, weights=rows.total, minlength=size)
    count = np.bincount(group, weights=rows.count, minlength=size)
    all_of_them = (total == count) if family == "binomial" else np.zeros(size, dtype=bool)
    return np.asarray((count > 0) & ((total == 0) | all_of_them))


def _left_out(found: Separated, model: GlmmModel, choices: GlmmChoices) -> str:
    """Say who was left out because outcomes are told for certain; refuse where the effect tells them."""
    if found.effect:
        scale = "odds" if choices.family == "binomial" else "rate"
        raise IdentificationError(
            "The effect tells events from the rest without fail: under treatment (or without it) the outcome never, "
            "or always, occurs among people otherwise alike.",
            f"Its {scale} ratio is then 0 or without bound, and any number would be where the search stopped.",
            "Use Permutation() with Gls(...) or Twfe() on the difference in risk, or an outcome that is less rare.",
        )
    people = float(model.rows.people[found.rows].sum())
    said = (
        f"By {listing(found.names)} the outcome of {people:,.0f} people is told without fail (all or none have it), so "
        "they say nothing of the effect: left out."
    )
    warnings.warn(said, DataWarning, stacklevel=6)
    return said
