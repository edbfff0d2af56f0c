"""The log of deviations: what was done otherwise than the protocol said, when, why, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ..design.dates import to_date
from ..errors import DataError
from ..value import Value
from .trial_record import TrialRecord


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Deviation(Value):
    """One departure from the protocol.

    Parameters
    ----------
    decided : date
        When it was decided, or happened.
    planned, done : str
        What the protocol says, and what was done instead.
    reason : str
    consequence : str
        What it may do to the results, and what was done about that.
    outcomes_seen : bool
        Whether anybody who decided had seen outcomes by condition.

    Raises
    ------
    DataError
        A part that is empty.
    """

    decided: Any
    planned: str
    done: str
    reason: str
    consequence: str
    outcomes_seen: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "decided", to_date(self.decided, "decided of a deviation"))
        for name in ("planned", "done", "reason", "consequence"):
            if not getattr(self, name).strip():
                raise DataError(
                    f"A deviation of {self.decided} has no {name}.",
                    "Readers judge a deviation by what was planned, what was done, why, and what follows.",
                    f"Write {name}, if only to say that it is not known.",
                )


@dataclass(frozen=True, slots=True, eq=False)
class DeviationLog(Value):
    """Deviations of a trial, by date.

    Parameters
    ----------
    deviations : tuple of Deviation

    Examples
    --------
    >>> log = DeviationLog().add(Deviation(
    ...     decided="2023-02-01", planned="exposure until the case closes", done="exposure until the window ends",
    ...     reason="closing dates were not collected", consequence="exposure is overstated alike in both conditions",
    ...     outcomes_seen=False))
    >>> print(log.text())
    1 deviation from the protocol, none of them decided by anyone who had seen outcomes.
    """

    deviations: tuple[Deviation, ...] = ()

    def add(self, deviation: Deviation) -> DeviationLog:
        """Give the log with one more; what is in it already cannot be changed."""
        return replace(self, deviations=tuple(sorted((*self.deviations, deviation), key=lambda one: one.decided)))

    def with_go_lives(self, record: TrialRecord, reasons: Mapping[str, str]) -> DeviationLog:
        """Give the log with every council that did not go live as planned.

        Parameters
        ----------
        record : TrialRecord
        reasons : mapping of str to str
            Council and why it went live on another day.

        Raises
        ------
        DataError
            A council that did and has no reason.
        """
        log = self
        for council, planned in record.planned.items():
            actual = record.go_live[council]
            if actual == planned:
                continue
            never = bool(np.isnat(actual))
            done = "did not go live" if never else f"went live on {actual} ({(actual - planned).astype(int):+d} days)"
            log = log.add(
                Deviation(
                    decided=record.last if never else actual,
                    planned=f"{council} to go live on {planned}",
                    done=f"{council} {done}",
                    reason=reasons.get(council, ""),
                    consequence="children referred between the two dates are in the other condition than allocated; "
                    "the permutation test plays through the planned dates",
                    outcomes_seen=False,
                )
            )
        return log

    def table(self) -> pd.DataFrame:
        """One row per deviation."""
        columns = ["decided", "planned", "done", "reason", "consequence", "outcomes_seen"]
        rows = [[getattr(one, name) for name in columns] for one in self.deviations]
        return pd.DataFrame(rows, columns=columns)

    def text(self) -> str:
        """Say how many there are, and how many were decided with outcomes in sight."""
        seen = sum(one.outcomes_seen for one in self.deviations)
        count = len(self.deviations)
        if not count:
            return "No deviation from the protocol is recorded."
        said = "none" if not seen else f"{seen}"
        return (
            f"{count} {'deviation' if count == 1 else 'deviations'} from the protocol, {said} of them decided by "
            "anyone who had seen outcomes."
        )

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"deviations": self.table().astype({"decided": str}).to_dict(orient="records")}
