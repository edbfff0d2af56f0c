"""The writer of HTML: one file that needs nothing else."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure as Canvas

from ..plotting.svg import svg
from .document import Box, Bullets, Document, Facts, Figure, Paragraph, Table

_TEMPLATES = files(__package__) / "templates"
_LONG = 14
_KINDS = {Paragraph: "paragraph", Bullets: "bullets", Facts: "facts", Table: "table", Figure: "figure", Box: "box"}


def to_html(document: Document) -> str:
    """Write a document as one HTML page: style and figures inside, no script, no address.

    Parameters
    ----------
    document : Document

    Returns
    -------
    str
        The same for the same document.
    """
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, finalize=_printed
    )
    environment.filters["kind"] = lambda block: _KINDS[type(block)]
    environment.filters["svg"] = _drawn
    environment.filters["long_names"] = _has_long_names
    template = environment.from_string((_TEMPLATES / "report.html").read_text(encoding="utf-8"))
    style = (_TEMPLATES / "report.css").read_text(encoding="utf-8")
    return template.render(document=document, style=Markup(style))


def _printed(value: object) -> object:
    """Text as a printer sets it: apostrophes that lean."""
    return value.replace("'", "’") if isinstance(value, str) and not isinstance(value, Markup) else value


def _has_long_names(table: Table) -> bool:
    """Whether the names of its rows need room, so that they do not wrap at every word."""
    return any(len(table.columns[0].text(row[0])) > _LONG for row in table.rows)


def _drawn(figure: Figure) -> Markup:
    canvas = Canvas()
    figure.draw(canvas)
    return Markup(svg(canvas, f"figure-{figure.name}", figure.title, figure.description))
