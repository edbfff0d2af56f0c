import pytest

import staggered as sg

PLANNED = """
schema = 1
[study]
title = "A rehearsal"
[design]
kind = "stepped"
clusters = ["Leeds", "Kent", "Bath", "Hull", "York", "Bury"]
steps = 3
size = 50
strata = { Leeds = "big", Kent = "big", Bath = "big", Hull = "small", York = "small", Bury = "small" }
[outcome]
sd = 1.0
name = "the score"
better = "higher"
[correlation]
structure = "nested"
icc = 0.05
cac = 0.8
[effect]
size = 0.3
[power]
df = "normal"
grid = { icc = [0.01, 0.05], cac = [0.5, 1.0] }
[randomisation]
seed = 7
[analysis]
primary = { estimator = "gls", inference = "jackknife" }
sensitivity = [{ estimator = "imputation", inference = ["jackknife", "permutation"] }]
[expected]
people = { value = 1200, digits = 4 }
"""


@pytest.fixture
def write(tmp_path):
    """Write a study file and load it."""

    def load(text, name="study.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return sg.load(path)

    return load


@pytest.fixture
def planned_text():
    """The file of a small plan, complete in every part."""
    return PLANNED


@pytest.fixture
def planned(write):
    """That plan, loaded."""
    return write(PLANNED)
