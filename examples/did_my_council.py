"""Did anything change in my council? From the department's own file to a paragraph for a director.

    python examples/did_my_council.py [the department's file(s), csv]

Swindon went live with Family Safeguarding on 24 May 2022. Without an argument the table is looked_after_excerpt.csv,
an excerpt typed in the format of the Department for Education's "Children looked after in England" (number and rate,
editions 2023 and 2025; Open Government Licence v3.0): Swindon and 24 councils like it that never took up the model.
Give the files themselves (newest first) to use them instead; councils are still those of the excerpt.
To ask about another council, change the three lines below.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import staggered as sg
from staggered.diagnostics.left_out import without_each
from staggered.diagnostics.placebo import placebo_dates

COUNCIL = "Swindon"
GO_LIVE = "2022-05-24"
MEASURE = "Children starting to be looked after each year"

EXCERPT = Path(__file__).with_name("looked_after_excerpt.csv")
RATE = "children starting to be looked after"
# The 2023 edition and those before it had other names for two columns.
EARLIER_NAMES = {"population_count": "population_type", "number": "children_count"}


def department(paths: list[Path]) -> pd.DataFrame:
    """Rows of the measure for single councils, each year from the first file that has it."""
    tables = [pd.read_csv(path, encoding="utf-8-sig", dtype=str).rename(columns=EARLIER_NAMES) for path in paths]
    table = pd.concat(tables, ignore_index=True)
    known = pd.read_csv(EXCERPT, dtype=str)["new_la_code"].unique()
    chosen = table[
        (table["geographic_level"] == "Local authority")
        & (table["population_type"] == MEASURE)
        & table["new_la_code"].isin(known)
    ]
    chosen = chosen.drop_duplicates(["new_la_code", "time_period"])
    # A symbol (c: confidential, x: not available) is a gap, never a 0.
    numbers = {name: pd.to_numeric(chosen[name], errors="coerce") for name in ("children_count", "population_estimate")}
    return chosen.assign(**numbers, go_live=np.where(chosen["la_name"] == COUNCIL, GO_LIVE, ""))


def panel_of(table: pd.DataFrame) -> sg.Panel:
    """Councils by year; a year ends on 31 March and counts as gone live when most of it was."""
    return sg.read(
        table.rename(columns={"children_count": RATE}), cluster="la_name", period="time_period", outcome=RATE,
        size="population_estimate", per=10_000, start="go_live", adopt="half", year_ends="03-31",
    )  # fmt: skip


def course(panel: sg.Panel) -> pd.DataFrame:
    """The council's rate beside the others' average, by year."""
    own = panel.design.clusters.index(COUNCIL)
    others = np.delete(panel.outcome, own, axis=0).mean(axis=0)
    return pd.DataFrame({"year to March": panel.design.periods, COUNCIL: panel.outcome[own], "others": others}).round(1)


def others_that_moved_as_much(estimate: sg.Estimate) -> tuple[int, int]:
    """How many of the others would have shown as large a change on the same date, and how many there are."""
    others = estimate.uncertainty.null[:, 0]
    return int((np.abs(others) >= abs(estimate.value) * (1 - 1e-9)).sum()), len(others)


def more_or_fewer(children: float) -> str:
    """A number of children with its direction in words."""
    return f"{abs(children):.0f} {'fewer' if children < 0 else 'more'}"


def paragraph(panel: sg.Panel, estimate: sg.Estimate, placebo: pd.DataFrame) -> str:
    """What a director can read, with nothing in it that the numbers do not allow."""
    own = panel.design.clusters.index(COUNCIL)
    first = int(panel.design.start[own])
    before, after = panel.outcome[own, :first].mean(), panel.outcome[own, first:].mean()
    low, high = estimate.interval(0.9)
    children = panel.design.size[own, first:].mean() / 10_000
    as_large, others = others_that_moved_as_much(estimate)
    way = "fewer" if estimate.value < 0 else "more"
    out = low > 0 or high < 0
    reach = max(abs(low - estimate.value), abs(high - estimate.value))
    verdict = (
        "That is more than such councils usually differ by, so the change and the model's arrival go together. The "
        "figures do not show what caused what."
        if out
        else "So yearly totals cannot tell whether the model changed the number of children who started to be looked "
        "after, or in which direction. This is not evidence that it does not work."
    )
    early = " and ".join(f"{abs(value):.1f} {'fewer' if value < 0 else 'more'}" for value in placebo["estimate"])
    said = f"""
    {COUNCIL} went live on {pd.Timestamp(GO_LIVE):%d %B %Y}. Before, {before:.0f} in 10,000 children started to be
    looked after each year; since, {after:.0f}. Set against how {others} similar councils moved over the same years,
    that is {abs(estimate.value):.1f} in 10,000 {way} than expected, about {abs(estimate.value) * children:.0f}
    children a year.
    The range that fits the figures (90%) runs from {more_or_fewer(low * children)} to {more_or_fewer(high * children)}
    children a year. Had each of the other councils gone live on the same day instead, {as_large} of {others} would have
    shown a change at least as large. {verdict} A change of less than about {reach * children:.0f} children a year would
    not have stood out. When we pretend that the model had come one and two years early, it appears to bring {early} in
    10,000: differences that cannot be its doing. These are totals of a whole council: they say nothing about the
    children whose families were worked with.
    """
    return " ".join(said.split())


def main() -> None:
    """Read, look, estimate in several ways, question the answer, and say it in words."""
    panel = panel_of(department([Path(name) for name in sys.argv[1:]] or [EXCERPT]))
    print("What the data are\n" + "\n".join(f"  {check.text()}" for check in panel.checks() if not check.passed) + "\n")
    print(course(panel).to_string(index=False) + "\n")

    swapped = sg.Permutation()
    found = sg.compare(panel, [sg.Imputation(), sg.GroupTime(), sg.Twfe()], swapped)
    print("The same question in three ways, each council given the date in turn")
    print(
        found.table(0.9)[["estimator", "estimate", "conf_low", "conf_high", "p_value"]].round(2).to_string(index=False)
    )

    estimate = sg.Imputation().fit(panel, swapped)
    left_out = without_each(sg.Imputation(), panel)
    placebo = placebo_dates(sg.Imputation(), panel, [1, 2], swapped)
    print("\nDoes it rest on one council?\n" + left_out.text())
    print("\nWas there a difference before?\n" + placebo.text())
    print("\nFor the director\n" + paragraph(panel, estimate, placebo.table()))


if __name__ == "__main__":
    main()
