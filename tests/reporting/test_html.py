"""The page: whole in itself, the same every time, and readable without eyes, colour, script or network."""

import itertools
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from staggered.reporting.compose import compose
from staggered.reporting.document import Box, Bullets, Column, Document, Facts, Paragraph, Section, Table
from staggered.reporting.html import to_html
from tests.reporting.reading import RESULTS, ROOT

AGAIN = """
import sys
import staggered as sg
path = sg.report(sg.load(sys.argv[1]), out=sys.argv[2])
"""


def test_the_same_material_gives_the_same_bytes(plan, results, pages):
    assert to_html(compose(plan)) == pages["plan"]
    assert to_html(compose(results)) == pages["results"]


def test_another_process_gives_the_same_bytes(pages, tmp_path):
    out = tmp_path / "report.html"
    run = subprocess.run(
        [sys.executable, "-c", AGAIN, str(RESULTS), str(out)],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    assert run.returncode == 0, run.stderr
    assert out.read_bytes() == pages["results"].encode()


def test_nothing_runs_and_nothing_is_fetched(page):
    assert "http" not in page
    for tag in ("script", "iframe", "link", "img", "image", "object", "embed", "base", "form"):
        assert f"<{tag}" not in page
    assert "@import" not in page
    assert not re.search(r"\son\w+=", page)
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", page))
    assert all(target.startswith("#") for target in re.findall(r'(?:href|src)="([^"]*)"', page))


def test_no_time_of_day_and_no_path_of_a_machine(page):
    assert not re.search(r"\d{2}:\d{2}:\d{2}", page)
    assert str(ROOT) not in page


def test_every_id_is_unique_and_every_link_arrives(tree):
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    links = [element.get("href")[1:] for element in tree.iter("a")]
    assert links
    assert set(links) <= set(ids)
    named = " ".join(
        element.get("aria-labelledby") for element in tree.iter() if element.get("aria-labelledby")
    ).split()
    assert set(named) <= set(ids)


def test_every_figure_can_be_read_out(tree):
    figures = list(tree.iter("svg"))
    assert len(figures) >= 3
    for figure in figures:
        title, description = figure.find("title"), figure.find("desc")
        assert len(title.text) > 10
        assert len(description.text) > 30
        assert figure.get("role") == "img"


def test_headings_come_in_order(tree):
    levels = [int(element.tag[1]) for element in tree.iter() if re.fullmatch(r"h[1-6]", str(element.tag))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_tables_have_captions_and_heads_with_a_scope(tree):
    for table in tree.iter("table"):
        assert table.find("caption").text
        assert {cell.get("scope") for cell in table.find("thead").iter("th")} == {"col"}
        for row in table.find("tbody").iter("tr"):
            assert row[0].tag == "th"
            assert row[0].get("scope") == "row"
            assert {cell.tag for cell in row[1:]} <= {"td"}


def test_the_language_is_said_and_phones_are_thought_of(tree):
    assert tree.get("lang") == "en-GB"
    assert "width=device-width" in tree.xpath("//meta[@name='viewport']/@content")[0]


@pytest.mark.parametrize("colour", ["--ink", "--quiet", "--blue", "--warm"])
def test_text_stands_out_from_its_ground(pages, colour):
    def luminance(name):
        code = re.search(rf"{name}: (#\w{{6}})", pages["plan"])[1]
        rgb = np.array([int(code[k : k + 2], 16) / 255 for k in (1, 3, 5)])
        return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    assert (luminance("--tint") + 0.05) / (luminance(colour) + 0.05) >= 4.5


def test_what_is_written_is_escaped():
    document = Document(
        "a < b",
        "",
        "kind",
        (Section("one", "R&D", (Paragraph("<script>x</script>"), Facts((("a", "b"),)), Box("t", (Bullets(("i",)),)))),),
        "end",
    )
    page = to_html(document)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<title>a &lt; b</title>" in page
    assert "R&amp;D" in page


def test_numbers_stand_flush_right_and_words_do_not():
    table = Table("t", (Column("name"), Column("value", "{:.1f}".format)), (("a", 1.25), ("b", "none")))
    page = to_html(Document("t", "", "k", (Section("s", "S", (table,)),), "e"))
    assert '<td class="number">1.2</td>' in page
    assert '<td class="number">none</td>' in page
    assert '<th scope="row">a</th>' in page


def test_apostrophes_lean_and_code_keeps_its_own(pages):
    assert "study file’s" in pages["plan"]
    assert "'Segoe" not in pages["plan"]
    assert '"Segoe UI"' in pages["plan"]
