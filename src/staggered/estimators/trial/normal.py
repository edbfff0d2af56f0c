"""A normal model of a panel made concrete: columns, covariance and coordinates, ready for any outcome."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from ...data.panel import Panel
from ...errors import DataError, DataWarning, DesignError, IdentificationError, listing
from ...value import BoolArray, FloatArray, IntArray
from .correlation import Working, period_part_is_noise, working_structure
from .effects import EffectColumns, effect_columns, time_columns
from .reml import Problem
from .structure import Structure
from .sufficient import Sufficient, summarise

_ALIASED = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a mixed model is made of.

    Parameters
    ----------
    working : Working
    effect : str
        Effect model; "" for none (the model under the null).
    time : str
    knots, delay : int
    cohort : bool
    restricted : bool
    """

    working: Working
    effect: str = "constant"
    time: str = "categorical"
    knots: int = 4
    delay: int = 1
    cohort: bool = False
    restricted: bool = True


@dataclass(frozen=True, slots=True)
class NormalModel:
    """Columns and covariance in the coordinates of a panel's clusters.

    Parameters
    ----------
    data : Sufficient
    columns : array (C, L, p)
        Calendar time, covariates, effect.
    names : tuple of str
        Of the first two groups.
    effect : EffectColumns or None
    structure : Structure
    crossed : array (C, L, S) or None
        Columns of random effects that clusters share.
    restricted : bool
    notes : tuple of str
    """

    data: Sufficient
    columns: FloatArray
    names: tuple[str, ...]
    effect: EffectColumns | None
    structure: Structure
    crossed: FloatArray | None
    restricted: bool
    notes: tuple[str, ...]

    @property
    def effect_rows(self) -> slice:
        """Where the effect's coefficients stand."""
        return slice(len(self.names), self.columns.shape[2])

    @property
    def load(self) -> FloatArray:
        """Variance of each leftover sum of squares as weights of the parameters, (J, K)."""
        names = self.structure.names
        load = np.zeros((len(self.data.own), len(names)))
        load[:, 0] = 1
        if "person" in names:
            load[:, names.index("person")] = self.data.own
        return load

    def problem(
        self,
        outcome: FloatArray,
        left: FloatArray,
        *,
        columns: FloatArray | None = None,
        rows: BoolArray | None = None,
        restricted: bool | None = None,
    ) -> Problem:
        """Likelihood of B outcomes, (B, C, L), with leftover sums of squares (B, J).

        Parameters
        ----------
        columns : array (C, L, p), optional
            Instead of the model's own.
        rows : array (C,), optional
            Clusters to keep.
        restricted : bool, optional
        """
        design = self.columns if columns is None else columns
        structure, degrees = self.structure, self.data.degrees
        kept = np.ones(len(design), dtype=bool) if rows is None else rows
        if self.crossed is not None:
            design = design.reshape(1, -1, design.shape[2])
            outcome = outcome.reshape(len(outcome), 1, -1)
            kept = np.ones(1, dtype=bool)
        elif not kept.all():
            structure, design, outcome = structure.keep(kept), design[kept], outcome[:, kept]
        first, which = _kinds(design, structure)
        member = (which[:, None] == np.arange(len(first))).astype(float)
        total = np.einsum("cg,bcl->bgl", member, outcome)
        square = np.einsum("cg,bcl,bcm->bglm", member, outcome, outcome, optimize=len(first) < len(which))
        pooled = degrees[kept].sum(axis=0) if self.crossed is None else degrees.sum(axis=0)
        return Problem(
            columns=design[first],
            times=member.sum(axis=0),
            square=square,
            total=total,
            structure=structure.keep(first),
            load=self.load,
            degrees=pooled,
            left=left,
            observations=float(structure.real.sum() + pooled.sum()),
            restricted=self.restricted if restricted is None else restricted,
        )


def _kinds(columns: FloatArray, structure: Structure) -> tuple[IntArray, IntArray]:
    """One cluster of each kind, alike in columns and covariance, and the kind of every cluster."""
    count = len(columns)
    parts = [matrix.reshape(count, -1) for part in structure.parts for matrix in part.matrices]
    rows = np.concatenate([columns.reshape(count, -1), structure.real, *parts], axis=1)
    packed = np.ascontiguousarray(rows + 0.0).view(np.dtype((np.void, rows.shape[1] * rows.itemsize))).ravel()
    _, first, which = np.unique(packed, return_index=True, return_inverse=True)
    return first.astype(np.int64), which.ravel().astype(np.int64)


