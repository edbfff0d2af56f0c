"""One root for every machine."""

from __future__ import annotations

import numpy as np

from staggered.results.square_root import symmetric_root


def test_squared_it_is_the_matrix() -> None:
    factor = np.random.default_rng(1).standard_normal((3, 5, 5))
    covariance = factor @ factor.swapaxes(1, 2)
    root = symmetric_root(covariance)
    np.testing.assert_allclose(root @ root, covariance, rtol=1e-10)
    np.testing.assert_allclose(root, root.swapaxes(1, 2), atol=1e-12)


def test_with_equal_eigenvalues_it_is_still_the_one_of_the_formula() -> None:
    """a + b J has the root √a (1 − J/n) + √(a + n b) J/n, whatever basis the eigenvectors come in."""
    n, a, b = 6, 0.7, 0.2
    mean = np.full((n, n), 1 / n)
    expected = np.sqrt(a) * (np.eye(n) - mean) + np.sqrt(a + n * b) * mean
    np.testing.assert_allclose(symmetric_root(a * np.eye(n) + b * n * mean), expected, atol=1e-14)


def test_what_is_negative_by_rounding_counts_as_nothing() -> None:
    np.testing.assert_allclose(symmetric_root(np.diag([4.0, -1e-18])), np.diag([2.0, 0.0]))
