"""Correlation between people of one cluster, and the covariance of its cell means that follows.

The icc is the within-period intracluster correlation on total variance, the cac what is left of it
between periods, the iac the share of the non-cluster variance that is a person's own:

    Cov(mean s, mean t) = √(v_s v_t) · { icc · c(s, t) + (1 − icc) · [iac · k(s, t) + (1 − iac) · 1{s = t} / m_s] }

with v total variance, m people, c the correlation between periods, and k = 1/m in a closed cohort.
Where the cluster variance is given outright (`from_sd`, or an icc on the latent scale) it takes the
place of icc · √(v_s v_t), and what people bring is the whole of v.
Parameters may be arrays with three trailing axes of length one; blocks then gain leading axes.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import pi
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DesignError
from ..value import FloatArray, Value, read_only
from .cells import Cells as Cells
from .parts import Number, Retention, lags, people, root_variances

IccScale = Literal["outcome", "latent"]
LATENT_VARIANCE = pi**2 / 3
"""Variance of the logistic distribution: what people bring on the latent scale of a logit."""


class Covariance(Value):
    """How outcomes of people in one cluster hang together; one leaf per structure."""

    __slots__ = ()

    @abstractmethod
    def blocks(self, cells: Cells, total: ArrayLike) -> FloatArray:
        """Covariance of each cluster's cell means, (clusters, periods, periods).

        Parameters
        ----------
        cells : Cells
            Sizes, treatment and dates.
        total : float or array (clusters, periods)
            Total variance of one person's outcome.
        """


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Independent(Covariance):
    """No correlation between people; with `iac` the same people are seen again (closed cohort).

    Parameters
    ----------
    iac : float
        Share of a person's variance that is the person's own; above 0 a closed cohort.
    retention : float or sequence, optional
        Share of people still there one period later (or by lag): an open cohort.

    Examples
    --------
    >>> from staggered.design.design import Design
    >>> Independent().blocks(Cells.of(Design([[0, 1]], size=4)), 1.0)[0]
    array([[0.25, 0.  ],
           [0.  , 0.25]])
    """

    iac: Number = 0.0
    retention: Retention = None

    def __post_init__(self) -> None:
        _check_person(self.iac, self.retention)

    def blocks(self, cells: Cells, total: ArrayLike) -> FloatArray:
        """Give the people's part alone."""
        return people(cells, root_variances(total, cells), self.iac, self.retention)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Exchangeable(Covariance):
    """Hussey and Hughes: one correlation within a cluster, whatever the periods.

    Parameters
    ----------
    icc : float
        Within-period intracluster correlation, on total variance.
    iac : float
        Share of the non-cluster variance that is the person's own; above 0 a closed cohort.
    retention : float or sequence, optional
        Share of a period's people who are also seen in any other (a number), or one, two, ... periods
        later (a sequence): an open cohort.
    scale : {"outcome", "latent"}
        Scale of the icc: the outcome's own, or the latent one of a logit, icc = τ²/(τ² + π²/3).
    variance : float, optional
        Variance between clusters on the scale of the analysis, in place of an icc: see `from_sd`.

    Examples
    --------
    >>> from staggered.design.design import Design
    >>> Exchangeable(icc=0.1).blocks(Cells.of(Design([[0, 1]], size=9)), 1.0)[0].round(6)
    array([[0.2, 0.1],
           [0.1, 0.2]])
    """

    icc: Number | None = None
    iac: Number = 0.0
    retention: Retention = None
    scale: IccScale = "outcome"
    variance: Number | None = None

    def __post_init__(self) -> None:
        _check_cluster(self, self.icc, None, self.variance)
        _check_scale(self.scale, self.icc)
        _check_person(self.iac, self.retention)

    @classmethod
    def from_sd(cls, *, between: float) -> Exchangeable:
        """Take the SD of the log rate between clusters; the outcome adds its own sampling noise."""
        return cls(variance=between**2)

    def blocks(self, cells: Cells, total: ArrayLike) -> FloatArray:
        """Covariance with the same correlation between all periods."""
        return _cluster_and_people(self, cells, total, np.ones((1, 1)))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Nested(Covariance):
    """Nested exchangeable: correlation icc within a period and icc · cac between any two periods.

    Parameters
    ----------
    icc : float
        Within-period intracluster correlation, on total variance.
    cac : float
        Cluster autocorrelation, τ²/(τ²+γ²).
    iac, retention, scale, variance
        As in `Exchangeable`.

    References
    ----------
    Hooper and others (2016), Statistics in Medicine 35:4718.

    Examples
    --------
    >>> from staggered.design.design import Design
    >>> Nested(icc=0.1, cac=0.5).blocks(Cells.of(Design([[0, 1]], size=9)), 1.0)[0].round(6)
    array([[0.2 , 0.05],
           [0.05, 0.2 ]])
    """

    icc: Number | None = None
    cac: Number | None = None
    iac: Number = 0.0
    retention: Retention = None
    scale: IccScale = "outcome"
    variance: Number | None = None

    def __post_init__(self) -> None:
        _check_cluster(self, self.icc, self.cac, self.variance)
        _check_scale(self.scale, self.icc)
        check_range("cac", self.cac, 0.0)
        _check_person(self.iac, self.retention)

    @classmethod
    def from_sd(cls, *, between: float, within: float) -> Nested:
        """Take SDs of the log rate between clusters and within them from period to period."""
        variance = between**2 + within**2
        return cls(variance=variance, cac=between**2 / variance if variance else 1.0)

    def blocks(self, cells: Cells, total: ArrayLike) -> FloatArray:
        """Covariance with one correlation between periods and a higher one within."""
        same = np.eye(cells.size.shape[-1])
        return _cluster_and_people(self, cells, total, same + (1 - same) * _number(self.cac))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Decay(Covariance):
    """Discrete-time or continuous-time decay: correlation icc · r^lag, r = cac one period apart.

    Parameters
    ----------
    icc, cac, iac, retention, scale, variance
        As in `Nested`; cac is the correlation r one period apart, −1 < r ≤ 1 when fitted.
    time : {"period", "date"}
        Lags counted in periods, or between the periods' midpoints in days.
    per_days : float
        With ``time="date"``: how many days apart r refers to.

    References
    ----------
    Kasza and others (2019), Statistical Methods in Medical Research 28:703; Grantham and others (2019).

    Examples
    --------
    >>> from staggered.design.design import Design
    >>> Decay(icc=0.1, cac=0.5).blocks(Cells.of(Design([[0, 1, 1]], size=9)), 1.0)[0].round(6)
    array([[0.2  , 0.05 , 0.025],
           [0.05 , 0.2  , 0.05 ],
           [0.025, 0.05 , 0.2  ]])
    """

    icc: Number | None = None
    cac: Number | None = None
    iac: Number = 0.0
    retention: Retention = None
    time: Literal["period", "date"] = "period"
    per_days: float | None = None
    scale: IccScale = "outcome"
    variance: Number | None = None

    def __post_init__(self) -> None:
        _check_cluster(self, self.icc, self.cac, self.variance)
        _check_scale(self.scale, self.icc)
        check_range("cac", self.cac, 0.0 if self.time == "date" else -1.0)
        _check_person(self.iac, self.retention)
        if self.time not in {"period", "date"}:
            raise DesignError(
                f"Decay has time={self.time!r}.",
                "It says between what the correlation falls: from period to period, or with the days between them.",
                'Use time="period", or time="date" with per_days=.',
            )
        if (self.time == "date") != (self.per_days is not None):
            raise DesignError(
                f"Decay has time={self.time!r} and per_days={self.per_days}.",
                "Decay by date needs to know how many days apart its cac refers to; decay by period does not.",
                'Give both, such as time="date", per_days=365, or neither.',
            )

    @classmethod
    def from_sd(cls, *, between: float, within: float, cac: float) -> Decay:
        """Take SDs of the log rate: their whole variance decays by `cac` per period."""
        return cls(variance=between**2 + within**2, cac=cac)

    def blocks(self, cells: Cells, total: ArrayLike) -> FloatArray:
        """Covariance that falls with the time between periods."""
        return _cluster_and_people(self, cells, total, np.asarray(_number(self.cac) ** lags(cells, self.per_days)))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ProportionalDecay(Covariance):
    """Proportional decay in a closed cohort: cluster and person parts both fall as r^lag.

    References
    ----------
    Li (2020), Statistics in Medicine 39:438.

    Examples
    --------
    >>> from staggered.design.design import Design
    >>> ProportionalDecay(icc=0.1, cac=0.5).blocks(Cells.of(Design([[0, 1]], size=9)), 1.0)[0].round(6)
    array([[0.2, 0.1],
           [0.1, 0.2]])
    """

    icc: Number | None = None
    cac: Number | None = None

    def __post_init__(self) -> None:
        _check_cluster(self, self.icc, self.cac, None)
        check_range("cac", self.cac, 0.0)

    def blocks(self, cells: Cells, total: ArrayLike) -> FloatArray:
        """Covariance whose cluster and person parts fall alike."""
        cells.require_equal_sizes()
        assert self.icc is not None and self.cac is not None
        decline = self.cac ** lags(cells)
        # A period in which nobody is seen has a size of its own: the larger one keeps the covariance symmetric.
        larger = np.maximum(cells.size[..., :, None], cells.size[..., None, :])
        return np.asarray(root_variances(total, cells) * decline * (self.icc + (1 - self.icc) / larger))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Unstructured(Covariance):
    """Any correlation between periods: icc · R(s, t), with a matrix R of one's own.

    Parameters
    ----------
    icc : float
        Within-period intracluster correlation, on total variance.
    correlation : array (periods, periods)
        Correlation R of a cluster's own level between periods, 1 on the diagonal.
    iac, retention
        As in `Exchangeable`.

    Raises
    ------
    DesignError
        A matrix that is not symmetric, not 1 on its diagonal, or not positive semi-definite (its
        eigenvalue named), or of another size than the design's periods.

    Examples
    --------
    >>> from staggered.design.design import Design
    >>> own = Unstructured(icc=0.1, correlation=[[1, 0.7], [0.7, 1]])
    >>> own.blocks(Cells.of(Design([[0, 1]], size=9)), 1.0)[0].round(6)
    array([[0.2 , 0.07],
           [0.07, 0.2 ]])
    """

    icc: Number | None = None
    correlation: ArrayLike | None = None
    iac: Number = 0.0
    retention: Retention = None

    def __post_init__(self) -> None:
        if self.icc is None or self.correlation is None:
            raise DesignError(
                f"Unstructured was given no {'icc' if self.icc is None else 'correlation'}.",
                "It is made of the icc within a period, and a table of what is left of it between any two.",
                "Give icc=, for example 0.05, and correlation=, a row and a column for each period.",
            )
        check_range("icc", self.icc, 0.0)
        _check_person(self.iac, self.retention)
        object.__setattr__(self, "correlation", read_only(_correlation_matrix(self.correlation)))

    def blocks(self, cells: Cells, total: ArrayLike) -> FloatArray:
        """Covariance with the given correlation between periods."""
        between, periods = np.asarray(self.correlation, dtype=float), cells.size.shape[-1]
        if len(between) != periods:
            raise DesignError(
                f"The correlation matrix is {len(between)} × {len(between)} but the design has {periods} periods.",
                "Each pair of periods needs its correlation.",
                f"Give a matrix of {periods} × {periods}.",
            )
        root = root_variances(total, cells)
        icc = _number(self.icc)
        return np.asarray(icc * root * between + people(cells, (1 - icc) * root, self.iac, self.retention))


