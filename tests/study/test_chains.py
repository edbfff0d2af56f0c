"""A study file that asks for nothing else has its hierarchical model fitted by Markov chains."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import staggered as sg

pytest.importorskip("pymc")
FILE = """schema = 1
[study]
title = "Six councils"
[design]
kind = "data"
[outcome]
family = "poisson"
baseline = 0.01
name = "starts"
better = "lower"
[data]
cluster = "council"
period = "year"
outcome = "starts"
size = "children"
start = "start"
[analysis]
primary = { estimator = "hierarchical", trend = "indicators", exposure = "constant", draws = 1000 }
[hierarchical]
effect = { large = 0.2, not_credible = 0.5 }
"""


@pytest.mark.slow
def test_the_chains_answer_a_study_file(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(FILE, encoding="utf-8")
    r = np.random.default_rng(5)
    starts = [2020, 2020, 2021, 2021, 2022, 2022]
    rows = [
        {"council": f"c{k}", "year": 2018 + t, "start": start, "children": 40_000.0,
         "starts": float(r.poisson(400 * np.exp(0.1 * k - 0.3 * (2018 + t >= start))))}
        for k, start in enumerate(starts) for t in range(6)
    ]  # fmt: skip
    study = sg.load(tmp_path / "study.toml")
    with warnings.catch_warnings():
        # What PyMC and its compilers say of themselves is not ours to judge.
        warnings.simplefilter("ignore")
        (found,) = study.analyse(pd.DataFrame(rows))
    estimate = found.estimate
    assert estimate.inference.startswith("PyMC")
    low, high = estimate.interval()
    assert low < -0.3 < high < 0
    assert "Prior" in estimate.text()
