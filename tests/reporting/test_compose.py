"""Composition: sections in their order, each once, none for what a study does not have."""

from staggered.reporting.compose import SECTIONS, compose


def test_a_plan_has_the_sections_of_a_plan(plan):
    assert [section.name for section in compose(plan).sections] == [
        "in-short", "limits", "study", "schedule", "power", "allocation", "draw", "rehearsal", "assumptions", "methods",
        "provenance",
    ]  # fmt: skip


def test_results_have_the_sections_of_results(results):
    assert [section.name for section in compose(results).sections] == [
        "in-short", "limits", "study", "schedule", "data", "comparison", "over-time", "by-itself", "councils",
        "beliefs", "assumptions", "methods", "bayes-checklist", "provenance",
    ]  # fmt: skip


def test_no_section_is_empty_and_none_stands_twice(plan, results):
    for material in (plan, results):
        sections = [section for build in SECTIONS if (section := build(material)) is not None]
        assert all(section.blocks for section in sections)
        assert len({section.name for section in sections}) == len(sections)


def test_the_stamp_names_the_study_file(plan):
    assert plan.study.digest in compose(plan).stamp
    assert "fs_realised.toml" in compose(plan).stamp
