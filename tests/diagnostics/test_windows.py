"""Windows side by side against fits by hand, and a hazard that finds what straddling hides."""

import numpy as np
import pandas as pd
import pytest

import staggered as sg
from staggered.data.follow_up import FollowUp
from staggered.data.trial_record import TrialRecord
from staggered.diagnostics.windows import by_hazard, by_window

DAY = np.timedelta64(1, "D")
GO_LIVE = {f"L{k}": np.datetime64("2020-03-01") + 90 * k * DAY for k in range(1, 9)}
RECORD = TrialRecord(child="id", council="la", referred="day", first="2020-01-01", last="2022-06-30", go_live=GO_LIVE)
FOLLOW = FollowUp(record=RECORD, event="cla", known_until="2024-01-31", born="born")


def children(seed: int, count: int, effect: float) -> pd.DataFrame:
    """Events at a constant hazard a day, which go-live multiplies by exp(effect), for everyone under 18."""
    generator = np.random.default_rng(seed)
    la = generator.choice(list(GO_LIVE), count)
    day = np.datetime64("2020-01-01") + generator.integers(0, 912, count) * DAY
    live = (np.array([GO_LIVE[name] for name in la]) - day) / DAY
    hazard, changed = 1 / 1500, np.exp(effect) / 1500
    before = generator.exponential(1 / hazard, count)
    after = np.maximum(live, 0) + generator.exponential(1 / changed, count)
    wait = np.where(before < live, before, after)
    born = day - generator.integers(0, 18 * 365 - 2, count) * DAY
    came = wait < 1460
    event = np.where(came, day + np.floor(wait).astype(int) * DAY, np.datetime64("NaT", "D"))
    data = pd.DataFrame({"id": range(count), "la": la, "day": day, "cla": event, "born": born})
    return RECORD.first_referrals(data)


def test_each_row_is_the_fit_of_its_window() -> None:
    first = children(1, 1500, 0.0)
    marginal = sg.Marginal("binomial", link="identity")
    found = by_window(first, FOLLOW, marginal, months=(6, 18))
    table = found.table()
    assert table[["months", "who"]].values.tolist() == [
        [6, "all"], [6, "without straddlers"], [18, "all"], [18, "without straddlers"],
    ]  # fmt: skip
    seen = FOLLOW.within(first, 18)
    kept = seen[seen["outcome"].notna() & ~seen["straddles"]]
    by_hand = sg.read(kept, cluster="la", period="period", outcome="outcome", treated="treated", rows="people")
    assert table["estimate"].iloc[3] == pytest.approx(marginal.fit(by_hand).value)
    assert table["cut_off"].iloc[2] == seen["outcome"].isna().sum()
    assert table["straddle"].tolist()[1::2] == [0, 0]
    assert table["straddle"].iloc[2] > table["straddle"].iloc[0] > 0
    assert "6 to 18 months" in found.text()
    assert len(found.to_dict()["rows"]) == 4
    with pytest.raises(sg.DataError, match="No window"):
        by_window(first, FOLLOW, marginal, months=())


def test_windows_longer_than_the_steps_leave_no_control_without_straddlers() -> None:
    live = {"A": "2020-09-01", "B": "2021-01-01", "C": "2021-05-01"}
    record = TrialRecord(child="id", council="la", referred="day", first="2020-03-01", last="2021-08-31", go_live=live)
    generator = np.random.default_rng(4)
    day = np.datetime64("2020-03-01") + generator.integers(0, 548, 900) * DAY
    data = pd.DataFrame({"id": range(900), "la": generator.choice(list(live), 900), "day": day})
    data["cla"] = np.where(generator.random(900) < 0.3, day + 30 * DAY, np.datetime64("NaT", "D"))
    follow = FollowUp(record=record, event="cla", known_until="2024-01-31")
    found = by_window(record.first_referrals(data), follow, sg.Marginal("gaussian"), months=(18,))
    table = found.table()
    assert np.isfinite(table["estimate"].iloc[0])
    assert np.isnan(table["estimate"].iloc[1])
    assert "goes live" in table["reason"].iloc[1] or "treated" in table["reason"].iloc[1]
    assert "Nothing can be estimated for 18 months, without straddlers" in found.text()


@pytest.mark.slow
def test_a_hazard_finds_the_effect_that_straddlers_hide() -> None:
    first = children(2, 9_000, -0.6)
    marginal = sg.Marginal("binomial")
    hazard = by_hazard(first, FOLLOW, marginal, months=18, every=1)
    windows = by_window(first, FOLLOW, marginal, months=(18,)).table()
    low, high = hazard.interval()
    assert low < -0.6 < high
    assert windows["estimate"].iloc[0] > hazard.value + 0.1
