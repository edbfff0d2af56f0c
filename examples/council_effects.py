"""An answer for each council: what its own data say, what all of them together make of it, and what another may expect.

    python examples/council_effects.py [long panel of all councils, csv] [folder for the pictures]

Without an argument the councils are those of nine_councils.csv. A file in long form (columns year, la_name_source,
measure and value) adds every council in it as a comparison.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import staggered as sg
from staggered.hierarchical.answers import answers
from staggered.hierarchical.beforehand import beforehand
from staggered.hierarchical.councils import ranking, shrinkage
from staggered.hierarchical.extension import extend
from staggered.hierarchical.posterior import Posterior
from staggered.plotting.scale import PercentChange
from staggered.plotting.shrinkage import shrinkage as picture

ROOT = Path(__file__).resolve().parents[1]
NINE = ROOT / "examples" / "nine_councils.csv"
COUNT, CHILDREN = "starting_to_be_looked_after", "children_0_17"
RATE = "log rate of children starting to be looked after"
FEWEST_YEARS = 5
MATTERS = float(np.log(0.95))
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


def model() -> sg.Hierarchical:
    """Believed beforehand: a fall by a fifth would be large, and nobody would believe that the rate halved."""
    belief = sg.prior.Belief(large=0.20, not_credible=0.50)
    return sg.Hierarchical(engine="analytic", priors={"effect": belief})


def panel(table: pd.DataFrame) -> sg.Panel:
    """Log rates, one a council and year."""
    rate = np.log((table[COUNT] + 0.5) / table[CHILDREN])
    return sg.read(
        table.assign(**{RATE: rate}), cluster="council", period="year", outcome=RATE, start="go_live",
        size=CHILDREN, year_ends="03-31",
    )  # fmt: skip


def fit(table: pd.DataFrame) -> Posterior:
    """An effect for each council, and a course of its own that the effect is told apart from."""
    return model().posterior(panel(table))


def show(posterior: Posterior) -> None:
    """Print the mean effect, each council's, the ranking, and what another council and another wave may bring."""
    print(posterior.estimate().text(), end="\n\n")
    table = shrinkage(posterior)
    change = np.expm1(table[["raw", "pooled", "low", "high"]]) * 100
    print(
        "Change in percent (raw: the council's own data alone; pooled: drawn towards the others; 95% credible interval)"
    )
    print(table[["council"]].join(change.round(1)).to_string(index=False), end="\n\n")
    chances = answers(posterior, beyond=MATTERS)[["about", "any_benefit", "matters"]]
    print("Probability of any fall, and of one by 5% or more")
    print(chances.round(2).to_string(index=False), end="\n\n")
    print("Places from the largest fall (1), with 95% intervals: the order is not known")
    print(ranking(posterior).round(2).to_string(index=False), end="\n\n")
    low, high = np.expm1(posterior.estimate("new").interval()) * 100
    print(f"In another council like these: between {low:+.0f}% and {high:+.0f}% (95% prediction interval).", end="\n\n")
    print(extend(posterior, futures=100).text())


def draw(posterior: Posterior, folder: Path) -> None:
    """Draw raw beside pooled effects, and what the priors expected beside what was seen."""
    folder.mkdir(parents=True, exist_ok=True)
    councils = picture(posterior, Figure(), scale=PercentChange())
    councils.figure.savefig(folder / "councils.png", dpi=120)
    sg.plot(beforehand(model(), posterior.panel), ax=Figure()).figure.savefig(folder / "beforehand.png", dpi=120)


if __name__ == "__main__":
    fitted = fit(every_council(Path(sys.argv[1])) if len(sys.argv) > 1 else the_nine())
    show(fitted)
    if len(sys.argv) > 2:
        draw(fitted, Path(sys.argv[2]))