@dataclass(frozen=True, slots=True, eq=False)
class RandomTreatment(Covariance):
    """A treatment effect that differs between clusters, on top of another structure.

    Adds η² X_s X_t + corr · τ · η (X_s + X_t), with τ² the base's variance that lasts between periods
    (its cluster variance for decay). The icc and the total variance refer to control cells.

    Parameters
    ----------
    base : Exchangeable, Nested or Decay
        Structure in control cells.
    sd : float, optional
        η, the SD of the effect between clusters.
    share : float, optional
        η² as a share of the base's cluster variance; instead of `sd`.
    corr : float
        Correlation of a cluster's effect with its level.

    Examples
    --------
    >>> from staggered.design.design import Design
    >>> cells = Cells.of(Design([[0, 1]], size=9))
    >>> RandomTreatment(Exchangeable(icc=0.1), sd=0.2).blocks(cells, 1.0)[0].round(6)
    array([[0.2 , 0.1 ],
           [0.1 , 0.24]])
    """

    base: Exchangeable | Nested | Decay
    sd: Number | None = None
    share: Number | None = None
    corr: Number = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.base, (Exchangeable, Nested, Decay)):
            raise DesignError(
                f"RandomTreatment was given {type(self.base).__name__} as its base.",
                "It adds to the variance between clusters, which this base does not have or share out.",
                "Use Exchangeable, Nested or Decay.",
            )
        if (self.sd is None) == (self.share is None):
            raise DesignError(
                "RandomTreatment needs sd or share, one of the two.",
                "They say how much the effect differs between clusters.",
                "Give sd= (on the outcome's scale) or share= (of the cluster variance).",
            )
        check_range("corr", self.corr, -1.0)

    def blocks(self, cells: Cells, total: ArrayLike) -> FloatArray:
        """Covariance of the base plus the part that treated cells share."""
        base = self.base
        cluster = _cluster_root(base, root_variances(total, cells))
        lasting = cluster * (base.cac if isinstance(base, Nested) and base.cac is not None else 1.0)
        eta2 = self.sd**2 if self.sd is not None else _number(self.share) * cluster
        treated = cells.treatment
        both = treated[..., :, None] * treated[..., None, :]
        either = treated[..., :, None] + treated[..., None, :]
        return np.asarray(base.blocks(cells, total) + eta2 * both + self.corr * np.sqrt(lasting * eta2) * either)


