"""Several outcomes: Holm and Romano–Wolf against their definitions."""

from itertools import combinations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

import staggered as sg
from staggered.inference.multiple import adjust, holm, step_down
from tests.random_panels import stepped_panel


@pytest.mark.parametrize("seed", range(5))
def test_holm_as_statsmodels(seed: int) -> None:
    p = np.random.default_rng(seed).uniform(0, 0.2, 6)
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], rtol=1e-12)


def test_step_down_is_the_closed_test_with_the_largest_ratio() -> None:
    """Romano and Wolf (2005): H_j is rejected when every intersection that contains it is."""
    generator = np.random.default_rng(2)
    draws = generator.multivariate_normal(np.zeros(4), 0.4 + 0.6 * np.eye(4), 499)
    values = np.array([2.6, 1.9, 0.3, -2.2])
    scale = draws.std(axis=0)
    ratio, spread = np.abs(values / scale), np.abs(draws / scale)
    expected = []
    for j in range(4):
        worst = 0.0
        for size in range(1, 5):
            for some in combinations(range(4), size):
                if j in some:
                    top = ratio[list(some)].max()
                    worst = max(worst, (1 + (spread[:, some].max(axis=1) >= top).sum()) / 500)
        expected.append(worst)
    np.testing.assert_allclose(step_down(values, draws), expected)


def outcomes() -> list[sg.Panel]:
    base = stepped_panel(1, 12, 3)
    generator = np.random.default_rng(4)
    return [
        sg.Panel(base.frame, base.outcome + generator.normal(size=base.outcome.shape) * 0.3, name=name)
        for name in ("starts", "days", "costs")
    ]


def test_outcomes_that_move_together_cost_less_than_holm_says() -> None:
    fits = [sg.Twfe().fit(one, sg.Permutation(draws=999, seed=1)) for one in outcomes()]
    one, other = adjust(fits, "romano-wolf"), adjust(fits, "holm")
    assert (one.adjusted <= other.adjusted + 1e-9).all()
    assert (one.adjusted >= one.p_values - 0.02).all()
    assert one.table()["outcome"].tolist() == ["starts", "days", "costs"]
    assert "3 outcomes were tested" in one.text()


def test_draws_that_do_not_belong_together_are_refused() -> None:
    data = outcomes()
    mixed = [sg.Twfe().fit(data[0], sg.Permutation(draws=99)), sg.Twfe().fit(data[1], sg.Jackknife())]
    with pytest.raises(sg.DataError, match="Romano–Wolf was asked for with"):
        adjust(mixed, "romano-wolf")
    with pytest.raises(sg.DataError, match="No estimate was given"):
        adjust([])
    with pytest.raises(sg.DataError, match="method='bonferroni'"):
        adjust(mixed, "bonferroni")


@pytest.mark.slow
def test_one_false_alarm_in_twenty_families() -> None:
    """Romano–Wolf over randomisation: 3 outcomes without an effect, exact whatever they share."""
    generator, alarms, families = np.random.default_rng(7), 0, 400
    design = sg.stepped(clusters=8, steps=4)
    for _ in range(families):
        shared = generator.normal(size=design.treatment.shape)
        fits = [
            sg.Twfe().fit(
                sg.Panel(sg.Frame(design), shared + generator.normal(size=shared.shape)),
                sg.Permutation(draws=99, seed=1, interval=False),
            )
            for _ in range(3)
        ]
        alarms += adjust(fits, "romano-wolf").adjusted.min() <= 0.05
    assert alarms / families < 0.05 + 3 * np.sqrt(0.05 * 0.95 / families)
