"""The real panels that the reference numbers were computed on, read from where their user keeps them."""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import staggered as sg

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "did"


def table(name: str) -> pd.DataFrame:
    """One of the files; the test skips, by name, where it is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"../shared/data/did/{name} is absent")
    return pd.read_csv(path)


@cache
def mpdta(covariate: bool = False) -> sg.Panel:
    """County teen employment (Callaway and Sant'Anna 2021), as R did ships it; log population as covariate."""
    return sg.read(
        table("mpdta.csv"),
        cluster="countyreal", period="year", outcome="lemp", start="first.treat",
        covariates=["lpop"] if covariate else [],
    )  # fmt: skip


@cache
def mpdta_as_cross_sections() -> sg.Panel:
    """The same rows as if every one were somebody else."""
    rows = table("mpdta.csv")
    rows["row"] = [f"row {k:04d}" for k in range(len(rows))]
    return sg.read(rows, cluster="row", period="year", outcome="lemp", start="first.treat", covariates=["lpop"])


@cache
def castle() -> sg.Panel:
    """Homicide and castle-doctrine laws (Cheng and Hoekstra 2013), as R did2s ships it, from the year of the law."""
    return sg.read(table("castle_did2s.csv"), cluster="sid", period="year", outcome="l_homicide", start="effyear")


@cache
def math_reform() -> sg.Panel:
    """Log income and the year of mathematics reform (Goodman 2019), as R bacondecomp ships it."""
    return sg.read(
        table("math_reform_bacondecomp.csv"),
        cluster="state", period="class", outcome="incearn_ln", treated="reform_math",
    )  # fmt: skip


@cache
def police(outcome: str) -> sg.Panel:
    """Chicago police training by officer and month (Wood, Tyler and Papachristos 2020), as R staggered ships it."""
    rows = table("pj_officer_level_balanced.csv.gz")[["uid", "period", outcome, "first_trained"]]
    return sg.read(rows, cluster="uid", period="period", outcome=outcome, start="first_trained")
