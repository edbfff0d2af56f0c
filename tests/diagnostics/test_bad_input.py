"""Diagnostics refuse what they cannot work with in three parts, never with an error of Python's own."""

from collections.abc import Callable

import numpy as np
import pytest

import staggered as sg
from staggered.diagnostics.left_out import without_each
from staggered.diagnostics.placebo import placebo_dates
from staggered.inference.few_treated import ConleyTaber, FermanPinto
from staggered.inference.model_based import ParametricBootstrap
from staggered.inference.multiple import adjust
from staggered.inference.placebo import Placebo

PANEL = sg.simulate(
    sg.Plan(design=sg.stepped(clusters=12, steps=4, baseline=3, after=2), outcome=sg.Outcome(sd=1.0)), seed=1
)
PATH = sg.SunAbraham(by="event").fit(PANEL)
FEW_TREATED = sg.Panel(
    sg.Frame(sg.Design([[0, 0, 1, 1]] * 2 + [[0, 0, 0, 0]] * 12)), np.random.default_rng(1).normal(size=(14, 4))
)
ALWAYS = sg.Panel(sg.Frame(sg.Design([[1, 1]] * 3 + [[0, 0]] * 3)), np.random.default_rng(1).normal(size=(6, 2)))
TWFE = sg.Twfe()


def refused(call: Callable[[], object], match: str) -> None:
    with pytest.raises(sg.StaggeredError, match=match) as told:
        call()
    assert all((told.value.what, told.value.why, told.value.fix))


@pytest.mark.parametrize("level", [0, 1, 1.5, -0.1, 95, "95", None, float("nan")])
def test_a_level_that_is_no_probability(level: object) -> None:
    for call in (PATH.overall.interval, PATH.band, PATH.table, PATH.text, lambda one: sg.bounds(PATH, level=one)):
        refused(lambda call=call: call(level), "The level is")  # type: ignore[misc]
    refused(lambda: sg.pretrends(PATH, level), "power is")  # type: ignore[arg-type]


@pytest.mark.parametrize("m", [[-1], [], [float("nan")], ["a"], "1", [[1, 2]]])
def test_departures_that_are_no_numbers(m: object) -> None:
    for kind in ("relative", "smoothness"):
        refused(lambda kind=kind: sg.bounds(PATH, kind, m), r"m (is|has)")  # type: ignore[misc,arg-type]


def test_one_departure_need_not_be_in_a_list() -> None:
    assert sg.bounds(PATH, m=1.0).low == pytest.approx(sg.bounds(PATH, m=[1.0]).low)  # type: ignore[arg-type]


@pytest.mark.parametrize("of", [99, True, [1], "x", [float("nan")] * 3, [0.0] * 3, ["a"] * 3, []])
def test_a_target_that_is_none(of: object) -> None:
    refused(lambda: sg.bounds(PATH, of=of), "of is|no effect|weights were given")  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [None, 5, "x", PANEL, [PATH], TWFE], ids=lambda one: type(one).__name__)
def test_what_is_no_estimate(given: object) -> None:
    refused(lambda: sg.bounds(given), "bounds was given")  # type: ignore[arg-type]
    refused(lambda: sg.pretrends(given), "pretrends was given")  # type: ignore[arg-type]
    refused(lambda: adjust([given]), "A family was given")  # type: ignore[list-item]


@pytest.mark.parametrize("given", [None, 5, PANEL.frame, PANEL.design], ids=lambda one: type(one).__name__)
def test_what_is_no_panel(given: object) -> None:
    calls: tuple[Callable[..., object], ...] = (
        sg.bacon,
        TWFE.fit,
        lambda one: sg.compare(one, [TWFE]),
        lambda one: without_each(TWFE, one),
        lambda one: placebo_dates(TWFE, one),
    )
    for call in calls:
        refused(lambda call=call: call(given), "A panel was expected")  # type: ignore[misc]


@pytest.mark.parametrize("given", [None, 5, "twfe", sg.Twfe, sg.Permutation()], ids=repr)
def test_what_is_no_estimator(given: object) -> None:
    calls: tuple[Callable[..., object], ...] = (
        lambda one: sg.weights(one, PANEL.design),
        lambda one: sg.compare(PANEL, [one]),
        lambda one: without_each(one, PANEL),
        lambda one: placebo_dates(one, PANEL),
    )
    for call in calls:
        refused(lambda call=call: call(given), "estimator is")  # type: ignore[misc]


@pytest.mark.parametrize("given", [5, "jackknife", sg.Jackknife, [sg.Jackknife()], True], ids=repr)
def test_what_is_no_inference(given: object) -> None:
    refused(lambda: TWFE.fit(PANEL, given), "inference is")  # type: ignore[arg-type]
    refused(lambda: placebo_dates(TWFE, PANEL, inference=given), "inference is")  # type: ignore[arg-type]
    if not isinstance(given, list):
        refused(lambda: sg.compare(PANEL, [TWFE], given), "inference is")  # type: ignore[arg-type]


def test_comparisons_that_are_none() -> None:
    refused(lambda: sg.compare(PANEL, TWFE), "one estimator by itself")  # type: ignore[arg-type]
    refused(lambda: sg.compare(PANEL, [TWFE], cells="comon"), "cells='comon'")  # type: ignore[arg-type]
    assert len(sg.compare(PANEL, [TWFE], []).estimates) == 1


def test_weights_that_are_not_known_before_the_outcome() -> None:
    refused(lambda: sg.weights(sg.Efficient(), PANEL.design), "no weights before the outcome")  # type: ignore[arg-type]
    refused(lambda: sg.weights(TWFE, 5), "in place of a design")  # type: ignore[arg-type]


def test_a_decomposition_needs_a_change() -> None:
    refused(lambda: sg.bacon(ALWAYS), "No council changes from control to treated")


@pytest.mark.parametrize("shifts", [[0], [1.5], ["a"], [], 1, None, [True], "1"])
def test_placebo_dates_that_are_none(shifts: object) -> None:
    refused(lambda: placebo_dates(TWFE, PANEL, shifts), "shifts is")  # type: ignore[arg-type]


@pytest.mark.parametrize("draws", [0, -5, 1.5, "many", None, float("nan"), True])
def test_draws_that_are_no_number_of_draws(draws: object) -> None:
    for kind in (
        sg.Permutation,
        sg.Bootstrap,
        sg.WildBootstrap,
        ConleyTaber,
        FermanPinto,
        Placebo,
        ParametricBootstrap,
    ):
        refused(lambda kind=kind: TWFE.fit(FEW_TREATED, kind(draws=draws)), "draws is")  # type: ignore[misc]


@pytest.mark.parametrize("seed", [-1, "a", 1.5, None])
def test_seeds_that_are_none(seed: object) -> None:
    for kind in (sg.Permutation, sg.Bootstrap, ConleyTaber, FermanPinto, Placebo):
        refused(lambda kind=kind: TWFE.fit(FEW_TREATED, kind(draws=9, seed=seed)), "seed is")  # type: ignore[misc]


def test_orders_and_strata_that_are_none() -> None:
    refused(lambda: TWFE.fit(PANEL, sg.Permutation(allowed=[[1, 2]])), "allowed is list")  # type: ignore[arg-type]
    refused(lambda: TWFE.fit(PANEL, sg.Permutation(strata=5)), "strata is 5")  # type: ignore[arg-type]
