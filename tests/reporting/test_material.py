"""The material: everything computed once, from the file and the data at hand."""

import datetime
import hashlib

import numpy as np
import pytest

import staggered as sg
from staggered.reporting.material import gather, observed
from tests.reporting.reading import RESULTS, ROOT


def test_the_primary_analysis_leads(results):
    assert results.analysed[0].analysis.primary
    assert results.primary.value == results.analysed[0].estimate.value


def test_readings_with_their_own_analyses_stand_by_themselves(results):
    assert list(results.side_by_side()) == ["any exposure in the year", "at least half the year"]
    assert list(results.by_themselves()) == ["the nine alone"]


def test_days_of_go_live_are_those_of_the_data(results):
    assert len(results.go_live) == 9
    assert results.go_live["Swindon"] == datetime.date(2022, 5, 24)


def test_the_data_are_known_by_their_hash(results):
    data = ROOT / "examples" / "nine_councils.csv"
    assert results.data_hash == hashlib.sha256(data.read_bytes()).hexdigest()
    assert results.data_name == "nine_councils.csv"


def test_over_time_counts_the_councils_behind_each_point(results):
    found = results.over_time
    starts = results.panel.design.start[np.isfinite(results.panel.design.start)]
    for event in range(5):
        assert found.councils[event] == (starts + event < 8).sum()
    # With a varying base the first year of all has nothing before it.
    assert found.councils[-4] == (starts - 4 >= 1).sum() == 1


def test_a_plan_is_rehearsed_on_simulated_children(plan):
    assert {one.data for one in plan.analysed} == {"simulated"}
    assert "simulated" in plan.panel.notes[0]


def test_data_handed_in_as_a_table_have_no_file(results):
    study = sg.load(RESULTS)
    table = {name: list(column) for name, column in _columns().items()}
    again = gather(study, table, "trial")
    assert (again.data_name, again.data_hash) == ("", "")
    assert again.primary.value == pytest.approx(results.primary.value, rel=1e-12)
    # Expected numbers are about the data that the file names.
    assert again.expected == ()


def test_observed_is_whether_there_are_data(plan, results):
    assert observed(results.study, None)
    assert not observed(plan.study, None)
    assert observed(plan.study, {"a": [1]})


def _columns():
    import pandas as pd

    return pd.read_csv(ROOT / "examples" / "nine_councils.csv")
