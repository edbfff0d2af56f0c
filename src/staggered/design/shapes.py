"""The common shapes of a trial: stepped wedge, parallel, crossover, staircase and hybrid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DesignError
from ..value import FloatArray, IntArray
from .design import Design


def stepped(
    clusters: int | Sequence[str] = 24,
    steps: int = 6,
    size: ArrayLike = 50,
    *,
    baseline: int = 1,
    after: int = 0,
    transition: int = 0,
    strata: Sequence[str] | None = None,
    name: str = "",
) -> Design:
    """Stepped wedge: everyone starts in control and crosses over in turn, spread evenly over the steps.

    Parameters
    ----------
    clusters : int or sequence of str
        How many, or their names.
    steps : int
        Number of sequences; one crosses over at each step.
    size : float or array
        People per cluster-period.
    baseline, after : int
        Periods before the first step and periods added at the end.
    transition : int
        Periods after crossing over that are not observed.
    strata, name
        As in `Design`.

    Returns
    -------
    Design
        With ``baseline + steps + after`` periods.

    Examples
    --------
    >>> stepped(clusters=4, steps=2).treatment
    array([[0., 1., 1.],
           [0., 1., 1.],
           [0., 0., 1.],
           [0., 0., 1.]])
    """
    _at_least(steps=(steps, 1), baseline=(baseline, 0), after=(after, 0), transition=(transition, 0))
    names, count = _clusters(clusters)
    step = _spread(count, steps, "steps")
    columns = np.arange(baseline + steps + after)
    crossing = baseline + step[:, None]
    treatment = np.where(columns >= crossing + transition, 1.0, np.where(columns >= crossing, np.nan, 0.0))
    return Design(treatment, size, clusters=names, strata=strata, name=name or "stepped wedge")


def parallel(
    clusters: int | Sequence[str] = 24,
    periods: int = 4,
    size: ArrayLike = 50,
    *,
    baseline: int = 0,
    strata: Sequence[str] | None = None,
    name: str = "",
) -> Design:
    """Parallel: half the clusters are treated from the end of the baseline, the others never.

    Parameters
    ----------
    clusters : int or sequence of str
        How many, or their names.
    periods : int
        All periods, the baseline included.
    baseline : int
        How many of the periods come before anyone is treated.
    size, strata, name
        As in `Design`.

    Examples
    --------
    >>> parallel(clusters=2, periods=3, baseline=1).treatment
    array([[0., 1., 1.],
           [0., 0., 0.]])
    """
    _at_least(periods=(periods, baseline + 1), baseline=(baseline, 0))
    names, count = _clusters(clusters)
    arm = _spread(count, 2, "arms")
    treatment = np.outer(arm == 0, np.arange(periods) >= baseline).astype(float)
    return Design(treatment, size, clusters=names, strata=strata, name=name or "parallel")


def crossover(
    clusters: int | Sequence[str] = 24,
    periods: int = 2,
    size: ArrayLike = 50,
    *,
    strata: Sequence[str] | None = None,
    name: str = "",
) -> Design:
    """Cross over: half the clusters begin treated, half in control, and all swap in every period.

    Parameters
    ----------
    clusters : int or sequence of str
        How many, or their names.
    periods : int
        All periods.
    size, strata, name
        As in `Design`.

    Examples
    --------
    >>> crossover(clusters=2, periods=3).treatment
    array([[1., 0., 1.],
           [0., 1., 0.]])
    """
    _at_least(periods=(periods, 2))
    names, count = _clusters(clusters)
    arm = _spread(count, 2, "arms")
    treatment = ((np.arange(periods)[None, :] + arm[:, None]) % 2 == 0).astype(float)
    return Design(treatment, size, clusters=names, strata=strata, name=name or "crossover")


def staircase(
    clusters: int | Sequence[str] = 12,
    steps: int = 6,
    size: ArrayLike = 50,
    *,
    before: int = 1,
    after: int = 1,
    strata: Sequence[str] | None = None,
    name: str = "",
) -> Design:
    """Staircase: each sequence is observed only for a few periods around its own crossing.

    Parameters
    ----------
    clusters : int or sequence of str
        How many, or their names.
    steps : int
        Number of sequences.
    before, after : int
        Control periods and treated periods in which each sequence is observed.
    size, strata, name
        As in `Design`.

    References
    ----------
    Grantham and others (2024), "The staircase cluster randomised trial design".

    Examples
    --------
    >>> staircase(clusters=2, steps=2).treatment
    array([[ 0.,  1., nan],
           [nan,  0.,  1.]])
    """
    _at_least(steps=(steps, 1), before=(before, 1), after=(after, 1))
    names, count = _clusters(clusters)
    step = _spread(count, steps, "steps")[:, None]
    columns = np.arange(steps + before + after - 1)
    seen = (columns >= step) & (columns < step + before + after)
    treatment = np.where(seen, (columns >= step + before).astype(float), np.nan)
    return Design(treatment, size, clusters=names, strata=strata, name=name or "staircase")


def hybrid(
    clusters: int | Sequence[str] = 24,
    steps: int = 6,
    size: ArrayLike = 50,
    *,
    stepped: float = 0.6,
    strata: Sequence[str] | None = None,
    name: str = "",
) -> Design:
    """Combine a stepped wedge with a parallel trial: a share steps, the rest is half treated, half control.

    Parameters
    ----------
    clusters : int or sequence of str
        How many, or their names.
    steps : int
        Number of sequences of the stepped part.
    stepped : float
        Share of the clusters in the stepped wedge; of the others half are treated
        throughout and half never.
    size, strata, name
        As in `Design`.

    References
    ----------
    Girling and Hemming (2016), Statistics in Medicine 35:2149.

    Examples
    --------
    >>> hybrid(clusters=4, steps=2, stepped=0.5).treatment
    array([[1., 1., 1.],
           [0., 1., 1.],
           [0., 0., 1.],
           [0., 0., 0.]])
    """
    if not 0 <= stepped <= 1:
        raise DesignError(
            f"stepped is {stepped:g}.", "It is the share of clusters that step.", "Give a number from 0 to 1."
        )
    _at_least(steps=(steps, 1))
    names, count = _clusters(clusters)
    side = round((1 - stepped) * count / 2)
    middle = count - 2 * side
    columns = np.arange(steps + 1)
    rows: FloatArray = np.vstack(
        [
            np.ones((side, steps + 1)),
            (columns >= 1 + _spread(middle, steps, "steps")[:, None]).astype(float)
            if middle
            else np.empty((0, steps + 1)),
            np.zeros((side, steps + 1)),
        ]
    )
    return Design(rows, size, clusters=names, strata=strata, name=name or "hybrid")


def _clusters(clusters: int | Sequence[str]) -> tuple[tuple[str, ...], int]:
    if isinstance(clusters, (int, float, np.number)):
        _at_least(clusters=(clusters, 1))
        return (), int(clusters)
    if isinstance(clusters, str):
        raise DesignError(
            f"clusters is the text {clusters!r}.",
            "It is a number of clusters, or a list with the name of each.",
            'Give, for example, 24 or ["Leeds", "Kent", "Bath"].',
        )
    return tuple(clusters), len(clusters)


def _spread(count: int, parts: int, what: str) -> IntArray:
    """Deal `count` clusters evenly over `parts`, the earlier ones taking what is left over."""
    if count < parts:
        raise DesignError(
            f"{count} clusters cannot fill {parts} {what}.",
            "Every one of them needs at least one cluster.",
            f"Use at most {count} {what}, or add clusters.",
        )
    return np.concatenate([np.full(len(part), k) for k, part in enumerate(np.array_split(np.arange(count), parts))])


def _at_least(**numbers: tuple[Any, int]) -> None:
    """Refuse counts that are not whole numbers of a least size."""
    for name, (value, least) in numbers.items():
        if int(value) != value or value < least:
            raise DesignError(
                f"{name} is {value:g}.", "It counts whole things.", f"Give a whole number of at least {least}."
            )
