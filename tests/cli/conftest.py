import pytest
from click.testing import CliRunner

from staggered.cli import main

TEXT = """
schema = 1
[study]
title = "A rehearsal"
[design]
kind = "stepped"
clusters = ["Leeds", "Kent", "Bath", "Hull", "York", "Bury"]
steps = 3
size = 50
[outcome]
sd = 1.0
name = "the score"
[correlation]
structure = "nested"
icc = 0.05
cac = 0.8
[effect]
size = 0.3
[power]
grid = { icc = [0.01, 0.05], cac = [0.5, 1.0] }
[randomisation]
seed = 7
[analysis]
primary = { estimator = "gls", inference = "jackknife" }
[expected]
people = { value = 1200, digits = 4 }
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of our own with a study file in it, and us in it."""
    (tmp_path / "study.toml").write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def staggered(folder):
    """Run the command and give its result."""

    def run(*arguments):
        return CliRunner().invoke(main, list(arguments), catch_exceptions=False)

    return run


@pytest.fixture
def digest(folder):
    import hashlib

    return hashlib.sha256((folder / "study.toml").read_bytes()).hexdigest()
