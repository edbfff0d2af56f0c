"""sg.report: one study, one file that can be read by anyone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from ..errors import StaggeredError, StudyError, listing
from ..study.study import Study
from .compose import compose
from .document import Document
from .html import to_html
from .material import Kind, gather, observed

WRITERS: dict[str, Callable[[Document], bytes]] = {"html": lambda document: to_html(document).encode()}
"""Every format that a report can take, by its name."""
_PLANNED_KINDS = ("sap", "board", "local", "appendix")
_PLANNED_FORMS = ("docx", "xlsx", "pdf", "md")


def report(
    study: Study,
    data: Any = None,
    *,
    kind: str | None = None,
    to: str = "html",
    out: str | os.PathLike[str] | None = None,
) -> Path:
    """Write a report.

    Parameters
    ----------
    study : Study
        From `sg.load`.
    data : frame, path or dict of columns, optional
        What the study file names when absent.
    kind : {"protocol", "trial"}, optional
        A plan with a rehearsal on simulated children, or results; results where there are data when absent.
    to : {"html"}
        One self-contained file: no script, no address, nothing to install.
    out : path, optional
        The study file's name with the ending of the format, in the current folder, when absent.

    Returns
    -------
    Path
        Where it was written. The same study file, data and version give the same bytes.

    Raises
    ------
    StudyError
        A kind or format that this version does not have; results without data; a study file from which
        nothing can be computed.
    StaggeredError
        A file that cannot be written.

    Examples
    --------
    >>> import staggered as sg, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = sg.report(sg.load("designs/hussey_hughes.toml"), out=f"{folder}/plan.html")
    ...     path.name, path.read_text(encoding="utf-8")[:15]
    ('plan.html', '<!DOCTYPE html>')
    """
    _require_study(study)
    chosen = _kind(study, data, kind)
    _require_known("to", to, tuple(WRITERS), _PLANNED_FORMS, "the format of the file")
    content = WRITERS[to](compose(gather(study, data, chosen)))
    path = Path(out if out is not None else f"{Path(study.path).stem}.{to}")
    try:
        path.write_bytes(content)
    except OSError as error:
        raise StaggeredError(
            f"{path} cannot be written ({error.strerror or error}).",
            "The report was made and has nowhere to go.",
            "Close it if it is open elsewhere, create its folder, or give another out=.",
        ) from None
    return path


def _require_study(study: object) -> None:
    if not isinstance(study, Study):
        raise StudyError(
            f"report was given a {type(study).__name__}.",
            "A report is written about a study that has been read and checked.",
            'Read the study file first: sg.report(sg.load("study.toml")).',
        )


def _kind(study: Study, data: Any, kind: str | None) -> Kind:
    there = observed(study, data)
    if kind is None:
        return "trial" if there else "protocol"
    _require_known("kind", kind, get_args(Kind), _PLANNED_KINDS, "whom the report is for")
    if kind == "protocol":
        return "protocol"
    if not there:
        raise StudyError(
            f"A report of results was asked for, but {Path(study.path).name} names no data.",
            "Results come from data, and a plan has none.",
            'Give the data, name them in [data], or ask for kind="protocol".',
        )
    return "trial"


def _require_known(name: str, given: str, known: tuple[str, ...], planned: tuple[str, ...], what: str) -> None:
    if given in known:
        return
    later = " A later version will have it." if given in planned else ""
    raise StudyError(
        f"{name} is {given!r}.",
        f"It says {what}, and this version does not have that one.{later}",
        f"Use {listing([repr(one) for one in known])}.",
    )
