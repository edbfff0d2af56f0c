"""The document: sections of paragraphs, lists, tables, figures and boxes, before any format is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

Cell = str | float


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain text; a lead is the sentence that a reader in a hurry takes away."""

    text: str
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of sentences, with a line above it that says what they are."""

    items: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they are, in pairs."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    title : str
    show : callable, optional
        How its numbers are written; such a column is set flush right. Text is written as it is, in either kind.
    """

    title: str
    show: Callable[[float], str] | None = None

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.show is not None

    def text(self, cell: Cell) -> str:
        """Write one of its cells."""
        if isinstance(cell, str):
            return cell
        return self.show(cell) if self.show is not None else f"{cell:g}"


@dataclass(frozen=True, slots=True)
class Table:
    """A table; its first column names the rows.

    Parameters
    ----------
    caption : str
    columns : tuple of Column
    rows : tuple of tuples of cells
    note : str
        A sentence below it.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture.

    Parameters
    ----------
    name : str
        Unique in the document; letters and hyphens.
    title : str
        Its heading.
    description : str
        What it shows, in words that can stand in its place.
    draw : callable
        Draws it on an empty canvas.
    caption : str
        How to read it.
    """

    name: str
    title: str
    description: str
    draw: Callable[[Canvas], Axes]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """Something set apart from the text."""

    title: str
    blocks: tuple[Paragraph | Bullets, ...]


Block = Paragraph | Bullets | Facts | Table | Figure | Box


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report under its own heading.

    Parameters
    ----------
    name : str
        Unique in the document; letters and hyphens.
    title : str
    blocks : tuple of blocks
    """

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report.

    Parameters
    ----------
    title, subtitle : str
    kind : str
        What it is, in a word or two.
    sections : tuple of Section
    stamp : str
        One line that says what it was made from.
    """

    title: str
    subtitle: str
    kind: str
    sections: tuple[Section, ...]
    stamp: str
