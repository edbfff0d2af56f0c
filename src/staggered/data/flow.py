"""The flow of children through a trial, by sequence and condition (CONSORT for stepped wedges, items 13 and 16)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import DataError
from ..value import IntArray, Value, read_only
from .trial_record import TrialRecord


@dataclass(frozen=True, slots=True, eq=False)
class Flow(Value):
    """Children left after each step, by sequence and condition.

    Parameters
    ----------
    stages : tuple of str
        What is left, the first being everyone referred.
    sequences : tuple of int
    councils : tuple of str
        Councils of each sequence, listed.
    counts : array (stages, sequences, 2)
        Children in control and treated.
    """

    stages: tuple[str, ...]
    sequences: tuple[int, ...]
    councils: tuple[str, ...]
    counts: IntArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", read_only(np.asarray(self.counts, dtype=np.int64)))

    def table(self) -> pd.DataFrame:
        """One row per stage and sequence, and one for all: children in control, treated, together, and lost there."""
        rows = []
        whole = np.concatenate([self.counts, self.counts.sum(axis=1, keepdims=True)], axis=1)
        for k, stage in enumerate(self.stages):
            for j, name in enumerate((*map(str, self.sequences), "all")):
                control, treated = whole[k, j].tolist()
                lost = int(whole[k - 1, j].sum() - whole[k, j].sum()) if k else 0
                councils = self.councils[j] if j < len(self.councils) else ""
                rows.append((stage, name, councils, control, treated, control + treated, lost))
        columns = ["stage", "sequence", "councils", "control", "treated", "children", "left_out"]
        return pd.DataFrame(rows, columns=columns)

    def text(self) -> str:
        """Say the flow in a paragraph."""
        totals = self.counts.sum(axis=(1, 2)).tolist()
        said = f"{totals[0]:,} children: {self.stages[0]}."
        for stage, before, after in zip(self.stages[1:], totals[:-1], totals[1:], strict=True):
            said += f" {stage[:1].upper()}{stage[1:]}: {after:,} stay, {before - after:,} are left out."
        control, treated = self.counts[-1].sum(axis=0).tolist()
        return f"{said} Analysed: {control:,} in control and {treated:,} treated, in {len(self.sequences)} sequences."

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"rows": self.table().to_dict(orient="records")}


def flow(first: pd.DataFrame, record: TrialRecord, kept: Mapping[str, pd.Series]) -> Flow:
    """Count children left after each exclusion, by sequence and condition.

    Counts below the publisher's limit (five, as a rule) must be suppressed before they leave the house.

    Parameters
    ----------
    first : DataFrame
        First referrals, as `TrialRecord.first_referrals` gives them.
    record : TrialRecord
    kept : mapping of str to Series of bool
        Who stays at each step, in order; a child once left out stays out.

    Raises
    ------
    DataError
        A step that does not say of every child whether it stays.

    Examples
    --------
    >>> record = TrialRecord(child="id", council="council", referred="referred", first="2020-03-01", last="2021-06-30",
    ...                      go_live={"Walsall": "2020-09-01"})
    >>> rows = pd.DataFrame({"id": [1, 2], "council": "Walsall", "age": [3, 14],
    ...                      "referred": ["2020-04-01", "2020-10-01"]})
    >>> first = record.first_referrals(rows)
    >>> print(flow(first, record, {"aged 0 to 12": first["age"] <= 12}).text())
    2 children: referred within the window, first referral each. Aged 0 to 12: 1 stay, 1 are left out. Analysed: 1 in
    control and 0 treated, in 1 sequences.
    """
    sequences = tuple(sorted(set(record.sequence.values())))
    councils = tuple(
        ", ".join(sorted(name for name, one in record.sequence.items() if one == sequence)) for sequence in sequences
    )
    place = np.searchsorted(sequences, first["sequence"]) * 2 + first["treated"].to_numpy()
    there = np.ones(len(first), dtype=bool)
    stages, counts = ["referred within the window, first referral each"], [_counted(place, there, len(sequences))]
    for stage, stays in kept.items():
        if len(stays) != len(first) or stays.isna().any():
            raise DataError(
                f"The step {stage!r} does not say of every child whether it stays.",
                "A child that falls between two steps is lost without being counted.",
                "Give True or False for each row of the first referrals.",
            )
        there &= stays.to_numpy(dtype=bool)
        stages.append(stage)
        counts.append(_counted(place, there, len(sequences)))
    return Flow(tuple(stages), sequences, councils, np.stack(counts))


def _counted(place: IntArray, there: np.ndarray[tuple[int], np.dtype[np.bool_]], sequences: int) -> IntArray:
    return np.bincount(place[there], minlength=2 * sequences).reshape(sequences, 2).astype(np.int64)
