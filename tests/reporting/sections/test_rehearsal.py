"""The rehearsal: every number that of the simulated analysis, and nobody takes it for a result."""

import numpy as np
import pytest

from staggered.reporting.material import REHEARSAL_SEED
from staggered.reporting.sections.rehearsal import the_rehearsal
from tests.reporting.reading import number, table, words


def test_it_says_that_nobody_was_observed_and_what_was_put_in(trees):
    text = words(trees["plan"], "rehearsal")
    assert text.startswith("A rehearsal on simulated children Simulated children Nobody was observed")
    assert f"(seed {REHEARSAL_SEED})" in text
    assert "in truth 1.85 percentage points lower" in text


def test_figures_and_tables_carry_the_word(trees):
    section = trees["plan"].get_element_by_id("rehearsal")
    for head in (*section.iter("caption"), *section.iter("h3")):
        assert head.text.startswith("Simulated")


def test_every_number_is_that_of_the_analysis(trees, plan):
    rows = table(trees["plan"], "Simulated")
    again = plan.study.rehearse(REHEARSAL_SEED)
    assert len(rows) == len(again) == 5
    for row, one in zip(rows, again, strict=True):
        estimate = one.estimate.overall
        low, high = estimate.interval()
        assert number(row["Difference (percentage points)"]) == pytest.approx(100 * estimate.value, abs=0.005)
        assert number(row["p‑value"]) == pytest.approx(estimate.p_value, abs=0.0005)
        if np.isfinite([low, high]).all():
            ends = [number(end) for end in row["95% interval"].split(" to ")]
            assert ends == pytest.approx([100 * low, 100 * high], abs=0.005)
            holds = "yes" if low <= -0.0185 <= high else "no"
            assert row["Does the interval hold the true −1.85?"] == holds
        else:
            assert row["95% interval"] == "open at both ends"


def test_what_an_analysis_sets_aside_is_named(trees):
    assert (
        "Imputation: every council in the period from 24\u00a0May\u00a02022."
        in trees["plan"].get_element_by_id("rehearsal").text_content()
    )


def test_results_are_not_rehearsed(results):
    assert the_rehearsal(results) is None
