"""Figures as SVG that can stand inside a page: text as text, ids of their own, the same bytes every time."""

from __future__ import annotations

import io
import re
from html import escape

from matplotlib import rc_context
from matplotlib.figure import Figure

_NOTHING = {"Date": None, "Creator": None, "Format": None, "Type": None}
_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_HEAD = re.compile(r"<svg[^>]*>")
_SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_ID = re.compile(r'(?<=\bid=")([^"]+)(?=")')
_REFERENCE = re.compile(r'(?<=url\(#)([^)]+)(?=\))|(?<=href="#)([^"]+)(?=")')
_GROUP_ID = re.compile(r'(?<=<g) id="[^"]*"')
_EMPTY_GROUP = re.compile(r"\s*<g/>")
_STYLE = re.compile(r"\s*<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)
_COMMENT = re.compile(r"\s*<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_LONG_NUMBER = re.compile(r"(\d+\.\d{2})\d+")
_FONT = re.compile(r"font: ([^;\"]*)'DejaVu Sans'[^;\"]*|font-family: [^;\"]*; ?")
_PIXELS = 96 / 72


def svg(figure: Figure, name: str, title: str, description: str) -> str:
    """Write a figure as one SVG element for a page.

    Parameters
    ----------
    figure : Figure
    name : str
        Unique on the page; every id inside begins with it.
    title, description : str
        Read out to those who cannot see the picture.

    Returns
    -------
    str
        Without addresses, scripts or dates; its text takes the font of the page.
    """
    stream = io.StringIO()
    with rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        figure.savefig(stream, format="svg", metadata=_NOTHING)
    text = _PROLOGUE.sub("", stream.getvalue(), count=1)
    found = _SIZE.search(text)
    assert found is not None
    width, height = (float(number) for number in found.groups())
    body = _HEAD.sub("", text, count=1)
    for unwanted in (_STYLE, _COMMENT, _GROUP_ID, _EMPTY_GROUP):
        body = unwanted.sub("", body)
    body = _TAG.sub(lambda tag: _LONG_NUMBER.sub(r"\1", tag.group()), body).replace("xlink:href", "href")
    body = _ID.sub(rf"{name}-\1", body)
    body = _REFERENCE.sub(lambda match: f"{name}-{match.group(0)}", body)
    body = _FONT.sub(lambda match: _size_only(match.group(1) or ""), body)
    head = (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="{name}-title {name}-description" '
        f'style="width:{width * _PIXELS:.0f}px">'
        f'\n<title id="{name}-title">{escape(title)}</title>'
        f'\n<desc id="{name}-description">{escape(description)}</desc>'
    )
    return head + body.rstrip()


def _size_only(shorthand: str) -> str:
    """Keep what the font shorthand says besides the family: size, weight and style."""
    parts = shorthand.replace(",", " ").split()
    sizes = [part for part in parts if part.endswith(("px", "pt"))]
    rules = [f"font-size: {sizes[0]}"] if sizes else []
    rules += [f"font-weight: {part}" for part in parts if part.isdigit() or part == "bold"]
    rules += ["font-style: italic"] if {"italic", "oblique"} & set(parts) else []
    return "; ".join(rules)
