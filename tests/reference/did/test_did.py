"""Published and computed numbers of other packages, without covariates.

`numbers.csv` holds them as printed, `sources.csv` who computed them, with which version and call. The data (mpdta:
county teen employment, from Callaway and Sant'Anna; castle: homicide and castle-doctrine laws, from Cheng and
Hoekstra, as the R packages did and did2s ship them) are not kept here.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import staggered as sg

HERE = Path(__file__).parent
DATA = HERE.parents[3] / "shared" / "data" / "did"
NUMBERS = pd.read_csv(HERE / "numbers.csv")
SOURCES = pd.read_csv(HERE / "sources.csv")
FILES = {"mpdta": "mpdta.csv", "castle": "castle_did2s.csv"}
COLUMNS = {
    "mpdta": ("countyreal", "year", "lemp", "first.treat"),
    "castle": ("sid", "year", "l_homicide", "effyear"),
}

GROUP_TIME = {
    "mpdta-never": sg.GroupTime(controls="never"),
    "mpdta-anticipation": sg.GroupTime(controls="never", anticipation=1),
    "mpdta-notyet": sg.GroupTime(),
    "castle-never": sg.GroupTime(controls="never"),
    "castle-notyet": sg.GroupTime(),
}
OTHERS = {"mpdta-imputation", "mpdta-twfe", "mpdta-twfe-crv3", "castle-twfe"}


@cache
def panel(name: str, years_later: int = 0) -> sg.Panel:
    """Outcomes by cluster and year, treated from the year of the law or so many years later."""
    path = DATA / FILES[name]
    if not path.exists():
        pytest.skip(f"../shared/data/did/{FILES[name]} is absent")
    cluster, period, outcome, first = COLUMNS[name]
    data = pd.read_csv(path)
    grid = data.pivot(index=cluster, columns=period, values=outcome)
    start = data.groupby(cluster)[first].first().reindex(grid.index).fillna(0).to_numpy()
    years = grid.columns.to_numpy()
    treatment = ((start[:, None] > 0) & (years >= start[:, None] + years_later)).astype(float)
    design = sg.Design(treatment, clusters=[str(name) for name in grid.index], periods=years.tolist())
    return sg.Panel(sg.Frame(design), grid.to_numpy())


def rows(case: str, by: str) -> pd.DataFrame:
    chosen = NUMBERS[(NUMBERS["case"] == case) & (NUMBERS["by"] == by)].set_index("term")
    assert len(chosen)
    return chosen


def each(*cases: str) -> list[tuple[str, str]]:
    chosen = NUMBERS[NUMBERS["case"].isin(cases)]
    return list(chosen[["case", "by"]].drop_duplicates().itertuples(index=False, name=None))


def test_every_number_has_a_source_and_a_test() -> None:
    assert set(NUMBERS["case"]) == set(SOURCES["case"]) == set(GROUP_TIME) | OTHERS


@pytest.mark.parametrize(("case", "by"), each(*GROUP_TIME))
def test_group_time_effects_and_their_standard_errors(case: str, by: str) -> None:
    data = panel(case.split("-")[0])
    rule = replace(GROUP_TIME[case], by=by).rule(data.frame)
    expected = rows(case, by)
    labels = [term.label for term in rule.terms]
    values = rule.estimate(data.outcome)
    known = {label for label, value in zip(labels, values, strict=True) if np.isfinite(value)}
    assert known - {"overall"} == set(expected.index) - {"overall"} or by == "overall"
    place = [labels.index(label) for label in expected.index]
    np.testing.assert_allclose(values[place], expected["estimate"], rtol=1e-8)
    errors = np.sqrt((rule.scores(data.outcome) ** 2).sum(axis=1))
    np.testing.assert_allclose(errors[place], expected["std_error"], rtol=1e-6)


@pytest.mark.parametrize("by", ["overall", "event", "cohort", "calendar", "cell"])
def test_the_default_inference_gives_the_same_on_a_large_panel(by: str) -> None:
    data, expected = panel("mpdta"), rows("mpdta-never", by)
    table = sg.GroupTime(controls="never", by=by).fit(data).table().set_index("term").reindex(expected.index)
    np.testing.assert_allclose(table["estimate"], expected["estimate"], rtol=1e-8)
    np.testing.assert_allclose(table["std_error"], expected["std_error"], rtol=1e-6)


def test_fixed_shares_leave_out_the_part_of_the_cohorts_sizes() -> None:
    """Without the share term the simple effect's standard error is .0117467 (the influence functions of the cells)."""
    fit = sg.GroupTime(controls="never", shares="fixed").fit(panel("mpdta"))
    assert fit.se == pytest.approx(0.0117467, abs=5e-8)


