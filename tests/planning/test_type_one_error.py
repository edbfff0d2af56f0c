"""The published layout's type I error, at one movement of councils: the planned analysis fails, CR2 holds."""

from __future__ import annotations

import importlib.util
import math
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import staggered as sg

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "type_one_error.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("type_one_error", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("deviation", [0.15])
def test_rejections_agree_with_the_earlier_simulation(script: ModuleType, deviation: float) -> None:
    draws, earlier = 1000, script.EARLIER[deviation]
    found = script.rejections(deviation, draws, seed=7)
    error = math.sqrt(earlier * (1 - earlier) * (1 / script.EARLIER_DRAWS + 1 / draws))
    assert abs(found[script.PLANNED] - earlier) < 3 * error
    holds = 0.05 + 3 * math.sqrt(0.05 * 0.95 / draws)
    assert found["two-way fixed effects: CR2"] < holds
    assert found["two-way fixed effects: jackknife"] < holds
    assert found["two-way fixed effects: permutation (12 allocations)"] == 0
    # A mixed model holds when it has room for councils that move, and only then.
    assert found["nested model fitted by REML: t, Kenward–Roger"] < holds
    assert found["exchangeable model fitted by REML: t, Kenward–Roger"] > 0.12


@pytest.mark.parametrize("covariance", ["exchangeable", "nested", "decay"])
def test_many_mixed_models_at_once_are_each_what_mixed_gives(script: ModuleType, covariance: str) -> None:
    base = script.layout()
    people = np.maximum(np.round(base.size), 2)
    frame = sg.Frame(sg.Design(base.treatment, people, dates=base.dates))
    outcomes = np.random.default_rng(4).binomial(people.astype(int), 0.07, (3, *people.shape)) / people
    found = script.mixed(covariance, frame, outcomes)
    ways = {"t, Kenward–Roger": "kenward-roger", "t, Satterthwaite": "satterthwaite", "t, clusters − 2": "clusters-2"}
    for k, outcome in enumerate(outcomes):
        panel = sg.Panel(frame, outcome, within=outcome * (1 - outcome) * people / (people - 1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sg.StaggeredWarning)
            tests = {label: sg.Mixed(covariance, df=df).fit(panel) for label, df in ways.items()}
            tests["CR2"] = sg.Mixed(covariance).fit(panel, sg.Cluster("CR2"))
            tests["jackknife"] = sg.Mixed(covariance).fit(panel, sg.Jackknife())
        for label, fit in tests.items():
            name = f"{covariance} model fitted by REML: {label}"
            assert found[name][k] == pytest.approx(fit.p_value, rel=1e-6)
