"""Arguments and options that several commands share."""

from __future__ import annotations

import click

STUDY = click.argument("study")
DATA = click.argument("data", required=False)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
OUT = click.option("--out", metavar="FILE", help="Write to this file as well.")
FORCE = click.option("--force", is_flag=True, help="Replace what is already there.")
SEED = click.option("--seed", type=int, help="Seed of the draw, in place of the study file's.")
WORKERS = click.option("--workers", type=click.IntRange(1), help="Processes side by side; one when absent.")
