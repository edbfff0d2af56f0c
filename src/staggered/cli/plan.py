"""Commands for planning: check, show, power, attained and reproduce."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import StaggeredError, StudyError
from .options import AS_JSON, FORCE, OUT, STUDY, Simulation, simulation
from .shown import progress, require_ending, say_json, say_result, say_stamp, say_table, stamp, to_file, to_json
from .write import require_free, write_files

if TYPE_CHECKING:
    import pandas as pd

    from ..results.check import Check
    from ..results.power import Power

A_CHECK_FAILED = 1
_VARIED = ("icc", "cac", "size", "effect", "clusters")


@click.command()
@STUDY
@AS_JSON
@click.pass_context
def check(context: click.Context, study: str, as_json: bool) -> None:
    """Check a study file.

    All errors are listed, each with its line; then what can be said of the study.
    """
    from ..study.checks import check as library_check
    from ..study.load import load

    loaded = load(study)
    found = library_check(loaded)
    if as_json:
        say_json(loaded, {"checks": [one.to_dict() for one in found]})
    else:
        _say_checks(found)
        say_stamp(loaded)
    if not all(one.passed for one in found):
        context.exit(A_CHECK_FAILED)


@click.command()
@STUDY
@AS_JSON
def show(study: str, as_json: bool) -> None:
    """Show the schedule as a picture in text.

    A dot is control, # treated, + partly treated, a blank not observed.
    """
    from ..study.load import load
    from ..study.picture import picture

    loaded = load(study)
    from_data = loaded.design is None
    design = loaded.panel().design if loaded.design is None else loaded.design
    if as_json:
        content = {
            "clusters": design.clusters,
            "strata": design.strata,
            "periods": [str(period) for period in design.periods],
            "treatment": design.treatment,
            "size": design.size,
        }
        say_json(loaded, content)
        return
    click.echo(loaded.title)
    click.echo(picture(design, again=from_data))
    say_stamp(loaded)


@click.command()
@STUDY
@click.option(
    "--grid",
    "ranges",
    multiple=True,
    metavar="NAME=A,B,...",
    help="Values of icc, cac, size, effect or clusters to show power over.",
)
@simulation
@AS_JSON
@OUT
@FORCE
def power(
    study: str,
    ranges: tuple[str, ...],
    simulation: Simulation,
    as_json: bool,
    out: str | None,
    force: bool,
) -> None:
    """Power, detectable effect, and a range of both.

    For the effect in the file, and over the values of --grid or of the file; with --simulate the primary
    analysis of the file is run on simulated data sets instead.
    """
    from ..study.load import load

    if simulation.draws is not None:
        _simulated(study, simulation, simulation.draws, as_json=as_json, out=out, force=force)
        return
    if simulation.precise is not None:
        raise StaggeredError(
            f"--precise {simulation.precise:g} is given without --simulate.",
            "It says when to stop simulating; power by formula has no Monte Carlo error.",
            f"Give the most data sets too: --simulate 20000 --precise {simulation.precise:g}",
        )

    path = Path(out) if out else None
    if path is not None:
        require_ending(path)
        require_free(path, force=force)
    wanted = _ranges(ranges)
    loaded = load(study)
    single = loaded.power() if loaded.effect is not None else None
    smallest = loaded.detectable()
    from_file = loaded.spec.power.grid is not None and loaded.effect is not None
    grid = loaded.grid(**wanted) if wanted or from_file else None
    content = {
        "power": single.to_dict() if single is not None else None,
        "detectable": smallest.to_dict(),
        "grid": grid.to_dict() if grid is not None else None,
        "sample_size": loaded.sample_size().to_dict() if single is not None else None,
    }
    if path is not None:
        write_files({path: to_file(path, _widest(single, smallest, grid), loaded, content)})
    if as_json:
        say_json(loaded, content)
        return
    for result in (single, smallest):
        if result is not None:
            click.echo(result.text() + "\n")
    if grid is not None:
        click.echo(grid.text())
        _say_grid(grid)
    say_stamp(loaded)


def _simulated(
    study: str,
    asked: Simulation,
    draws: int,
    *,
    as_json: bool,
    out: str | None,
    force: bool,
) -> None:
    """Power by simulation, with a bar that shows how far it has come."""
    from joblib import parallel_config

    from ..study.load import load

    path = Path(out) if out else None
    if path is not None:
        require_ending(path)
        require_free(path, force=force)
    loaded = load(study)
    with parallel_config(n_jobs=asked.workers or 1), progress("Simulated data sets", draws) as done:
        result = loaded.simulated_power(draws, seed=asked.seed, precise=asked.precise, on_progress=done)
    say_result(loaded, result, path, as_json=as_json)


@click.command()
@STUDY
@click.option(
    "--allocations", type=click.IntRange(1), default=1000, show_default=True, help="Allocations drawn at random."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of the draws.")
@AS_JSON
@OUT
@FORCE
def attained(study: str, allocations: int, seed: int, as_json: bool, out: str | None, force: bool) -> None:
    """Power over the allocations that may be drawn.

    Councils of unequal size make it depend on who draws which step.
    """
    from ..study.load import load

    path = Path(out) if out else None
    if path is not None:
        require_ending(path)
        require_free(path, force=force)
    loaded = load(study)
    result = loaded.attained(allocations, seed=seed)
    say_result(loaded, result, path, as_json=as_json)


@click.command()
@click.argument("studies", nargs=-1, required=True)
@AS_JSON
@click.pass_context
def reproduce(context: click.Context, studies: tuple[str, ...], as_json: bool) -> None:
    """Compare expected numbers with computed ones.

    Exit code 1 when one of them does not come out.
    """
    from ..study.load import load
    from ..study.reproduce import reproduce as library_reproduce

    checked = [(loaded, library_reproduce(loaded)) for loaded in map(load, studies)]
    if as_json:
        told = [{**stamp(loaded), "checks": [one.to_dict() for one in found]} for loaded, found in checked]
        click.echo(to_json({"studies": told}).decode(), nl=False)
    else:
        for loaded, found in checked:
            click.echo(loaded.title)
            _say_checks(found)
            say_stamp(loaded)
            click.echo()
    if not all(one.passed for _, found in checked for one in found):
        context.exit(A_CHECK_FAILED)


def _say_checks(found: list[Check]) -> None:
    for one in found:
        click.echo(f"  {one.text()}")


def _say_grid(grid: Power) -> None:
    """A table of rows, or one of icc by cac when both vary."""
    table = grid.table()
    if set(grid.inputs) == {"icc", "cac"}:
        crossed = table.pivot(index="icc", columns="cac", values="power")
        named = crossed.set_axis([f"cac {value:g}" for value in crossed.columns], axis="columns")
        say_table(named.map("{:.0%}".format).reset_index(), "Power by icc and cac")
    else:
        say_table(table)


def _widest(single: Power | None, smallest: Power, grid: Power | None) -> pd.DataFrame:
    """Table that says most: the grid, else the power, else the smallest detectable effect."""
    chosen = grid if grid is not None else single if single is not None else smallest
    return chosen.table()


def _ranges(given: tuple[str, ...]) -> dict[str, list[float]]:
    """Read icc=.01,.05 and cac=.5,.8 and others that can be varied."""
    found: dict[str, list[float]] = {}
    for text in given:
        name, _, values = text.partition("=")
        if name not in _VARIED:
            raise StudyError(
                f"--grid {text} varies {name!r}.",
                f"Power is shown over {', '.join(_VARIED[:-1])} and {_VARIED[-1]}.",
                "Write --grid icc=.01,.05",
            )
        try:
            found[name] = [float(value) for value in values.split(",")]
        except ValueError:
            raise StaggeredError(
                f"--grid {text} holds something that is no number.",
                "Power is computed for each value.",
                f"Write --grid {name}=.01,.05",
            ) from None
    return found
