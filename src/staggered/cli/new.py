"""The command new: ten questions, and a study file that runs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..errors import StaggeredError, StudyError
from .options import FORCE
from .shown import say_stamp
from .write import require_free, write_files


@click.command()
@click.option("--out", default="study.toml", show_default=True, metavar="FILE", help="The study file to write.")
@FORCE
def new(out: str, force: bool) -> None:
    """Ask ten questions, and write a study file that runs.

    Each question comes with what is usual and where to find your own number. An empty line takes the example, and the
    file says so. Answers may also be piped in, one a line.
    """
    from ..study.draft import draft
    from ..study.load import load

    path = Path(out)
    require_free(path, force=force)
    text = draft(_answers())
    write_files({path: text.encode()})
    loaded = load(path)
    click.echo(f"\n\nWritten: {path}\n")
    click.echo(loaded.power().text())
    click.echo(f"\nWhat next: staggered check {path}")
    say_stamp(loaded)


def _answers() -> dict[str, str]:
    """Ask everything; at a terminal a question is put again until it is answered."""
    from ..study.answers import kind_of, read_answer
    from ..study.questions import NUMBER, questions

    answers: dict[str, str] = {}
    for number in range(NUMBER):
        asked = questions(kind_of(answers))[number]
        click.echo(
            f"\n{number + 1} of {NUMBER}. {asked.asks}\n  Usual: {asked.usual}\n  Where to find it: {asked.find}"
        )
        while True:
            click.echo(f"  [{asked.example}] ", nl=False)
            line = sys.stdin.readline()
            if not line:
                raise StudyError(
                    f"The answers end before question {number + 1}: {asked.asks}",
                    "A plan with a question left open would rest on a guess.",
                    f"Give {NUMBER} lines, an empty one where the example will do.",
                )
            try:
                read_answer(asked.key, line, kind_of({**answers, **({"kind": line} if asked.key == "kind" else {})}))
            except StaggeredError as error:
                if not sys.stdin.isatty():
                    raise
                click.echo(f"\n{error}", err=True)
                continue
            answers[asked.key] = line.strip()
            break
    return answers
