"""A randomisation test repeated at many supposed effects, against the same test of a linear model by its formula."""

import numpy as np
import pytest

from staggered.errors import DataError
from staggered.results.inverted import Inverted
from staggered.results.uncertainty import Reference

RNG = np.random.default_rng(5)
NULL, SLOPE = RNG.normal(size=(199, 1)), RNG.uniform(-0.5, 0.5, size=(199, 1))
OWN = np.array([1.7])


def linear() -> Reference:
    return Reference(NULL, SLOPE, np.ones(1), False)


def inverted(reach: float = 8.0) -> Inverted:
    points = OWN[0] + np.linspace(-reach, reach, 9)
    others = NULL[:, 0] - points[:, None] * SLOPE[:, 0]
    return Inverted(Reference(NULL, None, np.full(1, np.nan), False, statistic=OWN), points, others, OWN[0] - points)


def test_of_a_linear_model_the_interval_is_that_of_the_formula() -> None:
    for level in (0.8, 0.95):
        np.testing.assert_allclose(
            np.ravel(inverted().interval(OWN, level)), np.ravel(linear().interval(OWN, level)), atol=1e-6
        )
    np.testing.assert_allclose(inverted().p_value(OWN), linear().p_value(OWN))
    np.testing.assert_allclose(inverted().band(OWN, 0.95), inverted().interval(OWN, 0.95))


def test_an_interval_that_the_tried_effects_do_not_close_has_no_end() -> None:
    low, high = inverted(reach=0.1).interval(OWN, 0.95)
    assert np.isneginf(low[0])
    assert np.isposinf(high[0])


def test_it_is_about_one_term() -> None:
    assert inverted().contrast(np.eye(1)) == inverted()
    with pytest.raises(DataError, match="repeated for the one term alone"):
        inverted().contrast(np.array([[2.0]]))
