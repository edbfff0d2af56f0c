"""Checks of a panel: each finds its own fault and keeps quiet without it."""

import numpy as np
import pytest

import staggered as sg
from staggered.data.checks import CHECKS
from staggered.results.check import Check

nan = np.nan


def panel(outcome: object, treatment: object = None, *, size: object = 1.0, names: tuple[str, ...] = ()) -> sg.Panel:
    values = np.array(outcome, dtype=float)
    if treatment is None:
        treatment = np.zeros(values.shape)
        treatment[0, values.shape[1] // 2 :] = 1
    design = sg.Design(treatment, size=size, clusters=names, periods=tuple(range(2018, 2018 + values.shape[1])))
    return sg.Panel(sg.Frame(design, present=np.isfinite(values)), values)


def noise(count: int = 6, width: int = 6, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, 5, (count, width))


def found(checked: sg.Panel, name: str) -> Check:
    (check,) = [check for check in checked.checks() if check.name == name]
    return check


def sound() -> sg.Panel:
    """Nothing to find: 60 councils, two waves of ten with three earlier years, and councils that never go live."""
    treatment = np.zeros((60, 8))
    treatment[:10, 4:] = 1
    treatment[10:20, 6:] = 1
    return panel(noise(60, 8), treatment)


def test_a_sound_panel_passes_every_check() -> None:
    checks = sound().checks()
    assert len(checks) == len(CHECKS) == len({check.name for check in checks})
    assert [check.name for check in checks if not check.passed] == []
    assert all(check.fix == "" for check in checks)


def broken(name: str) -> tuple[sg.Panel, tuple[str, ...]]:
    """Panel with one fault, and what must be said of it."""
    values, waves = noise(), np.array([[0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1]] + [[0] * 6] * 4, dtype=float)
    if name == "gaps":
        values[1, 2], values[1, 3], values[4, 0] = nan, nan, nan
        return panel(values), ("3 of 36", "council 2 in 2020, council 2 in 2021 and council 5 in 2018", "council 2 (2)")
    if name == "hidden small counts":
        counts = np.round(values)
        counts[2] = [7, 6, 9, nan, 8, nan]
        return panel(counts), ("2 gaps", "council 3 in 2021 and council 3 in 2023")
    if name == "rounding":
        return panel(np.round(values * 2) * 5), ("multiple of 5",)
    if name == "unusual values":
        values[3, 4] = 1000
        return panel(values), ("council 4 in 2022 (1,000)",)
    if name == "outcomes that never change":
        values[5] = 42
        return panel(values), ("council 6 (42)",)
    if name == "names":
        values[0, 3:], values[1, :3] = nan, nan
        names = ("Warrington", "Warringon", "Leeds", "Kent", "Bath", "York")
        return panel(values, waves[[2, 2, 0, 1, 2, 2]], names=names), ("'Warrington' and 'Warringon'",)
    if name == "totals":
        values[5] = values[:5].sum(axis=0)
        return panel(values), ("council 6 equals the sum",)
    if name == "sizes":
        return panel(values, size=[10, 20, 30, 20, 20, 200]), ("10 (council 1) to 200 (council 6)",)
    if name == "treated from the start":
        return panel(values, np.vstack([np.ones((1, 6)), waves[:5]])), ("council 1",)
    if name == "treatment stays on":
        waves[1] = [0, 1, 1, 0, 0, 0]
        return panel(values, waves), ("council 2 (treated in 2020, control in 2021)",)
    if name == "comparison":
        waves[2:, 4:] = 1
        return panel(values, waves), (
            "No council is untreated in 2022 and 2023",
            "council 2, council 3, council 4, council 5",
        )
    if name == "history before go-live":
        waves[0, 1] = 1
        return panel(values, waves), ("Only one earlier period for council 1.",)
    if name == "number of councils":
        return panel(values, waves), ("6 councils, of which 2 go live",)
    waves[2] = waves[1]
    return panel(values, waves), ("council 1 (2020)",)


@pytest.mark.parametrize("name", [look.name for look in sound().checks()])
def test_every_fault_is_found_by_its_own_check(name: str) -> None:
    checked, words = broken(name)
    check = found(checked, name)
    assert not check.passed
    assert check.fix
    for word in words:
        assert word in check.message


def test_no_period_with_treated_and_untreated_is_a_failed_comparison() -> None:
    assert "In no period" in found(panel(noise(), np.ones((6, 6)) * [0, 0, 1, 1, 1, 1]), "comparison").message
    assert not found(panel(noise(), np.zeros((6, 6))), "comparison").passed


def test_gaps_among_large_counts_are_not_called_hidden() -> None:
    counts = np.round(noise())
    counts[2, 3] = nan
    assert found(panel(counts), "hidden small counts").passed
    rates = noise() / 100
    rates[2, 3] = nan
    assert found(panel(rates), "hidden small counts").passed


def test_a_stepped_wedge_counts_the_last_to_go_live_as_comparison() -> None:
    design = sg.stepped(clusters=48, steps=4)
    values = np.random.default_rng(2).normal(size=design.treatment.shape)
    assert found(sg.Panel(sg.Frame(design), values), "number of councils").passed


def test_checks_of_a_panel_of_a_hundred_thousand_say_only_a_few_names() -> None:
    values = noise(100_000, 3)
    values[::2, 1] = nan
    assert len(found(panel(values), "gaps").message) < 400
