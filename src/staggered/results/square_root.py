"""The square root of a covariance, for drawing from it."""

from __future__ import annotations

import numpy as np

from ..value import FloatArray


def symmetric_root(covariance: FloatArray) -> FloatArray:
    """Symmetric square root of each matrix of a stack, (..., n, n), its negative eigenvalues taken as 0.

    It is the only symmetric one without negative eigenvalues. A root made of eigenvectors as they come is one of
    many (their signs, and their directions where eigenvalues are equal, differ between processors), so that the
    same seed would give other data on another machine.

    Examples
    --------
    >>> symmetric_root(np.array([[5.0, 4.0], [4.0, 5.0]])).round(12)
    array([[2., 1.],
           [1., 2.]])
    """
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]) @ vectors.swapaxes(-1, -2))