COVARIANCES: tuple[type[Covariance], ...] = (
    Independent,
    Exchangeable,
    Nested,
    Decay,
    ProportionalDecay,
    Unstructured,
    RandomTreatment,
)
"""Every structure that a study file can name."""


def absolute_variance(structure: Exchangeable | Nested | Decay) -> Number | None:
    """Variance between clusters where it is given outright, on the scale of the analysis; else None."""
    if structure.variance is not None or structure.scale == "outcome":
        return structure.variance
    assert structure.icc is not None
    return structure.icc / (1 - structure.icc) * LATENT_VARIANCE


def _cluster_root(structure: Exchangeable | Nested | Decay, root: FloatArray) -> FloatArray:
    """Cluster variance within a period: icc · v, or the absolute variance when one was given."""
    absolute = absolute_variance(structure)
    if absolute is not None:
        return np.asarray(absolute * np.ones_like(root))
    assert structure.icc is not None
    return np.asarray(structure.icc * root)


def _cluster_and_people(
    structure: Exchangeable | Nested | Decay, cells: Cells, total: ArrayLike, between: FloatArray
) -> FloatArray:
    root = root_variances(total, cells)
    own = root if absolute_variance(structure) is not None else (1 - _number(structure.icc)) * root
    cluster = _cluster_root(structure, root) * between
    return np.asarray(cluster + people(cells, own, structure.iac, structure.retention))


