"""Who goes live when: real names and dates, under every reading."""

import staggered as sg
from staggered.reporting.sections.schedule import in_words, period_words
from tests.reporting.reading import table


def test_the_periods_of_a_rollout_are_its_real_days(trees):
    rows = table(trees["plan"], "The periods")
    assert [row["Days"] for row in rows] == ["184", "153", "147", "210", "120", "185"]
    assert rows[1]["First day"].replace("\u00a0", " ") == "1 Sep 2020"
    assert [row["Goes live"] for row in rows[1:]] == [
        "Walsall",
        "Lancashire",
        "Telford and Wrekin",
        "Wandsworth",
        "Swindon",
    ]


def test_both_readings_stand_beside_the_day_of_go_live(trees):
    rows = {row["Council"]: row for row in table(trees["results"], "Dates of go-live")}
    any_, half = (
        f"First period after go-live: {rule}" for rule in ("any exposure in the year", "at least half the year")
    )
    assert len(rows) == 9
    assert rows["Lancashire"]["Day of go-live"].replace("\u00a0", " ") == "1 Feb 2021"
    assert (rows["Lancashire"][any_], rows["Lancashire"][half]) == ("2021", "2022")
    assert (rows["Swindon"][any_], rows["Swindon"][half]) == ("2023", "2023")
    assert {name for name, row in rows.items() if row[any_] != row[half]} == {"Lancashire", "Wandsworth"}


def test_the_councils_that_differ_are_named(pages):
    assert "The readings differ for Lancashire and Wandsworth." in pages["results"]


def test_the_picture_is_said_in_words():
    design = sg.rollout(
        {"Bath": "2020-09-01", "Kent": "2021-02-01"}, start="2020-03-01", end="2021-06-30", never=["Leeds"]
    )
    said = in_words(design)
    assert "Bath from 1" in said
    assert said.endswith("1 council never does.")
    assert period_words(design, 1).startswith("the period from 1")
    assert period_words(sg.Design([[0, 1], [0, 0]], periods=[2019, 2020]), 1) == "2020"


def test_councils_that_share_a_row_are_named(pages, results):
    design = results.panel.design
    assert "24 councils never go live: " in pages["results"]
    for name, start in zip(design.clusters, design.start, strict=True):
        assert start < 8 or f"{name}" in pages["results"].split("24 councils never go live: ")[1].split("</p>")[0]
