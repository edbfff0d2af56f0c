"""Other ways to say who was exposed, and how many children each would move between the conditions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..errors import DataError
from .trial_record import TrialRecord, days_of

AT_REFERRAL = "referred after go-live"


def exposures(
    followed: pd.DataFrame, record: TrialRecord, *, days: int = 28, share: float = 0.5, closed: str | None = None
) -> pd.DataFrame:
    """Whether each child was exposed, by four definitions.

    Parameters
    ----------
    followed : DataFrame
        First referrals with their windows, as `FollowUp.within` gives them.
    record : TrialRecord
    days : int
        Treated days that count as exposure.
    share : float
        Share of the window (or of the time until the case closed) that must be treated.
    closed : str, optional
        Column with the day on which the case closed, which ends exposure; where it was not collected the window's end
        stands for it, which is itself a deviation to be recorded.

    Returns
    -------
    DataFrame
        One column of 0 and 1 per definition, the first that of intention to treat.

    Raises
    ------
    DataError
        Children without a window; a share outside 0 to 1.
    """
    if "days_treated" not in followed:
        raise DataError(
            "The children have no window yet.",
            "How long a child was exposed is counted within the window after referral.",
            "Give what FollowUp.within returned.",
        )
    if not 0 < share <= 1 or days < 1:
        raise DataError(
            f"days is {days} and share is {share:g}.",
            "Exposure means some treated days, or a share of the window between 0 and 1.",
            "Give, for example, days=28 and share=0.5.",
        )
    ahead = np.maximum(record.days_to_go_live(followed), 0)
    length, treated = (followed[name].to_numpy(dtype=float) for name in ("days_window", "days_treated"))
    if closed is not None:
        closing, referred = (days_of(followed, name, record.child) for name in (closed, record.referred))
        open_days = (closing - referred) / np.timedelta64(1, "D") + 1
        length = np.where(np.isnan(open_days), length, np.minimum(length, open_days))
        treated = np.where(np.isnan(open_days), treated, np.clip(open_days - ahead, 0, treated))
    return pd.DataFrame(
        {
            AT_REFERRAL: (ahead == 0).astype(int),
            f"at least {share:.0%} of the window": (treated >= share * length).astype(int),
            f"at least {days} days": (treated >= days).astype(int),
            "any day": (treated > 0).astype(int),
        },
        index=followed.index,
    )


def moved_by_definition(exposed: pd.DataFrame) -> pd.DataFrame:
    """How many children each definition counts as treated, and how many it moves against the first.

    Examples
    --------
    >>> moved_by_definition(pd.DataFrame({"first": [0, 1, 1], "other": [1, 1, 0]})).values.tolist()
    [['first', 2, 0, 0], ['other', 2, 1, 1]]
    """
    first = exposed.iloc[:, 0]
    return pd.DataFrame(
        {
            "definition": exposed.columns,
            "treated": exposed.sum().to_numpy(),
            "into_treated": [int(((one == 1) & (first == 0)).sum()) for _, one in exposed.items()],
            "into_control": [int(((one == 0) & (first == 1)).sum()) for _, one in exposed.items()],
        }
    )
