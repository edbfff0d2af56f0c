"""Moments of a history: an analysis of variance by another hand, and the published councils."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from staggered.data.frame import Frame
from staggered.data.panel import Panel
from staggered.design.design import Design
from staggered.errors import DataError
from staggered.planning.movement import variance_components
from staggered.value import FloatArray

# Children starting to be looked after in years ending 31 March 2018 to 2025, nine councils: Department for
# Education, "Children looked after in England including adoptions" (Local Authority Interactive Tool, measure
# LACnum_Start). Contains public sector information licensed under the Open Government Licence v3.0.
STARTS = {
    "Walsall": [208, 153, 237, 165, 180, 163, 197, 115],
    "Lancashire": [763, 818, 717, 537, 609, 569, 477, 517],
    "Telford and Wrekin": [106, 110, 105, 125, 126, 131, 103, 125],
    "Wandsworth": [194, 193, 153, 114, 110, 93, 96, 125],
    "Swindon": [178, 137, 107, 113, 135, 152, 122, 108],
    "Rochdale": [196, 205, 116, 165, 139, 195, 164, 176],
    "Warrington": [141, 114, 113, 100, 99, 116, 143, 101],
    "Norfolk": [484, 454, 342, 310, 334, 437, 319, 338],
    "Redcar and Cleveland": [123, 120, 152, 126, 160, 218, 212, 175],
}
LAIT = Path(__file__).parents[3] / "shared" / "data" / "lait" / "lait_csc_measures_long_2016_2025.csv"
# measure: councils, SD between, SD within, share between, correlation at lags 1, 3 and 5, of residuals, SD of change.
# Computed from the same file by another program before this package existed; two digits are what is compared.
PUBLISHED = {
    "LAC": (145, 0.399, 0.102, 0.94, 0.98, 0.95, 0.92, 0.67, 0.076),
    "LAC_Start_Rate": (145, 0.321, 0.182, 0.76, 0.84, 0.74, 0.67, 0.24, 0.208),
    "LAC_Cease_Rate": (145, 0.3235, 0.161, 0.80, 0.88, 0.81, 0.71, 0.28, 0.176),
    "CPP_rate": (143, 0.320, 0.227, 0.66, 0.80, 0.67, 0.57, 0.32, 0.248),
    "CIN": (143, 0.255, 0.119, 0.82, 0.91, 0.83, 0.78, 0.38, 0.121),
    "Section_47": (143, 0.346, 0.229, 0.70, 0.86, 0.72, 0.60, 0.45, 0.222),
    "CPP_Total_Rateper10,000": (142, 0.281, 0.195, 0.68, 0.85, 0.69, 0.59, 0.48, 0.184),
    "ReReferral": (141, 0.168, 0.194, 0.43, 0.68, 0.44, 0.34, 0.36, 0.204),
    "CareApplications": (147, 0.396, 0.232, 0.74, 0.85, 0.75, 0.69, 0.30, 0.256),
}
TOO_SMALL = (201, 420)  # City of London, Isles of Scilly
FIRST_REGION = 970  # higher numbers are regions and England


def _panel(values: FloatArray, size: float = 1.0) -> Panel:
    shape = values.shape
    return Panel(
        Frame(Design(np.zeros(shape), size=size), present=np.isfinite(values)), np.where(np.isfinite(values), values, 0)
    )


def test_nine_councils_have_the_components_of_an_analysis_of_variance() -> None:
    counts = np.array(list(STARTS.values()), dtype=float)
    found = variance_components(_panel(counts, size=40_000), family="poisson")
    long = pd.DataFrame(
        [(name, year, np.log(n)) for name, row in STARTS.items() for year, n in enumerate(row)],
        columns=["council", "year", "y"],
    )
    squares = anova_lm(ols("y ~ C(council) + C(year)", data=long).fit())["mean_sq"]
    assert found.within == pytest.approx(np.sqrt(squares["Residual"]), rel=1e-9)
    assert found.between == pytest.approx(np.sqrt((squares["C(council)"] - squares["Residual"]) / 8), rel=1e-9)
    assert found.noise**2 == pytest.approx((1 / counts).mean())
    assert found.beyond == pytest.approx(np.sqrt(squares["Residual"] - (1 / counts).mean()), rel=1e-9)
    # What nine councils show is what 145 do: movement beyond counting noise near 0.16.
    assert 0.13 < found.beyond < 0.25
    assert "beyond sampling noise" in found.text()


def test_lag_correlations_and_changes_are_those_of_pairs_of_years() -> None:
    y = np.log(np.array(list(STARTS.values()), dtype=float))
    found = variance_components(_panel(np.exp(y)), log=True)
    centred = y - y.mean(axis=0)
    pairs = [(centred[c, t], centred[c, t + 3]) for c in range(9) for t in range(5)]
    assert found.lags[3] == pytest.approx(np.corrcoef(np.array(pairs).T)[0, 1])
    changes = [centred[c, t + 1] - centred[c, t] for c in range(9) for t in range(7)]
    assert found.change == pytest.approx(np.std(changes))
    assert np.isnan(found.beyond)


def test_a_gap_leaves_a_council_out_and_says_so() -> None:
    values = np.array(list(STARTS.values()), dtype=float)
    values[2, 3] = np.nan
    found = variance_components(_panel(values), log=True)
    assert found.clusters == 8
    assert "1 with a gap" in found.text()
    values[:7, 0] = np.nan
    with pytest.raises(DataError, match="2 clusters have a history without a gap"):
        variance_components(_panel(values), log=True)
    with pytest.raises(DataError, match="log=True was given"):
        variance_components(_panel(values), family="poisson", log=True)


def _published(measure: str) -> FloatArray:
    """Councils by years of one measure, nan where the file holds a symbol or a number that has no logarithm."""
    table = pd.read_csv(LAIT, dtype=str)
    table = table[(table["Short Desc"] == measure) & table["LA Number"].notna()]
    number = table["LA Number"].astype(float)
    table = table[(number < FIRST_REGION) & ~number.isin(TOO_SMALL)]
    values = pd.to_numeric(table["Values"], errors="coerce").where(lambda v: v > 0)
    return table.assign(v=values).pivot_table(index="LA Number", columns="Years", values="v").to_numpy()


needs_the_files = pytest.mark.skipif(not LAIT.exists(), reason="../shared/data/lait is absent")


@needs_the_files
@pytest.mark.parametrize("measure", PUBLISHED)
def test_the_table_of_published_measures_is_reproduced(measure: str) -> None:
    found = variance_components(_panel(_published(measure)), log=True)
    councils, between, within, share, *lags, residual, change = PUBLISHED[measure]
    assert found.clusters == councils
    assert [found.between, found.within, found.change] == pytest.approx([between, within, change], abs=0.00051)
    assert [found.share, *found.lags.values(), found.residual] == pytest.approx([share, *lags, residual], abs=0.0051)


@needs_the_files
def test_starts_move_by_sixteen_percent_beyond_counting_noise() -> None:
    rates, counts = _published("LAC_Start_Rate"), _published("LACnum_Start")
    found = variance_components(_panel(rates), log=True)
    noise = 1 / counts[np.isfinite(counts).all(axis=1)][:, -rates.shape[1] :]
    assert found.within**2 == pytest.approx(0.0332, abs=0.00005)
    assert np.nanmean(noise) == pytest.approx(0.0071, abs=0.0004)
    by_counts = variance_components(_panel(counts, size=1.0), family="poisson")
    assert by_counts.within == pytest.approx(found.within, abs=0.02)
    assert np.sqrt(found.within**2 - np.nanmean(noise)) == pytest.approx(0.16, abs=0.005)
