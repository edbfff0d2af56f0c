"""docs/index.md leads to every page, its numbers run on, and no page links to nothing."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INDEX = ROOT / "docs" / "index.md"
PAGES = sorted((ROOT / "docs").rglob("*.md"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def links(page: Path) -> list[str]:
    """Relative links of a page, outside its code blocks."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return [link for link in LINK.findall(prose) if not re.match(r"[a-z]+:", link)]


def heading_anchors(page: Path) -> set[str]:
    """Anchors that a page's headings have on the web."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_linked_from_the_index() -> None:
    linked = {(INDEX.parent / link.split("#")[0]).resolve() for link in links(INDEX)}
    assert [page.relative_to(ROOT).as_posix() for page in PAGES if page != INDEX and page not in linked] == []


@pytest.mark.parametrize("page", [*PAGES, *sorted(ROOT.glob("*.md"))], ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), link
        if anchor and found.suffix == ".md":
            assert anchor in heading_anchors(found), link


def test_the_numbers_of_each_path_run_on() -> None:
    for path in INDEX.read_text(encoding="utf-8").split("\n## ")[1:]:
        numbers = [int(number) for number in re.findall(r"^(\d+)\. ", path, flags=re.MULTILINE)]
        assert numbers == list(range(1, len(numbers) + 1))
