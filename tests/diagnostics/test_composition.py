"""Who stands behind each time from go-live."""

from __future__ import annotations

import json

import numpy as np
import pytest

import staggered as sg
from staggered.diagnostics.composition import composition


def panel_of(treatment: list[list[float]]) -> sg.Panel:
    grid = np.array(treatment)
    design = sg.Design(grid, clusters=[f"council {k + 1}" for k in range(len(grid))])
    return sg.Panel(sg.Frame(design), np.where(np.isnan(grid), np.nan, np.arange(grid.size).reshape(grid.shape)))


def test_councils_leave_the_curve_as_their_data_end() -> None:
    found = composition(panel_of([[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]]))
    table = found.table().set_index("event")
    assert table["councils"].to_dict() == {-3: 1, -2: 2, -1: 3, 0: 3, 1: 2, 2: 1}
    assert table["cohorts"].to_dict() == {-3: 1, -2: 2, -1: 3, 0: 3, 1: 2, 2: 1}
    assert table.loc[1, "no_longer"] == "council 3"
    # At event 1 the calendar periods are the third and fourth: two councils, then one, are still in control.
    assert table.loc[1, "comparison"] == 1
    assert (
        "3 councils are seen as they go live, in that period alone; 2 periods later it is 1 (council 1)" in found.text()
    )
    assert "At 2 the whole estimate rests on one council." in found.text()
    json.dumps(found.to_dict())


def test_one_cohort_is_one_group_throughout() -> None:
    found = composition(panel_of([[0, 1, 1], [0, 1, 1], [0, 0, 0]]))
    assert found.text() == "All 2 councils that go live are seen at every time from 0 to 1: one curve of one group."


def test_gaps_and_an_empty_comparison_are_seen() -> None:
    found = composition(panel_of([[0, 1, np.nan, 1], [0, 0, 1, 1]]))
    table = found.table().set_index("event")
    assert table["councils"].to_dict() == {-2: 1, -1: 2, 0: 2, 1: 1, 2: 1}
    assert table.loc[1, "comparison"] == 0
    assert "nobody left in control" in found.text()


def test_without_a_go_live_there_is_no_curve() -> None:
    with pytest.raises(sg.IdentificationError, match="No council goes live"):
        composition(panel_of([[0, 0], [0, 0]]))
