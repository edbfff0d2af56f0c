"""How much depends on the draw: balance, power over the orders, and the analysis itself on simulated children."""

import numpy as np
import pytest
from lxml import html

import staggered as sg
from staggered.reporting.compose import compose
from staggered.reporting.html import to_html
from staggered.reporting.material import gather
from staggered.reporting.sections.the_draw import _simulated, the_draw
from staggered.results.power import Power
from staggered.results.simulated import Simulated
from tests.reporting.reading import table, words

COUNCILS = {"Leeds": (400, 61.0), "Kent": (90, 88.0), "Bath": (30, 74.5), "Hull": (150, 102.0), "York": (240, 55.2)}
TEXT = """
schema = 1
[study]
title = "Unequal councils"
[design]
kind = "stepped"
steps = 5
{councils}
[outcome]
sd = 1.0
[correlation]
structure = "nested"
icc = 0.05
cac = 0.8
[effect]
size = 0.22
[power]
df = "normal"
[randomisation]
method = "{method}"
balance = ["size", "rate"]
keep = 0.3
seed = 7
[analysis]
primary = {{ estimator = "gls", inference = "jackknife" }}
"""


@pytest.fixture(params=["constrained", "minimisation"])
def balanced(request, tmp_path):
    """Material of a plan whose draw is balanced."""
    councils = "".join(
        f'[[design.council]]\nname = "{name}"\nsize = {size}\ncovariates = {{ rate = {rate} }}\n'
        for name, (size, rate) in COUNCILS.items()
    )
    (tmp_path / "study.toml").write_text(TEXT.format(councils=councils, method=request.param), encoding="utf-8")
    return gather(sg.load(tmp_path / "study.toml"), None, "protocol")


def test_a_balanced_plan_shows_balance_spread_and_its_own_analysis(balanced):
    tree = html.document_fromstring(to_html(compose(balanced)))
    wanted = balanced.allocation.balance()
    rows = table(tree, "Balance before and after")
    assert [row["Covariate"] for row in rows] == ["size", "rate"]
    assert [float(row["This draw"]) for row in rows] == pytest.approx(wanted["drawn"].tolist(), abs=0.006)
    spread = balanced.study.attained(1000)
    text = words(tree, "draw")
    assert f"{100 * spread.below:.0f}% of the orders fall short of 80%" in text
    assert "that the balance leaves" in text
    simulated = balanced.study.simulated_power(1000, seed=1)
    assert f"{100 * simulated.power:.1f}% of them" in text
    assert "in numbers" in text
    assert balanced.allocation.text()[:60] in words(tree, "allocation")


def test_results_and_equal_councils_have_nothing_to_say_of_the_draw(results, tmp_path):
    assert the_draw(results) is None
    equal = TEXT.format(councils="clusters = 10\nsize = 50", method="simple").replace(
        'balance = ["size", "rate"]\n', ""
    )
    equal = equal[: equal.index("[analysis]")]
    (tmp_path / "study.toml").write_text(equal, encoding="utf-8")
    assert the_draw(gather(sg.load(tmp_path / "study.toml"), None, "protocol")) is None


@pytest.mark.parametrize(
    ("found", "said"),
    [(740, "tests more strictly"), (690, "as far as a simulation"), (600, "price of an analysis")],
)
def test_simulated_power_is_set_against_the_formula(found: int, said: str) -> None:
    simulated = Simulated(
        estimates=np.zeros(1000),
        p_values=np.where(np.arange(1000) < found, 0.01, 0.5),
        covered=np.ones(1000),
        singular=0,
        effect=-0.02,
        alpha=0.05,
        estimator="an estimator",
        inference="jackknife",
    )
    formula = Power(powers=np.array([0.69]), errors=np.ones(1), degrees=np.array([3.0]), effects=np.array([-0.02]))
    assert said in _simulated(simulated, formula).text
