"""The command run: every stage that a study file describes, into one folder."""

from __future__ import annotations

from pathlib import Path

import click

from .options import DATA, FORCE, STUDY
from .shown import say_stamp
from .write import new_folder, require_free_folder


@click.command()
@STUDY
@DATA
@click.option("--out", default="out", show_default=True, metavar="FOLDER", help="Folder for everything.")
@FORCE
def run(study: str, data: str | None, out: str, force: bool) -> None:
    """Run all stages into one folder.

    Schedule, power, allocation, rehearsal on simulated data, analysis and report.
    """
    from ..study.load import load
    from .stages import write_stages

    folder = Path(out)
    require_free_folder(folder, force=force)
    loaded = load(study)
    with new_folder(folder) as temporary:
        for line in write_stages(loaded, data, temporary):
            click.echo(line)
    say_stamp(loaded)
    click.echo(f"Report: {folder / 'report.html'}")
