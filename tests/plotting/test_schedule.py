"""The schedule: every council its row, every cell its colour, dates where they are known."""

import datetime

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import staggered as sg
from staggered.plotting.canvas import CONTROL, PARTLY, TREATED
from staggered.plotting.schedule import said, schedule

DATES = {"Walsall": "2020-09-01", "Lancashire": "2021-02-01", "Swindon": "2021-06-28"}


def rows(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def length(axes, colour):
    return sum(p.get_width() for p in axes.patches if isinstance(p, Rectangle) and to_hex(p.get_facecolor()) == colour)


def test_rows_are_councils_and_bars_are_days():
    design = sg.rollout(DATES, start="2020-03-01", end="2021-12-31", rate=30)
    axes = schedule(design, Figure())
    assert rows(axes) == list(DATES)
    assert {"1 Sep 2020", "1 Feb 2021", "28 Jun 2021"} <= set(texts(axes))
    days = (design.dates[:, 1] - design.dates[:, 0]).astype(int) + 1
    assert length(axes, TREATED) == pytest.approx((days * design.treatment).sum())
    assert length(axes, CONTROL) == pytest.approx((days * (1 - design.treatment)).sum())


def test_people_stand_at_the_end_of_each_row():
    design = sg.Design([[0, 1], [0, 0]], size=[[1000, 2000], [10, 20]])
    assert {"3,000", "30", "people"} <= set(texts(schedule(design, Figure())))
    assert "people" not in texts(schedule(design, Figure(), people=False))
    assert "people" not in texts(schedule(sg.Design([[0, 1], [0, 0]]), Figure()))


def test_strata_stand_together_under_their_names():
    design = sg.Design(
        [[0, 0, 1], [0, 1, 1], [0, 0, 1], [0, 1, 1]], clusters=["a", "b", "c", "d"], strata=["x", "y", "y", "x"]
    )
    axes = schedule(design, Figure())
    assert rows(axes) == ["d", "a", "b", "c"]
    assert {"x", "y"} <= set(texts(axes))


def test_what_is_partly_treated_or_not_observed_is_told_apart():
    axes = schedule(sg.Design([[0, 0.5, 1], [0, np.nan, 1]]), Figure())
    assert length(axes, PARTLY) == pytest.approx(1)
    assert any(patch.get_hatch() for patch in axes.patches)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "before",
        "after go-live",
        "partly",
        "not observed",
    ]


def test_many_that_never_go_live_share_a_row_and_few_do_not():
    many = schedule(sg.Design([[0, 1], *[[0, 0]] * 9]), Figure())
    assert rows(many) == ["1", "9 that never go live"]
    few = schedule(sg.Design([[0, 1], *[[0, 0]] * 3]), Figure())
    assert len(rows(few)) == 4


def test_a_large_design_is_drawn_by_schedule():
    axes = schedule(sg.stepped(clusters=60, steps=5), Figure())
    assert rows(axes) == ["12 alike"] * 5


def test_days_of_go_live_are_diamonds_where_periods_are_years():
    design = sg.Design(
        [[0, 1], [0, 0]],
        clusters=["Bath", "Kent"],
        periods=[2020, 2021],
        dates=[["2019-04-01", "2020-03-31"], ["2020-04-01", "2021-03-31"]],
    )
    axes = schedule(design, Figure(), go_live={"Bath": datetime.date(2020, 9, 1)})
    (diamond,) = axes.lines
    assert diamond.get_xdata()[0] == np.datetime64("2020-09-01").astype("datetime64[D]").astype(int)
    assert axes.get_xlabel() == "year ending 31 Mar"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2020", "2021"]


def test_dates_do_not_depend_on_the_language_of_the_machine():
    assert said(datetime.date(2022, 3, 24)) == "24 Mar 2022"
