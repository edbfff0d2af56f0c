"""Stacks of small matrices: the two operations that every fit here is made of."""

from __future__ import annotations

import numpy as np

from ...value import FloatArray


def turned(matrix: FloatArray) -> FloatArray:
    """Transpose of each matrix of a stack."""
    return matrix.swapaxes(-1, -2)


def inverse(matrix: FloatArray) -> FloatArray:
    """Inverse of each matrix of a stack."""
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
