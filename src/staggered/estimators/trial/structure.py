"""Working covariances of mixed models in a cluster's coordinates: values, first and second derivatives.

V = σ² I + ζ² E + the cluster's own part, which is one of

    exchangeable  τ² J          nested  τ² J + γ² K          decay  τ² r^|lag|
    treatment     + η² x x'     correlated  (a 1 + b x)(a 1 + b x)' + κ x x'    exposure  + ν² U U'

with J joining all periods of a cluster, K the same period, E the same person, x the treatment and U the
exposure times, which all clusters share. Parameters are variances, which are 0 or more, the correlation r one
step of time apart, and the loadings a and b, which like an SD go with the unit of the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...value import BoolArray, FloatArray, IntArray

_MOST = np.inf
_LOWEST_DECAY = -0.999
_STARTS = (0.25, 2.5, 25.0)
_DECAYS = np.concatenate([np.linspace(-0.99, 0.9, 22), [0.95, 0.99, 1.0]])
_POWERS = {"decay": 0, "level": 1, "slope": 1}
_BRANCHES = ("decay", "slope")


@dataclass(frozen=True, slots=True)
class Derivatives:
    """A covariance at some parameters, (B, G, L, L), with its derivatives.

    Parameters
    ----------
    value : array (B, G, L, L)
    first : array (B or 1, K, G, L, L)
        One for each parameter.
    second : mapping of pairs of parameters to arrays (B or 1, G, L, L)
        Those that are not 0; the smaller parameter first.
    """

    value: FloatArray
    first: FloatArray
    second: Mapping[tuple[int, int], FloatArray]


@dataclass(frozen=True, slots=True)
class Variance:
    """One variance times a fixed matrix (G, L, L)."""

    name: str
    matrix: FloatArray

    @property
    def names(self) -> tuple[str, ...]:
        """Name of the parameter."""
        return (self.name,)

    @property
    def matrices(self) -> tuple[FloatArray, ...]:
        """What tells one kind of cluster from another."""
        return (self.matrix,)

    def keep(self, rows: BoolArray | IntArray) -> Variance:
        """Keep some of the clusters."""
        return Variance(self.name, self.matrix[rows])

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Range of the parameter."""
        return ((0.0, _MOST),)

    @property
    def starts(self) -> tuple[tuple[float, ...], ...]:
        """Values to start from, variances as multiples of σ² over the people of a cell."""
        return (_STARTS,)

    def at(self, theta: FloatArray) -> Derivatives:
        """Covariance at parameters (B, 1)."""
        return Derivatives(theta[:, 0, None, None, None] * self.matrix, self.matrix[None, None], {})


@dataclass(frozen=True, slots=True)
class Decaying:
    """τ² r^lag over pairs of coordinates that `reach` joins, both (G, L, L)."""

    reach: FloatArray
    lag: FloatArray
    discrete: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return ("cluster-period", "decay")

    @property
    def matrices(self) -> tuple[FloatArray, ...]:
        """What tells one kind of cluster from another."""
        return (self.reach, self.lag)

    def keep(self, rows: BoolArray | IntArray) -> Decaying:
        """Keep some of the clusters."""
        return Decaying(self.reach[rows], self.lag[rows], self.discrete)

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Ranges of the parameters."""
        return ((0.0, _MOST), (_LOWEST_DECAY if self.discrete else 1e-6, 1.0))

    @property
    def starts(self) -> tuple[tuple[float, ...], ...]:
        """Values to start from."""
        shapes = (-0.9, -0.5, 0.1, 0.5, 0.8, 0.97) if self.discrete else (0.1, 0.4, 0.7, 0.9, 0.98)
        return (_STARTS, shapes)

    def at(self, theta: FloatArray) -> Derivatives:
        """Covariance at parameters (B, 2)."""
        variance, r = theta[:, 0, None, None, None], theta[:, 1, None, None, None]
        lag = self.lag
        power = self.reach * r**lag
        # Below lag 1 (2) the power rule would divide by 0 at r = 0, with a coefficient that is 0 at lag 0 (0 and 1).
        slope = self.reach * np.where(lag > 0, lag * r ** np.where(lag > 0, lag - 1, 0.0), 0.0)
        bends = (lag > 0) & (lag != 1)
        curve = self.reach * np.where(bends, lag * (lag - 1) * r ** np.where(bends, lag - 2, 0.0), 0.0)
        first = np.stack([power, variance * slope], axis=1)
        return Derivatives(variance * power, first, {(0, 1): slope, (1, 1): variance * curve})


@dataclass(frozen=True, slots=True)
class Correlated:
    """(a 1 + b x)(a 1 + b x)' + κ x x': level and effect of a cluster, correlated; matrices (G, L, L)."""

    level: FloatArray
    cross: FloatArray
    slope: FloatArray

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return ("level", "slope", "treatment beyond level")

    @property
    def matrices(self) -> tuple[FloatArray, ...]:
        """What tells one kind of cluster from another."""
        return (self.level, self.cross)

    def keep(self, rows: BoolArray | IntArray) -> Correlated:
        """Keep some of the clusters."""
        return Correlated(self.level[rows], self.cross[rows], self.slope[rows])

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Ranges of the parameters."""
        return ((-_MOST, _MOST), (-_MOST, _MOST), (0.0, _MOST))

    @property
    def starts(self) -> tuple[tuple[float, ...], ...]:
        """Values to start from."""
        return (_STARTS, (-5.0, -0.5, 0.5, 5.0), _STARTS)

    def at(self, theta: FloatArray) -> Derivatives:
        """Covariance at parameters (B, 3)."""
        a, b, beyond = (theta[:, k, None, None, None] for k in range(3))
        value = a**2 * self.level + a * b * self.cross + (b**2 + beyond) * self.slope
        slope = np.broadcast_to(self.slope, value.shape)
        first = np.stack([2 * a * self.level + b * self.cross, a * self.cross + 2 * b * self.slope, slope], axis=1)
        second = {(0, 0): 2 * self.level[None], (0, 1): self.cross[None], (1, 1): 2 * self.slope[None]}
        return Derivatives(value, first, second)

    def linear(self, theta: FloatArray) -> tuple[tuple[Variance, ...], FloatArray, FloatArray]:
        """Give the same as variances and a covariance: parts, their values (B, 3), and derivatives (B, 3, 3)."""
        a, b, beyond = theta.T
        one, none = np.ones_like(a), np.zeros_like(a)
        values = np.stack([a**2, a * b, b**2 + beyond], axis=1)
        rows = ([2 * a, none, none], [b, a, none], [none, 2 * b, one])
        parts = (Variance("cluster", self.level), Variance("covariance", self.cross), Variance("treatment", self.slope))
        return parts, values, np.stack([np.stack(row, axis=1) for row in rows], axis=1)


