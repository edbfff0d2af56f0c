"""From people to council-periods: means, counts and the variance between people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import DataError
from ..value import BoolArray, FloatArray
from .councils import text_of, told
from .grid import Grid


@dataclass(frozen=True, slots=True)
class People:
    """What the people of each cell add up to.

    Parameters
    ----------
    mean, count, within : array (clusters, periods)
        Mean of the outcome, people who have one, and variance between them (nan for fewer than two).
    """

    mean: FloatArray
    count: FloatArray
    within: FloatArray


def gather(values: FloatArray, grid: Grid) -> People:
    """Add people up to cells, those without an outcome left out."""
    seen = np.isfinite(values)
    cells, size = grid.cell[seen], grid.shape[0] * grid.shape[1]
    count = np.bincount(cells, minlength=size).astype(float)
    mean = cell_means(values, seen, grid).ravel()
    # Twice over the data, because a sum of squares loses its digits when the mean is large.
    squares = np.bincount(cells, weights=(values[seen] - mean[cells]) ** 2, minlength=size)
    within = np.divide(squares, count - 1, out=np.full(size, np.nan), where=count > 1)
    return People(mean.reshape(grid.shape), count.reshape(grid.shape), within.reshape(grid.shape))


def cell_means(values: FloatArray, seen: BoolArray, grid: Grid) -> FloatArray:
    """Mean of the seen values of each cell, (clusters, periods); nan where there are none."""
    size = grid.shape[0] * grid.shape[1]
    count = np.bincount(grid.cell[seen], minlength=size)
    total = np.bincount(grid.cell[seen], weights=values[seen], minlength=size)
    means: FloatArray = np.divide(total, count, out=np.full(size, np.nan), where=count > 0).reshape(grid.shape)
    return means


def follow(column: pd.Series, name: str, grid: Grid) -> str:
    """Say how many people are followed; a person is an identifier within a council.

    Raises
    ------
    DataError
        A blank identifier, or a person who stands twice in a period.
    """
    codes, found = pd.factorize(column)
    blank = np.flatnonzero(np.append([not text_of(value) for value in found], True)[codes].astype(bool))
    if len(blank):
        raise DataError(
            f"The person {name!r} is blank for {told(blank, grid.say)}.",
            "A person without an identifier cannot be followed.",
            "Fill it in, or leave unit out if nobody is followed.",
        )
    twice = np.flatnonzero(pd.Series(grid.cell * len(found) + codes).duplicated().to_numpy())
    if len(twice):
        said = told(twice, lambda k: f"{found[codes[k]]} of {grid.say(k)}")
        raise DataError(
            f"A person stands more than once in a period: {said}.",
            "That person would count twice.",
            "Keep one row per person and period.",
        )
    people = pd.unique(grid.councils.codes * len(found) + codes)
    shared = int((np.bincount(people % len(found)) > 1).sum())
    reused = (
        f" Identifiers found in more than one council ({shared:,}) are taken for different people." if shared else ""
    )
    return f"{len(people):,} people are followed.{reused}"
