"""Windows, straddlers, censoring at 18 and intervals, on children whose answers can be counted on a calendar."""

import numpy as np
import pandas as pd
import pytest

import staggered as sg
from staggered.data.exposure import exposures, moved_by_definition
from staggered.data.follow_up import FollowUp, birthday, later
from staggered.data.trial_record import TrialRecord

RECORD = TrialRecord(
    child="id", council="la", referred="day", first="2020-01-01", last="2021-12-31",
    go_live={"Early": "2020-07-01", "Late": "2021-07-01"},
)  # fmt: skip
FOLLOW = FollowUp(record=RECORD, event="cla", known_until="2022-06-30", born="born")


def children() -> pd.DataFrame:
    rows = [
        # An event on the last day of 18 months, and one a day later.
        ("a", "Early", "2020-02-10", "2021-08-09", "2010-01-01"),
        ("b", "Early", "2020-02-10", "2021-08-10", "2010-01-01"),
        # 18 within the window: no event before, an event before, an event on the birthday.
        ("c", "Late", "2020-03-01", None, "2003-01-01"),
        ("d", "Late", "2020-03-01", "2020-12-31", "2003-01-01"),
        ("e", "Late", "2020-03-01", "2021-01-01", "2003-01-01"),
        # The data end before the window does: without and with an event.
        ("f", "Late", "2021-08-01", None, "2015-01-01"),
        ("g", "Late", "2021-08-01", "2022-03-01", "2015-01-01"),
        # The window ends on the last day that is known.
        ("h", "Late", "2021-01-01", None, "2015-01-01"),
    ]
    return RECORD.first_referrals(pd.DataFrame(rows, columns=["id", "la", "day", "cla", "born"]))


def test_outcomes_within_eighteen_months() -> None:
    seen = FOLLOW.within(children()).set_index("id")
    expected = {"a": 1.0, "b": 0.0, "c": np.nan, "d": 1.0, "e": np.nan, "f": np.nan, "g": 1.0, "h": 0.0}
    assert seen["outcome"].to_dict() == pytest.approx(expected, nan_ok=True)
    why = {"c": "turned 18", "e": "turned 18", "f": "end of data"}
    assert seen["cut_off"].to_dict() == {name: why.get(name, "") for name in expected}


def test_days_seen_and_treated() -> None:
    seen = FOLLOW.within(children()).set_index("id")
    days = pd.Timestamp("2021-08-10") - pd.Timestamp("2020-02-10")
    assert seen.loc["b", "days_seen"] == seen.loc["b", "days_window"] == days.days
    assert seen.loc["a", "days_seen"] == days.days
    assert seen.loc["c", "days_seen"] == (pd.Timestamp("2021-01-01") - pd.Timestamp("2020-03-01")).days
    assert seen.loc["f", "days_seen"] == (pd.Timestamp("2022-07-01") - pd.Timestamp("2021-08-01")).days
    assert seen.loc["b", "days_treated"] == (pd.Timestamp("2021-08-10") - pd.Timestamp("2020-07-01")).days
    assert seen.loc["f", "days_treated"] == seen.loc["f", "days_window"]


def test_straddlers_are_those_whose_window_holds_go_live() -> None:
    seen = FOLLOW.within(children(), months=18).set_index("id")["straddles"]
    assert seen.to_dict() == {
        "a": True, "b": True, "c": True, "d": True, "e": True, "f": False, "g": False, "h": True,
    }  # fmt: skip
    short = FOLLOW.within(children(), months=4).set_index("id")["straddles"]
    assert not short.drop(["a", "b"]).any()
    assert short["a"] == (pd.Timestamp("2020-06-10") > pd.Timestamp("2020-07-01"))


