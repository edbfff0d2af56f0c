"""Generalised least squares with a given covariance: the stepped-wedge model of Hussey and Hughes and its kin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from ...data.frame import Frame
from ...errors import DesignError
from ...kernel.least_squares import generalised_operator, masked_inverse, require_identified
from ...kernel.patterns import Patterns, patterns_of
from ...kernel.rule import Rule
from ...model.covariance import Cells, Covariance
from ...results.estimate import Term
from ...value import FloatArray
from ..linear import Linear, require_by

Time = Literal["period", "linear", "none"]
BY = ("overall", "event")
_EXPLAINED = {"period": "the period effects", "linear": "the linear trend", "none": "the overall level"}


@dataclass(frozen=True, slots=True, eq=False)
class Gls(Linear):
    """Period effects and a treatment effect, weighted by a covariance that is known up to scale.

        Y_ct = β_t + X_ct θ + ε_ct,   Cov(ε_c) = V_c(icc, cac, ...; sizes),   θ = (X'V⁻¹X)⁻¹ X'V⁻¹ Y

    Clusters are compared with each other as well as with themselves, as randomisation allows.

    Parameters
    ----------
    covariance : Covariance
        Correlation within a cluster; the total variance cancels.
    by : {"overall", "event"}
        One constant effect, or one for each period of exposure: event 0 is the first treated period. The
        row before them is their plain average, the time-averaged effect; the last is the long-term one.
    time : {"period", "linear", "none"}
        What takes up change that happens to everyone: an effect for each period (β_t), a linear trend
        β₀ + β₁ t (t in days between midpoints where there are dates), or one level throughout. The latter
        two are right only if that is how time works; "none" never is in a real rollout, but some tools assume it.

    References
    ----------
    Hussey and Hughes (2007), Contemporary Clinical Trials 28:182. By exposure: Kenny and others (2022),
    Statistics in Medicine 41:4311. Linear trend: Grantham and others (2020), The American Statistician 74:184.

    Examples
    --------
    >>> import staggered as sg
    >>> frame = sg.Frame(sg.stepped(clusters=4, steps=2, size=10))
    >>> sg.Gls(sg.Exchangeable(icc=0.05)).rule(frame).W.shape
    (1, 12)
    >>> [term.label for term in sg.Gls(sg.Exchangeable(icc=0.05), by="event").rule(frame).terms]
    ['overall', 'event 0', 'event +1']
    """

    covariance: Covariance
    by: Literal["overall", "event"] = "overall"
    time: Time = "period"

    laws: ClassVar[tuple[str, ...]] = ("periods", "treated")

    def __post_init__(self) -> None:
        require_by(self.by, BY, "Gls")
        if self.time not in get_args(Time):
            raise DesignError(
                f"Gls was given time={self.time!r}.",
                "It says what takes up change that happens to everyone.",
                f"Use one of {', '.join(get_args(Time))}.",
            )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        trend = {"period": "", "linear": ", linear trend", "none": ", no period effects"}[self.time]
        effects = " by exposure" if self.by == "event" else ""
        return f"generalised least squares with {type(self.covariance).__name__.lower()} correlation{effects}{trend}"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        first = (
            "Hussey MA, Hughes JP (2007). Design and analysis of stepped wedge cluster randomized trials. "
            "Contemporary Clinical Trials 28:182-191.",
        )
        if self.by == "overall":
            return first
        return (
            *first,
            "Kenny A, Voldal EC, Xia F, Heagerty PJ, Hughes JP (2022). Analysis of stepped wedge cluster randomized "
            "trials in the presence of a time-varying treatment effect. Statistics in Medicine 41:4311-4339.",
        )

    def rule(self, frame: Frame) -> Rule:
        """Weights of the treatment coefficients."""
        return gls_rule(frame, self.covariance.blocks(Cells.of(frame.design), 1.0), by=self.by, time=self.time)


def gls_rule(
    frame: Frame, blocks: FloatArray, *, by: Literal["overall", "event"] = "overall", time: Time = "period"
) -> Rule:
    """Rule of generalised least squares for given covariance blocks (clusters, periods, periods)."""
    patterns = patterns_of(frame, sizes=True)
    used = patterns.used.astype(float)
    working = blocks[patterns.first]
    precision = masked_inverse(working, used)
    number, periods = used.shape
    terms, treated = _treated(frame, patterns, by)
    trend = np.broadcast_to(time_columns(frame.design.midpoints, time), (number, periods, _width(time, periods)))
    columns = np.concatenate([treated, trend], axis=2) * used[:, :, None]
    _require_told_apart(columns, used, terms, time)
    solve = generalised_operator(columns, precision, patterns.count.astype(float))
    weights = solve[: treated.shape[2]]
    headed = by == "event"
    return Rule(
        terms=(Term("overall"), *terms) if headed else terms,
        weights=np.concatenate([weights.mean(axis=0, keepdims=True), weights]) if headed else weights,
        frame=frame,
        patterns=patterns,
        fitted=columns,
        solve=solve,
        family=np.zeros(number, dtype=np.int64),
        working=_decoupled(working, used),
        estimand=(
            "effect of treatment at each period of exposure, the overall one being their plain average"
            if headed
            else "effect of treatment, taken as constant, each cell counting by how precisely it is measured"
        ),
        headed=headed,
    )


def time_columns(midpoints: FloatArray, time: Time) -> FloatArray:
    """Columns (periods, p) that take up change which happens to everyone."""
    if time == "period":
        return np.eye(len(midpoints))
    level = np.ones((len(midpoints), 1))
    if time == "none":
        return level
    position = midpoints - midpoints.mean()
    return np.column_stack([level, position / max(float(np.abs(position).max()), 1e-300)])


def _width(time: Time, periods: int) -> int:
    return {"period": periods, "linear": 2, "none": 1}[time]


def _treated(frame: Frame, patterns: Patterns, by: str) -> tuple[tuple[Term, ...], FloatArray]:
    """Treatment columns (patterns, periods, k): one, or one for each period of exposure."""
    treatment = patterns.treatment
    if by == "overall":
        return (Term("treatment effect"),), treatment[:, :, None]
    exposure = frame.design.exposure[patterns.first]
    times = np.unique(exposure[(treatment > 0) & patterns.used])
    terms = tuple(Term(f"event {s - 1:+d}" if s > 1 else "event 0", event=int(s) - 1) for s in times)
    return terms, treatment[:, :, None] * (exposure[:, :, None] == times)


def _require_told_apart(columns: FloatArray, used: FloatArray, terms: tuple[Term, ...], time: Time) -> None:
    """Refuse an effect that the other columns explain, naming it where there are several."""
    flat, weight = columns.reshape(-1, columns.shape[2]), used.ravel()
    if len(terms) == 1:
        require_identified(flat[:, 0], flat[:, 1:], weight, _EXPLAINED[time])
        return
    for k, term in enumerate(terms):
        others = f"{_EXPLAINED[time]} and the effects at other exposures (at {term.label})"
        require_identified(flat[:, k], np.delete(flat, k, axis=1), weight, others)


def _decoupled(working: FloatArray, used: FloatArray) -> FloatArray:
    """Covariance with cells not in use set apart, so that it stays positive definite."""
    both = used[:, :, None] * used[:, None, :]
    return np.asarray(working * both + np.eye(used.shape[1]) * (1 - used)[:, :, None])
