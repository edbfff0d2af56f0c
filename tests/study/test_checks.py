import pytest

import staggered as sg
from staggered.study.checks import check


def by_name(study):
    return {one.name: one for one in check(study)}


def test_what_a_complete_plan_shows(planned):
    found = by_name(planned)
    assert all(one.passed for one in found.values())
    assert planned.digest in found["file"].message
    assert found["sizes"].message == "1,200 people in all, 200 to 200 per cluster."
    assert "9 different allocations exist within the strata big and small" in found["allocations"].message
    assert "0.111 (1/9)" in found["allocations"].message
    assert "gls with jackknife" in found["analyses"].message


def test_a_permutation_test_that_can_find_nothing_does_not_pass(write, planned_text):
    text = planned_text.replace('inference = "jackknife" }\nsens', 'inference = "permutation" }\nsens')
    assert by_name(write(text.replace('df = "normal"', "alpha = 0.2")))["allocations"].passed
    found = by_name(write(text))["allocations"]
    assert not found.passed
    assert "it can never find anything" in found.message


def test_a_file_without_planning_values_says_so(write):
    found = by_name(write('schema = 1\n[study]\ntitle = "t"\n[design]\nkind = "stepped"\nclusters = 4\nsteps = 2\n'))
    assert found["plan"].passed
    assert "does not give a baseline or sd in [outcome] and a section [correlation]" in found["plan"].message


def test_a_schedule_with_gaps_and_councils_that_never_start(write):
    text = 'schema = 1\n[study]\ntitle = "t"\n[design]\nkind = "matrix"\ntreatment = [[0, 1], [0, nan], [0, 0]]\n'
    message = by_name(write(text))["schedule"].message
    assert "2 never treated" in message
    assert "1 cells not observed" in message


def test_data_that_the_file_names_are_looked_at(write, tmp_path):
    columns = 'file = "own.csv"\ncluster = "council"\nperiod = "year"\noutcome = "y"\ntreated = "t"\n'
    study = write('schema = 1\n[study]\ntitle = "t"\n[data]\n' + columns)
    with pytest.raises(sg.DataError, match=r"own\.csv"):
        check(study)
    (tmp_path / "own.csv").write_text("council,year,y,t\nLeeds,1,1,0\nLeeds,2,2,1\nKent,1,3,0\nKent,2,4,0\n")
    assert by_name(study)["data"].message.startswith(
        "2 councils over 2 periods, 1 of them treated at some time, 4 cells"
    )
