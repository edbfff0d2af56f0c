"""The nine councils: the typed table against its source, and the headline against arithmetic by hand."""

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import staggered as sg

EXAMPLES = Path(__file__).parents[2] / "examples"
SHARED = Path(__file__).parents[3] / "shared" / "reference" / "demo_councils.csv"


@pytest.fixture(scope="module")
def study():
    return sg.load(EXAMPLES / "nine_councils.toml")


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(EXAMPLES / "nine_councils.csv")


@pytest.fixture(scope="module")
def rates(table):
    """Log rate per child, councils by years, computed without the package."""
    table = table.assign(y=np.log(table["starting_to_be_looked_after"] / table["children_0_17"]))
    return table.pivot(index="council", columns="year", values="y").reindex(table["council"].unique())


def first_years(table, rule):
    """First treated year of each adopter; a year ends on 31 March."""
    found = {}
    for council, day in table[["council", "go_live"]].drop_duplicates().dropna().itertuples(index=False):
        when = pd.Timestamp(day)
        year = when.year + (when.month > 3)
        length = (pd.Timestamp(year, 3, 31) - pd.Timestamp(year - 1, 3, 31)).days
        share = ((pd.Timestamp(year, 3, 31) - when).days + 1) / length
        found[council] = year + (rule == "half" and share < 0.5)
    return found


def group_time(rates, starts):
    """Each adopter's change since the year before, less that of all who never adopt, averaged over treated cells."""
    never = rates.loc[[council for council in rates.index if council not in starts]]
    gaps = []
    for council, start in starts.items():
        if council in rates.index:
            own = rates.loc[council] - rates.loc[council, start - 1]
            others = (never.sub(never[start - 1], axis=0)).mean()
            gaps += [own[year] - others[year] for year in rates.columns if year >= start]
    return float(np.mean(gaps))


def two_way(rates, starts):
    """Least squares with a column for each council and year."""
    treated = np.array([[year >= starts.get(council, math.inf) for year in rates.columns] for council in rates.index])
    count, width = rates.shape
    columns = [
        treated.ravel(),
        np.kron(np.eye(count), np.ones((width, 1))),
        np.kron(np.ones((count, 1)), np.eye(width)),
    ]
    return float(np.linalg.lstsq(np.column_stack(columns).astype(float), rates.to_numpy().ravel(), rcond=None)[0][0])


def jackknife(estimate, rates, starts):
    """Standard error from leaving out one council at a time."""
    without = [estimate(rates.drop(index=council), starts) for council in rates.index]
    spread = ((np.array(without) - estimate(rates, starts)) ** 2).sum()
    return float(np.sqrt((len(without) - 1) / len(without) * spread))


@pytest.mark.parametrize(("variant", "rule"), [("any exposure in the year", "any"), ("at least half the year", "half")])
@pytest.mark.parametrize(
    ("estimator", "by_hand"), [(sg.GroupTime(controls="never"), group_time), (sg.Twfe(), two_way)], ids=["gt", "twfe"]
)
def test_estimates_and_jackknife_by_hand(study, table, rates, variant, rule, estimator, by_hand):
    starts = first_years(table, rule)
    found = estimator.fit(study.panel(variant=variant), sg.Jackknife())
    assert found.value == pytest.approx(by_hand(rates, starts), abs=1e-12)
    assert found.se == pytest.approx(jackknife(by_hand, rates, starts), rel=1e-9)


@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
def test_every_expected_number_comes_out(study):
    assert [check.text() for check in sg.reproduce(study) if not check.passed] == []


@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
def test_the_headline_cannot_be_told_from_nothing(study):
    estimate = study.analyse()[0].estimate
    low, high = estimate.interval()
    assert low < 0 < high
    assert "cannot tell" in estimate.text()
    assert not {"reduced", "worsened", "improved"} & set(estimate.text().lower().split())


def test_dates_could_be_dealt_in_48_ways_and_schedules_in_fewer(study):
    assert study.dated_allocations() == math.factorial(2) * math.factorial(3) * math.factorial(2) * math.factorial(2)
    panels = study.panels()
    assert panels["any exposure in the year"].design.allocations() == 3 * 2
    assert panels["at least half the year"].design.allocations() == math.factorial(2) * 3 * 2


def test_nine_trial_councils_and_24_neighbours(study):
    design = study.panel().design
    assert len(design.clusters) == 33
    assert np.isfinite(design.start).sum() == 9
    assert study.panel(variant="the nine alone").design.clusters == design.clusters[:9]
    assert design.periods == tuple(range(2018, 2026))


def test_the_adopters_are_those_of_the_two_design_files(table):
    for name in ("fs_realised", "nwd_realised"):
        section = sg.load(EXAMPLES.parent / "designs" / f"{name}.toml").spec.design
        told = table[["council", "go_live", "code"]].drop_duplicates().set_index("council")
        for council in section.council:
            assert told.loc[council.name, "go_live"] == council.go_live.isoformat()
            assert told.loc[council.name, "code"] == council.code


def test_the_licence_is_attributed(study):
    assert "Open Government Licence v3.0" in study.source
    assert "Department for Education" in study.source
    assert "Office for National Statistics" in study.source


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/reference/demo_councils.csv is absent")
def test_the_typed_table_is_the_published_one(table):
    with SHARED.open(encoding="utf-8") as file:
        published = list(csv.DictReader(file))
    assert len(published) == len(table) == 264
    for row, typed in zip(published, table.itertuples(index=False), strict=True):
        assert (row["council"], row["ons_code"], row["region"]) == (typed.council, typed.code, typed.region)
        assert row["go_live"] == ("" if pd.isna(typed.go_live) else typed.go_live)
        numbers = ("year_ending_31_march", "children_starting_to_be_looked_after", "population_0_17_mid_previous_year")
        assert [int(row[name]) for name in numbers] == [
            typed.year,
            typed.starting_to_be_looked_after,
            typed.children_0_17,
        ]
