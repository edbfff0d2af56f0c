"""The layout: a frame as columns of coefficients, each with its prior, and as linear answers to questions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.frame import Frame
from ..errors import DataError, DesignError, IdentificationError, listing
from ..model.prior import Priors
from ..value import BoolArray, FloatArray, IntArray, Value
from .structure import Spreads, Structure

_FEWEST = 2


@dataclass(frozen=True, slots=True, eq=False)
class Layout(Value):
    """What the model is made of on one frame.

    The linear predictor of council i in period t is ``columns[i, t] @ fixed + a_i + treatment[i, t] * b_i``;
    coefficient k has mean ``mean[k]`` and SD ``scale[k]``, times the hyperparameter ``spread[k]`` where that is not −1.

    Parameters
    ----------
    frame : Frame
    structure : Structure
    columns : array (clusters, periods, q)
        0 where nothing is observed.
    names : tuple of str
        Of the coefficients.
    mean, scale : array (q,)
    spread : array (q,) of int
    hyper : Spreads
    treatment : array (clusters, periods)
        0 where nothing is observed.
    curve : array (periods of exposure, q)
        Picks the effect after 1, 2, ... periods of exposure.
    own : array (clusters, q)
        What moderators and practice model add to a council's effect.
    first_effect : int
        Columns from here on are of the treatment.
    """

    frame: Frame
    structure: Structure
    columns: FloatArray
    names: tuple[str, ...]
    mean: FloatArray
    scale: FloatArray
    spread: IntArray
    hyper: Spreads
    treatment: FloatArray
    curve: FloatArray
    own: FloatArray
    first_effect: int

    @property
    def used(self) -> BoolArray:
        """Cells with data."""
        return self.frame.used

    @property
    def shares(self) -> FloatArray:
        """Weight of each cell in the effect on the treated, (clusters, periods); sums to 1."""
        assert self.frame.weights is not None
        weight = np.where(self.used, np.nan_to_num(self.frame.weights) * self.treatment, 0.0)
        return np.asarray(weight / weight.sum())

    @property
    def treated(self) -> IntArray:
        """Rows of the councils that are ever treated in the data."""
        return np.flatnonzero((self.treatment > 0).any(axis=1))

    @property
    def exposure(self) -> IntArray:
        """Periods of treatment so far where treated and used, else 0."""
        return np.where((self.treatment > 0) & self.used, self.frame.design.exposure, 0)

    def scales(self, hyper: dict[str, FloatArray]) -> FloatArray:
        """Prior SD of every coefficient at each point, (points, q)."""
        table = np.stack([*hyper.values(), np.ones_like(next(iter(hyper.values())))], axis=1)
        return np.asarray(self.scale * table[:, self.spread])

    def mean_curve(self, shares: FloatArray) -> FloatArray:
        """Average of the effect curve over cells with these shares, (q,)."""
        by_exposure = np.bincount(self.exposure.ravel(), weights=shares.ravel(), minlength=len(self.curve) + 1)[1:]
        return np.asarray(by_exposure @ self.curve)


def lay_out(frame: Frame, structure: Structure, priors: Priors) -> Layout:
    """Columns, priors and answers for a frame.

    Raises
    ------
    IdentificationError
        Nobody is treated, or fewer than two councils.
    DesignError
        Treatment that goes back, a label or covariate that is not there.
    DataError
        A covariate that is missing in a cell in use.
    """
    frame.require_absorbing("Hierarchical")
    treatment = np.where(frame.used, np.nan_to_num(frame.design.treatment), 0.0)
    _require_treated(frame, treatment)
    exposure = np.where(treatment > 0, frame.design.exposure, 0)
    last = int(exposure.max())
    hyper = structure.spreads(priors, last)
    spreads = Spreads(tuple(hyper), tuple(hyper.values()))
    parts = _Parts(frame.used, spreads)
    first = priors.first_effect
    parts.add("level", np.ones((*treatment.shape, 1)), priors.level.mean, priors.level.sd)
    _add_time(parts, structure, frame, priors)
    for name, grid in frame.covariates.items():
        parts.add(name, _standard(name, grid, frame.used)[..., None], priors.covariate.mean, priors.covariate.sd)
    place = parts.count
    parts.add("effect", treatment[..., None], first.mean, first.sd)
    if "exposure" in hyper:
        steps = treatment[..., None] * (exposure[..., None] >= np.arange(2, last + 1))
        parts.add("exposure", steps, 0.0, 1.0, "exposure")
    own = _add_own(parts, structure, frame, treatment, priors)
    curve = np.zeros((last, parts.count))
    curve[:, place] = 1.0
    if "exposure" in hyper:
        curve[:, place + 1 : place + last] = np.tril(np.ones((last, last)))[:, 1:]
    wide = np.zeros((len(treatment), parts.count))
    wide[:, parts.count - own.shape[1] :] = own
    return Layout(
        frame=frame, structure=structure, columns=np.concatenate(parts.columns, axis=2), names=tuple(parts.names),
        mean=np.array(parts.mean), scale=np.array(parts.scale), spread=np.array(parts.spread), hyper=spreads,
        treatment=treatment, curve=curve, own=wide, first_effect=place,
    )  # fmt: skip


class _Parts:
    """Columns under construction."""

    def __init__(self, used: BoolArray, hyper: Spreads) -> None:
        self.used, self.hyper = used, hyper
        self.columns: list[FloatArray] = []
        self.names: list[str] = []
        self.mean: list[float] = []
        self.scale: list[float] = []
        self.spread: list[int] = []

    @property
    def count(self) -> int:
        return len(self.names)

    def add(self, name: str, columns: FloatArray, mean: float, scale: float, spread: str = "") -> None:
        width = columns.shape[2]
        self.columns.append(np.where(self.used[..., None], columns, 0.0))
        self.names += [name] if width == 1 else [f"{name} {k + 1}" for k in range(width)]
        self.mean += [mean] * width
        self.scale += [scale] * width
        self.spread += [self.hyper.names.index(spread) if spread else -1] * width


def _add_time(parts: _Parts, structure: Structure, frame: Frame, priors: Priors) -> None:
    """National time, centred so that the level is that of all periods, and the season."""
    count, periods = frame.used.shape
    if periods > 1:
        walk = structure.trend == "walk"
        steps = (np.tril(np.ones((periods, periods))) if walk else np.eye(periods))[:, 1:]
        steps = np.broadcast_to(steps - steps.mean(axis=0), (count, periods, periods - 1))
        parts.add("trend", steps, 0.0, 1.0 if walk else priors.level.sd, "trend" if walk else "")
    if structure.season is not None:
        turn = np.eye(structure.season)[np.arange(periods) % structure.season]
        turn = np.broadcast_to(turn - turn.mean(axis=0), (count, periods, structure.season))
        parts.add("season", turn, 0.0, 1.0, "season")


def _add_own(parts: _Parts, structure: Structure, frame: Frame, treatment: FloatArray, priors: Priors) -> FloatArray:
    """Moderators and practice models: their columns, and what they multiply in each council's effect."""
    own: list[FloatArray] = []
    for name in structure.moderators:
        if name not in frame.covariates:
            raise DesignError(
                f"The moderator {name!r} is not among the covariates.",
                "A moderator is a covariate that may change the effect.",
                f"Name it in covariates= when reading; there are {listing(list(frame.covariates))}.",
            )
        treated = frame.used & (treatment > 0)
        value = _standard(name, frame.covariates[name], treated)
        parts.add(f"effect by {name}", (treatment * value)[..., None], priors.covariate.mean, priors.covariate.sd)
        weight = np.where(treated, treatment, 0.0)
        own.append((weight * value).sum(axis=1, keepdims=True) / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12))
    if structure.practice_models is not None:
        labels = _labels(frame, structure.practice_models)
        kinds = practice_models(frame, structure.practice_models)
        member = np.array([[label == kind for kind in kinds] for label in labels], dtype=float)
        parts.add("practice model", treatment[..., None] * member[:, None, :], 0.0, 1.0, "practice_model")
        own.append(member)
    return np.concatenate(own, axis=1) if own else np.zeros((len(treatment), 0))


