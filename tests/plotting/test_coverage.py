"""Coverage: what can be estimated, and against whom, read off the weights."""

import pytest
from matplotlib.figure import Figure

import staggered as sg
from staggered.plotting.coverage import cells_of, coverage


@pytest.fixture
def rule():
    design = sg.Design(
        [[0, 0, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 1, 1], [0, 0, 0, 0, 1]],
        clusters=["Bath", "Kent", "Leeds", "Telford and Wrekin"],
        periods=[2018, 2019, 2020, 2021, 2022],
    )
    return sg.GroupTime(by="cell").rule(sg.Frame(design))


def test_both_sides_of_every_comparison_are_named(rule):
    cells = {(cell.cohort, cell.period): cell for cell in cells_of(rule)}
    first = cells[2020, 2020]
    assert first.treated == ("Bath", "Kent")
    assert first.control == ("Leeds", "Telford and Wrekin")
    assert cells[2020, 2021].control == ("Telford and Wrekin",)


def test_with_nobody_left_a_cell_is_not_estimable(rule):
    after = {(cell.cohort, cell.period): cell.estimable for cell in cells_of(rule) if cell.event >= 0}
    assert after == {
        (2020, 2020): True,
        (2020, 2021): True,
        (2020, 2022): False,
        (2021, 2021): True,
        (2021, 2022): False,
        (2022, 2022): False,
    }


def test_rows_of_cells_are_rows_of_the_rule(rule):
    assert all(rule.terms[cell.row].period == cell.period for cell in cells_of(rule))


def test_the_picture_hatches_what_cannot_be_estimated_and_names_a_lone_council_that_fits(rule):
    axes = coverage(rule, Figure())
    assert sum(bool(patch.get_hatch()) for patch in axes.patches) == 3
    said = [text.get_text() for text in axes.texts]
    assert "Telford and Wrekin" not in said
    assert "2" in said
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "2 councils, go-live 2020",
        "1 council, go-live 2021",
        "1 council, go-live 2022",
    ]
