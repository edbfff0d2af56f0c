"""The list of methods is what its script writes today, and names everything that can be asked for."""

import runpy
from pathlib import Path

from staggered.estimators.linear import Linear
from staggered.study.registries import COVARIANCES, EFFECTS, ESTIMATORS, INFERENCES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")


def test_the_page_is_up_to_date() -> None:
    written = runpy.run_path(str(ROOT / "docs" / "make_methods.py"))["page"]()
    assert written == PAGE, "docs/methods.md is out of date: run `python docs/make_methods.py`"


def test_every_method_has_an_entry_with_its_summary() -> None:
    for name, kind in {**ESTIMATORS, **INFERENCES, **COVARIANCES, **EFFECTS}.items():
        heading = f"### {kind.__name__}: `{name}`\n\n"
        assert heading in PAGE
        summary = PAGE.split(heading)[1].split("\n")[0]
        assert summary.endswith("."), f"{kind.__name__} has no one-line summary: {summary!r}"


def test_every_estimator_and_inference_says_where_it_comes_from() -> None:
    for kind in [*ESTIMATORS.values(), *INFERENCES.values()]:
        own = PAGE.split(f"### {kind.__name__}: ")[1].split("\n### ")[0]
        assert "- Source: " in own, f"{kind.__name__} names no reference"


def test_the_declared_laws_hold_in_the_computed_table() -> None:
    columns = ("treated", "clusters", "periods")
    for kind in ESTIMATORS.values():
        if issubclass(kind, Linear):
            row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{kind.__name__}` |"))
            obeyed = [answer.strip() for answer in row.split("|")[2:5]]
            assert obeyed == ["yes" if law in kind.laws else "no" for law in columns]