def _number(value: Number | None) -> Number:
    assert value is not None
    return value


def _correlation_matrix(given: ArrayLike) -> FloatArray:
    matrix = np.array(given, dtype=float)
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1]
    if not square or not np.allclose(matrix, matrix.T, atol=1e-9) or not np.allclose(np.diag(matrix), 1.0, atol=1e-9):
        raise DesignError(
            f"The correlation matrix of shape {matrix.shape} is not symmetric with 1 on its diagonal.",
            "Row s, column t is the correlation of a cluster's level between periods s and t.",
            "Give one row and one column per period, the same number on both sides of the diagonal.",
        )
    smallest = float(np.linalg.eigvalsh(matrix).min())
    if smallest < -1e-9:
        raise DesignError(
            f"The correlation matrix is not positive semi-definite: its smallest eigenvalue is {smallest:.3g}.",
            "No set of levels can be correlated like that.",
            "Lower the correlations that contradict each other.",
        )
    return matrix


def _check_cluster(structure: Covariance, icc: Number | None, cac: Number | None, variance: Number | None) -> None:
    kind = type(structure).__name__
    if icc is None and variance is None:
        raise DesignError(
            f"{kind} was given {'cac without icc' if cac is not None else 'no icc'}.",
            "The cac is a share of the icc, so it says nothing alone.",
            f"Give icc=, or use {kind}.from_sd(...) for log rates.",
        )
    if cac is None and isinstance(structure, (Nested, Decay, ProportionalDecay)):
        raise DesignError(
            f"{kind} was given no cac.",
            "It says how much of the correlation within a period is left between periods.",
            "Give cac=, for example 0.8; a cac of 1 is the exchangeable structure.",
        )
    if icc is not None and variance is not None:
        raise DesignError(
            f"{kind} was given both icc and variance.",
            "Each alone fixes how much clusters differ.",
            "Keep one.",
        )
    check_range("icc", icc, 0.0)


def _check_scale(scale: str, icc: Number | None) -> None:
    if scale not in {"outcome", "latent"} or (scale == "latent" and icc is None):
        raise DesignError(
            f"scale is {scale!r}{'' if icc is not None else ' without an icc'}.",
            "It says on which scale an icc is meant.",
            'Use scale="outcome", or icc= with scale="latent" for an icc of a logistic model.',
        )


def _check_person(iac: Number, retention: Retention) -> None:
    check_range("iac", iac, 0.0)
    if retention is not None:
        check_range("retention", np.asarray(retention, dtype=float), 0.0)


def check_range(name: str, value: Number | None, least: float) -> None:
    """Refuse a correlation or share outside its range."""
    if value is None:
        return
    numbers = np.asarray(value, dtype=float)
    if not ((numbers >= least) & (numbers <= 1)).all():
        wrong = numbers[~((numbers >= least) & (numbers <= 1))].flat[0]
        raise DesignError(
            f"{name} is {wrong:g}.",
            f"{name} is a correlation or a share and lies between {least:g} and 1.",
            "Give it as a fraction, such as 0.05 for 5%.",
        )
