"""Correlation from a council's own history, and what it does to the chance of success.

    python examples/correlation_from_history.py

Nine years of counts for thirty localities of one council (simulated here, so that the truth is known) are
turned into a correlation with intervals, and the plan's power is averaged over what the history leaves open.
"""

from __future__ import annotations

import numpy as np

import staggered as sg

YEARS, LOCALITIES, CHILDREN = 9, 30, 4000
TRUTH = sg.Decay.from_sd(between=0.25, within=0.15, cac=0.85)


def history() -> sg.Panel:
    """Counts of children starting to be looked after, by locality and year, before anything changed."""
    design = sg.Design(
        np.zeros((LOCALITIES, YEARS)),
        size=CHILDREN,
        clusters=[f"locality {k + 1}" for k in range(LOCALITIES)],
        periods=list(range(2017, 2017 + YEARS)),
    )
    outcome = sg.Outcome("poisson", baseline=0.006, name="children starting to be looked after")
    rates = sg.simulate(sg.Plan(design=design, outcome=outcome, covariance=TRUTH), seed=3)
    return sg.Panel(rates.frame, np.round(rates.outcome * design.size), name=rates.name)


def main() -> None:
    """From history to correlation, to power, to assurance."""
    panel = history()
    for structure in ("nested", "decay"):
        print(f"As {structure}: {sg.estimate_correlation(panel, structure, family='poisson').text()}\n")

    found = sg.estimate_correlation(panel, "decay", family="poisson")
    plan = sg.Plan(
        design=sg.stepped(clusters=LOCALITIES, steps=5, size=CHILDREN),
        outcome=sg.Outcome("poisson", baseline=0.006, better="lower", name="children starting to be looked after"),
        covariance=found.covariance(),
        effect=sg.Constant(0.85, scale="ratio"),
    )
    print("At the estimates: " + sg.power(plan).text() + "\n")
    print("Over what the history leaves open: " + sg.assurance(plan, correlation=found, seed=1).text())


if __name__ == "__main__":
    main()
