"""Values and calls as R writes them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from ..design.design import Design
from ..value import FloatArray

_WIDTH = 110


def r_value(value: Any) -> str:
    """A value as R writes it; equal rows of a matrix in one piece.

    Examples
    --------
    >>> r_value([1.0, 0.5]), r_value("gaussian")
    ('c(1, 0.5)', '"gaussian"')
    >>> r_value(np.array([[0, 1], [0, 1], [0, 0]]))
    'rbind(matrix(c(0, 1), 2, 2, byrow = TRUE), matrix(c(0, 0), 1, 2, byrow = TRUE))'
    """
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, np.ndarray):
        runs = [(len(list(same)), list(row)) for row, same in groupby(tuple(map(float, row)) for row in value)]
        parts = [f"matrix({r_value(row)}, {count}, {len(row)}, byrow = TRUE)" for count, row in runs]
        return parts[0] if len(parts) == 1 else f"rbind({', '.join(parts)})"
    if isinstance(value, list):
        return f"c({', '.join(map(r_value, value))})"
    return f"{value:.15g}"


def r_call(function: str, arguments: Sequence[str]) -> str:
    """A call over several lines.

    Examples
    --------
    >>> r_call("mean", ["x = 1", "trim = 0"])
    'mean(x = 1, trim = 0)'
    """
    lines, indent = [f"{function}("], " " * (len(function) + 1)
    for k, argument in enumerate(arguments):
        piece = argument + (", " if k < len(arguments) - 1 else ")")
        if len(lines[-1]) + len(piece) > _WIDTH and lines[-1].strip() and k > 0:
            lines[-1] = lines[-1].rstrip()
            lines.append(indent)
        lines[-1] += piece
    return "\n".join(lines)


def people(design: Design, *, by_cluster: bool = False) -> float | list[float] | FloatArray:
    """People: one number, one per cluster, or one per cell with 0 where nobody is observed."""
    seen = design.observed
    if by_cluster:
        return [float(size[look][0]) for size, look in zip(design.size, seen, strict=True)]
    if seen.all() and np.ptp(design.size) == 0:
        return float(design.size.flat[0])
    if seen.all() and (np.ptp(design.size, axis=1) == 0).all():
        return [float(size) for size in design.size[:, 0]]
    return np.where(seen, design.size, 0.0)


def csv_lines(treatment: FloatArray) -> str:
    """One line per sequence, blank where not observed."""
    lines = dict.fromkeys(",".join("" if np.isnan(cell) else f"{cell:g}" for cell in row) for row in treatment)
    return "\n".join(lines)
