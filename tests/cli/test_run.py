"""Every stage into one folder: whole, the same twice, and never over what is not ours."""

import hashlib
import json

import pandas as pd
import pytest

PLAN = {
    "study.toml", "checks.json", "schedule.txt", "allocation.csv", "allocation-certificate.json", "detectable.csv",
    "power.csv", "power-grid.csv", "simulated.csv", "rehearsal.csv", "report.html", "provenance.json",
}  # fmt: skip


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_a_plan_becomes_a_folder(staggered, folder, digest):
    result = staggered("run", "study.toml", "--out", "out")
    assert result.exit_code == 0, result.stderr
    assert names(folder / "out") == PLAN
    assert result.stdout.strip().split("\n")[-1].startswith("Report: out")
    assert (folder / "out" / "study.toml").read_bytes() == (folder / "study.toml").read_bytes()
    for name in PLAN:
        assert digest in (folder / "out" / name).read_text(encoding="utf-8") or name == "study.toml", name
    assert names(folder) == {"study.toml", "out"}


def test_a_second_run_gives_the_same_bytes_but_for_the_time_of_the_draw(staggered, folder):
    staggered("run", "study.toml", "--out", "one")
    staggered("run", "study.toml", "--out", "two")
    differ = {n for n in PLAN if (folder / "one" / n).read_bytes() != (folder / "two" / n).read_bytes()}
    assert differ <= {"allocation-certificate.json"}
    one, two = (json.loads((folder / k / "allocation-certificate.json").read_text()) for k in ("one", "two"))
    assert {**one, "drawn_at": ""} == {**two, "drawn_at": ""}


def test_data_add_their_analysis_and_their_sha256(staggered, folder):
    staggered("simulate", "study.toml", "--out", "panel.csv")
    result = staggered("run", "study.toml", "panel.csv", "--out", "out")
    assert result.exit_code == 0, result.stderr
    assert names(folder / "out") == PLAN | {"panel.csv", "analysis.csv", "analysis.json"}
    provenance = json.loads((folder / "out" / "provenance.json").read_text())
    assert provenance["data_sha256"] == hashlib.sha256((folder / "panel.csv").read_bytes()).hexdigest()
    assert len(pd.read_csv(folder / "out" / "panel.csv")) == 24


def test_a_folder_that_exists_is_kept_unless_forced(staggered, folder):
    staggered("run", "study.toml", "--out", "out")
    (folder / "out" / "schedule.txt").write_text("changed")
    result = staggered("run", "study.toml", "--out", "out")
    assert result.exit_code == 2
    assert result.stderr.startswith("The folder out exists already.\n")
    assert (folder / "out" / "schedule.txt").read_text() == "changed"
    assert staggered("run", "study.toml", "--out", "out", "--force").exit_code == 0
    assert (folder / "out" / "schedule.txt").read_text(encoding="utf-8").startswith("A rehearsal")


@pytest.mark.parametrize("data", ["nowhere.csv", "broken.csv"])
def test_nothing_is_left_when_a_stage_fails(staggered, folder, data):
    (folder / "broken.csv").write_text("cluster,period\nLeeds,1\n")
    before = names(folder)
    result = staggered("run", "study.toml", data, "--out", "out")
    assert result.exit_code == 2
    assert data in result.stderr or "column" in result.stderr
    assert len(result.stderr.strip().split("\n")) == 3
    assert names(folder) == before


def test_a_plan_without_planning_values_gives_what_it_can(staggered, folder):
    (folder / "bare.toml").write_text(
        'schema = 1\n[study]\ntitle = "t"\n[design]\nkind = "stepped"\nclusters = 4\nsteps = 2\n'
    )
    result = staggered("run", "bare.toml", "--out", "out")
    assert result.exit_code == 0, result.stderr
    assert names(folder / "out") == {"study.toml", "checks.json", "schedule.txt", "report.html", "provenance.json"}
