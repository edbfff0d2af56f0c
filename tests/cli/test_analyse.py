import json

import pandas as pd
import pytest

import staggered as sg


@pytest.fixture
def panel(staggered):
    staggered("simulate", "study.toml", "--out", "panel.csv")


@pytest.mark.usefixtures("panel")
def test_an_analysis_prints_its_paragraph_and_table(staggered, digest):
    result = staggered("analyse", "study.toml", "panel.csv")
    assert result.exit_code == 0
    (one,) = sg.load("study.toml").analyse("panel.csv")
    assert one.estimate.text() in result.stdout
    assert f"{one.estimate.value:.4g}" in result.stdout
    assert digest in result.stdout


@pytest.mark.usefixtures("panel")
def test_an_analysis_is_written(staggered, folder):
    assert staggered("analyse", "study.toml", "panel.csv", "--out", "found.csv").exit_code == 0
    table = pd.read_csv(folder / "found.csv")
    assert table["primary"].tolist() == ["yes"]
    assert table["inference"].tolist() == ["jackknife"]
    staggered("analyse", "study.toml", "panel.csv", "--out", "found.json")
    assert json.loads((folder / "found.json").read_text())["analyses"][0]["primary"] is True


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ((), "The study file names no data."),
        (("nowhere.csv",), "There is no file 'nowhere.csv'."),
        (("study.toml",), "study.toml"),
    ],
)
def test_data_that_cannot_be_read_are_three_lines(staggered, data, says):
    result = staggered("analyse", "study.toml", *data)
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.strip().split("\n")) == 3


@pytest.mark.usefixtures("panel")
def test_suppressed_numbers_are_named_by_row(staggered, folder):
    lines = (folder / "panel.csv").read_text().split("\n")
    fields = lines[3].split(",")
    fields[6] = "<5"
    (folder / "panel.csv").write_text("\n".join([*lines[:3], ",".join(fields), *lines[4:]]))
    result = staggered("analyse", "study.toml", "panel.csv")
    assert result.exit_code == 2
    assert "row 4" in result.stderr
    assert "<5" in result.stderr


def test_a_report_is_written_whole_and_not_over_another(staggered, folder, digest):
    result = staggered("report", "study.toml")
    assert result.exit_code == 0, result.stderr
    page = (folder / "study.html").read_text(encoding="utf-8")
    assert digest in page
    assert "A rehearsal" in page
    (folder / "study.html").write_text("mine")
    assert staggered("report", "study.toml").exit_code == 2
    assert (folder / "study.html").read_text() == "mine"
    assert staggered("report", "study.toml", "--force").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--kind", "sonnet"), "kind is 'sonnet'."),
        (("--to", "docx"), "to is 'docx'."),
        (("--kind", "trial"), "A report of results was asked for"),
        (("nowhere.csv",), "There is no file 'nowhere.csv'."),
    ],
)
def test_a_report_that_cannot_be_written_leaves_nothing(staggered, folder, arguments, says):
    before = sorted(folder.iterdir())
    result = staggered("report", "study.toml", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.strip().split("\n")) == 3
    assert sorted(folder.iterdir()) == before
