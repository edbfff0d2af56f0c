"""The floors on the page about the architecture are those of the code."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SOURCE = ROOT / "src" / "staggered"
ROW = re.compile(r"^\| (\d+) \| `(\w+)` \|", re.MULTILINE)


def rooms() -> dict[str, int]:
    found = ROW.findall(PAGE)
    assert len({room for _, room in found}) == len(found), "a room stands twice in the table"
    return {room: int(floor) for floor, room in found}


def test_the_table_names_every_room_and_no_other() -> None:
    folders = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    files = {path.stem for path in SOURCE.glob("*.py")} - {"__init__", "__main__"}
    assert set(rooms()) == folders | files


def test_the_floors_rise_down_the_table() -> None:
    floors = list(rooms().values())
    assert floors == sorted(floors)
    assert floors[0] == 1


def test_every_value_on_the_page_is_in_the_package() -> None:
    table = PAGE.split("## The values")[1].split("## ")[0]
    named = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    source = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    assert len(named) > 5
    assert [name for name in named if f"class {name}" not in source] == []
