"""What is printed: tables, JSON, and the study file's SHA-256 on every output."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click
import numpy as np

from .. import __version__
from ..errors import StaggeredError
from .write import write_files

if TYPE_CHECKING:
    import pandas as pd

    from ..study.study import Study

_WIDEST = 1000


def stamp(study: Study) -> dict[str, object]:
    """Name the study file, its SHA-256 and the version: the head of every JSON output."""
    return {
        "study": study.title,
        "file": Path(study.path).name,
        "study_sha256": study.digest,
        "staggered": __version__,
    }


def say_stamp(study: Study, *, err: bool = False) -> None:
    """Print whose numbers these are."""
    click.echo(f"\nStudy file {Path(study.path).name}, SHA-256 {study.digest}, staggered {__version__}.", err=err)


def say_json(study: Study, content: Mapping[str, object]) -> None:
    """Print JSON, the study file's SHA-256 first."""
    click.echo(to_json({**stamp(study), **content}).decode(), nl=False)


def to_json(content: object) -> bytes:
    r"""JSON in UTF-8; what is not a number is null, what is infinite is the text "inf".

    Examples
    --------
    >>> to_json({"se": float("nan"), "df": float("inf")})
    b'{\n  "se": null,\n  "df": "inf"\n}\n'
    """
    return (json.dumps(_plain(content), indent=2, ensure_ascii=False) + "\n").encode()


def to_csv(table: pd.DataFrame, study: Study) -> bytes:
    """CSV in UTF-8 with the study file's SHA-256 as its last column."""
    text: str = table.assign(study_sha256=study.digest).to_csv(index=False, lineterminator="\n")
    return text.encode()


def require_ending(path: Path) -> None:
    """Refuse a file name whose ending says nothing, before anything is computed.

    Raises
    ------
    StaggeredError
        An ending other than .csv and .json.
    """
    if path.suffix.lower() not in {".csv", ".json"}:
        raise StaggeredError(
            f"{path} ends in {path.suffix or 'nothing'!r}.",
            "The ending says how the result is written.",
            "End the name in .csv for a table or in .json for everything.",
        )


def to_file(path: Path, table: pd.DataFrame, study: Study, content: Mapping[str, object]) -> bytes:
    """Bytes of a result in the format that the file's ending names."""
    return to_csv(table, study) if path.suffix.lower() == ".csv" else to_json({**stamp(study), **content})


class Result(Protocol):
    """What every result can give."""

    def table(self) -> pd.DataFrame:
        """Give its table."""
        ...

    def text(self) -> str:
        """Say it in a paragraph."""
        ...

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values."""
        ...


def say_result(study: Study, result: Result, path: Path | None, *, as_json: bool) -> None:
    """Write one result to its file, if any, and print it: as JSON, or its paragraph and its table."""
    if path is not None:
        write_files({path: to_file(path, result.table(), study, result.to_dict())})
    if as_json:
        say_json(study, result.to_dict())
        return
    click.echo(result.text() + "\n")
    say_table(result.table())
    say_stamp(study)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr while something long runs; nothing where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


def say_table(table: pd.DataFrame, title: str = "") -> None:
    """Print a table that fits its content, however narrow the window."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    shown = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in table.columns:
        numeric = table[name].dtype.kind in "if"
        shown.add_column(str(name), justify="right" if numeric else "left", no_wrap=True)
    for row in table.itertuples(index=False):
        shown.add_row(*(_cell(value) for value in row))
    # The table takes the width it needs; a window narrower than that wraps it, which loses nothing.
    Console(highlight=False, emoji=False, markup=False, width=_WIDEST).print(shown)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "n/a" if math.isnan(value) else f"{value:.4g}"
    return "" if value is None else str(value)


def _plain(value: object) -> object:
    """Plain values that JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value
