"""The allocation: how many orders, the floor they set, and one draw that can be checked."""

import pytest

import staggered as sg
from staggered.reporting.sections.allocation import floor_words, the_allocation
from tests.reporting.reading import table, words


def test_orders_are_counted_stratum_by_stratum(trees):
    text = words(trees["plan"], "allocation")
    assert "2 in high readiness times 6 in low readiness: 12 different allocations" in text
    assert "1/12 = 0.083" in text
    assert "20 allocations or more" in text


def test_the_draw_is_that_of_the_seed(trees, plan):
    drawn = (
        sg.allocate(plan.study.design, seed=plan.study.spec.randomisation.seed) if not plan.warned else plan.allocation
    )
    rows = table(trees["plan"], "One allocation")
    days = [row["Go-live in this draw"].replace("\u00a0", " ") for row in rows]
    assert [row["Council"] for row in rows] == list(plan.study.design.clusters)
    firsts = [str(plan.study.design.dates[int(start), 0]) for start in drawn.design.start]
    assert [f"{int(day[8:])} {day[:4]}" for day in firsts] == [f"{day.split()[0]} {day.split()[2]}" for day in days]


def test_the_draw_can_be_checked(trees, plan):
    text = words(trees["plan"], "allocation")
    certificate = plan.allocation.certificate()
    for part in (certificate["input_sha256"], certificate["result_sha256"], f"Seed {certificate['seed']}"):
        assert str(part) in text


@pytest.mark.parametrize(
    ("count", "said"), [(4, "1/4 = 0.25"), (48, "1/48 = 0.021"), (10_000, "no floor of its p-value matters")]
)
def test_the_floor_is_said_while_it_matters(count, said):
    assert said in floor_words(count)


def test_results_draw_nothing(results):
    assert the_allocation(results) is None