Part = Variance | Decaying | Correlated


@dataclass(frozen=True, slots=True)
class Structure:
    """A residual variance and further parts, over coordinates of which some are padding.

    Parameters
    ----------
    real : array (G, L)
        1 for coordinates, 0 for padding, which keeps variance 1.
    parts : tuple of Part
    scale : float
        People of a typical cell: variances start from multiples of σ² over it.
    """

    real: FloatArray
    parts: tuple[Part, ...]
    scale: float

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all parameters, the residual variance first."""
        return ("residual", *(name for part in self.parts for name in part.names))

    @property
    def bounds(self) -> FloatArray:
        """Lowest and highest value of each parameter, (K, 2)."""
        return np.array([(1e-12, np.inf), *(pair for part in self.parts for pair in part.bounds)])

    def keep(self, rows: BoolArray | IntArray) -> Structure:
        """Keep some of the clusters."""
        return Structure(self.real[rows], tuple(part.keep(rows) for part in self.parts), self.scale)

    def grid(self) -> FloatArray:
        """Points to start from with a residual variance of 1, (points, K)."""
        starts = [(1.0,), *(values for part in self.parts for values in part.starts)]
        axes = [
            np.sign(values) * (np.abs(values) / (self.scale if k else 1.0)) ** (power / 2)
            if power
            else np.array(values)
            for k, (values, power) in enumerate(zip(starts, self.powers, strict=True))
        ]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))

    @property
    def powers(self) -> IntArray:
        """With which power of the outcome's unit each parameter goes: 2 for variances."""
        return np.array([_POWERS.get(name, 2) for name in self.names])

    @property
    def branches(self) -> BoolArray:
        """Parameters along which the likelihood may have several tops."""
        return np.array([name in _BRANCHES for name in self.names])

    def decay_scan(self) -> tuple[int, FloatArray]:
        """Where the rate of decay stands, and rates to look at; none where there is no decay."""
        if "decay" not in self.names:
            return 0, np.zeros(0)
        place = self.names.index("decay")
        low, high = self.bounds[place]
        return place, _DECAYS[(low <= _DECAYS) & (high >= _DECAYS)]

    def at(self, theta: FloatArray) -> Derivatives:
        """Covariance and derivatives at parameters (B, K)."""
        eye = np.eye(self.real.shape[1])
        residual = eye * self.real[:, :, None]
        value = theta[:, 0, None, None, None] * residual + eye * (1 - self.real)[:, :, None]
        first: list[FloatArray] = [residual[None, None]]
        second: dict[tuple[int, int], FloatArray] = {}
        place = 1
        for part in self.parts:
            width = len(part.names)
            found = part.at(theta[:, place : place + width])
            value = value + found.value
            first.append(found.first)
            second |= {(place + a, place + b): matrix for (a, b), matrix in found.second.items()}
            place += width
        if max(map(len, first)) > 1:
            first = [np.broadcast_to(matrix, (len(theta), *matrix.shape[1:])) for matrix in first]
        return Derivatives(value, np.concatenate(first, axis=1), second)

    def linear(self, theta: FloatArray) -> tuple[Structure, FloatArray, FloatArray]:
        """Give the same covariance with variances and covariances as parameters wherever it has them.

        Returns
        -------
        Structure
        array (B, K)
            Their values.
        array (B, K, K)
            Their derivatives with respect to the parameters here.
        """
        parts: list[Part] = []
        values, place = theta.copy(), 1
        turned = np.broadcast_to(np.eye(theta.shape[1]), (*theta.shape, theta.shape[1])).copy()
        for part in self.parts:
            here = slice(place, place + len(part.names))
            if isinstance(part, Correlated):
                found, values[:, here], turned[:, here, here] = part.linear(theta[:, here])
                parts += found
            else:
                parts.append(part)
            place = here.stop
        return Structure(self.real, tuple(parts), self.scale), values, turned
