"""Orders: which cluster receives whose schedule, all of them or some at random, within strata."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from ..design.design import Design
from ..value import IntArray


def schedule_codes(design: Design) -> IntArray:
    """Number each cluster's schedule; clusters with the same schedule share a number."""
    rows = [row.tobytes() for row in design.treatment]
    numbers = {row: k for k, row in enumerate(dict.fromkeys(rows))}
    return np.array([numbers[row] for row in rows])


def strata_rows(strata: Sequence[str]) -> list[IntArray]:
    """Clusters of each stratum, in order of first appearance."""
    named = np.array(strata, dtype=object)
    return [np.flatnonzero(named == stratum) for stratum in dict.fromkeys(strata)]


def all_orders(design: Design) -> IntArray:
    """Every distinct way of dealing the schedules within strata, (allocations, clusters), the actual one first.

    Entry [r, i] is the cluster whose schedule cluster i receives.

    Examples
    --------
    >>> all_orders(Design([[0, 1, 1], [0, 0, 1]])).tolist()
    [[0, 1], [1, 0]]
    """
    codes = schedule_codes(design)
    strata = strata_rows(design.strata)
    dealt = [list(_arrangements(codes[rows].tolist())) for rows in strata]
    count = int(np.prod([len(part) for part in dealt]))
    orders = np.empty((count, len(codes)), dtype=np.int64)
    for r, combination in enumerate(itertools.product(*dealt)):
        for rows, arrangement in zip(strata, combination, strict=True):
            orders[r, rows] = _sources(codes[rows], rows, arrangement)
    actual = np.flatnonzero((codes[orders] == codes).all(axis=1))[0]
    rest = np.delete(np.arange(count), actual)
    return np.asarray(orders[np.concatenate([[actual], rest])])


def random_orders(design: Design, count: int, generator: np.random.Generator) -> IntArray:
    """Orders drawn at random within strata, (count, clusters), with repeats."""
    orders = np.tile(np.arange(len(design.clusters)), (count, 1))
    for rows in strata_rows(design.strata):
        orders[:, rows] = generator.permuted(np.tile(rows, (count, 1)), axis=1)
    return orders


def _arrangements(codes: list[int]) -> Iterator[tuple[int, ...]]:
    """Distinct arrangements of a list with repeats, by choosing the places of each value in turn."""
    if not codes:
        yield ()
        return
    value = codes[0]
    times = codes.count(value)
    others = [code for code in codes if code != value]
    for places in itertools.combinations(range(len(codes)), times):
        for rest in _arrangements(others):
            filler = iter(rest)
            yield tuple(value if k in places else next(filler) for k in range(len(codes)))


def _sources(codes: IntArray, rows: IntArray, arrangement: Sequence[int]) -> list[int]:
    """Clusters whose schedules make up an arrangement, each used once."""
    holders: dict[int, list[int]] = {}
    for row, code in zip(rows.tolist(), codes.tolist(), strict=True):
        holders.setdefault(code, []).append(row)
    return [holders[code].pop(0) for code in arrangement]
