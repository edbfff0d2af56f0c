"""People kept beside the cells they make up."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.data.persons import Persons
from staggered.errors import DataError

TABLE = {
    "council": ["Leeds", "Leeds", "Leeds", "Leeds", "Kent", "Kent", "Kent"],
    "year": [2020, 2020, 2021, 2021, 2020, 2021, 2021],
    "child": ["a", "b", "a", "b", "a", "a", "c"],
    "starts": [1.0, 3.0, 2.0, None, 5.0, 6.0, 8.0],
    "age": [3.0, None, 3.0, 9.0, 7.0, 7.0, 2.0],
    "go_live": [2021, 2021, 2021, 2021, "", "", ""],
}
NAMED = {"cluster": "council", "period": "year", "outcome": "starts", "start": "go_live", "rows": "people"}


def test_reading_people_keeps_them_with_their_cell_and_their_number() -> None:
    panel = sg.read(TABLE, **NAMED, unit="child", covariates=["age"], per=10)
    people = panel.people
    assert people is not None
    assert people.outcome.tolist() == [10, 30, 20, 50, 60, 80]
    assert people.cluster.tolist() == [0, 0, 0, 1, 1, 1]
    assert people.period.tolist() == [0, 0, 1, 0, 1, 1]
    # "a" of Leeds and "a" of Kent are two people.
    assert people.unit.tolist() == [0, 1, 0, 2, 2, 3]
    np.testing.assert_allclose(people.means(people.outcome, (2, 2)), panel.outcome)
    np.testing.assert_array_equal(people.counts((2, 2)), panel.design.size)


def test_a_blank_covariate_of_a_person_is_kept_counted_and_said() -> None:
    panel = sg.read(TABLE, **NAMED, covariates=["age"])
    assert np.isnan(panel.people.covariates["age"]).tolist() == [False, True, False, False, False, False]
    assert panel.frame.covariates["age"].tolist() == [[3.0, 3.0], [7.0, 4.5]]
    assert any("'age' is blank for 1 of 6 people (16.7%)" in note for note in panel.notes)


def test_a_covariate_that_nobody_of_a_cell_has_is_refused() -> None:
    data = {**TABLE, "age": [None, None, 3.0, 9.0, 7.0, 7.0, 2.0]}
    with pytest.raises(DataError, match="'age' is blank for everyone in Leeds in 2020"):
        sg.read(data, **NAMED, covariates=["age"])


def test_without_people_there_are_none() -> None:
    rows = {name: [TABLE[name][k] for k in (0, 2, 4, 5)] for name in ("council", "year", "starts", "go_live")}
    assert sg.read(rows, **{**NAMED, "rows": "cells"}).people is None


def test_keeping_some() -> None:
    people = Persons(cluster=[0, 1], period=[0, 0], outcome=[1.0, 2.0], unit=[0, 1], covariates={"age": [3.0, 4.0]})
    kept = people.keep(np.array([False, True]))
    assert kept == Persons(cluster=[1], period=[0], outcome=[2.0], unit=[1], covariates={"age": [4.0]})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"outcome": [1.0, np.nan]}, "outcome of 1 people is missing or infinite"),
        ({"unit": [0]}, r"unit has shape \(1,\) for 2 people"),
        ({"covariates": {"age": [1.0]}}, r"age has shape \(1,\)"),
    ],
)
def test_columns_that_do_not_fit_are_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(DataError, match=words):
        Persons(**{"cluster": [0, 1], "period": [0, 0], "outcome": [1.0, 2.0], **fields})


def test_people_and_cells_that_do_not_agree_are_refused() -> None:
    panel = sg.read(TABLE, **NAMED)
    with pytest.raises(DataError, match="outside the 2 clusters and 2 periods"):
        replace(panel, people=replace(panel.people, cluster=panel.people.cluster + 1))
    with pytest.raises(DataError, match="an outcome but nobody in Leeds in 2021"):
        replace(panel, people=panel.people.keep(np.array([True, True, False, True, True, True])))


def test_a_cluster_that_is_set_aside_takes_its_people_along() -> None:
    panel = sg.read(TABLE, **NAMED).without(0)
    assert panel.people.cluster.tolist() == [1, 1, 1]