def normal_model(panel: Panel, choices: Choices) -> NormalModel:
    """Set a model up on a panel.

    Raises
    ------
    IdentificationError
        An effect that calendar time or covariates explain; more random effects than clusters can carry.
    DataError
        Missing covariates; people who are not followed where they should be.

    Warns
    -----
    DataWarning
        A covariate that calendar time and other covariates explain, which is left out.
    """
    require_covariates(panel)
    if choices.cohort and (panel.people is None or panel.people.unit is None):
        raise DataError(
            "A model with effects of people was asked for, but nobody is followed.",
            "Whose outcome is whose must be known for a person's own level.",
            'Read the panel with rows="people" and unit=, or leave cohort out.',
        )
    data, notes = summarise(panel, cohort=choices.cohort), []
    working = choices.working
    if working.base == "nested" and period_part_is_noise(data):
        working = Working("exchangeable", working.per_days, working.treatment)
        notes.append(
            "The panel holds one mean for each council-period, all of one weight, so movement of councils from "
            "period to period and the noise of counting people are one variance here."
        )
    effect = None
    if choices.effect:
        effect = effect_columns(panel.frame, choices.effect, knots=choices.knots, delay=choices.delay)
    calendar = time_columns(panel.frame, choices.time, knots=choices.knots)
    shape = (*panel.frame.used.shape, calendar.shape[1])
    groups = [data.spread(np.broadcast_to(calendar, shape)), data.covariates]
    names = (*(f"time {k + 1}" for k in range(calendar.shape[1])), *data.covariate_names)
    columns = np.concatenate([*groups, *([data.spread(effect.grid)] if effect else [])], axis=2)
    kept, said = independent(columns, names, effect)
    crossed = data.spread(effect.indicator) if effect is not None and effect.random else None
    structure = working_structure(working, panel.frame, data, crossed=crossed)
    require_clusters(structure, int(data.real.any(axis=1).sum()), working)
    chosen = tuple(name for name, keep in zip(names, kept, strict=False) if keep)
    return NormalModel(
        data, columns[:, :, kept], chosen, effect, structure, crossed, choices.restricted, (*notes, *said)
    )


def require_covariates(panel: Panel) -> None:
    """Refuse covariates that some people lack."""
    people = panel.people
    if people is None:
        return
    lacking = {name: int(np.isnan(column).sum()) for name, column in people.covariates.items()}
    lacking = {name: count for name, count in lacking.items() if count}
    if lacking:
        said = listing([f"{name} of {count:,} people" for name, count in lacking.items()])
        raise DataError(
            f"Not known: {said}, of {len(people.outcome):,} in all.",
            "Leaving those people out, filling in a guess or marking them are different analyses.",
            "Choose one and say so: leave out rows with blanks, fill them in, or mark them with a column of their own.",
        )


def independent(
    columns: FloatArray, names: tuple[str, ...], effect: EffectColumns | None
) -> tuple[BoolArray, tuple[str, ...]]:
    """Columns that those before them do not explain; covariates that they do are left out and named."""
    tall = columns.reshape(-1, columns.shape[2])
    size = np.sqrt((tall**2).sum(axis=0))
    kept = _unexplained(tall / np.maximum(size, 1e-300))
    lost = [names[k] for k in np.flatnonzero(~kept[: len(names)])]
    if effect is not None and not kept[len(names) :].all():
        which = "The effect" if effect.grid.shape[2] == 1 else "The effect at every exposure time"
        raise IdentificationError(
            f"{which} cannot be told apart from calendar time and the covariates.",
            "It rests on periods in which some are treated while others are still in control.",
            'Use effect="constant" or effect="spline", or bring in councils that start later or never.',
        )
    if not lost:
        return kept, ()
    said = (
        f"The covariate {listing(lost)} is explained by calendar time and the other covariates, so its part cannot "
        "be told from theirs; it was left out."
    )
    warnings.warn(said, DataWarning, stacklevel=5)
    return kept, (said,)


def _unexplained(unit: FloatArray) -> BoolArray:
    """Columns of length 1 (or 0) that those kept before them do not explain."""
    kept = np.ones(unit.shape[1], dtype=bool)
    # No column is nearer to the others than the smallest singular value.
    if len(unit) >= len(kept) and np.linalg.svd(unit, compute_uv=False)[-1] > _ALIASED:
        return kept
    for k in range(len(kept)):
        before, target = unit[:, :k][:, kept[:k]], unit[:, k]
        rest = target - before @ np.linalg.lstsq(before, target, rcond=None)[0] if k else target
        kept[k] = np.sqrt(rest @ rest) > _ALIASED
    return kept


def require_clusters(structure: Structure, clusters: int, working: Working) -> None:
    """Refuse more variances of clusters than clusters."""
    count = sum(name not in {"residual", "person"} for name in structure.names)
    if clusters <= count:
        raise IdentificationError(
            f"{clusters} clusters cannot tell {count} variances between clusters apart ({working.words}).",
            "Each needs more clusters than there are of them.",
            'Use a simpler covariance, such as "exchangeable", or Twfe() with a permutation test.',
        )
    if clusters < 2:
        raise DesignError("There is only one cluster.", "Nothing can be compared.", "Bring at least two clusters.")
