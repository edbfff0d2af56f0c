"""Children: the number that a difference stands for."""

import math

import numpy as np
import pytest

from staggered.reporting.children import Children, children_of, counted


def test_the_published_counts_come_back_out_of_the_rates(results):
    panel = results.panel
    counts = counted(panel, log=True, per=1.0)
    assert counts == pytest.approx(np.round(counts), abs=1e-6)
    assert counts[panel.design.clusters.index("Walsall")] == pytest.approx([208, 153, 237, 165, 180, 163, 197, 115])


def test_children_are_those_of_treated_cells(results):
    panel = results.panel
    found = children_of(results.study, panel)
    treated = panel.design.treatment > 0
    assert (found.cells, found.councils) == (int(treated.sum()), 9)
    assert found.total == pytest.approx((np.exp(panel.outcome) * panel.design.size)[treated].sum())


def test_a_log_difference_is_taken_off_what_would_have_been():
    found = Children(total=1100.0, at_risk=1e6, cells=10, councils=2, log=True, per=1.0)
    # Ten per cent more than 100 is 110, the average that was counted.
    assert found.difference(math.log(1.1)) == pytest.approx(10.0)
    assert found.words(math.log(1.1)) == "about 10 more children"


def test_a_difference_of_rates_is_multiplied_out():
    found = Children(total=1100.0, at_risk=500_000.0, cells=10, councils=2, log=False, per=10_000.0)
    assert found.difference(-2.0) == pytest.approx(-10.0)
    assert found.words(-2.0) == "about 10 fewer children"


def test_small_and_endless_differences_are_words():
    found = Children(total=100.0, at_risk=1e5, cells=10, councils=2, log=True, per=1.0)
    assert found.words(0.001) == "less than one child either way"
    assert found.words(0.1) == "about 1 more child"
    assert found.words(math.inf) == "no end"


def test_a_plan_has_no_children_to_count(plan):
    assert children_of(plan.study, plan.panel) is None
