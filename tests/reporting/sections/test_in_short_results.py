"""In short, for results: interval first, in percent and children, and nothing that it does not allow."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats

import staggered as sg
from staggered.reporting.material import gather
from staggered.reporting.sections.in_short_results import in_short_results
from tests.reporting.reading import PLAN, words

VERBS = re.compile(r"\b(reduced|worsened|improved|increased|decreased|prevented|caused|led to|lowered|raised)\b", re.I)


@pytest.fixture
def text(trees):
    return words(trees["results"], "in-short")


def test_we_cannot_tell_and_the_interval_says_so_first(text, results):
    low, high = results.primary.interval()
    ends = [100 * (math.exp(end) - 1) for end in (low, high)]
    assert text.removeprefix("In short ").startswith(
        f"The 95% confidence interval runs from {-ends[0]:.1f}% lower to {ends[1]:.1f}% higher. Zero lies inside it: "
        "from these data we cannot tell"
    )


def test_no_verb_of_cause_anywhere_in_a_report_that_cannot_tell(trees):
    assert not VERBS.search(words(trees["results"]))
    assert not VERBS.search(words(trees["plan"]))


def test_the_estimate_and_its_error_are_those_of_the_primary_analysis(text, results):
    assert f"{100 * math.expm1(results.primary.value):.1f}% higher" in text
    assert f"standard error near {100 * results.primary.se:.0f}% ({results.primary.se:.3f} on the log scale)" in text


def test_children_are_worked_out_from_the_published_numbers(text, results):
    panel = results.panel
    treated = panel.design.treatment > 0
    counts = (np.exp(panel.outcome) * panel.design.size)[treated]
    low, high = results.primary.interval()
    fewer, more = (round(abs(counts.mean() * (1 - math.exp(-end)))) for end in (low, high))
    assert f"{treated.sum()} council-years after go-live, in which {counts.sum():,.0f} children are counted" in text
    assert f"about {fewer} fewer children to about {more} more children" in text


def test_the_difference_that_would_be_found_follows_from_the_error(text, results):
    se, df = results.primary.se, results.primary.df
    critical = stats.t.ppf(0.975, df)

    def power(distance):
        return stats.nct.sf(critical, df, distance) + stats.nct.cdf(-critical, df, distance) - 0.8

    smallest = optimize.brentq(power, 1, 5) * se
    assert (
        f"at least {100 * (1 - math.exp(-smallest)):.1f}% lower or {100 * (math.exp(smallest) - 1):.1f}% higher" in text
    )


def test_other_estimators_are_counted_with_what_their_intervals_hold(text, results):
    others = [one.estimate.overall for same in results.side_by_side().values() for one in same][1:]
    ends = [one.interval() for one in others if np.isfinite(one.interval()).all()]
    assert all(low <= 0 <= high for low, high in ends)
    assert f"{len(ends)} more intervals: zero lies inside every one" in text


def test_what_may_not_be_concluded_is_said(text):
    assert "“We cannot tell” is not “nothing happened”" in text
    assert "Quote the interval" in text


def strong(tmp_path):
    """Results that leave out zero: the plan's own design with a large effect, simulated."""
    study = sg.load(PLAN)
    plan = replace(study.plan, effect=sg.Constant(-0.045))
    return gather(study, sg.simulate(plan, seed=5).to_frame(), "trial")


def test_a_clear_difference_is_said_with_its_side_and_without_a_cause(tmp_path):
    material = strong(tmp_path)
    low, high = material.primary.interval()
    assert high < 0
    blocks = in_short_results(material).blocks
    assert "Zero lies outside it" in blocks[0].text
    assert "below zero" in blocks[0].text
    assert "cannot tell" not in " ".join(block.text for block in blocks if hasattr(block, "text"))
    assert any("was the cause, unless" in item for item in blocks[-1].items)
    children = blocks[2].text
    assert f"{1000 * -low:.3g} fewer children in every 1,000 to {1000 * -high:.3g} fewer" in children


def test_a_plan_has_no_results_to_sum_up(plan):
    assert in_short_results(plan) is None
