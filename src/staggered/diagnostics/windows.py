"""The same analysis with shorter and longer windows after referral, with and without those who straddle go-live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..data.follow_up import FollowUp
from ..data.panel import Panel
from ..data.read import read
from ..errors import ConvergenceError, DataError, DesignError, IdentificationError, listing
from ..kernel.protocols import Estimator, Inference
from ..results.estimate import Estimate
from ..results.words import number_words
from ..value import Value


@dataclass(frozen=True, slots=True, eq=False)
class Windows(Value):
    """Estimates by window.

    Parameters
    ----------
    rows : tuple of (int, str, int, int, int, int)
        Months, who is in, children, events, straddlers among them, and children cut off and so left out.
    estimates : tuple of Estimate or None
        None where nothing can be estimated.
    reasons : tuple of str
        Why not; "" where something can.
    """

    rows: tuple[tuple[int, str, int, int, int, int], ...]
    estimates: tuple[Estimate | None, ...]
    reasons: tuple[str, ...]

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """One row per window and choice of children; blank, with the reason, where nothing can be estimated."""
        names = ["months", "who", "children", "events", "straddle", "cut_off"]
        columns = ["estimate", "std_error", "df", "p_value", "conf_low", "conf_high"]
        table = pd.DataFrame(self.rows, columns=names)
        nothing = pd.Series(np.nan, index=columns)
        found = [nothing if one is None else one.select([0]).table(level).iloc[0][columns] for one in self.estimates]
        table = pd.concat([table, pd.DataFrame(found).reset_index(drop=True).astype(float)], axis=1)
        return table.assign(reason=self.reasons)

    def text(self) -> str:
        """Say in a paragraph how far the answer depends on the window."""
        values = [float(one.values[0]) for one in self.estimates if one is not None]
        lost = [f"{row[0]} months, {row[1]}" for row, reason in zip(self.rows, self.reasons, strict=True) if reason]
        nothing = f" Nothing can be estimated for {listing(lost)}: see the table." if lost else ""
        put = f"the effect is put between {number_words(min(values))} and {number_words(max(values))}" if values else ""
        straddle = max(row[4] / row[2] for row in self.rows)
        cut = max(row[5] / (row[2] + row[5]) for row in self.rows)
        months = sorted({row[0] for row in self.rows})
        off = (
            f" Up to {cut:.1%} were cut off before their window ended and are left out, which is harmless only if that "
            "has nothing to do with the outcome; a hazard by interval uses them for as long as they were seen."
        )
        return (
            f"With windows of {' to '.join(map(str, dict.fromkeys((months[0], months[-1]))))} months "
            f"{put or 'no effect can be estimated'}.{nothing} Up to {straddle:.0%} of children "
            "straddle go-live: referred in control, with part of their window after it, which draws the conditions "
            "together. Leaving them out compares children referred longer before go-live with later ones."
            f"{off if cut else ''}"
        )

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"rows": self.table().to_dict(orient="records")}


def by_window(
    first: pd.DataFrame,
    follow: FollowUp,
    estimator: Estimator,
    inference: Inference | None = None,
    *,
    months: Sequence[int] = (6, 12, 18),
    covariates: Sequence[str] = (),
) -> Windows:
    """Estimate by intention to treat with several windows, with everyone and without straddlers.

    Parameters
    ----------
    first : DataFrame
        First referrals, as `TrialRecord.first_referrals` gives them.
    follow : FollowUp
    estimator : Estimator
    inference : Inference, optional
    months : sequence of int
        Windows, in calendar months.
    covariates : sequence of str
        Columns of numbers to adjust for.

    Raises
    ------
    DataError
        No window; what `FollowUp.within` refuses.
    """
    if not months:
        raise DataError(
            "No window was given.", "There is nothing to compare.", "Give, for example, months=(6, 12, 18)."
        )
    rows: list[tuple[int, str, int, int, int, int]] = []
    estimates: list[Estimate | None] = []
    reasons = []
    for length in months:
        seen = follow.within(first, length)
        whole = seen[seen["outcome"].notna()]
        for who, kept in (("all", whole), ("without straddlers", whole[~whole["straddles"]])):
            estimate, reason = _fitted(kept, follow, estimator, inference, covariates)
            estimates.append(estimate)
            reasons.append(reason)
            lost = int(seen["outcome"].isna().sum())
            rows.append((length, who, len(kept), int(kept["outcome"].sum()), int(kept["straddles"].sum()), lost))
    return Windows(tuple(rows), tuple(estimates), tuple(reasons))


def _fitted(
    kept: pd.DataFrame,
    follow: FollowUp,
    estimator: Estimator,
    inference: Inference | None,
    covariates: Sequence[str],
) -> tuple[Estimate | None, str]:
    """Estimate, or why there is none: without straddlers often nobody in control is left beside the treated."""
    try:
        return estimator.fit(_panel(kept, follow, "outcome", covariates), inference), ""
    except (IdentificationError, DesignError, ConvergenceError) as error:
        return None, error.what


def by_hazard(
    first: pd.DataFrame,
    follow: FollowUp,
    estimator: Estimator,
    inference: Inference | None = None,
    *,
    months: int = 18,
    every: int = 3,
    covariates: Sequence[str] = (),
) -> Estimate:
    """Estimate the effect on the discrete-time hazard, treatment changing at go-live.

    Everyone counts for as long as they were seen: those who straddle go-live in both conditions, those who turn 18
    until then. With a logit link the effect is the log odds ratio of the event in an interval, given none before.

    Parameters
    ----------
    first : DataFrame
        First referrals.
    follow : FollowUp
    estimator : Estimator
        Such as `Marginal("binomial")`.
    inference : Inference, optional
    months, every : int
        Length of the window and of an interval, each interval with a level of its own.
    covariates : sequence of str
        Columns of numbers to adjust for.

    Raises
    ------
    DataError
        What `FollowUp.intervals` refuses.

    References
    ----------
    Singer and Willett (1993), Journal of Educational Statistics 18:155.
    """
    rows = follow.intervals(first, months, every)
    levels = [f"interval {k}" for k in range(2, months // every + 1)]
    return estimator.fit(_panel(rows, follow, "event", [*levels, *covariates]), inference)


def _panel(rows: pd.DataFrame, follow: FollowUp, outcome: str, covariates: Sequence[str]) -> Panel:
    return read(
        rows,
        cluster=follow.record.council,
        period="period",
        outcome=outcome,
        treated="treated",
        rows="people",
        covariates=list(covariates),
    )
