"""The published studies done again: every number that R gave, to its standard of agreement."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def studies() -> ModuleType:
    spec = importlib.util.spec_from_file_location("published_studies", ROOT / "examples" / "published_studies.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["published_studies"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
@pytest.mark.parametrize("name", ["minimum wage", "castle doctrine", "mathematics reform", "police training"])
def test_ours_equal_r_and_what_was_published(name: str, studies: ModuleType) -> None:
    data = studies.data_of(name, studies.BESIDE)
    if data is None:
        pytest.skip(f"../shared/data/did/{studies.FILES[name]} is absent")
    rows = studies.STUDIES[name](data)
    page = (ROOT / "docs" / "published-studies.md").read_text(encoding="utf-8")
    for row in rows:
        if not pd.isna(row.r):
            assert row.ours == pytest.approx(row.r, rel=1e-6 if "error" in row.what else 1e-8), row.what
        number = row.published.split(" ")[0].replace("−", "-")
        if "page" in row.published or "guide" in row.published:
            digits = len(number.split(".")[1])
            assert row.ours == pytest.approx(float(number), abs=0.5 * 10.0**-digits), row.what
        assert " | ".join(row.cells()) in page


def test_where_the_data_are_absent_it_says_so(studies: ModuleType, tmp_path: Path) -> None:
    assert studies.data_of("minimum wage", tmp_path) is None
