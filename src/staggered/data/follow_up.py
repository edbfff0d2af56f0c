"""Outcomes within a window after referral: who straddles go-live, who is censored, and hazards by interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..design.dates import to_date
from ..errors import DataError, listing
from ..value import BoolArray, DateArray, Value
from .trial_record import TrialRecord, days_of

_DAY = np.timedelta64(1, "D")
_ADULT = 18


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FollowUp(Value):
    """What happened to children after their referral, and until when anyone would have known.

    Parameters
    ----------
    record : TrialRecord
    event : str
        Column with the day of the event, blank where there was none.
    known_until : date
        Last day on which an event would be in the data.
    born : str, optional
        Column with the day of birth, where follow-up ends at the 18th birthday.

    Examples
    --------
    >>> record = TrialRecord(child="id", council="council", referred="referred", first="2020-03-01", last="2021-06-30",
    ...                      go_live={"Walsall": "2020-09-01"})
    >>> rows = pd.DataFrame({"id": [1, 2], "council": "Walsall", "referred": ["2020-04-01", "2020-10-01"],
    ...                      "looked after from": ["2020-12-24", None]})
    >>> follow = FollowUp(record=record, event="looked after from", known_until="2022-12-31")
    >>> follow.within(record.first_referrals(rows), months=18)[["outcome", "straddles"]].values.tolist()
    [[1.0, True], [0.0, False]]
    """

    record: TrialRecord
    event: str
    known_until: Any
    born: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "known_until", to_date(self.known_until, "known_until"))

    def within(self, first: pd.DataFrame, months: int = 18) -> pd.DataFrame:
        """Outcome of each child within so many months of referral.

        Parameters
        ----------
        first : DataFrame
            First referrals.
        months : int
            Calendar months; the window ends the day before.

        Returns
        -------
        DataFrame
            With `outcome` (1 when the event came within the window, 0 when the whole window was seen without it, blank
            when it was cut off), `cut_off` ("", "turned 18", "end of data"), `days_seen`, `straddles` (referred in
            control, and go-live within the window), `days_window` and `days_treated` (those of them from go-live on).

        Raises
        ------
        DataError
            Events before referral, children aged 18 or more at referral, a window of no length.
        """
        if months < 1:
            raise DataError(f"months is {months}.", "A window has a length.", "Give, for example, months=18.")
        referred, event, until, why = self._ends(first)
        close = later(referred, months)
        came = ~np.isnat(event) & (event < np.minimum(close, until))
        whole = until >= close
        stop = np.minimum(np.minimum(close, until), np.where(came, event + _DAY, np.datetime64("9999-12-31", "D")))
        ahead = self.record.days_to_go_live(first)
        length = (close - referred) / _DAY
        return first.assign(
            outcome=np.where(came, 1.0, np.where(whole, 0.0, np.nan)),
            cut_off=np.where(came | whole, "", why),
            days_seen=((stop - referred) / _DAY).astype(int),
            straddles=(ahead > 0) & (ahead < length),
            days_window=length.astype(int),
            days_treated=np.clip(length - np.maximum(ahead, 0), 0, length).astype(int),
        )

    def intervals(self, first: pd.DataFrame, months: int = 18, every: int = 3) -> pd.DataFrame:
        """One row per child and interval since referral in which an event could still come: a discrete-time hazard.

        A child stands in an interval when it began without event and was either seen to its end or ended by the event.
        Children who turn 18, or whose data end, count for as long as they were seen, instead of not at all; children
        who straddle go-live count as control before it and as treated after it. An interval is what its first day is,
        so that the one in which go-live falls counts as control: short intervals dilute an effect less.

        Parameters
        ----------
        first : DataFrame
            First referrals.
        months, every : int
            Length of the window, and of an interval.

        Returns
        -------
        DataFrame
            The child's columns with `interval` (1, 2, ...), `period` and `treated` of the interval's first day, the
            outcome `event` (0, 1), and `interval 2`, `interval 3` ... as 0/1 columns to adjust for.

        Raises
        ------
        DataError
            A window that is not a whole number of intervals; what `within` refuses.

        References
        ----------
        Singer and Willett (1993), Journal of Educational Statistics 18:155.
        """
        if every < 1 or months < every or months % every:
            raise DataError(
                f"A window of {months} months is not made of intervals of {every}.",
                "Every interval must be as long as the others to have a hazard of its own.",
                "Give, for example, months=18 and every=3.",
            )
        referred, event, until, _ = self._ends(first)
        parts = []
        for number in range(1, months // every + 1):
            opens, closes = later(referred, (number - 1) * every), later(referred, number * every)
            came = ~np.isnat(event) & (event >= opens) & (event < np.minimum(closes, until))
            free = np.isnat(event) | (event >= opens)
            there = free & (opens < until) & (came | (until >= closes))
            parts.append(self._interval(first, opens, came, there, number))
        rows = pd.concat(parts, ignore_index=True)
        numbers = range(2, months // every + 1)
        return rows.assign(**{f"interval {k}": (rows["interval"] == k).astype(int) for k in numbers})

    def _interval(
        self, first: pd.DataFrame, opens: DateArray, came: BoolArray, there: BoolArray, number: int
    ) -> pd.DataFrame:
        record = self.record
        ahead = record.days_to_go_live(first) - (opens - days_of(first, record.referred, record.child)) / _DAY
        period = record.periods[np.searchsorted(record.periods, opens, side="right") - 1].astype(str)
        treated, event = (ahead <= 0).astype(int), came.astype(int)
        return first.assign(interval=number, period=period, treated=treated, event=event)[there]

    def _ends(self, first: pd.DataFrame) -> tuple[DateArray, DateArray, DateArray, BoolArray]:
        """Days of referral and event, first day that is no longer seen, and why."""
        child = self.record.child
        referred, event = days_of(first, self.record.referred, child), days_of(first, self.event, child)
        until = np.full(len(first), np.datetime64(self.known_until, "D") + _DAY)
        why = np.full(len(first), "end of data", dtype=object)
        if self.born is not None:
            adult = birthday(days_of(first, self.born, child), _ADULT)
            _refuse(first, child, adult <= referred, "aged 18 or more at referral")
            sooner = adult < until
            until, why = np.where(sooner, adult, until), np.where(sooner, "turned 18", why)
        _refuse(first, child, event < referred, f"with {self.event!r} before the referral")
        return referred, event, until, why


def later(days: DateArray, months: int) -> DateArray:
    """The same day so many calendar months later; the last of a month that is too short.

    Examples
    --------
    >>> later(np.array(["2020-08-31"], dtype="datetime64[D]"), 18).astype(str).tolist()
    ['2022-02-28']
    """
    month = days.astype("datetime64[M]")
    day = days - month.astype("datetime64[D]")
    there = month + np.timedelta64(months, "M")
    last = (there + np.timedelta64(1, "M")).astype("datetime64[D]") - _DAY
    return np.asarray(np.minimum(there.astype("datetime64[D]") + day, last))


def birthday(born: DateArray, age: int) -> DateArray:
    """Day on which people reach an age: of those born on 29 February the first of March in other years.

    Examples
    --------
    >>> birthday(np.array(["2004-02-29", "2004-03-05"], dtype="datetime64[D]"), 18).astype(str).tolist()
    ['2022-03-01', '2022-03-05']
    """
    there = later(born, 12 * age)
    shorter = (born - born.astype("datetime64[M]")) != (there - there.astype("datetime64[M]"))
    return np.where(shorter, there + _DAY, there)


def _refuse(first: pd.DataFrame, child: str, wrong: BoolArray, what: str) -> None:
    if wrong.any():
        named = listing([str(name) for name in first.loc[wrong, child]])
        raise DataError(
            f"{int(wrong.sum()):,} children {what}: {named}.",
            "They could not have the outcome within the window, so they are no part of the question.",
            "Leave them out, and count them in the flow of children.",
        )
