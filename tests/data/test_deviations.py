"""The log of deviations keeps what it is given, in order, and asks for what readers need."""

import pytest

import staggered as sg
from staggered.data.deviations import Deviation, DeviationLog
from staggered.data.trial_record import TrialRecord

PARTS = {"planned": "this", "done": "that", "reason": "because", "consequence": "none", "outcomes_seen": False}


def test_deviations_stand_by_date_and_count_those_with_outcomes_in_sight() -> None:
    log = DeviationLog().add(Deviation(decided="2023-02-01", **PARTS))
    longer = log.add(Deviation(decided="2021-02-01", **{**PARTS, "outcomes_seen": True}))
    assert longer.table()["decided"].astype(str).tolist() == ["2021-02-01", "2023-02-01"]
    assert longer.text().startswith("2 deviations from the protocol, 1 of them")
    assert len(log.deviations) == 1
    assert DeviationLog().text() == "No deviation from the protocol is recorded."
    assert longer.to_dict()["deviations"][0]["decided"] == "2021-02-01"


def test_a_deviation_without_a_reason_is_refused() -> None:
    with pytest.raises(sg.DataError, match="2023-02-01 has no reason"):
        Deviation(decided="2023-02-01", **{**PARTS, "reason": " "})


def test_councils_that_went_live_on_another_day_are_deviations() -> None:
    record = TrialRecord(
        child="id", council="la", referred="day", first="2020-01-01", last="2020-12-31",
        go_live={"A": "2020-04-21", "B": "2020-08-01", "C": None},
        planned={"A": "2020-04-01", "B": "2020-08-01", "C": "2020-10-01"},
    )  # fmt: skip
    log = DeviationLog().with_go_lives(record, {"A": "staff were not trained", "C": "withdrew"})
    assert log.table()["done"].tolist() == ["A went live on 2020-04-21 (+20 days)", "C did not go live"]
    with pytest.raises(sg.DataError, match="has no reason"):
        DeviationLog().with_go_lives(record, {"A": "staff were not trained"})