def practice_models(frame: Frame, label: str) -> tuple[str, ...]:
    """Practice models of the councils that are ever treated, in order of appearance."""
    treated = np.flatnonzero((np.nan_to_num(frame.design.treatment) > 0).any(axis=1))
    names = _labels(frame, label)
    return tuple(dict.fromkeys(names[row] for row in treated))


def _labels(frame: Frame, label: str) -> tuple[str, ...]:
    if label not in frame.labels:
        raise DesignError(
            f"The label {label!r} is not in the panel.",
            "It says which practice model each council adopted.",
            f"Name it in keep= when reading; there are {listing(list(frame.labels))}.",
        )
    return frame.labels[label]


def _standard(name: str, grid: FloatArray, where: BoolArray) -> FloatArray:
    """Give a covariate in standard deviations from its mean over some cells; 0 elsewhere."""
    missing = where & ~np.isfinite(grid)
    if missing.any():
        raise DataError(
            f"The covariate {name} is missing in {int(missing.sum())} cells in use.",
            "A cell without it cannot be adjusted, and leaving it out would change who is compared.",
            "Fill it in, or leave the covariate out.",
        )
    inside = grid[where]
    spread = float(inside.std())
    if not spread > 0:
        raise DataError(
            f"The covariate {name} is the same in every cell in use.",
            "It explains nothing, and its coefficient would be its prior.",
            "Leave it out.",
        )
    return np.where(where, (np.nan_to_num(grid) - inside.mean()) / spread, 0.0)


def _require_treated(frame: Frame, treatment: FloatArray) -> None:
    councils = int(frame.seen.sum())
    if councils < _FEWEST:
        raise IdentificationError(
            f"The panel has {councils} council with data.",
            "A hierarchical model learns from how councils differ, and needs at least two.",
            "Add comparison councils, or describe the one council's course.",
        )
    if not (treatment > 0).any():
        raise IdentificationError(
            "No council is treated in the data.",
            "There is no effect to estimate.",
            "Check the go-live dates, or the periods of the data.",
        )
