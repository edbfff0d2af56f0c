"""The nine alone: which effects exist, on whom they rest, and what is left out, by name."""

import math

import pytest

from tests.reporting.reading import number, table, words


def test_what_exists_and_on_whom_it_rests(trees):
    text = words(trees["results"], "by-itself")
    assert (
        "There are 12 pairs of a go-live year and a year from it on. For 3 of them somebody is left to compare with"
        in text
    )
    assert "2 of these 3 rest on a single council, Swindon" in text


def test_what_cannot_be_estimated_is_named(trees):
    text = words(trees["results"], "by-itself")
    for named in (
        "Walsall, Lancashire and Rochdale (went live in 2021): 2023, 2024 and 2025",
        "Wandsworth, Warrington, Norfolk and Redcar and Cleveland (went live in 2022): 2023, 2024 and 2025",
        "Swindon (went live in 2023): 2023, 2024 and 2025",
        "Imputation: every council in 2023, 2024 and 2025",
    ):
        assert named in text
    assert "more." not in text.split("Cannot be estimated")[1].split("Averaged")[0]


def test_every_effect_that_exists_is_that_of_the_estimate(trees, results):
    rows = table(trees["results"], "Every effect that exists")
    cells = next(
        one.estimate for one in results.analysed if one.data == "the nine alone" and len(one.estimate.terms) > 1
    )
    values = {
        (str(term.cohort), str(term.period)): value for term, value in zip(cells.terms, cells.values, strict=True)
    }
    assert len(rows) == sum(math.isfinite(value) for value in cells.values[1:])
    for row in rows:
        year, when = row["In the year"].replace("\u00a0", " ").split(", ")
        assert when == ("before" if int(year) < int(row["Went live"]) else "after")
        assert number(row["Difference"]) == pytest.approx(100 * math.expm1(values[row["Went live"], year]), abs=0.05)


def test_a_lone_comparison_has_no_interval(trees):
    for row in table(trees["results"], "Every effect that exists"):
        if row["Compared with"] == "Swindon":
            assert row["95% interval"] == "none"


def test_the_average_of_what_is_left_is_not_overread(trees):
    assert "Averaged over what is left: the 95% confidence interval runs from" in words(trees["results"], "by-itself")
    assert "we cannot tell" in words(trees["results"], "by-itself")
