"""Goodman-Bacon's decomposition: R bacondecomp on math reform, diff-diff on mpdta and castle."""

from pathlib import Path

import pandas as pd
import pytest

import staggered as sg
from tests.reference.did import panels

NUMBERS = pd.read_csv(Path(__file__).with_name("bacon.csv"))
PANELS = {"math": panels.math_reform, "mpdta": panels.mpdta, "castle": panels.castle}
KINDS = {
    "Earlier vs Later Treated": "earlier against later",
    "Later vs Earlier Treated": "later against earlier",
    "Treated vs Untreated": "treated against never",
    "earlier_vs_later": "earlier against later",
    "later_vs_earlier": "later against earlier",
    "treated_vs_never": "treated against never",
}


@pytest.mark.parametrize("row", list(NUMBERS.itertuples()), ids=lambda row: f"{row.data}-{row.quantity}")
def test_weights_and_averages(row: tuple) -> None:
    panel = PANELS[row.data]()
    parts = sg.bacon(panel)
    if row.quantity == "decomposition_error":
        assert parts.value == pytest.approx(float(sg.Twfe().point(panel).values[0]), abs=1e-14)
        return
    if row.quantity.startswith(("TWFE", "twfe")):
        assert parts.value == pytest.approx(row.value, rel=1e-9)
        return
    kind = next(ours for theirs, ours in KINDS.items() if theirs in row.quantity)
    summary = parts.summary().set_index("kind").loc[kind]
    found = (
        summary["weight"]
        if row.quantity.startswith("total") or row.quantity.endswith("weight")
        else summary["estimate"]
    )
    assert found == pytest.approx(row.value, rel=1e-8)
