"""SVG for a page: text as text, unique ids, nothing from outside, the same bytes every time."""

import re

import pytest
from lxml import etree
from matplotlib.figure import Figure

import staggered as sg
from staggered.plotting.plot import plot
from staggered.plotting.svg import svg


def drawn(name: str = "figure-one") -> str:
    figure = Figure()
    plot(
        sg.rollout({"Bath & Wells": "2020-09-01", "Kent": "2021-02-01"}, start="2020-03-01", end="2021-06-30"),
        ax=figure,
    )
    return svg(figure, name, "Who <when>", "Two councils & their dates")


@pytest.fixture
def root():
    return etree.fromstring(drawn())


def test_it_is_one_element_with_title_and_description(root):
    assert root.tag == "svg"
    assert root[0].tag == "title"
    assert root[0].text == "Who <when>"
    assert root[1].tag == "desc"
    assert root[1].text == "Two councils & their dates"
    assert root.get("aria-labelledby").split() == [root[0].get("id"), root[1].get("id")]
    assert root.get("role") == "img"


def test_its_text_is_text_in_the_font_of_the_page(root):
    said = [element.text for element in root.iter("text")]
    assert {"Bath & Wells", "Kent", "1 Sep 2020"} <= set(said)
    assert "DejaVu" not in drawn()
    assert all("font-size" in element.get("style") for element in root.iter("text"))


def test_numbers_in_its_text_are_whole():
    figure = Figure()
    plan = sg.Plan(
        design=sg.stepped(clusters=8, steps=4), outcome=sg.Outcome(sd=1.0), covariance=sg.Nested(icc=0.05, cac=0.8)
    )
    plot(sg.grid(plan, icc=[0.00268, 0.0125], cac=[0.875, 1.0]), ax=figure)
    text = svg(figure, "power", "Power", "Power")
    for number in ("0.00268", "0.0125", "0.875"):
        assert f">{number}</text>" in text


def test_nothing_comes_from_outside_and_nothing_runs():
    text = drawn()
    assert "http" not in text
    assert "xmlns" not in text
    assert "<script" not in text
    assert "<image" not in text
    assert not re.search(r"\d{4}-\d\d-\d\dT", text)


def test_every_id_is_its_own_and_every_reference_resolves(root):
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert all(one.startswith("figure-one") for one in ids)
    text = drawn()
    used = re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", text)
    assert used
    assert {a or b for a, b in used} <= set(ids)


def test_two_figures_share_no_id():
    one, two = (set(re.findall(r'\bid="([^"]+)"', drawn(name))) for name in ("figure-one", "figure-two"))
    assert one
    assert not one & two


def test_the_same_bytes_every_time():
    assert drawn() == drawn()
