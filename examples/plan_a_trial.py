"""Plan a trial from a list of councils to the paragraph of its protocol.

    python examples/plan_a_trial.py [folder for pictures]

The councils are made up; their referrals differ as real councils' do. Every number printed follows from the lines
above it, so change one and run it again.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from matplotlib.figure import Figure

import staggered as sg
from staggered.planning.sample_size import sample_size
from staggered.planning.search import Costs, best_designs
from staggered.planning.tornado import tornado

REFERRALS = {
    "Alderbrook": 1240, "Barrowdale": 310, "Calderwick": 520, "Dunmere": 450, "Eastholm": 880, "Fernley": 260,
    "Garsdale": 610, "Holmbury": 390, "Ivelford": 700, "Kirkmoor": 340, "Langport": 950, "Marlow Vale": 480,
}  # fmt: skip
"""Children referred in half a year, from each council's own records."""
ICC, CAC = [0.002, 0.005, 0.01], [0.5, 0.8, 0.95]


def the_plan() -> sg.Plan:
    """Six waves of two councils, half a year apart, and an outcome that seven in a hundred children have today."""
    return sg.Plan(
        design=sg.stepped(list(REFERRALS), steps=6, size=list(REFERRALS.values()), name="stepped wedge, six waves"),
        outcome=sg.Outcome("binomial", baseline=0.07, better="lower", name="becoming looked after within 18 months"),
        covariance=sg.Nested(icc=0.005, cac=0.8),
        effect=sg.Constant(-0.02),
    )


def say(title: str, text: object) -> None:
    """Print a step."""
    print(f"\n== {title}\n{text}")


def plan_it(plan: sg.Plan) -> dict[str, object]:
    """Every step of planning, printed; what can be drawn is given back."""
    say("1. What could this plan find?", f"{sg.power(plan).text()}\n\n{sg.detectable(plan).text()}")
    power = sg.grid(plan, icc=ICC, cac=CAC)
    crossed = power.table().pivot(index="icc", columns="cac", values="power")
    say("2. Nobody knows the ICC and the CAC: power over both", crossed.round(2).to_string())
    swings = tornado(plan, {"icc": (0.002, 0.01), "cac": (0.5, 0.95), "effect": (-0.015, -0.025), "size": (400, 800)})
    say("3. Which assumption does it hang on?", swings.text())
    lost = sg.information(plan, "clusters")
    say("4. What if a council withdraws, each in turn?", lost.table().head(4).round(3).to_string(index=False))
    say("5. Councils are unequal: does it matter who draws which wave?", sg.attained(plan, allocations=400).text())
    say("6. Other designs, and what they ask of the councils", compared(plan).table().iloc[:, :8].round(3).to_string())
    best = best_designs(plan, 90, costs=Costs(period=1.0, council=1.0), clusters=16, periods=7, keep=5)
    table = best.table()[["design", "power", "council_periods"]]
    say(
        "7. The best for a budget (taking a council in costs as much as observing it for a period)",
        table.round(3).to_string(),
    )
    drawn = sg.allocate(plan.design, seed=20270104)
    say("8. The order, drawn with the date of the draw as its seed", drawn.table().head(4).to_string(index=False))
    words = sample_size(plan, icc=ICC, cac=CAC)
    say("9. For the protocol", words.text())
    say("10. For CONSORT, item 7a", words.consort())
    cells = sg.information(plan)
    return {"schedule": drawn, "power": power, "tornado": swings, "councils": lost, "cells": cells}


def compared(plan: sg.Plan) -> object:
    """The same councils in other designs."""
    names, sizes = list(REFERRALS), list(REFERRALS.values())
    designs = {
        "six waves": plan.design,
        "three waves": sg.stepped(names, steps=3, size=sizes),
        "parallel, with a baseline": sg.parallel(names, periods=4, size=sizes, baseline=1),
        "staircase": sg.staircase(names, steps=6, size=sizes, before=1, after=2),
    }
    return sg.compare_designs({name: replace(plan, design=design) for name, design in designs.items()})


def draw(results: Mapping[str, object], folder: Path) -> None:
    """Write a picture of each result."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, result in results.items():
        figure = Figure()
        sg.plot(result, figure)
        figure.savefig(folder / f"{name}.png", dpi=150)
    say("Pictures", f"in {folder}")


if __name__ == "__main__":
    found = plan_it(the_plan())
    if len(sys.argv) > 1:
        draw(found, Path(sys.argv[1]))
