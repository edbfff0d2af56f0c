"""How effects are written: percent of a log difference, percentage points, rates, or as they are."""

import math
from itertools import pairwise

import pytest

from staggered.plotting.scale import AsIs, PercentagePoints, PercentChange, PerPeople, signed

SCALES = (PercentChange(), PercentagePoints(), PerPeople(10_000), AsIs())


@pytest.mark.parametrize("log", [-0.9, -0.2, -0.001, 0.00676, 0.3, 1.2])
def test_a_log_difference_is_the_percent_change_that_it_is(log):
    shown = PercentChange().shown(log)
    assert float(shown.replace("−", "-").rstrip("%")) == pytest.approx(100 * (math.exp(log) - 1), abs=0.05)
    direction = "higher" if log > 0 else "lower"
    said = PercentChange().words(log)
    assert said == ("no difference" if abs(log) < 0.0005 else f"{shown.lstrip('+−')} {direction}")


def test_percent_are_never_read_off_the_log_itself():
    assert PercentChange().shown(-0.5) == "−39.3%"
    assert PercentChange().shown(0.5) == "+64.9%"


def test_a_percentage_point_is_not_a_percent():
    assert PercentagePoints().words(-0.0185) == "1.85 percentage points lower"
    assert PercentagePoints().words(0.01) == "1 percentage point higher"
    assert "%" not in PercentagePoints().shown(0.02)


def test_a_rate_says_per_how_many_children():
    assert PerPeople(1000).words(2.5) == "2.5 more per 1,000 children"
    assert PerPeople(1000).words(0.0) == "no difference"


@pytest.mark.parametrize("scale", SCALES)
def test_what_has_no_end_or_is_not_known_is_said_so(scale):
    assert scale.words(math.inf) == "no upper end"
    assert scale.words(-math.inf) == "no lower end"
    assert scale.words(math.nan) == "not known"
    assert scale.shown(math.inf) == scale.shown(math.nan) == ""


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(("low", "high"), [(-0.25, 0.3), (-1.1, 0.75), (-0.01, 0.02), (-2.5, 3.0), (0.1, 0.9)])
def test_ticks_lie_inside_in_order_with_labels_that_say_where(scale, low, high):
    places, labels = scale.ticks(low, high)
    assert len(places) == len(labels) == len(set(labels)) >= 1
    assert places == sorted(places)
    assert all(low <= place <= high for place in places)
    if isinstance(scale, PercentChange):
        for place, label in zip(places, labels, strict=True):
            assert float(label.replace("−", "-").rstrip("%")) == pytest.approx(100 * (math.exp(place) - 1), abs=1e-9)


def test_percent_ticks_do_not_crowd():
    places, _ = PercentChange().ticks(-0.25, 0.32)
    gaps = [b - a for a, b in pairwise(places)]
    assert min(gaps) >= 0.57 / 7


def test_minus_is_a_minus_and_nought_has_no_sign():
    assert signed(-2, 0) == "−2"
    assert signed(-0.04, 1, "%") == "0.0%"
    assert AsIs().shown(0.0) == "0"
