"""Power: every number of the map and of the smallest differences is computed again."""

import pytest

import staggered as sg
from staggered.reporting.material import gather
from staggered.reporting.sections.power import correlation_words, the_power
from tests.reporting.reading import ROOT, number, table, words


def test_every_power_of_the_table_is_that_of_the_grid(trees, plan):
    grid = plan.study.grid()
    rows = {row["ICC"]: row for row in table(trees["plan"], "The same in figures")}
    assert len(rows) * (len(next(iter(rows.values()))) - 1) == len(grid.powers) == 30
    for icc, cac, power in zip(grid.inputs["icc"], grid.inputs["cac"], grid.powers, strict=True):
        assert number(rows[f"{icc:g}"][f"CAC {cac:g}"]) == pytest.approx(100 * power, abs=0.5)


def test_the_smallest_differences_are_those_of_each_pair(trees, plan):
    rows = {row["ICC"]: row for row in table(trees["plan"], "Smallest difference")}
    base = plan.study.plan
    for icc, cac in ((0.001, 0.5), (0.0075, 0.8), (0.02, 1.0)):
        covariance = sg.Nested(icc=icc, cac=cac)
        other = sg.Plan(design=base.design, outcome=base.outcome, covariance=covariance, effect=base.effect)
        smallest = abs(sg.detectable(other).effect)
        assert number(rows[f"{icc:g}"][f"CAC {cac:g}"]) == pytest.approx(100 * smallest, abs=0.005)


def test_the_conventions_are_said(trees, plan):
    text = words(trees["plan"], "power")
    for sentence in plan.study.power().conventions:
        assert sentence in text
    assert "both tails count" in text


def test_without_a_grid_there_is_a_curve(tmp_path):
    source = (ROOT / "designs" / "nwd_protocol.toml").read_text(encoding="utf-8")
    path = tmp_path / "study.toml"
    path.write_text("\n".join(line for line in source.splitlines() if not line.startswith("grid")), encoding="utf-8")
    blocks = the_power(gather(sg.load(path), None, "protocol")).blocks
    assert [block.name for block in blocks if hasattr(block, "draw")] == ["power-curve"]


def test_without_planning_values_there_is_nothing_to_say():
    assert the_power(gather(sg.load(ROOT / "designs" / "fs_protocol.toml"), None, "protocol")) is None


def test_the_correlation_is_named(plan):
    assert correlation_words(plan.study) == "ICC 0.00268, CAC 1"
