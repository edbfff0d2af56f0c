import warnings
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

import staggered as sg
from tests.oracles import dense
from tests.random_panels import random_panel, stepped_panel


def quietly(estimator: sg.Twfe, panel: sg.Panel, inference: sg.Cluster) -> sg.Estimate:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sg.FewClustersWarning)
        return estimator.fit(panel, inference)


@pytest.mark.parametrize("seed", range(8))
def test_cr0_and_cr1_equal_statsmodels(seed: int) -> None:
    """Statsmodels multiplies by (n − 1)/(n − K) as well when it corrects; our CR1 is C/(C − 1) alone."""
    panel = random_panel(seed)
    clusters, periods = dense.dummies(panel.frame)
    design = np.column_stack([panel.design.treatment[panel.frame.used], clusters, periods[:, 1:]])
    model = sm.WLS(panel.y, design, weights=panel.frame.weights[panel.frame.used])
    groups = dense.cluster_of(panel.frame)
    plain = model.fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})
    corrected = model.fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True})
    n, k = design.shape
    cr0, cr1 = (quietly(sg.Twfe(), panel, sg.Cluster(kind)) for kind in ("CR0", "CR1"))
    assert cr0.se == pytest.approx(plain.bse[0], rel=1e-9)
    assert cr1.se * np.sqrt((n - 1) / (n - k)) == pytest.approx(corrected.bse[0], rel=1e-9)
    assert cr0.df == np.inf
    assert cr1.df == len(panel.design.clusters) - 1


@pytest.mark.parametrize("kind", ["CR0", "CR1"])
def test_uncorrected_variance_warns_with_few_clusters(kind: str) -> None:
    with pytest.warns(sg.FewClustersWarning, match=f"{kind} with 8 clusters rejects too often"):
        sg.Twfe().fit(stepped_panel(1, clusters=8), sg.Cluster(kind))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["CR2", "CR3"])
def test_corrected_variance_does_not_warn(kind: str) -> None:
    fit = sg.Twfe().fit(stepped_panel(1, clusters=8), sg.Cluster(kind))  # type: ignore[arg-type]
    assert 1 < fit.df < 7
    low, high = fit.interval()
    assert low < fit.value < high


def lone_panel() -> sg.Panel:
    treatment = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 1], *[[0, 0, 0]] * 3], dtype=float)
    names = ["Lone", "A", "B", "C", "D", "E"]
    return sg.Panel(sg.Frame(sg.Design(treatment, clusters=names)), np.random.default_rng(4).normal(size=(6, 3)))


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR2", "CR3"])
@pytest.mark.parametrize("estimator", [sg.GroupTime(), sg.Imputation()], ids=repr)
def test_a_cohort_of_one_has_no_analytic_standard_error(estimator: sg.GroupTime, kind: str) -> None:
    fit = quietly(estimator, lone_panel(), sg.Cluster(kind))  # type: ignore[arg-type]
    assert np.isfinite(fit.value)
    assert np.isnan(fit.se)
    assert np.isnan(fit.df)
    assert np.isnan(fit.p_value)
    assert np.isnan(fit.interval()).all()
    assert "No analytic standard error: a council alone in its cohort or as a comparison (Lone)" in fit.text()
    assert "confidence interval can be given" in fit.text()


@pytest.mark.parametrize("kind", ["CR0", "CR2"])
def test_rows_that_do_not_rest_on_the_lone_council_keep_theirs(kind: str) -> None:
    fit = quietly(sg.GroupTime(by="cohort"), lone_panel(), sg.Cluster(kind))  # type: ignore[arg-type]
    assert np.isnan(fit.se).tolist() == [True, False]
    assert np.isnan(fit.overall.se)
    assert any(
        note.startswith("No analytic standard error for overall and cohort 2: a council alone") for note in fit.notes
    )


@pytest.mark.parametrize("kind", ["CR0", "CR2"])
def test_a_comparison_of_one_has_no_analytic_standard_error(kind: str) -> None:
    treatment = np.array([*[[0, 1]] * 4, [0, 0]], dtype=float)
    names = ["A", "B", "C", "D", "Only control"]
    panel = sg.Panel(sg.Frame(sg.Design(treatment, clusters=names)), np.random.default_rng(4).normal(size=(5, 2)))
    fit = quietly(sg.GroupTime(), panel, sg.Cluster(kind))  # type: ignore[arg-type]
    assert np.isnan(fit.se)
    assert "Only control" in fit.text()


def test_a_cell_left_with_one_member_by_a_gap_counts_as_lone() -> None:
    treatment = np.array([[0, 1, 1], [0, 1, 1], *[[0, 0, 0]] * 3], dtype=float)
    present = np.ones((5, 3), dtype=bool)
    present[1, 2] = False
    frame = sg.Frame(sg.Design(treatment, clusters=list("ABCDE")), present=present)
    panel = sg.Panel(frame, np.random.default_rng(5).normal(size=(5, 3)))
    for estimator in (sg.GroupTime(by="calendar"), sg.Imputation(by="calendar")):
        fit = quietly(estimator, panel, sg.Cluster("CR0"))
        assert np.isnan(fit.se).tolist() == [False, True], estimator
        assert "(A)" in fit.text()


def test_two_way_fixed_effects_keep_theirs_with_lone_cohorts() -> None:
    assert np.isfinite(sg.Twfe().fit(lone_panel(), sg.Cluster("CR2")).se)


def labelled(panel: sg.Panel, labels: list[str]) -> sg.Panel:
    return sg.Panel(replace(panel.frame, labels={"region": tuple(labels)}), panel.outcome)


def test_scores_are_summed_over_a_coarser_cluster() -> None:
    panel = labelled(stepped_panel(1, clusters=8), ["N", "N", "S", "S", "E", "E", "W", "W"])
    fit = quietly(sg.Twfe(), panel, sg.Cluster("CR1", by="region"))
    scores = sg.Twfe().rule(panel.frame).scores(panel.outcome)[0]
    assert fit.se == pytest.approx(np.sqrt(4 / 3 * sum(scores[k : k + 2].sum() ** 2 for k in range(0, 8, 2))))
    assert fit.df == 3
    assert fit.inference == "cluster-robust variance (CR1) by region"


def test_coarser_clusters_are_checked() -> None:
    panel = labelled(stepped_panel(1, clusters=8), ["North"] * 8)
    with pytest.raises(sg.DataError, match=r"no label 'county' in the panel \(labels kept: region\)"):
        quietly(sg.Twfe(), panel, sg.Cluster("CR1", by="county"))
    with pytest.raises(sg.IdentificationError, match="All clusters have the same region: North"):
        quietly(sg.Twfe(), panel, sg.Cluster("CR1", by="region"))
    with pytest.raises(sg.DataError, match=r"Cluster\('CR2'\) was given by='region'"):
        sg.Cluster("CR2", by="region")
    with pytest.raises(sg.DataError, match=r"Use CR0, CR1, CR2 or CR3"):
        sg.Cluster("HC1")  # type: ignore[arg-type]
