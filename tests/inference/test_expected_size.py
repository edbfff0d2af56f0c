"""What stands beside an interval: the package's table against the page that the simulation wrote."""

import re
from pathlib import Path

import numpy as np
import pytest

import staggered as sg
from staggered.inference.expected_size import EXPECTED, OF_ITS_OWN, Layout, expected_size
from tests.random_panels import stepped_panel

PAGE = Path(__file__).resolve().parents[2] / "docs" / "did-size.md"


def rows_of(table: str) -> dict[str, dict[str, tuple[int, ...]]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    return {
        cells[0]: {
            name: tuple(int(end) for end in re.findall(r"\d+", cell))
            for name, cell in zip(rows[0][1:], cells[1:], strict=True)
            if cell != "–"
        }
        for cells in rows[2:]
    }


def test_the_table_is_that_of_the_page() -> None:
    found = rows_of(PAGE.read_text(encoding="utf-8").split("## What stands beside an interval")[1])
    assert found == {layout.words: ends for layout, ends in EXPECTED.items()}


def test_the_table_of_the_efficient_estimator_is_that_of_its_page() -> None:
    found = rows_of(PAGE.with_name("efficient-size.md").read_text(encoding="utf-8"))
    own = OF_ITS_OWN[sg.Efficient().name]
    assert {words: {name: ends * 2 for name, ends in row.items()} for words, row in found.items()} == {
        layout.words: ends for layout, ends in own.items()
    }


@pytest.mark.parametrize(
    ("clusters", "steps", "expected"),
    [
        (5, 5, Layout(6, alone=True)),
        (8, 4, Layout(6)),
        (12, 4, Layout(10)),
        (13, 4, Layout(10)),
        (24, 4, Layout(17)),
        (39, 13, Layout(17)),
        (40, 4, None),
    ],
)
def test_the_nearest_row_with_no_more_councils_speaks(clusters: int, steps: int, expected: Layout | None) -> None:
    found = expected_size(sg.Frame(sg.stepped(clusters=clusters, steps=steps)), sg.Jackknife().name)
    assert (None if found is None else found[0]) == expected


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        ((3,), Layout(43, live=3)),
        ((2, 3), Layout(43, live=3)),
        ((1,), Layout(43, alone=True, live=3)),
        ((2, 1, 2), Layout(45, alone=True, live=5)),
        ((4, 5), Layout(46, live=6)),
        ((6, 6), None),
    ],
)
def test_where_a_few_go_live_among_many_those_are_counted(live: tuple[int, ...], expected: Layout | None) -> None:
    start = np.append(np.repeat(np.arange(len(live)) + 1, live), np.full(60, 9))
    found = expected_size(sg.Frame(sg.Design((np.arange(5) >= start[:, None]).astype(float))), sg.Jackknife().name)
    assert (None if found is None else found[0]) == expected


def test_a_few_more_that_never_go_live_than_do_are_in_no_row() -> None:
    assert expected_size(sg.Frame(sg.Design([[0, 1]] * 5 + [[0, 0]] * 7)), sg.Jackknife().name) is None


def test_the_wild_bootstrap_is_not_the_cluster_bootstrap() -> None:
    assert expected_size(sg.Frame(sg.stepped(clusters=12, steps=4)), sg.WildBootstrap().name) is None


def test_it_stands_in_the_paragraph_of_every_interval_with_few_councils() -> None:
    panel = stepped_panel(1, 12, 4)
    for inference in (sg.Jackknife(), sg.Cluster("CR2"), sg.DesignBased()):
        said = sg.Twfe().fit(panel, inference).text()
        assert "In simulations with 10 councils, two or more starting together, such 95% intervals left out" in said
    assert "In simulations" not in sg.Twfe().fit(panel, sg.Permutation(draws=99)).text()
    assert "In simulations" not in sg.Twfe().fit(stepped_panel(1, 48, 4), sg.Jackknife()).text()


@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
def test_no_standard_error_no_size() -> None:
    with pytest.warns(sg.FewClustersWarning, match="alone in its cohort"):
        fit = sg.SunAbraham().fit(stepped_panel(1, 6, 6), sg.Cluster("CR3"))
    assert np.isnan(fit.se)
    assert "In simulations" not in fit.text()


def test_the_default_says_what_it_is_and_why() -> None:
    few, many = stepped_panel(1, 12, 4), stepped_panel(1, 48, 4)
    assert "Jackknife over clusters is the default with fewer than 40 councils (12 here)." in sg.Twfe().fit(few).text()
    assert "is the default from 40 councils on, none of them alone in its cohort" in sg.Twfe().fit(many).text()
    alone = stepped_panel(1, 48, 48)
    assert "is the default where a cohort, or the never-treated, is a single council" in sg.Twfe().fit(alone).text()
    assert "is the default" not in sg.Twfe().fit(few, sg.Jackknife()).text()
