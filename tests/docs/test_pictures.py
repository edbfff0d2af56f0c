"""Every picture of the concept pages is drawn from its page, stands on it, and is described in words."""

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
SPEC = importlib.util.spec_from_file_location("make_pictures", DOCS / "make_pictures.py")
assert SPEC is not None
assert SPEC.loader is not None
MAKE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(MAKE)


def test_every_picture_has_a_page_and_every_page_its_picture() -> None:
    assert {path.stem for path in (DOCS / "pictures").glob("*.svg")} == set(MAKE.PICTURES)
    for name, (page, _) in MAKE.PICTURES.items():
        shown = re.findall(rf"!\[([^\]]+)\]\(\.\./pictures/{name}\.svg\)", (DOCS / page).read_text(encoding="utf-8"))
        assert len(shown) == 1, f"{page} does not show {name}.svg"
        assert len(shown[0]) > 20, f"{name}.svg is not described"


@pytest.mark.parametrize("name", ["sensitivity", "information"])
def test_a_picture_is_drawn_from_what_its_page_has_made(name: str) -> None:
    """Its texts are those of the file; shapes may differ in their last digits between machines."""
    texts = [
        re.findall(rb">([^<>]+)</text>", svg)
        for svg in (MAKE.draw(name), (DOCS / "pictures" / f"{name}.svg").read_bytes())
    ]
    assert texts[0] == texts[1]
    assert len(texts[0]) > 5
