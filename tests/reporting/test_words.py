"""What may be said: the interval first, nothing that it does not allow."""

import re

import numpy as np
import pytest

import staggered as sg
from staggered.plotting.scale import AsIs, PercentagePoints, PercentChange, PerPeople
from staggered.reporting.words import (
    Finding,
    conclusion,
    finding,
    for_readers,
    interval_cell,
    number_cell,
    p_cell,
    scale_of_data,
    scale_of_plan,
    sentence,
)
from staggered.results.estimate import Term
from staggered.results.uncertainty import Sampling

VERBS = re.compile(r"\b(reduc|worsen|improv|increas|decreas|prevent|caus|lead to|led to|effective|success)\w*", re.I)


def found(low, high, value=0.0):
    return Finding(value=value, low=low, high=high, se=0.1, df=10.0, p=0.5, kind="confidence interval")


@pytest.mark.parametrize(
    ("low", "high"), [(-0.2, 0.3), (0.0, 0.3), (-0.1, 0.0), (-np.inf, 0.2), (-np.inf, np.inf), (np.nan, np.nan)]
)
def test_what_cannot_be_told_from_nothing_is_said_to_be_so(low, high):
    said = conclusion(found(low, high), PercentChange(), "the rate")
    assert "we cannot tell" in said
    assert not VERBS.search(said)


@pytest.mark.parametrize(("low", "high", "side"), [(0.1, 0.3, "above"), (-0.3, -0.1, "below"), (0.1, np.inf, "above")])
def test_what_leaves_out_zero_says_on_which_side_and_that_it_rests_on_assumptions(low, high, side):
    said = conclusion(found(low, high), AsIs(), "the rate")
    assert f"is {side} zero" in said
    assert "if the assumptions below hold" in said
    assert "cannot tell" not in said
    assert not VERBS.search(said)


@pytest.mark.parametrize(("low", "high"), [(-0.2, 0.3), (0.1, 0.3)])
def test_the_interval_comes_first_with_level_and_kind(low, high):
    assert conclusion(found(low, high), AsIs(), "the rate").startswith("The 95% confidence interval runs from")


def test_a_finding_is_the_row_of_the_estimate():
    terms = (Term("overall"), Term("a"))
    estimate = sg.Estimate(
        terms, np.array([0.1, -0.2]), Sampling(np.diag([0.04, 0.01]), np.array([5.0, np.inf])), "e", "i", headed=True
    )
    own = finding(estimate, 1)
    low, high = estimate.interval()
    assert (own.value, own.low, own.high, own.se) == pytest.approx((-0.2, low[0], high[0], 0.1))
    assert finding(estimate).df == 5.0


def test_cells_say_why_there_is_no_interval():
    assert interval_cell(found(np.nan, np.nan), AsIs()) == "none"
    assert interval_cell(found(-np.inf, np.inf), AsIs()) == "open at both ends"
    assert interval_cell(found(-np.inf, 0.25), AsIs()) == "no end to +0.250"


@pytest.mark.parametrize(("value", "said"), [(0.00676, "+0.00676"), (-0.147, "−0.147"), (np.nan, "–"), (0.0, "0.000")])
def test_numbers_on_the_scale_of_the_analysis(value, said):
    assert number_cell(value) == said


def test_p_values_are_never_nought():
    assert p_cell(1e-9) == "<0.001"
    assert p_cell(1 / 12) == "0.083"


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("Swindon stands alone. Use Jackknife() or Permutation().", "Swindon stands alone."),
        ("Decide who counts (weights=); the answers differ", "Decide who counts; the answers differ."),
        ("Use the jackknife.", "Use the jackknife."),
    ],
)
def test_notes_leave_out_what_is_said_to_people_who_write_code(note, said):
    assert for_readers(note) == said


def test_a_sentence_has_one_end_and_one_line():
    assert sentence("a\n  b") == "a b."
    assert sentence("a.") == "a."
    assert sentence("") == ""


def test_the_scale_follows_what_is_analysed(plan, results):
    assert isinstance(scale_of_plan(plan.study), PercentagePoints)
    assert isinstance(scale_of_data(results.study), PercentChange)
    assert isinstance(scale_of_data(plan.study), PercentagePoints)


def test_a_rate_is_written_per_its_children(tmp_path):
    path = tmp_path / "s.toml"
    study = 'schema = 1\n[study]\ntitle = "t"\n[design]\nkind = "data"\n'
    data = '[data]\ncluster = "c"\nperiod = "p"\noutcome = "y"\nsize = "n"\nper = 10000\n'
    path.write_text(study + data, encoding="utf-8")
    assert scale_of_data(sg.load(path)) == PerPeople(10_000)
