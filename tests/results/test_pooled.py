"""Rubin's rules and Barnard and Rubin's degrees of freedom against arithmetic by hand."""

from fractions import Fraction

import numpy as np
import pytest

import staggered as sg
from staggered.results.estimate import Estimate, Term
from staggered.results.pooled import barnard_rubin, pooled
from staggered.results.uncertainty import Draws, Sampling


def estimate(value: float, variance: float, df: float, label: str = "treatment effect") -> Estimate:
    uncertainty = Sampling(np.array([[variance]]), np.array([df]))
    return Estimate(
        (Term(label),), np.array([value]), uncertainty, "an estimator", "its own variance", notes=("a note",)
    )


def test_three_estimates_by_hand() -> None:
    """Values 1, 2 and 4 with variances 2, 3 and 4, and 10 degrees of freedom, in fractions."""
    found = pooled([estimate(1, 2, 10), estimate(2, 3, 10), estimate(4, 4, 10)])
    mean, within = Fraction(7, 3), Fraction(3)
    between = ((1 - mean) ** 2 + (2 - mean) ** 2 + (4 - mean) ** 2) / 2
    total = within + Fraction(4, 3) * between
    share = Fraction(4, 3) * between / total
    by_draws = 2 / share**2
    observed = Fraction(11, 13) * 10 * (1 - share)
    df = 1 / (1 / by_draws + 1 / observed)
    assert (mean, between, total, share) == (Fraction(7, 3), Fraction(7, 3), Fraction(55, 9), Fraction(28, 55))
    assert found.value == pytest.approx(float(mean))
    assert found.se**2 == pytest.approx(float(total))
    assert found.df == pytest.approx(float(df))
    assert "a note" in found.notes
    assert "50.9% of the variance" in found.notes[0]


def test_degrees_of_freedom_never_exceed_those_of_complete_data_and_reach_rubins_without_limit() -> None:
    shares = np.linspace(0.01, 0.99, 50)
    few = barnard_rubin(20, shares, np.full(50, 3.0))
    assert (few < 3).all()
    assert (np.diff(few) < 0).all()
    many = barnard_rubin(20, shares, np.full(50, np.inf))
    np.testing.assert_allclose(many, 19 / shares**2)


def test_equal_estimates_keep_their_variance() -> None:
    found = pooled([estimate(1, 2, 10)] * 5)
    assert (found.value, found.se**2) == (1, pytest.approx(2))
    assert found.df == pytest.approx(11 / 13 * 10)


def test_several_terms_are_pooled_jointly() -> None:
    generator = np.random.default_rng(1)
    terms = (Term("one"), Term("other"))
    values = generator.normal(size=(6, 2))
    uncertainty = Sampling(np.array([[1.0, 0.3], [0.3, 2.0]]), np.array([8.0, 9.0]))
    found = pooled([Estimate(terms, one, uncertainty, "an estimator", "its own") for one in values])
    expected = uncertainty.covariance + 7 / 6 * np.cov(values.T)
    np.testing.assert_allclose(found.uncertainty.covariance, expected)
    assert (found @ [1, -1]).se == pytest.approx(np.sqrt(expected[0, 0] + expected[1, 1] - 2 * expected[0, 1]))


def test_what_cannot_be_pooled_is_refused() -> None:
    with pytest.raises(sg.DataError, match="1 completed data sets"):
        pooled([estimate(1, 2, 10)])
    with pytest.raises(sg.DataError, match="different terms"):
        pooled([estimate(1, 2, 10), estimate(1, 2, 10, "another")])
    drawn = Estimate((Term("effect"),), np.array([0.0]), Draws(np.zeros((10, 1))), "an estimator", "draws of it")
    with pytest.raises(sg.DataError, match="draws of it cannot be pooled"):
        pooled([drawn, drawn])
