"""How much a departure from parallel trends would change the answer: Rambachan and Roth's bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..errors import DataError, listing
from ..results.bounds import Bounds, Restriction
from ..results.estimate import Estimate, checked_level
from ..results.uncertainty import t_quantile
from ..value import FloatArray
from .event_path import Path, path_of, require_estimate
from .flci import smooth_interval
from .relative import departures, relative_interval

_REFERENCES = (
    "Rambachan A, Roth J (2023). A more credible approach to parallel trends. Review of Economic Studies 90:2555-2591.",
    "Andrews I, Roth J, Pakes A (2023). Inference for linear conditional moment inequalities. "
    "Review of Economic Studies 90:2763-2791.",
)
_RELATIVE = (0.5, 1.0, 1.5, 2.0)
_SMOOTH = (0.0, 0.5, 1.0, 2.0)
_LARGEST = 1e3
_HALVINGS = 40


def bounds(
    estimate: Estimate,
    kind: Restriction = "relative",
    m: Sequence[float] | None = None,
    *,
    of: int | Sequence[float] | None = None,
    level: float = 0.95,
) -> Bounds:
    """Bound an effect when trends need not have stayed parallel.

    Parameters
    ----------
    estimate : Estimate
        By event time, against one base: `SunAbraham` or `GroupTime(base="universal")`.
    kind : {"relative", "smoothness"}
        Departures after go-live at most m times the largest one between neighbouring periods before it; or a trend
        whose slope changes by at most m from period to period.
    m : sequence of float, optional
        For "relative" 0.5, 1, 1.5 and 2 when absent; for "smoothness" 0, ½, 1 and 2 times the largest change of slope
        before go-live.
    of : int or sequence of float, optional
        An event time, or weights on the treated event times; their plain average when absent.
    level : float

    Raises
    ------
    IdentificationError
        No event times before or after go-live against one base.
    DataError
        A negative m, an event time that was not estimated, weights of the wrong number.

    References
    ----------
    Rambachan and Roth (2023), Review of Economic Studies 90:2555.

    Examples
    --------
    >>> import staggered as sg
    >>> design = sg.stepped(clusters=40, steps=4, baseline=4, after=2)
    >>> panel = sg.simulate(sg.Plan(design=design, outcome=sg.Outcome(sd=1.0), effect=sg.Constant(0.5)), seed=1)
    >>> found = sg.bounds(sg.SunAbraham(by="event").fit(panel, sg.Cluster("CR2")), "relative", m=[0, 1])
    >>> bool(found.low[1] < found.low[0])
    True
    """
    require_estimate(estimate, "bounds")
    checked_level(level)
    path = path_of(estimate, "A bound")
    target, said = _target(path, of)
    path, note = _widened(path, level)
    if kind not in ("relative", "smoothness"):
        raise DataError(
            f"bounds was given kind={kind!r}.",
            "It says what departures from parallel trends are allowed.",
            'Use "relative" or "smoothness".',
        )
    method = relative_interval if kind == "relative" else smooth_interval

    def interval(at: float) -> tuple[float, float]:
        return method(path, target, at, level)

    asked = _asked(path, kind, m)
    ends = [interval(float(one)) for one in asked]
    value = float(target @ path.values[path.after])
    after = path.after
    half = float(t_quantile(np.array([np.inf]), (1 + level) / 2)[0]) * float(
        np.sqrt(target @ path.covariance[np.ix_(after, after)] @ target)
    )
    original = (value - half, value + half)
    return Bounds(
        kind=kind,
        m=asked,
        low=np.array([low for low, _ in ends]),
        high=np.array([high for _, high in ends]),
        value=value,
        original=original,
        breakdown=_breakdown(interval, original),
        of=said,
        level=level,
        outcome=estimate.outcome,
        notes=note,
        references=_REFERENCES,
    )


def _target(path: Path, of: int | Sequence[float] | None) -> tuple[FloatArray, str]:
    """Weights on the treated event times, and what they make."""
    events = path.events[path.after].tolist()
    if of is None:
        return np.full(len(events), 1 / len(events)), f"the average effect over event times {events[0]} to {events[-1]}"
    if isinstance(of, int) and not isinstance(of, bool):
        if of not in events:
            raise DataError(
                f"There is no effect at event time {of}.",
                "A bound is put around an effect that was estimated.",
                f"Use one of {listing(events, most=12)}.",
            )
        return np.array([float(event == of) for event in events]), f"the effect at event time {of}"
    weights = numbers_of(of, "of", "It is an event time, or the weights that combine the effects into one.")
    if not np.isfinite(weights).all() or not weights.any():
        raise DataError(
            f"of is {listing(weights.ravel().tolist(), most=12)}.",
            "Its weights combine the effects into one.",
            "Give finite weights, not all of them 0, or leave of out for the plain average.",
        )
    if weights.shape != (len(events),):
        raise DataError(
            f"{weights.size} weights were given for {len(events)} treated event times.",
            "They combine the effects into one.",
            f"Give one for each of {listing(events, most=12)}.",
        )
    return weights, "a weighted combination of the effects"


def _asked(path: Path, kind: str, m: Sequence[float] | None) -> FloatArray:
    if m is None:
        if kind == "relative":
            return np.array(_RELATIVE)
        bends = np.abs(np.diff(departures(path)))
        unit = float(bends.max()) if len(bends) else float(np.abs(departures(path)).max())
        return np.array(_SMOOTH) * unit
    asked = np.atleast_1d(numbers_of(m, "m", "It is the size of a departure from parallel trends."))
    if asked.ndim > 1 or not len(asked):
        raise DataError(
            f"m has the shape {asked.shape}.", "Each m gives one bound.", "Give a list of numbers, such as [0.5, 1, 2]."
        )
    if (asked < 0).any() or not np.isfinite(asked).all():
        raise DataError(
            f"m is {listing(asked.tolist())}.", "It is the size of a departure.", "Give numbers of 0 or more."
        )
    return asked


def numbers_of(given: object, name: str, why: str) -> FloatArray:
    """Numbers as an array; refuse text and what else is none."""
    try:
        found = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        found = None
    if found is None or isinstance(given, (str, bool)):
        raise DataError(f"{name} is {given!r}.", why, f"Give numbers, such as {name}=[0.5, 1].")
    return found


def _widened(path: Path, level: float) -> tuple[Path, tuple[str, ...]]:
    """Make normal intervals as wide as those of the t distribution that the estimate goes by."""
    if not np.isfinite(path.df):
        return path, ()
    quantiles = t_quantile(np.array([path.df, np.inf]), (1 + level) / 2)
    factor = float((quantiles[0] / quantiles[1]) ** 2)
    note = (
        f"The method is for large samples; variances were multiplied by {factor:.2f}, so that intervals are as wide as "
        f"with the t distribution on {path.df:.3g} degrees of freedom."
    )
    return replace(path, covariance=path.covariance * factor), (note,)


def _breakdown(interval: Callable[[float], tuple[float, float]], original: tuple[float, float]) -> float:
    """Smallest m at which the interval includes 0, less than nothing: 0 when it does from the start."""

    def leaves_out(m: float) -> bool:
        low, high = interval(m)
        return low > 0 or high < 0

    if original[0] <= 0 <= original[1] or not leaves_out(0.0):
        return 0.0
    inside, outside = 0.0, 1e-3
    while leaves_out(outside):
        inside, outside = outside, 2 * outside
        if outside > _LARGEST:
            return np.inf
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if leaves_out(middle) else (inside, middle)
        if outside - inside < 1e-6 * max(outside, 1.0):
            break
    return inside
