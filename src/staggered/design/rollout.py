"""A rollout from real go-live dates: periods as long as they really were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DesignError, listing
from ..value import DateArray, FloatArray
from .dates import to_date, to_dates
from .design import Design, to_numbers

Period = Literal["step", "month", "quarter", "year"]
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS_OF_RATE = 30.0


def rollout(  # noqa: PLR0913 - the contract's arguments, all but the first by name
    go_live: Mapping[str, object],
    *,
    start: object,
    end: object,
    size: ArrayLike | Mapping[str, float] | None = None,
    rate: float | Mapping[str, float] | None = None,
    never: Sequence[str] = (),
    period: Period = "step",
    strata: Mapping[str, str] | Sequence[str] | None = None,
    name: str = "",
) -> Design:
    """Rollout by real dates: who went live on which day, within which window.

    Parameters
    ----------
    go_live : mapping of str to date, or to a pair of dates
        Council and its first day of treatment. A pair is the earliest and the latest that it may have been:
        periods in which nobody knows whether the council was treated are not observed.
    start, end : date
        First and last day of the window, both included.
    size : float, array or mapping, optional
        People per cluster-period.
    rate : float or mapping, optional
        People per 30 days, so that longer periods hold more; instead of `size`.
    never : sequence of str
        Councils that do not go live within the window.
    period : {"step", "month", "quarter", "year"}
        A period per step (unequal lengths) or per calendar stretch counted from `start`; in the
        latter a council is treated from the first period that holds any of its treated days.
    strata, name
        As in `Design`; strata also as a mapping of council to stratum.

    Raises
    ------
    DesignError
        A date that is none, lies outside the window or could mean two days; a council named twice.

    Examples
    --------
    >>> d = rollout({"Walsall": "2020-09-01", "Swindon": "2021-02-01"}, start="2020-03-01", end="2021-06-30", rate=30)
    >>> d.size[0], d.start
    (array([184., 153., 150.]), array([1., 2.]))
    >>> rollout({"Bath": ("2012-09-01", "2013-06-30")}, start="2011-04-01", end="2015-03-31", period="year",
    ...         never=["Kent"]).treatment
    array([[ 0., nan,  1.,  1.],
           [ 0.,  0.,  0.,  0.]])
    """
    if size is not None and rate is not None:
        raise DesignError(
            "Both size and rate were given.", "Each alone fixes how many people a period holds.", "Keep one."
        )
    both = [council for council in never if council in go_live]
    if both:
        raise DesignError(
            f"{listing(both)} has a go-live date and is also listed under never.",
            "A council either goes live within the window or it does not.",
            "Take it out of one of the two.",
        )
    if isinstance(never, str):
        never = [never]
    if period != "step" and period not in _MONTHS:
        raise DesignError(
            f"period is {period!r}.",
            "It says how the time between start and end is cut up.",
            f"Use one of step, {', '.join(_MONTHS)}.",
        )
    names = (*go_live, *never)
    first, last = to_date(start, "start"), to_date(end, "end")
    days = _days(go_live, first, last)
    dates = _step_periods(days, first, last) if period == "step" else _calendar_periods(first, last, _MONTHS[period])
    # A comparison with NaT is False, so a council that never goes live is control throughout.
    days = np.concatenate([days, np.full((len(never), 2), np.datetime64("NaT", "D"))])
    perhaps, surely = (days[:, None, k] <= dates[None, :, 1] for k in (0, 1))
    treatment = np.where(perhaps & ~surely, np.nan, surely.astype(float))
    return Design(
        treatment,
        _people(size, rate, names, dates),
        clusters=names,
        periods=tuple(str(day) for day in dates[:, 0]),
        dates=dates,
        strata=_in_order(strata, names) if isinstance(strata, Mapping) else strata,
        name=name or "rollout",
    )


def _days(go_live: Mapping[str, object], first: np.datetime64, last: np.datetime64) -> DateArray:
    """Earliest and latest first day of treatment, (councils, 2); the same where the day is known."""
    pairs = [value if isinstance(value, (tuple, list)) else (value, value) for value in go_live.values()]
    odd = [name for name, pair in zip(go_live, pairs, strict=True) if len(pair) != 2]
    if odd:
        raise DesignError(
            f"{listing(odd)} has a list that is not two go-live dates.",
            "A go-live that is not known to the day lies between an earliest and a latest day.",
            "Give one date, or a pair of them.",
        )
    names = [*go_live]
    ends = [to_dates([pair[k] for pair in pairs], names) for k in (0, 1)]
    for days in ends:
        _inside(days, names, first, last)
    swapped = [name for name, early, late in zip(names, *ends, strict=True) if early > late]
    if swapped:
        raise DesignError(
            f"{listing(swapped)} has an earliest go-live after its latest.",
            "Nobody can tell which of the two is meant.",
            "Give the earliest day first.",
        )
    return np.column_stack(ends)


def _in_order(strata: Mapping[str, str], names: Sequence[str]) -> tuple[str, ...]:
    missing = [name for name in names if name not in strata]
    unknown = [name for name in strata if name not in names]
    if missing or unknown:
        raise DesignError(
            f"{'No stratum for ' + listing(missing) if missing else 'A stratum for the unknown ' + listing(unknown)}.",
            "A stratum says which councils may swap dates, so every council of the rollout needs one, and only those.",
            "Use the same spelling in both lists.",
        )
    return tuple(strata[name] for name in names)


def _inside(days: DateArray, names: Sequence[str], first: np.datetime64, last: np.datetime64) -> None:
    if last <= first:
        raise DesignError(
            f"The window ends ({last}) before it begins ({first}).",
            "No period fits in it.",
            "Swap or correct the dates.",
        )
    blank = [name for name, day in zip(names, days, strict=True) if np.isnat(day)]
    if blank:
        raise DesignError(
            f"{listing(blank)} has no go-live date.",
            "Without it nobody knows which periods are treated.",
            "Give the date, or list the council under never.",
        )
    for name, day in zip(names, days, strict=True):
        if not first <= day <= last:
            raise DesignError(
                f"{name} goes live on {day}, outside the window from {first} to {last}.",
                "Such a council is never seen to cross over.",
                "Correct the date, widen the window, or list the council under never.",
            )


def _step_periods(days: DateArray, first: np.datetime64, last: np.datetime64) -> DateArray:
    begins = np.unique(np.append(days, first))
    return np.column_stack([begins, np.append(begins[1:] - np.timedelta64(1, "D"), last)])


def _calendar_periods(first: np.datetime64, last: np.datetime64, months: int) -> DateArray:
    """Stretches of whole months counted from the first day; the last one may be cut short."""
    offset = first - first.astype("datetime64[M]").astype("datetime64[D]")
    count = int((last.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(int)) // months + 1
    begins = (first.astype("datetime64[M]") + months * np.arange(count)).astype("datetime64[D]") + offset
    begins = begins[begins <= last]
    return np.column_stack([begins, np.append(begins[1:] - np.timedelta64(1, "D"), last)])


def _people(
    size: ArrayLike | Mapping[str, float] | None,
    rate: float | Mapping[str, float] | None,
    names: Sequence[str],
    dates: DateArray,
) -> FloatArray:
    """People per cell, (clusters, 1) or (clusters, periods)."""
    given = rate if rate is not None else size if size is not None else 1.0
    if isinstance(given, Mapping):
        missing = [name for name in names if name not in given]
        unknown = [name for name in given if name not in names]
        if missing or unknown:
            raise DesignError(
                f"{'No size for ' + listing(missing) if missing else 'A size for the unknown ' + listing(unknown)}.",
                "Every council of the rollout needs a size, and only those.",
                "Use the same spelling in both lists.",
            )
        given = [[given[name]] for name in names]
    numbers = to_numbers(given, "The size" if rate is None else "The rate")
    if rate is None:
        return numbers
    length = (dates[:, 1] - dates[:, 0]).astype(int) + 1
    people = numbers * length / _DAYS_OF_RATE
    return np.asarray(np.broadcast_to(people, (len(names), len(length))))
