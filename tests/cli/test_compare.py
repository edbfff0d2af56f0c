"""The command compare: the same numbers as the library, each with the file it comes from."""

import json

import pandas as pd
import pytest

import staggered as sg


@pytest.fixture
def other(folder):
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "other.toml").write_text(text.replace("steps = 3", "steps = 2"), encoding="utf-8")
    return folder / "other.toml"


def test_compare_prints_what_the_library_computes(staggered, other):
    plans = {"study": sg.load("study.toml").plan, "other": sg.load("other.toml").plan}
    result = staggered("compare", "study.toml", "other.toml")
    assert result.exit_code == 0
    assert sg.compare_designs(plans).text() in result.stdout
    assert result.stdout.count("SHA-256") == 2


def test_compare_as_json_and_as_a_table(staggered, other):
    told = json.loads(staggered("compare", "study.toml", "other.toml", "--json", "--cost", "10").stdout)
    assert [row["cost"] for row in told["rows"]] == [240.0, 180.0]
    assert [one["file"] for one in told["studies"]] == ["study.toml", "other.toml"]
    assert staggered("compare", "study.toml", "other.toml", "--out", "both.csv").exit_code == 0
    table = pd.read_csv("both.csv")
    assert table["power"].tolist() == pytest.approx([row["power"] for row in told["rows"]])
    assert table["study_sha256"].tolist() == [one["study_sha256"] for one in told["studies"]]
    assert staggered("compare", "study.toml", "other.toml", "--out", "both.csv").exit_code == 2
    assert staggered("compare", "study.toml", "other.toml", "--out", "both.json", "--force").exit_code == 0


def test_files_that_are_held_to_different_standards_are_refused(staggered, other):
    other.write_text(other.read_text().replace("[power]", "[power]\nalpha = 0.1"))
    result = staggered("compare", "study.toml", "other.toml")
    assert result.exit_code == 2
    assert result.stderr.startswith("[power] alpha is 0.05 in study and 0.1 in other.")
    assert len(result.stderr.strip().splitlines()) == 3


def test_one_file_twice_is_refused_and_two_of_one_name_keep_their_paths(staggered, other, folder):
    assert staggered("compare", "study.toml", "study.toml").exit_code == 2
    (folder / "sub").mkdir()
    (folder / "sub" / "study.toml").write_text(other.read_text())
    result = staggered("compare", "study.toml", "sub/study.toml")
    assert result.exit_code == 0
    assert "sub/study.toml has the " in result.stdout or "; sub/study.toml has" in result.stdout
