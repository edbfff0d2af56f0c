"""A marginal model of a panel made concrete: its columns, and outcomes that no such model can be fitted to."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from ...data.panel import Panel
from ...errors import DataWarning, IdentificationError, listing
from ...value import FloatArray
from .effects import EffectColumns, effect_columns
from .marginal_equations import Equations, Solution, runs_away, solve
from .marginal_links import Link
from .marginal_rows import Rows, rows_of

_ALIASED = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalModel:
    """Equations with the meaning of their columns.

    Parameters
    ----------
    equations : Equations
    names : tuple of str
        Of the columns: periods, covariates, effect.
    effect : EffectColumns
    notes : tuple of str
    """

    equations: Equations
    names: tuple[str, ...]
    effect: EffectColumns
    notes: tuple[str, ...]

    @property
    def contrast(self) -> FloatArray:
        """Terms as combinations of all coefficients, (k, p)."""
        before = len(self.names) - self.effect.contrast.shape[1]
        return np.pad(self.effect.contrast, ((0, 0), (before, 0)))

    def solved(self) -> Solution:
        """Solve the equations.

        Raises
        ------
        ConvergenceError
            They could not be solved.
        IdentificationError
            Their solution lies at infinity: outcomes that some people never, or always, have.
        """
        found = solve(self.equations)
        if runs_away(self.equations, found.beta):
            # The first column is everyone's level, which runs away only together with another.
            moved = (np.abs(found.beta) * np.abs(self.equations.columns).max(axis=0))[1:]
            raise _separated(self.names[1 + int(moved.argmax())], "almost never or almost always")
        return found


def marginal_model(panel: Panel, link: Link, working: str, effect: str) -> MarginalModel:
    """Set a model up on a panel.

    Raises
    ------
    IdentificationError
        An effect that calendar time or covariates explain; an outcome that the treated (or the others) never have.
    DataError
        Outcomes that the family cannot have, or covariates that are not known of everyone.

    Warns
    -----
    DataWarning
        Periods without any event (or with nothing else), which are left out; covariates that others explain.
    """
    rows, notes = _with_events(panel, rows_of(panel, link.family), link)
    curve = effect_columns(panel.frame, effect)
    periods = np.unique(rows.period)
    calendar = (rows.period[:, None] == periods).astype(float)
    calendar[:, 0] = 1.0
    treated = curve.grid[rows.cluster, rows.period]
    names = (
        *(f"the period {panel.design.periods[t]}" for t in periods),
        *(f"the covariate {name}" for name in rows.names),
        *(["treatment"] if treated.shape[1] == 1 else [f"exposure time {s:g}" for s in curve.exposures]),
    )
    columns = np.concatenate([calendar, rows.covariates, treated], axis=1)
    kept, said = _independent(columns, rows, names, treated.shape[1])
    columns, names = columns[:, kept], tuple(name for name, keep in zip(names, kept, strict=True) if keep)
    if link.link != "identity":
        _require_events(columns, rows, names, link)
    start = np.zeros(columns.shape[1])
    start[0] = _level(rows, link)
    equations = Equations(
        rows=rows, columns=columns, link=link, working=working, shape=panel.outcome.shape, start=start
    )
    notes = (*notes, *said, *_without_events(panel, rows, link), *_followed(panel))
    return MarginalModel(equations=equations, names=names, effect=curve, notes=notes)


def _without_events(panel: Panel, rows: Rows, link: Link) -> tuple[str, ...]:
    """Name councils in which nobody has the outcome."""
    if link.family == "gaussian":
        return ()
    counted = np.bincount(rows.cluster, weights=rows.total, minlength=len(panel.design.clusters))
    there = np.bincount(rows.cluster, minlength=len(counted)) > 0
    names = [panel.design.clusters[k] for k in np.flatnonzero(there & (counted == 0))]
    if not names:
        return ()
    return (
        f"Nobody in {listing(names)} had the outcome; its people count among the others, since no council has a "
        "level of its own here.",
    )


def _followed(panel: Panel) -> tuple[str, ...]:
    """Say what becomes of people who are seen several times."""
    if panel.people is None or panel.people.unit is None:
        return ()
    return (
        "A person who is seen again is taken for as like the former self as anyone of the council; standard errors "
        "allow for more, because they compare whole councils.",
    )


def _level(rows: Rows, link: Link) -> float:
    """Linear predictor of the overall mean."""
    return link.predictor(
        float((rows.total * rows.weight).sum() / (rows.count * np.exp(rows.offset) * rows.weight).sum())
    )


def _with_events(panel: Panel, rows: Rows, link: Link) -> tuple[Rows, tuple[str, ...]]:
    """Leave periods out in which nobody, or everybody, has the outcome: on a ratio scale they say nothing."""
    if link.link == "identity":
        return rows, ()
    width = panel.outcome.shape[1]
    total = np.bincount(rows.period, weights=rows.total, minlength=width)
    count = np.bincount(rows.period, weights=rows.count, minlength=width)
    empty = (total == 0) | ((total == count) if link.family == "binomial" else False)
    lost = np.flatnonzero(empty & (count > 0))
    if not len(lost):
        return rows, ()
    if empty.all():
        raise IdentificationError(
            "Nobody has the outcome in any period, or everybody has.",
            "Where nothing varies nothing can be compared.",
            "Check the outcome column, and how 0 and 1 are coded.",
        )
    named = listing([panel.design.periods[t] for t in lost])
    said = (
        f"In {named} nobody (or everybody) had the outcome, so {'that period says' if len(lost) == 1 else 'those say'} "
        f"nothing about {link.article} {link.ratio}; left out."
    )
    warnings.warn(said, DataWarning, stacklevel=6)
    return rows.keep(~empty[rows.period]), (said,)


def _require_events(columns: FloatArray, rows: Rows, names: tuple[str, ...], link: Link) -> None:
    """Refuse groups in which nobody, or everybody, has the outcome: their coefficient has no finite value."""
    for column, name in zip(columns.T, names, strict=True):
        inside = column != 0
        if inside.all() or not np.isin(column, (0.0, 1.0)).all():
            continue
        for group, who in ((inside, name), (~inside, f"everything but {name}")):
            if rows.total[group].sum() == 0:
                raise _separated(who, "never")
            if link.link == "logit" and rows.total[group].sum() == rows.count[group].sum():
                raise _separated(who, "always")


def _separated(name: str, how: str) -> IdentificationError:
    return IdentificationError(
        f"With {name} the outcome {how} occurs, so the ratio that compares it with the rest is 0 or without bound.",
        "No number can be given for it, and the others would depend on where the search stops.",
        'Use link="identity" (a difference in risk or rate), leave that group or covariate out, or use Permutation() '
        "on a difference in means.",
    )


def _independent(
    columns: FloatArray, rows: Rows, names: tuple[str, ...], effects: int
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Columns that those before them do not explain; covariates that they do are left out and named."""
    weighted = columns * rows.count[:, None]
    gram = columns.T @ weighted
    size = np.sqrt(np.maximum(np.diag(gram), 1e-300))
    gram = gram / np.outer(size, size)
    kept = np.ones(len(size), dtype=bool)
    for k in range(len(size)):
        before = np.flatnonzero(kept[:k])
        cross = gram[before, k]
        rest = gram[k, k] - (cross @ np.linalg.solve(gram[np.ix_(before, before)], cross) if len(before) else 0.0)
        kept[k] = rest > _ALIASED
    if not kept[len(kept) - effects :].all():
        raise IdentificationError(
            "The effect cannot be told apart from calendar time and the covariates.",
            "It rests on periods in which some are treated while others are still in control.",
            'Use effect="constant", or bring in councils that start later or never.',
        )
    lost = [name for name, keep in zip(names, kept, strict=True) if not keep]
    if not lost:
        return kept, ()
    said = (
        f"{listing(lost)[:1].upper()}{listing(lost)[1:]} is explained by calendar time and the other covariates, so "
        "its part cannot be told from theirs; it was left out."
    )
    warnings.warn(said, DataWarning, stacklevel=6)
    return kept, (said,)
