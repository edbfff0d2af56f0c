import math

import pytest

from staggered.results.words import chance_words, interval_words, number_words


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.01234, "+0.0123"),
        (-2.0, "−2"),
        (0.0, "0"),
        (1234567.0, "+1,234,567"),
        (0.0000123456, "+0.0000123"),
        (12345.4, "+12,345"),
        (999.6, "+1,000"),
        (100.0, "+100"),
        (-0.3, "−0.3"),
        (float("nan"), "not estimable"),
        (math.inf, "unbounded above"),
        (-math.inf, "unbounded below"),
    ],
)
def test_numbers(value: float, said: str) -> None:
    assert number_words(value) == said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-0.1, 0.2, "we cannot tell whether there was a change, or in which direction"),
        (0.0, 0.2, "we cannot tell"),
        (0.1, 0.2, "the difference is above zero"),
        (-0.2, -0.1, "the difference is below zero"),
        (-math.inf, math.inf, "cannot reach that level"),
        (float("nan"), 1.0, "No 90% interval can be given"),
        (-math.inf, -1.0, "from unbounded below to −1"),
    ],
)
def test_what_an_interval_allows(low: float, high: float, said: str) -> None:
    text = interval_words(low, high, 0.9, "interval")
    assert said in text
    assert "90%" in text


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "below 1%"), (0.004, "below 1%"), (0.006, "1%"), (0.5, "50%"), (0.994, "99%"), (0.996, "above 99%")],
)
def test_a_chance_is_never_said_to_be_nothing_or_certain(share: float, said: str) -> None:
    assert chance_words(share) == said
