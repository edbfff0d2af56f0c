"""Intention to treat, planned against actual go-live, and flags, on referrals whose answers are plain."""

import numpy as np
import pandas as pd
import pytest

import staggered as sg
from staggered.data.trial_record import TrialRecord

GO_LIVE = {"Walsall": "2020-09-21", "Lancashire": "2021-02-01", "Swindon": None}
PLANNED = {"Walsall": "2020-09-01", "Lancashire": "2021-02-01", "Swindon": "2021-05-24"}


def record(**changes: object) -> TrialRecord:
    asked = {
        "child": "id", "council": "la", "referred": "day", "first": "2020-03-01", "last": "2021-12-31",
        "go_live": GO_LIVE, "planned": PLANNED, "strata": {"Walsall": "high"}, **changes,
    }  # fmt: skip
    return TrialRecord(**asked)


def referrals() -> pd.DataFrame:
    rows = [
        (1, "Walsall", "2020-09-20"),  # the day before go-live
        (1, "Walsall", "2020-10-05"),  # a repeat, which changes nothing
        (2, "Walsall", "2020-09-21"),  # the day of go-live
        (3, "Lancashire", "2020-02-29"),  # the day before the window
        (3, "Lancashire", "2021-01-31"),
        (4, "Lancashire", "2022-01-01"),  # the day after the window
        (5, "Swindon", "2021-12-31"),  # its last day, in a council that never went live
        (6, "Walsall", "2020-09-05"),  # between the planned and the actual day
        (7, "Lancashire", "2020-12-17"),  # 46 days before go-live
        (8, "Lancashire", "2020-12-19"),  # 44 days
    ]
    return pd.DataFrame(rows, columns=["id", "la", "day"])


def test_the_first_referral_within_the_window_decides() -> None:
    first = record().first_referrals(referrals())
    told = {row.id: (row.day, row.treated, row.referrals, row.period, row.sequence) for row in first.itertuples()}
    assert told == {
        1: ("2020-09-20", 0, 2, "2020-03-01", 1),
        2: ("2020-09-21", 1, 1, "2020-09-21", 1),
        3: ("2021-01-31", 0, 1, "2020-09-21", 2),
        5: ("2021-12-31", 0, 1, "2021-02-01", 3),
        6: ("2020-09-05", 0, 1, "2020-03-01", 1),
        7: ("2020-12-17", 0, 1, "2020-09-21", 2),
        8: ("2020-12-19", 0, 1, "2020-09-21", 2),
    }


def test_dates_may_come_as_days_or_text_and_in_any_order() -> None:
    shuffled = referrals().sample(frac=1, random_state=3)
    as_dates = shuffled.assign(day=pd.to_datetime(shuffled["day"]))
    one, other = (record().first_referrals(rows).sort_values("id") for rows in (referrals(), as_dates))
    assert one[["id", "period", "treated", "referrals"]].values.tolist() == (
        other[["id", "period", "treated", "referrals"]].values.tolist()
    )


def test_a_child_referred_in_two_councils_belongs_to_the_first() -> None:
    rows = pd.DataFrame({"id": [1, 1], "la": ["Lancashire", "Walsall"], "day": ["2021-03-01", "2020-05-01"]})
    first = record().first_referrals(rows)
    assert first[["la", "treated"]].values.tolist() == [["Walsall", 0]]


def test_planned_against_actual_go_live() -> None:
    table = record().go_lives(record().first_referrals(referrals())).set_index("council")
    assert table["days_late"].to_dict() == pytest.approx(
        {"Walsall": 20, "Lancashire": 0, "Swindon": np.nan}, nan_ok=True
    )
    assert table["sequence"].to_dict() == {"Walsall": 1, "Lancashire": 2, "Swindon": 3}
    # Children 1 and 6 were referred after the planned and before the actual day, child 5 after a day that never came.
    assert table["children_between"].to_dict() == {"Walsall": 2, "Lancashire": 0, "Swindon": 1}
    assert table.loc["Walsall", "stratum"] == "high"


def test_children_shortly_before_go_live_are_flagged() -> None:
    first = record().first_referrals(referrals()).set_index("id", drop=False)
    flagged = record().near_go_live(first)
    assert sorted(flagged[flagged].index) == [1, 3, 6, 8]
    assert not record().near_go_live(first, days=1).any()
    assert sorted(first.index[record().near_go_live(first, days=2)]) == [1, 3]


def test_periods_begin_where_a_council_went_live_and_read_as_a_panel() -> None:
    assert record().periods.astype(str).tolist() == ["2020-03-01", "2020-09-21", "2021-02-01"]
    rows = pd.DataFrame(
        [
            (f"{la}{k}", la, day)
            for la in GO_LIVE
            for day in ("2020-04-01", "2020-10-01", "2021-03-01")
            for k in range(3)
        ],
        columns=["id", "la", "day"],
    )
    first = record().first_referrals(rows.assign(id=range(len(rows)))).assign(y=lambda one: one["id"] % 2)
    panel = sg.read(first, cluster="la", period="period", outcome="y", treated="treated", rows="people")
    order = {name: panel.design.treatment[k].tolist() for k, name in enumerate(panel.design.clusters)}
    assert order == {"Walsall": [0, 1, 1], "Lancashire": [0, 0, 1], "Swindon": [0, 0, 0]}


def test_moving_go_live_asks_for_more_or_less_exposure() -> None:
    earlier = record().moved(-30)
    assert str(earlier.go_live["Walsall"]) == "2020-08-22"
    assert np.isnat(earlier.go_live["Swindon"])
    assert str(record().moved(-9999).go_live["Walsall"]) == "2020-03-02"
    assert earlier.planned == record().planned


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"planned": {"Walsall": "2020-09-01"}}, "not of the same councils: Lancashire and Swindon"),
        ({"go_live": {**GO_LIVE, "Walsall": "2019-09-01"}}, "Outside the window .* the go-live of Walsall"),
        ({"go_live": {**GO_LIVE, "Walsall": "2020-03-01"}}, "Outside the window"),
    ],
)
def test_dates_that_make_no_trial_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(sg.DataError, match=words):
        record(**changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows.drop(columns="day"), "no column 'day'"),
        (lambda rows: rows.assign(la="Leeds"), "No go-live is given for Leeds"),
        (lambda rows: rows.assign(day=rows["day"].where(rows["id"] != 5)), "'day' is blank in 1 rows"),
    ],
)
def test_referrals_that_cannot_be_placed_are_refused(change, words: str) -> None:
    with pytest.raises(sg.DataError, match=words):
        record().first_referrals(change(referrals()))


def test_a_text_that_is_no_date_names_the_child() -> None:
    with pytest.raises(sg.DesignError, match="id 4 has 'soon'"):
        record().first_referrals(referrals().replace({"2022-01-01": "soon"}))
