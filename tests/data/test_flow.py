"""Counts of children by stage, sequence and condition."""

import pandas as pd
import pytest

import staggered as sg
from staggered.data.flow import flow
from staggered.data.trial_record import TrialRecord

RECORD = TrialRecord(
    child="id", council="la", referred="day", first="2020-01-01", last="2020-12-31",
    go_live={"A": "2020-04-01", "B": "2020-08-01", "C": "2020-08-01"},
)  # fmt: skip


def first() -> pd.DataFrame:
    days = {"A": ["2020-01-05"] * 3 + ["2020-05-05"] * 4, "B": ["2020-03-05"] * 5, "C": ["2020-09-05"] * 2}
    rows = [(la, day) for la, several in days.items() for day in several]
    data = pd.DataFrame(rows, columns=["la", "day"]).assign(id=range(len(rows)))
    return RECORD.first_referrals(data.assign(age=data["id"]))


def test_each_step_loses_whom_it_should() -> None:
    kids = first()
    found = flow(kids, RECORD, {"aged under 13": kids["age"] < 13, "not in care": kids["age"] > 0})
    assert found.counts.tolist() == [[[3, 4], [5, 2]], [[3, 4], [5, 1]], [[2, 4], [5, 1]]]
    assert found.councils == ("A", "B, C")
    table = found.table()
    everyone = table[table["sequence"] == "all"]
    assert everyone["children"].tolist() == [14, 13, 12]
    assert everyone["left_out"].tolist() == [0, 1, 1]
    assert "Analysed: 7 in control and 5 treated, in 2 sequences" in found.text()
    assert len(found.to_dict()["rows"]) == 9


def test_a_step_must_speak_of_every_child() -> None:
    with pytest.raises(sg.DataError, match="'known' does not say of every child"):
        flow(first(), RECORD, {"known": pd.Series([True, None])})
