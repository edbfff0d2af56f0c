"""The published layout's type I error, at one movement of councils: the planned analysis fails, CR2 holds."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "type_one_error.py"


@pytest.mark.slow
@pytest.mark.parametrize("deviation", [0.15])
def test_rejections_agree_with_the_earlier_simulation(deviation: float) -> None:
    spec = importlib.util.spec_from_file_location("type_one_error", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    draws, earlier = 1000, script.EARLIER[deviation]
    found = script.rejections(deviation, draws, seed=7)
    error = math.sqrt(earlier * (1 - earlier) * (1 / script.EARLIER_DRAWS + 1 / draws))
    assert abs(found["logistic, council and period effects: Wald z"] - earlier) < 3 * error
    assert found["two-way fixed effects: CR2"] < 0.05 + 3 * math.sqrt(0.05 * 0.95 / draws)
    assert found["two-way fixed effects: jackknife"] < 0.05 + 3 * math.sqrt(0.05 * 0.95 / draws)
    assert found["two-way fixed effects: permutation (12 allocations)"] == 0
