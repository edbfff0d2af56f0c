"""The command `staggered`, and what holds for all its parts: errors in three lines, warnings as sentences."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from .. import __version__
from ..errors import StaggeredError
from .analyse import analyse, report
from .compare import compare
from .new import new
from .plan import attained, check, power, reproduce, show
from .randomise import allocate, simulate, verify
from .run import run

WRONG_INPUT = 2


class _Group(click.Group):
    """Says what is wrong with an input in three lines, and never shows a traceback for it."""

    def invoke(self, ctx: click.Context) -> object:
        for stream in (sys.stdout, sys.stderr):
            # Consoles and pipes that cannot show a letter get a question mark in its place, not a crash.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        with _sentences():
            try:
                return super().invoke(ctx)
            except StaggeredError as error:
                click.echo(str(error), err=True)
                ctx.exit(WRONG_INPUT)


@contextmanager
def _sentences() -> Iterator[None]:
    """Print each warning once, as a sentence on stderr."""
    said: set[str] = set()

    def say(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        sentence = str(message)
        if sentence not in said:
            said.add(sentence)
            click.echo(f"Note: {sentence}", err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = say
        yield


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="staggered")
def main() -> None:
    """Plan, randomise, analyse and report stepped-wedge and staggered rollouts.

    Everything follows from one study file. Nothing is sent anywhere.
    Exit codes: 0 done, 1 a check failed, 2 the input is wrong.
    """


for command in (
    new,
    check,
    show,
    power,
    attained,
    compare,
    allocate,
    verify,
    simulate,
    analyse,
    report,
    run,
    reproduce,
):
    main.add_command(command)
