"""One council's question: the excerpt against the department's files, and the paragraph against arithmetic by hand."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import staggered as sg

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    ROOT.parent / "shared" / "data" / "ees" / f"ees_cla_number_and_rate_{years}.csv"
    for years in ("2021_2025", "2019_2023")
]


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("did_my_council", ROOT / "examples" / "did_my_council.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["did_my_council"] = module
    spec.loader.exec_module(module)
    return module


def test_the_excerpt_is_what_the_department_published(example: ModuleType) -> None:
    if not all(path.exists() for path in FILES):
        pytest.skip("../shared/data/ees is absent")
    columns = ["time_period", "la_name", "new_la_code", "children_count", "population_estimate", "go_live"]
    typed, real = (
        example.department(paths)[columns].sort_values(columns[:2]).reset_index(drop=True)
        for paths in ([example.EXCERPT], FILES)
    )
    pd.testing.assert_frame_equal(typed, real)


def test_the_difference_is_that_of_means(example: ModuleType) -> None:
    """One council that starts in 2023 among 24 that never do: (after − before) here less the others' average."""
    table = example.department([example.EXCERPT])
    rate = table.assign(
        rate=1e4 * table["children_count"] / table["population_estimate"], year=table["time_period"].astype(int)
    )
    grid = rate.pivot(index="la_name", columns="year", values="rate")
    change = grid.loc[:, 2023:].mean(axis=1) - grid.loc[:, :2022].mean(axis=1)
    expected = change[example.COUNCIL] - change.drop(example.COUNCIL).mean()
    panel = example.panel_of(table)
    estimate = sg.Imputation().fit(panel, sg.Permutation())
    assert estimate.value == pytest.approx(expected, rel=1e-9)
    others = [change[name] - change.drop(name).mean() for name in grid.index if name != example.COUNCIL]
    as_large = int((np.abs(others) >= abs(expected)).sum())
    assert example.others_that_moved_as_much(estimate) == (as_large, 24)


def test_the_paragraph_claims_nothing_that_the_interval_does_not_allow(example: ModuleType) -> None:
    panel = example.panel_of(example.department([example.EXCERPT]))
    estimate = sg.Imputation().fit(panel, sg.Permutation())
    low, high = estimate.interval(0.9)
    assert low < 0 < high
    placebo = pd.DataFrame({"estimate": [1.0, -2.0]})
    said = example.paragraph(panel, estimate, placebo)
    assert said.startswith("Swindon went live on 24 May 2022.")
    assert "cannot tell whether the model changed the number" in said
    assert "not evidence that it does not work" in said
    assert not {"reduced", "improved", "p-value", "significant"} & set(said.lower().split())
