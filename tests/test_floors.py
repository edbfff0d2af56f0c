"""Imports only go down the house: from a room to the floors below its own, never up or sideways."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "staggered"
FLOORS = {
    "errors": 1,
    "value": 1,
    "results": 2,
    "design": 3,
    "model": 4,
    "data": 5,
    "kernel": 6,
    "allocation": 6,
    "inference": 7,
    "estimators": 8,
    "hierarchical": 9,
    "diagnostics": 9,
    "planning": 10,
    "economics": 11,
    "official": 12,
    "study": 13,
    "plotting": 14,
    "reporting": 15,
    "cli": 16,
}
DOORS = {"__init__", "__main__"}
"""The package's own front doors, which may lead anywhere and to which no room leads back but for the version."""


def room(path: Path, source: Path = SOURCE) -> str:
    return path.relative_to(source).parts[0].removesuffix(".py")


def imported(path: Path, source: Path) -> Iterator[tuple[int, str]]:
    """Line and room of every import from within the package, at the top or inside a function."""
    folder = path.relative_to(source).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in (alias.name.split(".") for alias in node.names):
                if name[0] == "staggered":
                    yield node.lineno, name[1] if len(name) > 1 else "__init__"
        elif isinstance(node, ast.ImportFrom):
            module = node.module.split(".") if node.module else []
            if node.level == 0 and module[:1] != ["staggered"]:
                continue
            base = module[1:] if node.level == 0 else [*folder[: len(folder) - node.level + 1], *module]
            names = base[:1] or [alias.name for alias in node.names if alias.name != "__version__"]
            yield from ((node.lineno, name if name in FLOORS else "__init__") for name in names)


def climbs(path: Path, source: Path = SOURCE) -> list[str]:
    here = room(path, source)
    return [
        f"{path.relative_to(source)}:{line} imports {there}"
        for line, there in imported(path, source)
        if there != here and (there in DOORS or FLOORS[there] >= FLOORS[here])
    ]


FILES = [path for path in sorted(SOURCE.rglob("*.py")) if room(path) not in DOORS]


def test_every_room_has_a_floor() -> None:
    assert {room(path) for path in FILES} <= set(FLOORS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_only_go_down(path: Path) -> None:
    assert climbs(path) == []


def test_the_page_shows_the_same_floors() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = {name: int(floor) for floor, name in re.findall(r"^\| (\d+) \| `(\w+)` \|", page, re.MULTILINE)}
    assert table == {name: floor for name, floor in FLOORS.items() if name in {room(path) for path in FILES}}


def test_climbs_are_seen(tmp_path: Path) -> None:
    """The check itself: relative, absolute and hidden imports, from a file in a folder within a room."""
    path = tmp_path / "kernel" / "deep" / "file.py"
    path.parent.mkdir(parents=True)
    path.write_text(
        "import numpy\nfrom ...errors import listing\nfrom ..rule import Rule\nfrom . import other\n"
        "from ... import __version__\nfrom ...inference.cluster import Cluster\nfrom ... import planning\n"
        "import staggered.cli.main\ndef hidden():\n    from staggered.allocation import orders\n    import staggered\n",
        encoding="utf-8",
    )
    seen = [told.split(" imports ")[1] for told in climbs(path, tmp_path)]
    assert sorted(seen) == ["__init__", "allocation", "cli", "inference", "planning"]
