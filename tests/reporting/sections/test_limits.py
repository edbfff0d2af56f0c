"""What this cannot say: what follows from the data, and what the study file adds."""

import numpy as np

import staggered as sg
from staggered.reporting.sections.limits import limits, years
from tests.reporting.reading import words


def test_results_name_totals_few_councils_comparators_and_that_they_are_not_the_trials(trees):
    text = words(trees["results"], "limits")
    for said in (
        "yearly totals",
        "9 councils went live",
        "24 comparison councils may have changed",
        "This is not the trials’ result",
    ):
        assert said in text
    assert trees["results"].get_element_by_id("limits").find_class("box")


def test_what_the_study_file_adds_comes_first(results):
    box = limits(results).blocks[0]
    assert box.blocks[0].items[0].startswith("This is not the trials")


def test_a_plan_says_that_its_strata_follow_each_other(trees):
    text = words(trees["plan"], "limits")
    assert "high readiness and low readiness) go live one after the other" in text
    assert "simulated" in text


def test_years_are_told_from_shorter_periods():
    def of(days):
        ends = np.datetime64("2020-01-01") + np.arange(3) * np.timedelta64(days, "D")
        dates = np.column_stack([ends, ends + np.timedelta64(days - 1, "D")])
        return sg.Design([[0, 0, 1], [0, 1, 1]], dates=dates)

    assert years(of(365))
    assert not years(of(30))
    assert not years(sg.Design([[0, 1], [1, 1]]))