def test_the_joint_test_of_effects_before_treatment() -> None:
    """R did prints the Wald statistic of the cells before treatment: W = 7.7912366272, p = 0.16812."""
    fit = sg.GroupTime(controls="never", by="cell").fit(panel("mpdta"))
    before = [k for k, term in enumerate(fit.terms) if term.event is not None and term.event < 0]
    covariance = fit.uncertainty.covariance[np.ix_(before, before)]
    wald = fit.values[before] @ np.linalg.solve(covariance, fit.values[before])
    assert wald == pytest.approx(7.7912366272, rel=1e-9)
    assert stats.chi2.sf(wald, len(before)) == pytest.approx(0.16812, abs=5e-6)


@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
def test_states_alone_in_their_cohort_have_no_analytic_standard_error() -> None:
    """R did takes the residual of a lone cohort, identically 0, at face value; here it is nan with a note."""
    data = panel("castle")
    start = data.design.start
    alone = [np.flatnonzero(start == data.design.periods.index(year)) for year in (2005, 2009)]
    assert [len(rows) for rows in alone] == [1, 1]
    with pytest.warns(sg.FewClustersWarning, match="alone in its cohort"):
        fit = sg.GroupTime(controls="never", by="cohort").fit(data, sg.Cluster("CR0"))
    assert np.isnan(fit.overall.se)
    missing = [term.label for term, se in zip(fit.terms[1:], fit.se, strict=True) if np.isnan(se)]
    assert missing == ["cohort 2005", "cohort 2009"]
    names = [data.design.clusters[rows[0]] for rows in alone]
    assert any(f"as a comparison ({names[0]} and {names[1]})" in note for note in fit.notes)
    by_default = sg.GroupTime(controls="never").fit(data)
    assert by_default.inference == "jackknife over clusters"
    assert np.isfinite(by_default.se)


@pytest.mark.parametrize("by", ["overall", "event"])
def test_imputation_and_its_standard_errors(by: str) -> None:
    expected = rows("mpdta-imputation", by)
    table = sg.Imputation(by=by).fit(panel("mpdta"), sg.Cluster("CR0")).table().set_index("term")
    table = table.reindex(expected.index)
    np.testing.assert_allclose(table["estimate"], expected["estimate"], rtol=1e-6)
    np.testing.assert_allclose(table["std_error"], expected["std_error"], rtol=1e-6)


@pytest.mark.parametrize("case", ["mpdta-twfe", "castle-twfe"])
def test_two_way_fixed_effects_as_fixest(case: str) -> None:
    """fixest multiplies CR1 by (n − 1)/(n − K), K = the coefficient and the periods (clusters' effects are nested)."""
    # did2s codes `post` of the castle data from the year after the law.
    data, expected = panel(case.split("-")[0], case.startswith("castle")), rows(case, "overall").loc["treatment effect"]
    fit = sg.Twfe().fit(data, sg.Cluster("CR1"))
    n, parameters = data.y.size, 1 + data.outcome.shape[1]
    assert fit.value == pytest.approx(expected["estimate"], rel=1e-8)
    assert fit.se * np.sqrt((n - 1) / (n - parameters)) == pytest.approx(expected["std_error"], rel=1e-6)


def test_jackknife_as_pyfixest() -> None:
    """pyfixest's CRV3 leaves out our (C − 1)/C and multiplies by its small-sample factor C/(C − 1)·(n − 1)/(n − K)."""
    data, expected = panel("mpdta"), rows("mpdta-twfe-crv3", "overall").loc["treatment effect"]
    fit = sg.Twfe().fit(data, sg.Jackknife())
    n, clusters = data.y.size, len(data.design.clusters)
    parameters = 1 + clusters + data.outcome.shape[1] - 1
    factor = clusters / (clusters - 1) * clusters / (clusters - 1) * (n - 1) / (n - parameters)
    assert fit.se * np.sqrt(factor) == pytest.approx(expected["std_error"], rel=1e-6)
