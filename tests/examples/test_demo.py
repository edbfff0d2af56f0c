"""The main job: both studies into one folder, each with its report, and the last line says where."""

import subprocess
import sys
from pathlib import Path

import pytest

import staggered as sg

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "out"
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), str(folder)]
    return folder, subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")


def test_it_runs_and_its_last_line_leads_to_the_reports(done):
    folder, run = done
    assert run.returncode == 0, run.stderr
    index = Path(run.stdout.strip().split("\n")[-1].removeprefix("Both reports: "))
    assert index == folder / "index.html"
    page = index.read_text(encoding="utf-8")
    for name, path in (("fs_realised", "designs"), ("nine_councils", "examples")):
        assert f'href="{name}/report.html"' in page
        assert (folder / name / "report.html").stat().st_size > 10_000
        assert sg.load(ROOT / path / f"{name}.toml").digest in (folder / name / "report.html").read_text(
            encoding="utf-8"
        )


def test_it_says_that_twelve_allocations_exist_and_what_that_means(done):
    _, run = done
    assert "12 different allocations" in run.stdout
    assert "no exact two-sided p-value can be smaller than 0.0833 (1/12)" in run.stdout
    assert "Its go-live dates could be dealt in 48 ways, which make 6 different schedules" in run.stdout


def test_it_leaves_nothing_beside_the_two_folders_and_the_page(done):
    folder, _ = done
    assert sorted(path.name for path in folder.iterdir()) == ["fs_realised", "index.html", "nine_councils"]
