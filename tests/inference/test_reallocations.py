import numpy as np
import pytest

import staggered as sg
from staggered.inference.reallocations import reallocations, require_measured, uses_blanks, with_strata
from tests.random_panels import stepped_panel


def test_all_when_there_are_few_some_when_there_are_many() -> None:
    design = sg.stepped(clusters=6, steps=3)
    every = reallocations(design, draws=89, seed=1, allowed=None)
    assert (len(every.orders), every.count, every.exact) == (89, 90, True)
    schedules = {design.treatment[order].tobytes() for order in every.orders}
    assert len(schedules) == 89
    assert design.treatment.tobytes() not in schedules
    some = reallocations(design, draws=88, seed=1, allowed=None)
    assert (len(some.orders), some.count, some.exact) == (88, 90, False)
    assert all(sorted(order) == list(range(6)) for order in some.orders.tolist())


def test_random_draws_stay_within_strata_and_cover_them_evenly() -> None:
    design = sg.stepped(clusters=8, steps=8, strata=list("NNNNSSSS"))
    drawn = reallocations(design, draws=500, seed=4, allowed=None).orders
    assert len(drawn) == 500
    assert (drawn[:, :4] < 4).all()
    assert (drawn[:, 4:] >= 4).all()
    share = (drawn[:, 0] == 2).mean()
    assert abs(share - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 500)


def test_more_listed_orders_than_draws_are_sampled_without_repeats() -> None:
    drawn = sg.allocate(sg.stepped(clusters=6, steps=6), seed=2)
    some = reallocations(drawn.design, draws=300, seed=1, allowed=drawn)
    assert (len(some.orders), some.count, some.exact) == (300, 720, False)
    assert len({tuple(order) for order in some.orders.tolist()}) == 300
    assert not (some.orders == np.arange(6)).all(axis=1).any()


def test_orders_follow_names_not_rows() -> None:
    drawn = sg.allocate(sg.stepped(clusters=["A", "B", "C"], steps=3), seed=1)
    back = drawn.design
    panel = sg.Design(np.vstack([np.zeros(4), back.treatment[::-1]]), clusters=["Outside", *back.clusters[::-1]])
    found = reallocations(panel, draws=99, seed=1, allowed=drawn)
    assert (len(found.orders), found.count, found.exact) == (5, 6, True)
    assert (found.orders[:, 0] == 0).all()
    assert {tuple(sorted(order)) for order in found.orders.tolist()} == {(0, 1, 2, 3)}


def test_strata_by_label_replace_the_designs_own() -> None:
    panel = stepped_panel(1)
    assert with_strata(panel, None) is panel
    assert with_strata(panel, ["a", "b", "a", "b"]).design.strata == ("a", "b", "a", "b")


def test_blanks_matter_only_where_another_allocation_would_use_them() -> None:
    """A period blank for a whole stratum stays blank however its schedules are swapped."""
    treatment = np.array([[0, np.nan, 1], [0, np.nan, 0], [0, 0, 1], [0, 0, 0]])
    design = sg.Design(treatment, strata=["n", "n", "s", "s"])
    outcome = np.where(design.observed, 1.0, np.nan)
    panel = sg.Panel(sg.Frame(design), outcome)
    orders = reallocations(design, draws=99, seed=1, allowed=None).orders
    require_measured(panel, orders)
    assert not uses_blanks(panel, orders)
    mixed = sg.Panel(sg.Frame(sg.Design(treatment)), outcome)
    orders = reallocations(mixed.design, draws=99, seed=1, allowed=None).orders
    assert uses_blanks(mixed, orders)
    with pytest.raises(sg.DataError, match="schedule left it out: 1 in 2 and 2 in 2"):
        require_measured(mixed, orders)
