"""The wild cluster bootstrap-t against a loop of regressions, as Cameron, Gelbach and Miller (2008) describe it."""

import itertools

import numpy as np
import pytest

import staggered as sg
from staggered.inference.wild import multipliers_of
from staggered.value import FloatArray
from tests.oracles import dense
from tests.random_panels import random_panel, stepped_panel


def ratios_by_regression(panel: sg.Panel, effect: float, multipliers: FloatArray) -> tuple[float, FloatArray]:
    """CR1 t-ratios for θ = effect: the actual one, and that of each draw; every fit from scratch with dummies."""
    frame = panel.frame
    units, times = dense.dummies(frame)
    treated = np.nan_to_num(frame.design.treatment)[frame.used]
    others = np.column_stack([units, times])
    outcome, weight = panel.outcome[frame.used], frame.weights[frame.used]
    cluster = dense.cluster_of(frame)
    root = np.sqrt(weight)

    def fit(columns: FloatArray, target: FloatArray) -> FloatArray:
        return np.linalg.lstsq(columns * root[:, None], target * root, rcond=None)[0]

    # Frisch and Waugh: the coefficient is a sum over rows of `left`.
    left = treated - others @ fit(others, treated)
    bread = float((weight * left**2).sum())
    names = np.unique(cluster)

    def ratio(target: FloatArray) -> float:
        columns = np.column_stack([treated, others])
        found = fit(columns, target)
        error = target - columns @ found
        scores = np.array([(weight * left * error)[cluster == c].sum() for c in names]) / bread
        return float((found[0] - effect) / np.sqrt(len(names) / (len(names) - 1) * (scores**2).sum()))

    restricted = others @ fit(others, outcome - effect * treated)
    base, error = restricted + effect * treated, outcome - effect * treated - restricted
    drawn = [ratio(base + error * signs[np.searchsorted(names, cluster)]) for signs in multipliers]
    return ratio(outcome), np.array(drawn)


@pytest.mark.parametrize("weights", ["rademacher", "webb"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.filterwarnings("ignore:The wild bootstrap with")
def test_p_value_equals_the_loop_of_regressions(seed: int, weights: str) -> None:
    panel = random_panel(seed)
    inference = sg.WildBootstrap(draws=60, weights=weights, seed=3)
    fit = sg.Twfe().fit(panel, inference)
    multipliers, _ = multipliers_of(len(panel.design.clusters), 60, weights, 3)
    actual, drawn = ratios_by_regression(panel, 0.0, multipliers)
    assert fit.p_value == pytest.approx((1 + (np.abs(drawn) >= abs(actual)).sum()) / (1 + len(drawn)))


@pytest.mark.filterwarnings("ignore:The wild bootstrap with")
def test_the_interval_holds_the_effects_that_the_loop_does_not_reject() -> None:
    panel = stepped_panel(3, 8, 4)
    inference = sg.WildBootstrap(draws=80, seed=3)
    fit = sg.Twfe().fit(panel, inference)
    multipliers, _ = multipliers_of(8, 80, "webb", 3)
    for level in (0.8, 0.9):
        low, high = fit.interval(level)
        width = high - low
        for end, inward in ((low, 1.0), (high, -1.0)):
            for step, kept in ((1e-6, True), (-1e-6, False)):
                actual, drawn = ratios_by_regression(panel, end + inward * step * width, multipliers)
                p = (1 + (np.abs(drawn) >= abs(actual) * (1 - 1e-9)).sum()) / (1 + len(drawn))
                assert (p > 1 - level + 1e-12) == kept


@pytest.mark.filterwarnings("ignore:The wild bootstrap with")
def test_few_clusters_are_enumerated() -> None:
    table, every = multipliers_of(6, 99, "rademacher", 1)
    assert every
    signs = {tuple(row) for row in table}
    assert signs == set(itertools.product((-1.0, 1.0), repeat=6)) - {(1.0,) * 6}
    fit = sg.Twfe().fit(stepped_panel(1, 6, 3), sg.WildBootstrap(draws=99, weights="rademacher"))
    assert "All 63 patterns of signs were used." in fit.notes
    assert round(fit.p_value * 64, 9).is_integer()


def test_webb_weights_have_mean_0_and_variance_1() -> None:
    table, _ = multipliers_of(20, 20_000, "webb", 1)
    assert np.unique(table.round(9)).tolist() == pytest.approx(
        [-np.sqrt(1.5), -1, -np.sqrt(0.5), np.sqrt(0.5), 1, np.sqrt(1.5)]
    )
    assert table.mean() == pytest.approx(0.0, abs=0.01)
    assert table.var() == pytest.approx(1.0, abs=0.01)


def test_few_treated_clusters_bring_the_named_warning() -> None:
    design = sg.Design([[0, 1, 1]] * 2 + [[0, 0, 0]] * 20)
    panel = sg.Panel(sg.Frame(design), np.random.default_rng(1).normal(size=(22, 3)))
    with pytest.warns(sg.FewClustersWarning, match="2 clusters on one side hardly ever rejects"):
        sg.Twfe().fit(panel, sg.WildBootstrap(draws=49))


@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
def test_every_linear_estimator_has_it_and_a_lone_cohort_has_none() -> None:
    panel = stepped_panel(1, 12, 3)
    for estimator in (sg.GroupTime(), sg.Imputation(), sg.SunAbraham(), sg.Stacked(), sg.WithinPeriod()):
        assert 0 < estimator.fit(panel, sg.WildBootstrap(draws=49)).p_value <= 1
    with pytest.warns(sg.FewClustersWarning, match="alone in its cohort"):
        lone = sg.SunAbraham().fit(stepped_panel(1, 6, 6), sg.WildBootstrap(draws=49))
    assert np.isnan(lone.p_value)
    assert any("alone in its cohort" in note for note in lone.notes)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(sg.DataError, match="draws is 0"):
        sg.WildBootstrap(draws=0)
    with pytest.raises(sg.DataError, match="weights='mammen'"):
        sg.WildBootstrap(weights="mammen")
