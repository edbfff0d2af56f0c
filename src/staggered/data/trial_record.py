"""The record of a trial: which columns hold a child's dates, when each council went live, and who is analysed how.

Intention to treat: a child belongs to the condition that its council was in on the day of the child's first referral
within the trial, whatever happened afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from ..design.dates import to_date, to_dates
from ..errors import DataError, listing
from ..value import DateArray, FloatArray, Value, read_only

_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TrialRecord(Value):
    """Columns, window and go-live dates of a trial.

    Parameters
    ----------
    child, council, referred : str
        Columns that name the child and the council and hold the day of referral; a child may have several rows.
    go_live : mapping of str to date
        Council and its first day of treatment, as it really was.
    first, last : date
        First and last day on which a referral counts.
    planned : mapping of str to date, optional
        Go-live dates as allocated; the actual ones when absent.
    strata : mapping of str to str, optional
        Strata within which the order was drawn.

    Raises
    ------
    DesignError
        A date that is none or could mean two days.
    DataError
        A go-live outside the window, planned dates of other councils.

    Examples
    --------
    >>> record = TrialRecord(child="id", council="council", referred="referred", first="2020-03-01", last="2021-06-30",
    ...                      go_live={"Walsall": "2020-09-01", "Swindon": "2021-02-01"})
    >>> record.periods.astype(str).tolist(), record.sequence
    (['2020-03-01', '2020-09-01', '2021-02-01'], {'Walsall': 1, 'Swindon': 2})
    """

    child: str
    council: str
    referred: str
    go_live: Mapping[str, Any]
    first: Any
    last: Any
    planned: Mapping[str, Any] = field(default_factory=dict)
    strata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        for name in ("first", "last"):
            set_field(self, name, to_date(getattr(self, name), f"{name} of the trial"))
        for name in ("go_live", "planned"):
            given = getattr(self, name) or self.go_live
            set_field(self, name, dict(zip(given, to_dates(list(given.values()), list(given)), strict=True)))
        if set(self.planned) != set(self.go_live):
            apart = sorted(set(self.planned) ^ set(self.go_live))
            raise DataError(
                f"Planned and actual go-live dates are not of the same councils: {listing(apart)}.",
                "What became of a plan is seen council by council.",
                "Give both dates of every council; of one that never went live the actual date stays blank.",
            )
        window = (self.first, self.last)
        outside = [name for name, day in self.go_live.items() if not (np.isnat(day) or window[0] < day <= window[1])]
        if outside:
            raise DataError(
                f"Outside the window from {self.first} to {self.last}: the go-live of {listing(outside)}.",
                "Such a council is never seen to cross over.",
                "Correct the date, widen the window, or leave the date blank if it never went live within it.",
            )

    @property
    def periods(self) -> DateArray:
        """First day of each period: the trial's, and each day on which a council went live."""
        days = [self.first, *(day for day in self.go_live.values() if not np.isnat(day))]
        return read_only(np.unique(np.array(days, dtype="datetime64[D]")))

    @property
    def sequence(self) -> dict[str, int]:
        """Sequence of each council, numbered by planned go-live."""
        days = {name: day for name, day in self.planned.items() if not np.isnat(day)}
        order = sorted(set(days.values()))
        return {name: order.index(days[name]) + 1 if name in days else len(order) + 1 for name in self.planned}

    def moved(self, days: int) -> TrialRecord:
        """The trial as if every council had gone live so many days later (earlier when negative).

        A way to ask for at least so much exposure: with windows of 548 days, children with 28 treated days or more are
        those referred from 520 days before go-live on, so `moved(-520)`. Dates before the window are cut to its second
        day.
        """
        second = np.datetime64(self.first, "D") + _DAY
        shifted = {name: day if np.isnat(day) else max(second, day + days * _DAY) for name, day in self.go_live.items()}
        return replace(self, go_live=shifted)

    def go_lives(self, referrals: pd.DataFrame | None = None) -> pd.DataFrame:
        """Planned against actual go-live: one row per council.

        Parameters
        ----------
        referrals : DataFrame, optional
            First referrals; then also how many were referred between the two dates, whose condition is not the planned.

        Examples
        --------
        >>> record = TrialRecord(child="id", council="council", referred="referred", first="2020-03-01",
        ...                      last="2021-06-30", go_live={"Walsall": "2020-09-21"},
        ...                      planned={"Walsall": "2020-09-01"})
        >>> record.go_lives()[["council", "days_late"]].to_dict(orient="records")
        [{'council': 'Walsall', 'days_late': 20.0}]
        """
        names = sorted(self.planned, key=lambda name: (self.sequence[name], name))
        planned = np.array([self.planned[name] for name in names], dtype="datetime64[D]")
        actual = np.array([self.go_live[name] for name in names], dtype="datetime64[D]")
        late = np.where(np.isnat(actual) | np.isnat(planned), np.nan, (actual - planned) / _DAY)
        table = pd.DataFrame(
            {
                "council": names,
                "stratum": [self.strata.get(name, "") for name in names],
                "sequence": [self.sequence[name] for name in names],
                "planned": planned,
                "actual": actual,
                "days_late": late,
            }
        )
        if referrals is not None:
            day, place = self._days(referrals), _place(referrals[self.council], names, self.council)
            other = (day >= _never_last(planned)[place]) != (day >= _never_last(actual)[place])
            table["children_between"] = np.bincount(place[other], minlength=len(names))
        return table

    def first_referrals(self, data: pd.DataFrame) -> pd.DataFrame:
        """First referral of each child within the window, with its condition by intention to treat.

        Parameters
        ----------
        data : DataFrame
            One row per referral.

        Returns
        -------
        DataFrame
            The row of each child's first referral (of those on one day the first as it stands), with `period` (first
            day of the trial's period), `treated` (0, 1), `sequence` and `referrals` (how many the child had within the
            window).

        Raises
        ------
        DataError
            A column that is absent, a council without go-live, a referral without a child or a day.

        Examples
        --------
        >>> record = TrialRecord(child="id", council="council", referred="referred", first="2020-03-01",
        ...                      last="2021-06-30", go_live={"Walsall": "2020-09-01", "Swindon": "2021-02-01"})
        >>> rows = pd.DataFrame({"id": [7, 7, 8], "council": ["Walsall", "Walsall", "Swindon"],
        ...                      "referred": ["2020-08-30", "2020-10-01", "2021-02-01"]})
        >>> record.first_referrals(rows)[["id", "period", "treated", "referrals"]].values.tolist()
        [[7, '2020-03-01', 0, 2], [8, '2021-02-01', 1, 1]]
        """
        self._require(data)
        day = self._days(data)
        inside = (day >= self.first) & (day <= self.last)
        kept = data[inside].assign(_day=day[inside])
        count = kept.groupby(self.child)[self.child].transform("size")
        kept = kept.assign(referrals=count).sort_values("_day", kind="stable").drop_duplicates(self.child).sort_index()
        day = kept.pop("_day").to_numpy().astype("datetime64[D]")
        names = list(self.go_live)
        place = _place(kept[self.council], names, self.council)
        live = _never_last(np.array(list(self.go_live.values()), dtype="datetime64[D]"))
        period = self.periods[np.searchsorted(self.periods, day, side="right") - 1]
        found: pd.DataFrame = kept.assign(
            period=period.astype(str),
            treated=(day >= live[place]).astype(int),
            sequence=np.array([self.sequence[name] for name in names])[place],
        ).reset_index(drop=True)
        return found

    def days_to_go_live(self, data: pd.DataFrame) -> FloatArray:
        """Days from each referral to the council's go-live, negative after it; inf where it never came."""
        names = list(self.go_live)
        live = np.array(list(self.go_live.values()), dtype="datetime64[D]")
        place = _place(data[self.council], names, self.council)
        days = (live[place] - self._days(data)) / _DAY
        return np.where(np.isnat(live[place]), np.inf, days)

    def near_go_live(self, data: pd.DataFrame, days: int = 45) -> pd.Series:
        """Flag children referred in control fewer than so many days before go-live.

        Much of what happened to them happened after it, so that the conditions are mixed in them (45 days is the time
        that an assessment may take).
        """
        ahead = self.days_to_go_live(data)
        return pd.Series((ahead > 0) & (ahead < days), index=data.index, name="near_go_live")

    def _days(self, data: pd.DataFrame) -> DateArray:
        return days_of(data, self.referred, self.child)

    def _require(self, data: pd.DataFrame) -> None:
        absent = [name for name in (self.child, self.council, self.referred) if name not in data]
        if absent:
            raise DataError(
                f"There is no column {listing([repr(name) for name in absent])}.",
                f"The columns are {listing([repr(name) for name in data.columns], most=20)}.",
                "Write the name as it stands in the data.",
            )
        for name in (self.child, self.referred):
            blank = int(data[name].isna().sum())
            if blank:
                raise DataError(
                    f"The column {name!r} is blank in {blank:,} rows.",
                    "A referral belongs to a child and a day, which decides the condition.",
                    "Fill it in, or leave those rows out and count them in the flow of children.",
                )


