"""Years since go-live: every point with its councils; what the points before go-live cannot prove."""

import math

import numpy as np
import pytest

from tests.reporting.reading import number, table, words


def test_every_point_is_that_of_the_event_study(trees, results):
    rows = table(trees["results"], "Differences by years")
    estimate = results.over_time.estimate
    low, high = estimate.interval()
    events = [term.event for term in estimate.terms if term.event is not None]
    assert [number(row["Years since go-live"]) for row in rows] == events
    for row, event, value, *ends in zip(rows, events, estimate.value, low, high, strict=True):
        assert number(row["Difference"]) == pytest.approx(100 * math.expm1(value), abs=0.05)
        assert int(row["Councils behind it"]) == results.over_time.councils[event]
        if np.isnan(ends).any():
            assert row["95% interval"] == "none"
        else:
            assert [number(end) for end in row["95% interval"].split(" to ")] == pytest.approx(
                [100 * math.expm1(end) for end in ends], abs=0.05
            )


def test_points_before_go_live_prove_nothing(trees):
    text = words(trees["results"], "over-time")
    assert "That is no proof: even the narrowest runs from" in text


def test_points_on_few_councils_are_named(trees, results):
    text = words(trees["results"], "over-time")
    assert f"+4 ({results.over_time.councils[4]})" in text
