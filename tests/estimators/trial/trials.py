"""Small random trials of people, uneven in every way that the methods allow for."""

import numpy as np

import staggered as sg
from staggered.data.persons import Persons

STREAM = 20_250_101


def random_trial(  # noqa: PLR0913 - what makes a trial uneven
    seed: int,
    *,
    clusters: int = 6,
    steps: int = 3,
    size: int = 6,
    covariates: int = 0,
    followed: bool = False,
    gaps: bool = False,
    between: float = 0.5,
    moving: float = 0.4,
    effect: float = 0.3,
    dates: bool = False,
) -> sg.Panel:
    """Clusters that start in turn, with uneven numbers of people."""
    generator = np.random.default_rng([STREAM, seed])
    shape = sg.stepped(clusters=clusters, steps=steps)
    periods = shape.treatment.shape[1]
    counts = generator.integers(max(size // 2, 1), size + 1, size=(clusters, periods))
    if gaps:
        counts[generator.random(counts.shape) < 0.12] = 0
        counts[:, 0] = np.maximum(counts[:, 0], 1)
        counts[0] = np.maximum(counts[0], 1)
        counts[-1] = np.maximum(counts[-1], 1)
    if followed:
        # Everyone of a council is asked each time; who answers changes.
        there = generator.random((clusters, size, periods)) < 0.75
        there[:, 0] = True
        cluster, member, period = np.nonzero(there)
        unit = cluster * size + member
    else:
        cluster, period = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
        unit = None
    count = len(cluster)
    level = between * generator.normal(size=clusters)
    wave = moving * generator.normal(size=(clusters, periods))
    treated = shape.treatment[cluster, period]
    outcome = (
        1 + 0.2 * period + level[cluster] + wave[cluster, period] + effect * treated + generator.normal(size=count)
    )
    if unit is not None:
        outcome += 0.8 * generator.normal(size=clusters * size)[unit]
    columns = {f"x{k + 1}": generator.normal(size=count) + 0.3 * period for k in range(covariates)}
    for k, column in enumerate(columns.values()):
        outcome += 0.5 * (k + 1) * column
    people = Persons(cluster=cluster, period=period, outcome=outcome, unit=unit, covariates=columns)
    grid = (clusters, periods)
    sizes = people.counts(grid)
    first = 100 * np.arange(periods) + 7 * np.arange(periods) ** 2
    days = np.datetime64("2020-01-01") + np.stack([first, first + 60], axis=1)
    design = sg.Design(shape.treatment, np.where(sizes > 0, sizes, 1), dates=days if dates else None)
    means = {name: np.nan_to_num(people.means(column, grid)) for name, column in columns.items()}
    frame = sg.Frame(design, present=sizes > 0, covariates=means)
    return sg.Panel(frame, people.means(people.outcome, grid), people=people)
