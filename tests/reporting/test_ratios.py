"""Models of risks in a report whose study states differences: no log ratio is ever printed as percentage points."""

from pathlib import Path

import pandas as pd
import pytest

import staggered as sg
from staggered.plotting.scale import AsIs, PercentagePoints
from staggered.reporting.ratios import as_reported, left_as_ratios
from staggered.reporting.words import scale_of_data

STUDY = """schema = 1
[study]
title = "A trial"
[design]
kind = "stepped"
clusters = 8
steps = 4
size = 400
[outcome]
family = "binomial"
name = "becoming looked after"
baseline = 0.07
better = "lower"
[correlation]
structure = "exchangeable"
icc = 0.01
[effect]
kind = "constant"
size = -0.02
[data]
cluster = "council"
period = "period"
outcome = "events"
size = "children"
treated = "treated"
[analysis]
primary = { estimator = "glmm", family = "binomial" }
sensitivity = [SENSITIVITY]
"""
FIXED = '{ estimator = "glmm", family = "binomial", covariance = "fixed" }'
PERMUTED = '{ estimator = "glmm", family = "binomial", inference = "permutation" }'


def study_of(folder: Path, sensitivity: str) -> sg.Study:
    path = folder / "study.toml"
    path.write_text(STUDY.replace("SENSITIVITY", sensitivity), encoding="utf-8")
    study = sg.load(path)
    panel = sg.simulate(study.plan, seed=2)
    design = panel.design
    rows = [
        (council, period, round(400 * panel.outcome[i, t]), 400, design.treatment[i, t])
        for i, council in enumerate(design.clusters)
        for t, period in enumerate(design.periods)
    ]
    names = ["council", "period", "events", "children", "treated"]
    pd.DataFrame(rows, columns=names).to_csv(folder / "data.csv", index=False)
    return study


@pytest.mark.filterwarnings("ignore::staggered.errors.ConvergenceWarning")
def test_effects_are_restated_as_the_study_states_them(tmp_path: Path) -> None:
    study = study_of(tmp_path, FIXED)
    found = as_reported(study.analyse(tmp_path / "data.csv"), study)
    assert not left_as_ratios(study)
    assert isinstance(scale_of_data(study), PercentagePoints)
    for one in found:
        assert one.estimate.estimand.startswith("risk difference")
        assert abs(one.estimate.value) < 0.07


@pytest.mark.filterwarnings("ignore::staggered.errors.ConvergenceWarning")
def test_where_one_cannot_be_restated_numbers_stay_as_they_are(tmp_path: Path) -> None:
    study = study_of(tmp_path, PERMUTED)
    raw = study.analyse(tmp_path / "data.csv")
    assert as_reported(raw, study) == raw
    assert isinstance(scale_of_data(study), AsIs)
    page = tmp_path / "report.html"
    sg.report(study, data=tmp_path / "data.csv", kind="trial", out=page)
    text = page.read_text(encoding="utf-8")
    lead = text[text.index("runs from") :][:200]
    assert "percentage points" not in lead
    assert "log odds ratio" in text
