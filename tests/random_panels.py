"""Random rollouts for the laws: never-treated, lone cohorts, gaps, unequal weights, blank transitions."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

import staggered as sg
from staggered.value import FloatArray

STREAM = 20_240_731


def random_panel(seed: int, *, gaps: bool = True, weights: bool = True, transition: bool = True) -> sg.Panel:
    """One random panel that every estimator can use: period 1 is control for all, somebody stays in control."""
    generator = np.random.default_rng([STREAM, seed])
    periods = int(generator.integers(4, 8))
    starts = [*generator.integers(1, periods, size=generator.integers(3, 9)), *[np.inf] * generator.integers(2, 5)]
    treatment = (np.arange(periods) >= np.array(starts, dtype=float)[:, None]).astype(float)
    shape = treatment.shape
    present = np.ones(shape, dtype=bool)
    if transition and generator.random() < 0.5:
        treatment = blanked(treatment, generator.random(len(starts)) < 0.4)
    if gaps:
        present = generator.random(shape) > 0.06
        present[:, 0] = True
        present[-2:] = True
    frame = sg.Frame(
        sg.Design(treatment, size=generator.integers(5, 40, size=(shape[0], 1))),
        present=present,
        weights=generator.uniform(0.5, 2.0, size=shape) if weights else None,
    )
    outcome = generator.normal(size=shape) + generator.normal(size=(shape[0], 1)) + np.arange(periods)
    return sg.Panel(frame, np.where(present, outcome, np.nan))


def blanked(treatment: FloatArray, who: Sequence[bool]) -> FloatArray:
    """Blank the last control period of some clusters, where one is left before it."""
    treatment = treatment.copy()
    for row in np.flatnonzero(who):
        first = int(np.argmax(treatment[row] > 0))
        if first >= 2:
            treatment[row, first - 1] = np.nan
    return treatment


def stepped_panel(seed: int, clusters: int = 4, steps: int = 4, **options: object) -> sg.Panel:
    """A stepped-wedge panel of equal sizes with cluster levels, a trend and noise."""
    generator = np.random.default_rng([STREAM, 1, seed])
    design = sg.stepped(clusters=clusters, steps=steps, **options)  # type: ignore[arg-type]
    shape = design.treatment.shape
    outcome = generator.normal(size=shape) + generator.normal(size=(shape[0], 1)) + np.linspace(0, 1, shape[1])
    return sg.Panel(sg.Frame(design), outcome)


def with_outcome(panel: sg.Panel, outcome: FloatArray) -> sg.Panel:
    """The same frame with other outcomes."""
    return replace(panel, outcome=outcome)