def days_of(data: pd.DataFrame, column: str, child: str) -> DateArray:
    """Dates of a column; blank becomes NaT.

    Raises
    ------
    DesignError
        A text that is no date, naming the child.
    """
    values = data[column]
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.to_numpy().astype("datetime64[D]")
    # Few different days stand in many rows.
    codes, found = pd.factorize(values)
    whose = pd.Series(np.arange(len(codes))).groupby(codes).first()
    names = [f"{child} {data[child].iloc[whose[k]]}" for k in range(len(found))]
    return np.append(to_dates(list(found), names), np.datetime64("NaT", "D"))[codes]


def _place(column: pd.Series, names: list[str], title: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Number of each row's council."""
    place = pd.Index(names).get_indexer(pd.Index(column))
    if (place < 0).any():
        unknown = sorted({str(name) for name in column[place < 0]})
        raise DataError(
            f"No go-live is given for {listing(unknown)} in the column {title!r}.",
            "Without it nobody knows who was treated.",
            "Add it to go_live; leave it blank for a council that never went live.",
        )
    return np.asarray(place, dtype=np.int64)


def _never_last(days: DateArray) -> DateArray:
    """Blank as a day that no referral reaches."""
    return np.where(np.isnat(days), np.datetime64("9999-12-31", "D"), days)
