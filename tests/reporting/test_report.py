"""sg.report: the kind that fits, where it is written, and errors that say what to do."""

from pathlib import Path

import pytest

import staggered as sg
from tests.reporting.reading import PLAN, RESULTS, ROOT

DESIGNS = sorted((ROOT / "designs").glob("*.toml"))


def test_a_study_with_data_gives_results_and_one_without_a_plan(tmp_path, pages):
    for path, name in ((PLAN, "plan"), (RESULTS, "results")):
        out = sg.report(sg.load(path), out=tmp_path / f"{name}.html")
        assert out == tmp_path / f"{name}.html"
        assert out.read_text(encoding="utf-8") == pages[name]


def test_it_is_named_after_the_study_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert sg.report(sg.load(PLAN)) == Path("fs_realised.html")
    assert Path("fs_realised.html").exists()


@pytest.mark.parametrize("path", DESIGNS, ids=lambda path: path.stem)
def test_every_design_has_a_report(path, tmp_path):
    study = sg.load(path)
    page = sg.report(study, out=tmp_path / "report.html").read_text(encoding="utf-8")
    assert study.digest in page
    assert " nan" not in page
    assert ">nan" not in page


def test_data_from_a_simulated_panel_give_results(tmp_path):
    study = sg.load(PLAN)
    panel = study.simulate(seed=3).to_frame()
    page = sg.report(study, panel, out=tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Results of a study" in page
    assert "a table handed in" in page
    assert "percentage points" in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"kind": "board"}, "later version"), ({"kind": "poster"}, "'protocol' and 'trial'"), ({"to": "docx"}, "'html'")],
)
def test_what_this_version_does_not_have_is_an_error(asked, said, tmp_path):
    with pytest.raises(sg.StudyError, match=said) as error:
        sg.report(sg.load(PLAN), out=tmp_path / "r.html", **asked)
    assert len(str(error.value).splitlines()) == 3
    assert not (tmp_path / "r.html").exists()


def test_results_without_data_are_an_error(tmp_path):
    with pytest.raises(sg.StudyError, match="names no data"):
        sg.report(sg.load(PLAN), kind="trial", out=tmp_path / "r.html")


def test_a_place_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(sg.StaggeredError, match="cannot be written"):
        sg.report(sg.load(PLAN), out=tmp_path / "nowhere" / "r.html")


def test_a_path_is_not_a_study():
    with pytest.raises(sg.StudyError, match=r"sg\.load"):
        sg.report("study.toml")
