"""Which working covariance a mixed model has: from a name or a planning structure to its parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...data.frame import Frame
from ...errors import DesignError
from ...model.covariance import Covariance, Decay, Exchangeable, Independent, Nested, RandomTreatment
from ...value import FloatArray
from .structure import Correlated, Decaying, Part, Structure, Variance
from .sufficient import Sufficient

NAMES = (
    "exchangeable", "nested", "decay", "decay-by-date", "independent", "random-treatment",
    "random-treatment-correlated", "nested-random-treatment",
)  # fmt: skip
_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Working:
    """Parts of a working covariance.

    Parameters
    ----------
    base : {"independent", "exchangeable", "nested", "decay"}
    per_days : float or None
        Decay by date: days that its parameter refers to.
    treatment : {"", "independent", "correlated"}
        Whether the effect differs between clusters, and goes with their level.
    """

    base: str
    per_days: float | None = None
    treatment: str = ""

    @classmethod
    def of(cls, covariance: str | Covariance) -> Working:
        """Read a name or a planning structure, whose numbers are left aside.

        Raises
        ------
        DesignError
            A name that is none, or a structure that is not fitted.
        """
        if isinstance(covariance, RandomTreatment):
            inner = cls.of(covariance.base)
            return cls(inner.base, inner.per_days, "correlated" if np.any(covariance.corr != 0) else "independent")
        if isinstance(covariance, Decay):
            return cls("decay", covariance.per_days)
        for kind, base in ((Independent, "independent"), (Exchangeable, "exchangeable"), (Nested, "nested")):
            if isinstance(covariance, kind):
                return cls(base)
        named = {
            "decay-by-date": cls("decay", _YEAR),
            "random-treatment": cls("exchangeable", None, "independent"),
            "random-treatment-correlated": cls("exchangeable", None, "correlated"),
            "nested-random-treatment": cls("nested", None, "independent"),
        }
        if isinstance(covariance, str) and covariance in NAMES:
            return named.get(covariance, cls(covariance))
        shown = repr(covariance) if isinstance(covariance, str) else type(covariance).__name__
        raise DesignError(
            f"The covariance {shown} is not one that is fitted.",
            "It names how people of one cluster are alike.",
            f"Use one of {', '.join(NAMES)}.",
        )

    @property
    def words(self) -> str:
        """Name in a sentence."""
        name = "decay" if self.base == "decay" else self.base
        lasting = " by date" if self.per_days is not None else ""
        slope = {"": "", "independent": ", random treatment", "correlated": ", correlated random treatment"}
        return f"{name}{lasting}{slope[self.treatment]}"

    def without_treatment(self) -> Working:
        """Give the same without an effect that differs between clusters."""
        return Working(self.base, self.per_days)


def working_structure(working: Working, frame: Frame, data: Sufficient, *, crossed: FloatArray | None) -> Structure:
    """Covariance parts in the coordinates of the data.

    Parameters
    ----------
    crossed : array (C, L, S) or None
        Columns of random effects that clusters share; then all coordinates form a single block.

    Raises
    ------
    DesignError
        A treatment effect that differs between clusters together with one that clusters share.
    """
    root, real = data.root, data.real.astype(float)
    joined = root[:, :, None] * root[:, None, :]
    treatment = np.where(frame.used, np.nan_to_num(frame.design.treatment), 0.0)
    treated = np.take_along_axis(treatment, data.period, axis=1)
    parts = _cluster_parts(working, frame, data, joined)
    slope = joined * treated[:, :, None] * treated[:, None, :]
    if working.treatment == "independent":
        parts.append(Variance("treatment", slope))
    elif working.treatment == "correlated":
        cross = joined * (treated[:, :, None] + treated[:, None, :])
        parts[0] = Correlated(joined, cross, slope)
    if data.person is not None:
        parts.append(Variance("person", data.person))
    scale = float((root[root > 0] ** 2).mean())
    if crossed is None:
        return Structure(real, tuple(parts), scale)
    wide = [Variance(part.names[0], _block_diagonal(part.matrix)) for part in parts if isinstance(part, Variance)]
    if len(wide) != len(parts):
        raise DesignError(
            f"A random exposure effect was asked for with {working.words} correlation.",
            "An effect that all clusters share at random is fitted beside independent, exchangeable or nested ones.",
            'Use covariance="nested", or effect="exposure".',
        )
    shared = crossed.reshape(-1, crossed.shape[2])
    wide.append(Variance("exposure", (shared @ shared.T)[None]))
    return Structure(real.reshape(1, -1), tuple(wide), scale)


def _cluster_parts(working: Working, frame: Frame, data: Sufficient, joined: FloatArray) -> list[Part]:
    same = data.period[:, :, None] == data.period[:, None, :]
    if working.base == "independent":
        return []
    if working.base == "decay":
        design = frame.design
        place = np.arange(len(design.periods)) if working.per_days is None else design.midpoints / working.per_days
        lag = np.abs(place[data.period][:, :, None] - place[data.period][:, None, :]).astype(float)
        return [Decaying(joined, lag, working.per_days is None)]
    parts: list[Part] = [Variance("cluster", joined)]
    if working.base == "nested":
        parts.append(Variance("cluster-period", joined * same))
    return parts


def _block_diagonal(blocks: FloatArray) -> FloatArray:
    """Blocks (C, L, L) on the diagonal of one matrix, (1, C L, C L)."""
    count, width = blocks.shape[:2]
    whole = np.zeros((count, width, count, width))
    every = np.arange(count)
    whole[every, :, every, :] = blocks
    return whole.reshape(1, count * width, count * width)


def period_part_is_noise(data: Sufficient) -> bool:
    """Whether a cluster-period variance cannot be told from the residual: one mean a cell, all of one weight."""
    seen = data.root[data.root > 0]
    return bool(data.degrees.sum() == 0 and np.ptp(seen) <= 1e-9 * seen.max())
