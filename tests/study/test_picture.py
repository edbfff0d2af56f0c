import numpy as np

import staggered as sg
from staggered.study.picture import picture


def test_a_rollout_shows_dates_strata_and_people():
    design = sg.rollout(
        {"Walsall": "2020-09-01", "Swindon": "2021-02-01"},
        start="2020-03-01",
        end="2021-06-30",
        rate=30,
        never=["Kent"],
        strata={"Walsall": "high", "Swindon": "low", "Kent": "low"},
    )
    assert picture(design).split("\n") == [
        "               1 2 3   people",
        "Walsall        . # #      487  high",
        "Swindon        . . #      487  low",
        "Kent           . . .      487  low",
        "",
        "Periods",
        "  1: 2020-03-01 to 2020-08-31, 184 days",
        "  2: 2020-09-01 to 2021-01-31, 153 days",
        "  3: 2021-02-01 to 2021-06-30, 150 days",
    ]


def test_gaps_and_fractions_have_marks_of_their_own():
    drawn = picture(sg.Design([[0, np.nan, 1], [0, 0.5, 1]], 10, periods=(2019, 2020, 2021)))
    assert "1              .   #       20" in drawn
    assert "2              . + #       30" in drawn
    assert "  3: 2021" in drawn


def test_long_lists_are_cut_and_counted():
    drawn = picture(sg.stepped(clusters=100, steps=4, size=1)).split("\n")
    assert drawn[-1] == "... and 40 more"
    assert len(drawn) == 62


def test_columns_line_up_beyond_nine_periods():
    lines = picture(sg.stepped(clusters=2, steps=2, size=1, after=9)).split("\n")
    assert lines[0].index("12") + 1 == lines[1].rindex("#")


def test_the_picture_is_plain_ascii():
    assert picture(sg.stepped(clusters=4, steps=2)).isascii()
