"""Simulated trials on which other packages were run; their data are not kept here."""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import staggered as sg

HERE = Path(__file__).parent
DATA = HERE.parents[3] / "shared" / "reference"


def table(name: str) -> pd.DataFrame:
    """One of the simulated data sets, or a skipped test that names it."""
    path = DATA / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"../shared/reference/{name}.csv is absent")
    return pd.read_csv(path)


@cache
def people(name: str, *, followed: bool = False) -> sg.Panel:
    """The data set read person by person."""
    return sg.read(
        table(name),
        cluster="cluster", period="period", outcome="y", treated="trt", rows="people",
        unit="id" if followed else None,
    )  # fmt: skip
