"""Panels of people or councils for the speed of difference-in-differences, as a table and as a panel.

Five cohorts and as many never treated, a covariate that moves the trend, effects that grow with exposure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

import staggered as sg


@dataclass(frozen=True)
class Shape:
    """How many units over how many periods, and the first treated period of each of five cohorts."""

    units: int
    periods: int
    cohorts: tuple[int, ...]


SHAPES = {
    "small": Shape(150, 40, (9, 15, 21, 27, 33)),
    "medium": Shape(10_000, 20, (5, 8, 11, 14, 17)),
    "large": Shape(100_000, 12, (4, 6, 8, 10, 11)),
    "a million": Shape(1_000_000, 12, (4, 6, 8, 10, 11)),
}


@dataclass(frozen=True)
class Drawn:
    """First treated period (0: never), covariate, and outcomes (units, periods)."""

    start: np.ndarray
    covariate: np.ndarray
    outcome: np.ndarray


def drawn(shape: Shape, seed: int = 1) -> Drawn:
    """Draw the units; the order of the draws fixes the data."""
    generator = np.random.default_rng(seed)
    covariate = generator.normal(size=shape.units)
    start = np.append(shape.cohorts, 0)[generator.integers(0, 6, shape.units)]
    level = generator.normal(size=shape.units) + 0.5 * covariate
    time = np.arange(1, shape.periods + 1)
    exposure = time - start[:, None]
    effect = np.where((start[:, None] > 0) & (exposure >= 0), 0.3 + 0.05 * exposure, 0)
    noise = generator.normal(size=(shape.units, shape.periods))
    outcome = level[:, None] + 0.1 * time + 0.02 * covariate[:, None] * time + effect + noise
    return Drawn(start, covariate, outcome)


def panel(data: Drawn, *, covariate: bool = False) -> sg.Panel:
    """The data as a panel, ready to estimate from."""
    periods = data.outcome.shape[1]
    start = np.where(data.start > 0, data.start, 10 * periods)
    treatment = (np.arange(1, periods + 1) >= start[:, None]).astype(float)
    grid = np.broadcast_to(data.covariate[:, None], treatment.shape)
    design = sg.Design(treatment, periods=range(1, periods + 1))
    return sg.Panel(sg.Frame(design, covariates={"x": grid} if covariate else {}), data.outcome)


def table(data: Drawn) -> pd.DataFrame:
    """The data in long form, as other packages take them."""
    units, periods = data.outcome.shape
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(1, units + 1), periods),
            "t": np.tile(np.arange(1, periods + 1), units),
            "g": np.repeat(data.start, periods),
            "y": data.outcome.ravel(),
            "x": np.repeat(data.covariate, periods),
        }
    )
