"""From the data that a study names to its panels."""

import numpy as np
import pytest

import staggered as sg

COUNCILS = {"Leeds": "2020-09-01", "Kent": "2021-02-01", "Bath": "", "Hull": ""}


def rows(value="{k}"):
    numbers = range(100, 112)
    cells = [(council, year) for council in COUNCILS for year in (2020, 2021, 2022)]
    return "".join(
        f'[[data.row]]\ncouncil = "{council}"\nyear = {year}\nstarts = {value.format(k=number)}\nchildren = 1000\n'
        f'go_live = "{COUNCILS[council]}"\ntrial = "{"FS" if COUNCILS[council] else "none"}"\n'
        for (council, year), number in zip(cells, numbers, strict=True)
    )


HEAD = """
schema = 1
[study]
title = "Four councils"
[outcome]
name = "rate of starting to be looked after"
[data]
cluster = "council"
period = "year"
outcome = "starts"
size = "children"
start = "go_live"
strata = "trial"
year_ends = "03-31"
per = 1
"""
ADOPTERS = '[[data.variant]]\nname = "adopters"\nclusters = "adopters"\n'
VARIANTS = (
    """
[[data.variant]]
name = "any"
[[data.variant]]
name = "half"
adopt = "half"
"""
    + ADOPTERS
)


def test_rows_typed_in_are_read(write):
    panel = write(HEAD + rows()).panel()
    assert panel.design.clusters == tuple(COUNCILS)
    np.testing.assert_array_equal(panel.design.start, [1, 1, np.inf, np.inf])
    np.testing.assert_allclose(panel.outcome.ravel(), np.arange(100, 112) / 1000)
    assert panel.name == "rate of starting to be looked after"
    assert panel.design.strata == ("FS", "FS", "none", "none")


def test_a_log_is_taken_and_said(write):
    panel = write(HEAD + "log = true\n" + rows()).panel()
    np.testing.assert_allclose(panel.outcome.ravel(), np.log(np.arange(100, 112) / 1000))
    assert panel.name == "log rate of starting to be looked after"


def test_a_log_of_nothing_is_refused_by_name(write):
    study = write(HEAD + "log = true\n" + rows().replace("starts = 104", "starts = 0"))
    with pytest.raises(sg.DataError, match="The outcome is 0 or below for Kent in 2021"):
        study.panel()


def test_variants_read_the_same_data_in_other_ways(write):
    study = write(HEAD + rows() + VARIANTS)
    panels = study.panels()
    np.testing.assert_array_equal(panels["any"].design.start, [1, 1, np.inf, np.inf])
    np.testing.assert_array_equal(panels["half"].design.start, [1, 2, np.inf, np.inf])
    assert panels["adopters"].design.clusters == ("Leeds", "Kent")
    assert panels["adopters"].notes[-1] == "2 councils that never adopt are set aside here."
    assert study.panel() == panels["any"]
    with pytest.raises(sg.StudyError, match="has no data variant 'full'"):
        study.panel(variant="full")


def test_dates_are_counted_before_they_become_periods(write):
    study = write(HEAD + rows())
    assert study.dated_allocations() == 2
    assert study.panel().design.allocations() == 1
    assert write(HEAD.replace('strata = "trial"\n', "") + rows()).dated_allocations() == 12


def test_no_start_column_means_no_dates_to_count(planned):
    assert planned.dated_allocations() is None


def test_a_file_beside_the_study_is_found_from_anywhere(write, tmp_path, monkeypatch):
    (tmp_path / "own.csv").write_text("council,year,starts\nLeeds,2020,1\nLeeds,2021,2\nKent,2020,3\nKent,2021,4\n")
    monkeypatch.chdir("/")
    columns = 'file = "own.csv"\ncluster = "council"\nperiod = "year"\noutcome = "starts"\n'
    study = write('schema = 1\n[study]\ntitle = "t"\n[data]\n' + columns)
    with pytest.raises(sg.StaggeredError):
        study.panel(tmp_path / "other.csv")
    assert study.panel().outcome.tolist() == [[1, 2], [3, 4]]


def test_data_handed_over_take_the_place_of_those_named(write):
    study = write(
        HEAD.replace("per = 1\n", "").replace('start = "go_live"\nstrata = "trial"\n', 'treated = "t"\n') + rows()
    )
    frame = {"council": ["a", "a", "b", "b"], "year": [2020, 2021] * 2, "starts": [1, 2, 3, 4], "children": [9] * 4}
    panel = study.panel({**frame, "t": [0, 1, 0, 0]})
    assert panel.design.clusters == ("a", "b")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD, "names no data"),
        (HEAD + 'file = "x.csv"\n' + rows(), "names a file and holds rows too"),
        (HEAD.replace('period = "year"\n', "") + rows(), "does not name the column for period"),
        (HEAD + rows().replace("2020-09-01", "").replace("2021-02-01", "") + ADOPTERS,
         "No council of the data ever adopts"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_found(write, text, says):
    with pytest.raises(sg.StaggeredError, match=says):
        write(text).panel()


def test_a_simulated_panel_is_read_back_with_the_planned_strata(planned):
    simulated = planned.simulate(seed=3)
    panel = planned.panel(simulated.to_frame())
    assert panel.design.strata == planned.design.strata
    np.testing.assert_array_equal(panel.design.treatment, planned.design.treatment)
    np.testing.assert_allclose(panel.outcome, simulated.outcome)


def test_a_schedule_that_departs_from_the_plan_is_said(planned):
    frame = planned.simulate(seed=3).to_frame()
    frame.loc[(frame["cluster"] == "York") & (frame["period"] == 3), "treated"] = 1.0
    with pytest.warns(sg.DesignWarning, match="depart from the planned schedule for York in 3"):
        panel = planned.panel(frame)
    assert panel.design.start[4] == 2


def test_data_of_another_study_are_refused(planned):
    frame = planned.simulate(seed=3).to_frame()
    frame["cluster"] = frame["cluster"].replace("York", "Yorck")
    with pytest.raises(sg.DataError, match="The data hold Yorck, which the study file does not know"):
        planned.panel(frame)
