"""Every example runs by itself from wherever it is started, and every study file passes its own check."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from staggered.cli import main

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
ARGUMENTS = {"demo.py": ["reports"]}
STUDIES = sorted([*(ROOT / "examples").glob("*.toml"), *(ROOT / "designs").glob("*.toml")])


def test_there_are_examples() -> None:
    assert "demo.py" in {script.name for script in SCRIPTS}
    assert STUDIES


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_example_runs(script: Path, tmp_path: Path) -> None:
    settings = {**os.environ, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    # As in the other tests, a warning is an error.
    command = [sys.executable, "-W", "error", str(script), *ARGUMENTS.get(script.name, [])]
    done = subprocess.run(
        command, cwd=tmp_path, env=settings, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip(), f"{script.name} prints nothing"
    if script.name == "demo.py":
        check_last_line(tmp_path, done.stdout.splitlines()[-1])


def check_last_line(folder: Path, line: str) -> None:
    """Follow the demo's last line to its page, and the page's links to both reports."""
    page = folder / line.split(": ")[1]
    reports = re.findall(r'href="([^"]+\.html)"', page.read_text(encoding="utf-8"))
    assert len(reports) == 2
    assert all((page.parent / report).is_file() for report in reports)


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.name)
def test_the_study_file_passes_its_own_check(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["check", str(study)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "look:" not in result.output
