"""The worked studies, and reading a report of them back: its words, and the cells of its tables."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLAN, RESULTS = ROOT / "designs" / "fs_realised.toml", ROOT / "examples" / "nine_councils.toml"


def words(tree, section: str = "") -> str:
    """Everything that is read, in one line; figures and the question left out."""
    root = tree.get_element_by_id(section) if section else tree.find("body")
    skipped = {"svg", "style"}
    parts = []
    for element in root.iter():
        inside = {up.tag for up in element.iterancestors()} | {element.tag}
        if isinstance(element.tag, str) and not inside & skipped and element.text:
            parts.append(element.text)
        if element.tail and not {up.tag for up in element.iterancestors()} & skipped:
            parts.append(element.tail)
    return " ".join(" ".join(parts).split())


def table(tree, caption: str) -> list[dict[str, str]]:
    """Rows of the first table whose caption begins so, by column."""
    for found in tree.iter("table"):
        if found.find("caption").text.startswith(caption):
            heads = [cell.text_content() for cell in found.find("thead").iter("th")]
            return [dict(zip(heads, cells, strict=True)) for cells in _rows(found)]
    raise AssertionError(f"no table {caption!r}")


def _rows(found) -> Iterator[list[str]]:
    for row in found.find("tbody").iter("tr"):
        yield [cell.text_content().strip() for cell in row]


def number(text: str) -> float:
    """A number as it stands in a report."""
    return float(text.replace("−", "-").replace("+", "").replace(",", "").rstrip("%"))
