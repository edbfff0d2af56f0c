"""Provenance: the study file, the data, the version and the seeds; no time."""

import hashlib

from staggered import __version__
from tests.reporting.reading import PLAN, RESULTS, ROOT, table, words


def test_files_are_known_by_their_hashes(trees):
    text = words(trees["results"], "provenance")
    for path in (RESULTS, ROOT / "examples" / "nine_councils.csv"):
        assert path.name in text
        assert hashlib.sha256(path.read_bytes()).hexdigest() in text
    assert f"staggered {__version__}" in text
    assert "Open Government Licence" in text


def test_a_plan_has_seeds_and_no_data(trees, plan):
    text = words(trees["plan"], "provenance")
    assert hashlib.sha256(PLAN.read_bytes()).hexdigest() in text
    assert f"allocation {plan.study.spec.randomisation.seed}" in text
    assert "simulated children 1" in text
    assert "none: this is a plan" in text


def test_expected_numbers_are_computed_again(trees):
    rows = table(trees["results"], "Numbers that the study file expects")
    assert len(rows) >= 4
    assert {row["Finding"] for row in rows} == {"ok"}
