"""Four published studies of staggered rollouts done again: ours beside what was published and what R gives.

    python examples/published_studies.py [folder with the data] [--write docs/published-studies.md]

Minimum wages and teen employment (Callaway and Sant'Anna 2021), castle-doctrine laws and homicide (Cheng and Hoekstra
2013), mathematics reform and incomes (Goodman 2019), and procedural justice training of the Chicago police (Wood,
Tyler and Papachristos 2020). The data come with the R packages did, did2s, bacondecomp and staggered; save each there
with `write.csv(did::mpdta, "mpdta.csv")` and so on. The castle data are also in the Python package causaldata.
"""

from __future__ import annotations

import argparse
import importlib.util
import textwrap
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import staggered as sg

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data" / "did"
FILES = {
    "minimum wage": "mpdta.csv",
    "castle doctrine": "castle_did2s.csv",
    "mathematics reform": "math_reform_bacondecomp.csv",
    "police training": "pj_officer_level_balanced.csv.gz",
}
OUTCOMES = ("complaints", "sustained", "force")


@dataclass(frozen=True)
class Row:
    """One number: ours, as published (words, with where), and from R (nan: not computed there)."""

    what: str
    ours: float
    published: str
    r: float = float("nan")

    def cells(self) -> tuple[str, str, str, str]:
        """The row as text."""
        return self.what, f"{self.ours:.6f}", self.published, "–" if pd.isna(self.r) else f"{self.r:.6f}"


def minimum_wage(data: pd.DataFrame) -> list[Row]:
    """R did 2.5.1: att_gt(..., xformla = ~1 or ~lpop, est_method = "reg" or "dr"), aggte()."""
    columns = {"cluster": "countyreal", "period": "year", "outcome": "lemp", "start": "first.treat"}
    panel = sg.read(data, **columns)
    event, simple, cohort = (
        sg.GroupTime(controls="never", by=by).fit(panel, sg.Cluster("CR0")) for by in ("event", "overall", "cohort")
    )
    cells = {t.label: v for t, v in zip(cohort.terms[1:], cohort.value, strict=True)}
    adjusted = sg.GroupTime(controls="never", method="dr").fit(sg.read(data, **columns, covariates=["lpop"]))
    effects = sg.GroupTime(controls="never", by="cell").fit(panel)
    first = {t.label: v for t, v in zip(effects.terms[1:], effects.value, strict=True)}
    guide = "(did's guide)"
    return [
        Row("ATT(2004, 2004)", first["ATT(2004, 2004)"], f"−0.0105 {guide}", -0.010503246221),
        Row("ATT(2004, 2005)", first["ATT(2004, 2005)"], f"−0.0704 {guide}", -0.0704231581031),
        Row("ATT(2004, 2006)", first["ATT(2004, 2006)"], f"−0.1373 {guide}", -0.137258738889),
        Row("ATT(2004, 2007)", first["ATT(2004, 2007)"], f"−0.1008 {guide}", -0.100811363085),
        Row("average over event times", event.overall.value, "–", -0.0772398214573),
        Row("average over treated county-years", simple.value, "–", -0.0399512751552),
        Row("its standard error, cohorts' shares sampled", simple.se, "–", 0.0120340127702),
        Row("cohort 2004", cells["cohort 2004"], "–", -0.0797491265747),
        Row("average, doubly robust with log population", adjusted.value, "–", -0.0417517720611),
    ]


def castle(data: pd.DataFrame) -> list[Row]:
    """R did 2.5.1 with controls never treated; R fixest 0.14.2 with treatment from the year after the law."""
    columns = {"cluster": "sid", "period": "year", "outcome": "l_homicide"}
    panel = sg.read(data, **columns, start="effyear")
    later = sg.read(data, **columns, treated="post")
    group_time = sg.GroupTime(controls="never")
    simple, plain = group_time.fit(panel), sg.Twfe().fit(later)
    paper = "0.08 (abstract; weighted by population)"
    return [
        Row("two-way fixed effects", plain.value, paper, 0.0693984292839),
        Row("group-time effects, average over treated state-years", simple.value, "–", 0.110383035458),
        Row("its standard error: jackknife, as two states are alone in their year", simple.se, "–"),
    ]


def mathematics(data: pd.DataFrame) -> list[Row]:
    """R bacondecomp 0.1.1: bacon(incearn_ln ~ reform_math, ...); its page prints plain averages, R weighted ones."""
    panel = sg.read(data, cluster="state", period="class", outcome="incearn_ln", treated="reform_math")
    parts = sg.bacon(panel)
    summary = parts.summary().set_index("kind")
    plain = parts.table().groupby("kind")["estimate"].mean()
    page = "(bacondecomp's page)"
    rows = []
    for kind, weight, average, r_weight, r_average in (
        ("earlier against later", "0.06353", "0.07117", 0.0635304462519, 0.0286759315478),
        ("later against earlier", "0.05265", "0.04117", 0.0526489338316, 0.0337512846531),
        ("treated against never", "0.88382", "0.01211", 0.883820619916, -0.00128848652626),
    ):
        rows += [
            Row(f"{kind}: weight", summary.loc[kind, "weight"], f"{weight} {page}", r_weight),
            Row(f"{kind}: weighted average", summary.loc[kind, "estimate"], "–", r_average),
            Row(f"{kind}: plain average", plain[kind], f"{average} {page}"),
        ]
    return [*rows, Row("two-way fixed effects", parts.value, "–", 0.00245997291996)]


