"""Arguments and options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import click

STUDY = click.argument("study")
DATA = click.argument("data", required=False)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
OUT = click.option("--out", metavar="FILE", help="Write to this file as well.")
FORCE = click.option("--force", is_flag=True, help="Replace what is already there.")
SEED = click.option("--seed", type=click.IntRange(0), help="Seed of the draw, in place of the study file's.")
WORKERS = click.option("--workers", type=click.IntRange(1), help="Processes side by side; one when absent.")


@dataclass(frozen=True, slots=True)
class Simulation:
    """How many data sets to simulate, when to stop, and on how many processes."""

    draws: int | None
    precise: float | None
    workers: int | None
    seed: int


def simulation(command: Callable[..., None]) -> Callable[..., None]:
    """Options of a command that may simulate; it receives them as one argument, `simulation`."""

    @click.option(
        "--simulate", "draws", type=click.IntRange(1), metavar="N", help="Run the analysis on N simulated data sets."
    )
    @click.option(
        "--precise",
        type=click.FloatRange(0, 0.5, min_open=True),
        metavar="P",
        help="Stop simulating when the Monte Carlo standard error of power is below P, such as 0.01.",
    )
    @WORKERS
    @click.option(
        "--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of the simulated data sets."
    )
    @functools.wraps(command)
    def with_simulation(
        *, draws: int | None, precise: float | None, workers: int | None, seed: int, **others: object
    ) -> None:
        command(simulation=Simulation(draws, precise, workers, seed), **others)

    return with_simulation
