"""The power map: every tile the power of its pair, never rounded up to the target."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import staggered as sg
from staggered.plotting.power_map import crossed, percent, power_map

ICC, CAC = [0.05, 0.01], [0.5, 0.8, 1.0]


@pytest.fixture(scope="module")
def grid():
    plan = sg.Plan(
        design=sg.stepped(clusters=24, steps=4),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Nested(icc=0.05, cac=0.8),
        effect=sg.Constant(0.2),
    )
    return sg.grid(plan, icc=ICC, cac=CAC, df="normal")


def test_tiles_are_the_powers_of_their_pairs(grid):
    columns, rows, tiles = crossed(grid)
    assert columns.tolist() == CAC
    assert rows.tolist() == sorted(ICC)
    for icc, cac, power in zip(grid.inputs["icc"], grid.inputs["cac"], grid.powers, strict=True):
        assert tiles[rows.tolist().index(icc), columns.tolist().index(cac)] == power


def test_other_numbers_are_arranged_alike(grid):
    _, rows, errors = crossed(grid, grid.errors)
    k = next(
        k for k, pair in enumerate(zip(grid.inputs["icc"], grid.inputs["cac"], strict=True)) if pair == (0.05, 0.5)
    )
    assert errors[rows.tolist().index(0.05), 0] == grid.errors[k]


def test_the_picture_says_every_power_and_frames_those_that_reach_the_target(grid):
    axes = power_map(grid, Figure(), target=0.8)
    _, _, tiles = crossed(grid)
    assert [text.get_text() for text in axes.texts] == [percent(power) for power in tiles.ravel()]
    frames = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert len(frames) == (tiles >= 0.8).sum() > 0
    assert "CAC" in axes.get_xlabel()
    assert "ICC" in axes.get_title(loc="left")


def test_dark_tiles_have_light_figures_that_can_be_read(grid):
    axes = power_map(grid, Figure())
    shades = axes.collections[0].to_rgba(crossed(grid)[2])[..., :3].reshape(-1, 3)
    for text, shade in zip(axes.texts, shades, strict=True):
        ink = np.array([int(text.get_color()[k : k + 2], 16) / 255 for k in (1, 3, 5)])
        assert contrast(ink, shade) >= 4.5


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(rgb):
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize(
    ("power", "said"), [(0.7999, "79%"), (0.8, "80%"), (0.796, "79%"), (0.804, "80%"), (0.126, "13%"), (1.0, "100%")]
)
def test_a_power_is_not_rounded_up_to_a_target_it_misses(power, said):
    assert percent(power, 0.8) == said