def police(data: pd.DataFrame) -> list[Row]:
    """R staggered 1.2.3: staggered(), staggered_cs(), staggered_sa() with estimand "simple" and others, by outcome."""
    known = {
        ("complaints", "optimal", "overall"): ("−0.001126981 (staggered's page)", -0.00112698138946, 0.0021151941483),
        ("complaints", 1, "overall"): ("−0.005176818 (staggered's page)", -0.00517681833767, 0.00392873502087),
        ("complaints", "optimal", "cohort"): ("–", -0.00108468909947, 0.00226101146375),
        ("sustained", "optimal", "cohort"): ("–", -0.00027910611391, 0.000336758844089),
        ("force", "optimal", "calendar"): ("–", -0.00604412594307, 0.00310447519868),
        ("force", 1, "overall"): ("–", -0.0105821068229, 0.00501816437939),
    }
    rows = []
    for outcome in OUTCOMES:
        columns = ["uid", "period", outcome, "first_trained"]
        panel = sg.read(data[columns], cluster="uid", period="period", outcome=outcome, start="first_trained")
        for (name, beta, by), (published, value, se) in known.items():
            if name == outcome:
                fit = sg.Efficient(by=by, beta=beta).fit(panel, sg.DesignBased()).select([0])
                label = f"{outcome}, beta {beta}, {by}"
                rows += [Row(label, fit.value, published, value), Row(f"{label}: standard error", fit.se, "–", se)]
    return rows


STUDIES: dict[str, Callable[[pd.DataFrame], list[Row]]] = {
    "minimum wage": minimum_wage,
    "castle doctrine": castle,
    "mathematics reform": mathematics,
    "police training": police,
}
SAID = {
    "minimum wage": "County teen employment where states raised the minimum wage (500 counties, 2003–2007).",
    "castle doctrine": "Log homicides of 50 states, 2000–2010, where self-defence laws were widened. Cheng and "
    "Hoekstra publish a rise of 8%, weighted by population; here every state counts alike.",
    "mathematics reform": "Log incomes by state and school class. The package's page prints plain averages of the "
    "comparisons where R and we give the weighted ones that add up to the estimate; both are here.",
    "police training": "Complaints, sustained complaints and use of force per officer and month, 7,785 officers. The "
    "first study published falls of 10% in complaints and 6.4% in force; with everything before training used as well "
    "as it can be, complaints cannot be told from no change, and force lies about two standard errors below it.",
}


def data_of(name: str, folder: Path) -> pd.DataFrame | None:
    """The study's data: from the folder, or from causaldata where that package has them."""
    path = folder / FILES[name]
    if path.exists():
        return pd.read_csv(path)
    if name == "castle doctrine" and importlib.util.find_spec("causaldata"):
        from causaldata import castle as shipped

        table = shipped.load_pandas().data
        # It holds no year of the law, but treatment from the year after it.
        first = table.loc[table["post"] == 1].groupby("sid")["year"].min() - 1
        return table.assign(effyear=table["sid"].map(first))
    return None


def markdown(rows: list[Row]) -> str:
    """A table."""
    lines = [("what", "ours", "published", "R"), ("---", "---:", "---", "---:"), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def wrapped(text: str) -> str:
    """A paragraph in lines of 115 characters."""
    return textwrap.fill(text, 115)


def main() -> None:
    """Do every study whose data are there; print the tables, and write the page when asked to."""
    options = argparse.ArgumentParser()
    options.add_argument("folder", nargs="?", type=Path, default=BESIDE)
    options.add_argument("--write", type=Path)
    asked = options.parse_args()
    parts = []
    for name, study in STUDIES.items():
        data = data_of(name, asked.folder)
        if data is None:
            print(
                f"{name}: {FILES[name]} is not in {asked.folder.name}; the first lines of this script say where from."
            )
            continue
        with warnings.catch_warnings():
            # Councils by the dozen are what the warning is about; here R's own standard errors are asked for.
            warnings.simplefilter("ignore", sg.FewClustersWarning)
            rows = study(data)
        worst = max(abs(row.ours / row.r - 1) for row in rows if not pd.isna(row.r))
        said = f"Largest relative difference from R: {worst:.0e}."
        parts.append(
            f"## {name[:1].upper()}{name[1:]}\n\n{wrapped(SAID[name])}\n\n{study.__doc__}\n\n{markdown(rows)}\n\n{said}"
        )
        print(parts[-1], end="\n\n")
    if asked.write:
        head = (
            "# Published studies, done again\n\n"
            "Written by `python examples/published_studies.py --write`; its first lines say whence the data.\n\n"
        )
        asked.write.write_text(head + "\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
