"""The data: councils and not rows are counted; the published numbers stand as they were."""

import pandas as pd

from tests.reporting.reading import ROOT, number, table, words


def test_councils_are_never_confused_with_rows(trees):
    text = words(trees["results"], "data")
    assert "33 councils, each in 8 years: 264 cells" in text
    assert "What the analysis counts are the 33 councils" in text
    assert "264 councils" not in text


def test_the_numbers_of_children_are_those_of_the_published_table(trees):
    published = pd.read_csv(ROOT / "examples" / "nine_councils.csv").set_index(["council", "year"])[
        "starting_to_be_looked_after"
    ]
    rows = table(trees["results"], "Numbers of children starting to be looked after")
    assert len(rows) == 9
    for row in rows:
        name = row.pop("Council")
        assert {int(year): number(count) for year, count in row.items()} == published[name].to_dict()


def test_findings_and_notes_are_said(trees, results):
    text = words(trees["results"], "data")
    assert "Alone in its step: Swindon (2023)" in text
    for note in results.panel.notes:
        assert note.split(":")[0] in text
    assert "weights=" not in text
