"""The answer for each council: on the nine and their neighbours, and on every council where the published files are."""

import runpy
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "council_effects.py"
EVERY = ROOT.parent / "shared" / "data" / "la_panel_long_2010_2025.csv"


@pytest.fixture(scope="module")
def example():
    return runpy.run_path(str(EXAMPLE))


def test_the_nine_and_their_pictures(example, tmp_path, capsys):
    posterior = example["fit"](example["the_nine"]())
    example["show"](posterior)
    said = capsys.readouterr().out
    assert "we cannot tell whether there was a change" in said
    assert "the order is not known" in said
    assert "After one more period, it would decide with probability" in said
    example["draw"](posterior, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"councils.png", "beforehand.png"}
    assert all(path.stat().st_size > 10_000 for path in tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.skipif(not EVERY.exists(), reason="../shared/data/la_panel_long_2010_2025.csv is absent")
def test_every_council_sharpens_the_answer(example):
    nine, table = example["the_nine"](), example["every_council"](EVERY)
    assert table["council"].nunique() > 130
    wide, narrow = example["fit"](nine), example["fit"](table)
    assert narrow.passed
    assert len(narrow.estimate("cluster").terms) == 1 + 9
    low, high = narrow.estimate().interval()
    assert low < 0 < high
    # National time is told by four times as many councils.
    assert narrow.hyper["trend"].std() < wide.hyper["trend"].std()
    assert np.abs(narrow.estimate().value - wide.estimate().value) < 2 * wide.estimate().se
