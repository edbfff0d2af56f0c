"""Commands for what was found: analyse and report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import AS_JSON, DATA, FORCE, OUT, STUDY
from .shown import require_ending, say_json, say_stamp, say_table, to_file
from .write import new_file, require_free, write_files

if TYPE_CHECKING:
    import pandas as pd

    from ..study.study import Analysed


@click.command()
@STUDY
@DATA
@AS_JSON
@OUT
@FORCE
def analyse(study: str, data: str | None, as_json: bool, out: str | None, force: bool) -> None:
    """Run every analysis of the study file.

    On DATA, or on the data that the study file names.
    """
    from ..study.load import load

    path = Path(out) if out else None
    if path is not None:
        require_ending(path)
        require_free(path, force=force)
    loaded = load(study)
    found = loaded.analyse(data)
    content = {"analyses": [to_dict(one) for one in found]}
    if path is not None:
        write_files({path: to_file(path, results(found), loaded, content)})
    if as_json:
        say_json(loaded, content)
        return
    click.echo(f"Primary analysis. {found[0].estimate.text()}")
    for name in dict.fromkeys(one.data for one in found):
        here = tuple(one for one in found if one.data == name)
        several = any(len(one.estimate.terms) > 1 for one in here)
        say_table(results(here).drop(columns=["data", "statistic", *([] if several else ["term"])]), name)
    say_stamp(loaded)


@click.command()
@STUDY
@DATA
@click.option("--kind", help="protocol (a plan) or trial (results); results where there are data when absent.")
@click.option("--to", "form", default="html", show_default=True, help="Format of the report.")
@click.option("--out", metavar="FILE", help="Where to write it; named after the study file when absent.")
@FORCE
def report(study: str, data: str | None, kind: str | None, form: str, out: str | None, force: bool) -> None:
    """Write the report, one self-contained file."""
    from ..reporting.report import report as library_report
    from ..study.load import load

    path = Path(out or f"{Path(study).stem}.{form}")
    require_free(path, force=force)
    loaded = load(study)
    with new_file(path) as temporary:
        library_report(loaded, data, kind=kind, to=form, out=temporary)
    click.echo(f"Written: {path}")
    say_stamp(loaded)


def results(found: tuple[Analysed, ...]) -> pd.DataFrame:
    """One table of all analyses, a row per term."""
    import pandas as pd

    tables = []
    for one in found:
        table = one.estimate.table()
        table.insert(0, "inference", one.analysis.inference_name or "default")
        table.insert(0, "estimator", one.analysis.estimator_name)
        table.insert(0, "data", one.data)
        table.insert(0, "primary", "yes" if one.analysis.primary else "")
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def to_dict(one: Analysed) -> dict[str, object]:
    """One analysis as plain values."""
    return {
        "data": one.data,
        "primary": one.analysis.primary,
        "estimator_name": one.analysis.estimator_name,
        "inference_name": one.analysis.inference_name,
        **one.estimate.to_dict(),
    }
