"""The page about the study file is what its script writes today, and says what every key means."""

import re
import runpy
from pathlib import Path

from staggered.study.schema import DESIGNS, SECTIONS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "study-file.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (.*) \| (.*) \| (.*) \|$", re.MULTILINE)


def test_the_page_is_up_to_date() -> None:
    written = runpy.run_path(str(ROOT / "docs" / "make_study_file.py"))["page"]()
    assert written == PAGE, "docs/study-file.md is out of date: run `python docs/make_study_file.py`"


def test_every_section_and_kind_of_design_is_on_the_page() -> None:
    for name in SECTIONS:
        assert f"[{name}]" in PAGE
    for name in DESIGNS:
        assert f'## [design] kind = "{name}"' in PAGE


def test_every_key_is_explained() -> None:
    rows = ROW.findall(PAGE)
    assert len(rows) > 80
    assert [key for key, *_, meaning in rows if not meaning.strip()] == []


def test_every_key_of_the_code_is_on_the_page() -> None:
    keys = {key for key, *_ in ROW.findall(PAGE)}
    known = {key for model in [*SECTIONS.values(), *DESIGNS.values()] for key in model.model_fields}
    assert known <= keys