def test_intervals_end_with_the_event_and_with_what_was_seen() -> None:
    rows = FOLLOW.intervals(children(), months=18, every=6)
    told = {
        name: list(zip(one["interval"], one["event"], one["treated"], strict=True)) for name, one in rows.groupby("id")
    }
    assert told["a"] == [(1, 0, 0), (2, 0, 1), (3, 1, 1)]
    assert told["b"] == [(1, 0, 0), (2, 0, 1), (3, 0, 1)]
    assert told["c"] == [(1, 0, 0)]  # 18 in the second interval, which was not seen to its end
    assert told["d"] == [(1, 0, 0), (2, 1, 0)]
    assert told["e"] == [(1, 0, 0)]
    assert told["f"] == [(1, 0, 1)]
    assert told["g"] == [(1, 0, 1), (2, 1, 1)]
    assert told["h"] == [(1, 0, 0), (2, 0, 1), (3, 0, 1)]
    assert rows.loc[rows["id"] == "h", "period"].tolist() == ["2020-07-01", "2021-07-01", "2021-07-01"]
    assert rows["interval 2"].tolist() == (rows["interval"] == 2).astype(int).tolist()


def test_months_and_birthdays_of_the_calendar() -> None:
    days = np.array(["2020-08-31", "2020-02-29", "2021-01-15", "NaT"], dtype="datetime64[D]")
    assert later(days, 6).astype(str).tolist() == ["2021-02-28", "2020-08-29", "2021-07-15", "NaT"]
    for day in pd.date_range("2003-01-01", "2004-12-31"):
        expected = day + pd.DateOffset(years=18)
        if (day.month, day.day) == (2, 29):
            expected += pd.Timedelta(days=1)
        assert birthday(np.array([day], dtype="datetime64[D]"), 18)[0] == np.datetime64(expected, "D")


def test_other_definitions_of_exposure_move_children() -> None:
    seen = FOLLOW.within(children())
    exposed = exposures(seen, RECORD, days=28, share=0.5).set_index(seen["id"])
    assert exposed["referred after go-live"].tolist() == [0, 0, 0, 0, 0, 1, 1, 0]
    assert exposed.loc["a"].tolist() == [0, 1, 1, 1]
    late = (pd.Timestamp("2021-09-01") - pd.Timestamp("2021-07-01")).days
    assert seen.set_index("id").loc["c", "days_treated"] == late
    assert exposed.loc["c"].tolist() == [0, 0, 1, 1]
    moved = moved_by_definition(exposed).set_index("definition")
    assert moved.loc["any day", ["treated", "into_treated", "into_control"]].tolist() == [8, 6, 0]
    closing = seen.assign(closed="2021-07-10")
    closed = exposures(closing, RECORD, closed="closed").set_index(seen["id"])
    assert closed.loc["c"].tolist() == [0, 0, 0, 1]


def test_at_least_so_many_days_is_intention_to_treat_with_go_live_moved() -> None:
    """Among windows of one length a definition by days is a day of referral, and so a schedule that can be analysed."""
    days = pd.date_range("2020-06-01", "2021-12-31", freq="5D").astype(str)
    rows = pd.DataFrame({"id": range(len(days)), "la": "Late", "day": days, "cla": None, "born": "2015-01-01"})
    first = RECORD.first_referrals(rows)
    seen = FOLLOW.within(first, months=1)
    exposed = exposures(seen, RECORD, days=10)["at least 10 days"]
    length = seen["days_window"].unique()
    assert set(length) == {28, 30, 31}
    for days_window in length:
        moved = RECORD.moved(10 - int(days_window)).first_referrals(rows)["treated"]
        same = seen["days_window"] == days_window
        assert (moved[same] == exposed[same]).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cla": "2019-12-31"}, "1 children with 'cla' before the referral: a"),
        ({"born": "2002-02-10"}, "1 children aged 18 or more at referral: a"),
    ],
)
def test_children_who_are_no_part_of_the_question_are_refused(change: dict[str, str], words: str) -> None:
    first = children()
    for name, value in change.items():
        first.loc[first["id"] == "a", name] = value
    with pytest.raises(sg.DataError, match=words):
        FOLLOW.within(first)


def test_windows_and_definitions_without_meaning_are_refused() -> None:
    with pytest.raises(sg.DataError, match="months is 0"):
        FOLLOW.within(children(), months=0)
    with pytest.raises(sg.DataError, match="18 months is not made of intervals of 4"):
        FOLLOW.intervals(children(), months=18, every=4)
    with pytest.raises(sg.DataError, match="no window yet"):
        exposures(children(), RECORD)
    with pytest.raises(sg.DataError, match="share is 0"):
        exposures(FOLLOW.within(children()), RECORD, share=0)
