"""Where a picture goes: on given axes, alone on a figure that takes its size, or on a new figure."""

import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from staggered.plotting.canvas import axes_for, tidy


def test_given_axes_are_used_as_they_are():
    figure = Figure(figsize=(3, 2))
    axes = figure.add_subplot()
    assert axes_for(axes, 7.0, 4.0) is axes
    assert figure.get_size_inches() == pytest.approx([3, 2])


def test_an_empty_figure_takes_the_size_of_the_picture():
    figure = Figure()
    assert axes_for(figure, 7.0, 4.0).figure is figure
    assert figure.get_size_inches() == pytest.approx([7, 4])


def test_without_a_place_pyplot_shows_it():
    before = pyplot.get_fignums()
    axes = axes_for(None, 5.0, 3.0)
    try:
        assert len(pyplot.get_fignums()) == len(before) + 1
        assert pyplot.gcf() is axes.figure
    finally:
        pyplot.close(axes.figure)


def test_tidy_leaves_no_frame_and_only_the_grid_asked_for():
    axes = Figure().add_subplot()
    tidy(axes, grid="x")
    assert not any(spine.get_visible() for spine in axes.spines.values())
    assert any(line.get_visible() for line in axes.get_xgridlines())
    assert not any(line.get_visible() for line in axes.get_ygridlines())
