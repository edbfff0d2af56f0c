"""An answer for each council: what its own data say, what all of them together make of it, and what another may expect.

    python examples/council_effects.py [long panel of all councils, csv]

Without an argument the councils are those of nine_councils.csv. A file in long form (columns year, la_name_source,
measure and value) adds every council in it as a comparison.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import staggered as sg
from staggered.hierarchical.councils import ranking, shrinkage
from staggered.hierarchical.posterior import Posterior

ROOT = Path(__file__).resolve().parents[1]
NINE = ROOT / "examples" / "nine_councils.csv"
COUNT, CHILDREN = "starting_to_be_looked_after", "children_0_17"
RATE = "log rate of children starting to be looked after"
FEWEST_YEARS = 5
MEASURES = {"cla_started": COUNT, "pop_0_17_midyear": CHILDREN}


def the_nine() -> pd.DataFrame:
    """Nine adopters and the 24 councils that resemble them."""
    return pd.read_csv(NINE)[["council", "year", "go_live", COUNT, CHILDREN]]


def every_council(path: Path) -> pd.DataFrame:
    """Every council of a long panel over the same years, with the go-lives of the nine."""
    known = the_nine()
    long = pd.read_csv(path, usecols=["year", "la_name_source", "measure", "value"], dtype={"value": str})
    long = long[long["measure"].isin(MEASURES) & long["year"].isin(known["year"].unique())]
    long["value"] = pd.to_numeric(long["value"], errors="coerce")
    wide = long.pivot_table(index=["la_name_source", "year"], columns="measure", values="value").reset_index()
    wide = wide.rename(columns={"la_name_source": "council", **MEASURES}).dropna()
    others = wide[~wide["council"].isin(known["council"].unique())].assign(go_live=None)
    enough = others.groupby("council")["year"].transform("size") >= FEWEST_YEARS
    return pd.concat([known, others[enough]], ignore_index=True)


def fit(table: pd.DataFrame) -> Posterior:
    """Log rates, with an effect for each council, and a course of its own that the effect is told apart from."""
    rate = np.log((table[COUNT] + 0.5) / table[CHILDREN])
    panel = sg.read(
        table.assign(**{RATE: rate}), cluster="council", period="year", outcome=RATE, start="go_live",
        size=CHILDREN, year_ends="03-31",
    )  # fmt: skip
    # In words: a fall by a fifth would be large, and nobody would believe that it halved.
    belief = sg.prior.Belief(large=0.20, not_credible=0.50)
    priors = sg.prior.Priors(level=sg.prior.Normal(float(rate.mean()), 1.0), effect=belief)
    return sg.Hierarchical(engine="analytic", priors=priors).posterior(panel)


def show(posterior: Posterior) -> None:
    """Print the mean effect, each council's, the ranking, and what another council may expect."""
    print(posterior.estimate().text(), end="\n\n")
    table = shrinkage(posterior)
    change = np.expm1(table[["raw", "pooled", "low", "high"]]) * 100
    print(
        "Change in percent (raw: the council's own data alone; pooled: drawn towards the others; 95% credible interval)"
    )
    print(table[["council"]].join(change.round(1)).to_string(index=False), end="\n\n")
    print("Places from the largest fall (1), with 95% intervals: the order is not known")
    print(ranking(posterior).round(2).to_string(index=False), end="\n\n")
    low, high = np.expm1(posterior.estimate("new").interval()) * 100
    print(f"In another council like these: between {low:+.0f}% and {high:+.0f}% (95% prediction interval).")


if __name__ == "__main__":
    show(fit(every_council(Path(sys.argv[1])) if len(sys.argv) > 1 else the_nine()))
