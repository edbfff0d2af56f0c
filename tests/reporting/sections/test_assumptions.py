"""Assumptions: every planning value with its source, and what has to be believed of data."""

import staggered as sg
from staggered.reporting.material import gather
from staggered.reporting.sections.assumptions import assumptions
from tests.reporting.reading import ROOT, table, words


def test_planning_values_say_where_they_come_from(trees):
    rows = {row["What"].split(":")[0]: row for row in table(trees["plan"], "Planning values")}
    assert "0.00268" in rows["Correlation"]["Value"]
    assert "Borrowed from No Wrong Door" in rows["Correlation"]["Where from"]
    assert "−0.0185" in rows["Effect"]["Value"]
    assert "0.0549" in rows["Outcome"]["Value"]


def test_a_percent_effect_is_believed_in_proportion(trees):
    text = words(trees["results"], "assumptions")
    assert "would have changed in the same proportion as the 24 comparison councils. This cannot be checked" in text
    assert "each council alike" in text


def test_learning_about_few_councils_is_said_as_it_was_done(plan):
    def said(material):
        return " ".join(assumptions(material).blocks[-1].items)

    assert "t distribution with few degrees of freedom" in said(plan)
    normal = gather(sg.load(ROOT / "designs" / "nwd_protocol.toml"), None, "protocol")
    assert "makes power look better than it is" in said(normal)
