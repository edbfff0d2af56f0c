"""Small random trials of risks and counts."""

import numpy as np

import staggered as sg
from staggered.data.persons import Persons

STREAM = 20_250_701


def random_risks(  # noqa: PLR0913 - what makes a trial uneven
    seed: int,
    *,
    family: str = "binomial",
    clusters: int = 6,
    steps: int = 3,
    size: int = 30,
    covariates: int = 0,
    between: float = 0.4,
    effect: float = 0.5,
    level: float = -0.8,
    people: bool = False,
    never: int = 0,
) -> sg.Panel:
    """Clusters that start in turn, with uneven numbers of people; cell totals unless people are asked for."""
    generator = np.random.default_rng([STREAM, seed])
    schedule = sg.stepped(clusters=clusters, steps=steps).treatment.copy()
    schedule[clusters - never :] = 0
    counts = generator.integers(size // 2 + 1, size + 1, size=schedule.shape)
    cluster, period = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    columns = {f"x{k + 1}": np.round(generator.normal(size=len(cluster)) + 0.2 * period, 1) for k in range(covariates)}
    eta = level + 0.1 * period + between * generator.normal(size=clusters)[cluster] + effect * schedule[cluster, period]
    for k, column in enumerate(columns.values()):
        eta = eta + 0.3 * (k + 1) * column
    if family == "binomial":
        outcome = (generator.random(len(eta)) < 1 / (1 + np.exp(-eta))).astype(float)
    else:
        spread = generator.gamma(2.0, 0.5, len(eta)) if family == "negbinomial" else 1.0
        outcome = generator.poisson(np.exp(eta) * spread).astype(float)
    persons = Persons(cluster=cluster, period=period, outcome=outcome, covariates=columns)
    design = sg.Design(schedule, counts.astype(float))
    if not people and not covariates:
        totals = persons.means(outcome, counts.shape) * counts
        return sg.Panel(sg.Frame(design), np.round(totals), name="the event")
    means = {name: persons.means(column, counts.shape) for name, column in columns.items()}
    return sg.Panel(sg.Frame(design, covariates=means), persons.means(outcome, counts.shape), people=persons)
