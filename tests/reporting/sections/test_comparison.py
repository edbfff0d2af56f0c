"""Side by side: every number in the tables is that of its estimate, and permutations say their floor."""

import math

import numpy as np
import pytest

from staggered.inference.permutation import Permutation
from staggered.reporting.children import children_of
from tests.reporting.reading import number, table, words


@pytest.mark.parametrize("reading", ["any exposure in the year", "at least half the year", "the nine alone"])
def test_every_number_is_that_of_its_estimate(trees, results, reading):
    rows = table(trees["results"], f"Reading: {reading}")
    found = [one for one in results.analysed if one.data == reading and len(one.estimate.terms) == 1]
    assert len(rows) == len(found) > 3
    children = children_of(results.study, results.panels[reading])
    for row, one in zip(rows, found, strict=True):
        estimate = one.estimate
        low, high = estimate.interval()
        assert number(row["Difference"]) == pytest.approx(100 * math.expm1(estimate.value), abs=0.05)
        assert number(row["Children a year"]) == pytest.approx(children.difference(estimate.value), abs=0.5)
        value, error = row["Log difference (standard error)"].rstrip(")").split(" (")
        assert number(value) == pytest.approx(estimate.value, rel=0.005, abs=0.0005)
        if isinstance(one.analysis.inference, Permutation):
            assert (row["95% interval"], error) == ("open at both ends", "–")
        elif np.isnan(estimate.se):
            assert (row["95% interval"], error, row["p‑value"]) == ("none", "–", "–")
            continue
        else:
            ends = [number(end) for end in row["95% interval"].split(" to ")]
            assert ends == pytest.approx([100 * math.expm1(low), 100 * math.expm1(high)], abs=0.05)
            assert number(error) == pytest.approx(estimate.se, rel=0.005)
        assert number(row["p‑value"]) == pytest.approx(estimate.p_value, abs=0.0005)


def test_percent_and_children_come_before_log_points(trees):
    columns = list(table(trees["results"], "Reading: any exposure")[0])
    assert (
        columns.index("Difference")
        < columns.index("Children a year")
        < columns.index("Log difference (standard error)")
    )


def test_three_estimators_three_inferences_two_readings(trees):
    for reading in ("any exposure in the year", "at least half the year"):
        names = [row["Analysis"] for row in table(trees["results"], f"Reading: {reading}")]
        assert names == [
            f"{estimator}, {inference}"
            for estimator in ("Group-time effects", "Imputation", "Two-way fixed effects")
            for inference in ("jackknife", "cluster-robust, CR2", "permutation")
        ]


def test_dates_schedules_and_floors_are_counted(trees):
    text = words(trees["results"], "comparison")
    assert "could be dealt in 48 ways" in text
    assert "any exposure in the year: 6 different schedules, so no p-value can be smaller than 1/6 = 0.167" in text
    assert "at least half the year: 12 different schedules, so no p-value can be smaller than 1/12 = 0.083" in text


def test_why_there_is_no_standard_error_is_said_without_code(trees):
    text = words(trees["results"], "comparison")
    assert "Swindon" in text
    assert "Jackknife()" not in text


def test_agreement_is_not_taken_for_confirmation(trees):
    assert "that they agree does not confirm any of them" in words(trees["results"], "comparison")
