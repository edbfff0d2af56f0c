"""The study: its facts, and the checks of its file."""

from staggered.reporting.sections.the_study import checks_table
from staggered.results.check import Check
from tests.reporting.reading import table, words


def test_facts_are_those_of_the_file(trees, plan):
    text = words(trees["plan"], "study")
    for said in (
        plan.study.question,
        "Family Safeguarding",
        "5 councils, all of which go live",
        "lower is better",
        "interim numbers",
    ):
        assert said in text


def test_a_plan_shows_the_checks_of_its_file(trees):
    rows = {row["Checked"]: row for row in table(trees["plan"], "The study file, checked")}
    assert rows["allocations"]["Finding"] == "ok"
    assert "27,425 people" in rows["sizes"]["What was found"]


def test_what_does_not_pass_is_marked_with_what_to_do():
    shown = checks_table(
        "t", (Check("smallest_p", False, "Too large.", "Add councils."), Check("file", True, "SHA-256"))
    )
    assert shown.rows == (("smallest p", "look", "Too large. Add councils."),)


def test_what_was_warned_of_on_the_way_is_said(trees, plan):
    text = words(trees["plan"], "study")
    for warning in plan.warned:
        assert warning.split(":")[0] in text
