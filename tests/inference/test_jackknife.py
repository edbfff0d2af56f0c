import numpy as np
import pytest

import staggered as sg
from tests.oracles import did
from tests.random_panels import random_panel, stepped_panel


@pytest.mark.parametrize("seed", range(10))
def test_equals_refitting_without_each_cluster(seed: int) -> None:
    """MacKinnon, Nielsen and Webb (2023), CV3: (C − 1)/C Σ (θ_−i − θ)², each θ_−i by statsmodels on the other rows."""
    panel = random_panel(seed)
    count = len(panel.design.clusters)
    whole = did.twfe(panel.frame, panel.outcome).params[0]
    without = []
    for row in range(count):
        rest = np.delete(np.arange(count), row)
        frame = panel.frame.keep(rest)
        without.append(did.twfe(frame, panel.outcome[rest]).params[0])
    fit = sg.Twfe().fit(panel, sg.Jackknife())
    assert fit.value == pytest.approx(whole, rel=1e-9)
    assert fit.se == pytest.approx(np.sqrt((count - 1) / count * ((np.array(without) - whole) ** 2).sum()), rel=1e-8)
    assert fit.df == count - 1


@pytest.mark.parametrize("by", ["event", "cohort"])
@pytest.mark.parametrize("seed", range(5))
def test_each_row_equals_refits_of_the_slow_loop(seed: int, by: str) -> None:
    panel = random_panel(seed, weights=seed % 2 == 0, transition=False)
    start = panel.design.start

    def rows(kept: np.ndarray) -> dict[object, float]:
        frame = sg.Frame(
            panel.design,
            present=panel.frame.present & np.isin(np.arange(len(start)), kept)[:, None],
            weights=panel.frame.weights,
        )
        effects = did.group_time(frame, panel.outcome)
        live = {g: s for g, s in did.cohort_shares(panel.frame.keep(kept)).items() if any(c[0] == g for c in effects)}
        return did.aggregated(effects, live, by)

    everyone = np.arange(len(start))
    whole = rows(everyone)
    without = [rows(np.delete(everyone, row)) for row in everyone]
    fit = sg.GroupTime(by=by).fit(panel, sg.Jackknife())
    index = panel.design.periods.index
    for term, value, se, df in zip(fit.terms[1:], fit.value, fit.se, fit.df, strict=True):
        key = term.event if by == "event" else index(term.cohort)
        if np.isnan(value):
            assert key not in whole
            continue
        changes = np.array([other.get(key, np.nan) for other in without]) - whole[key]
        behind = df + 1 if np.isfinite(df) else np.nan
        expected = np.sqrt((behind - 1) / behind * (changes**2).sum())
        assert se == pytest.approx(expected, rel=1e-8, nan_ok=True)
        assert np.isnan(df) or df <= len(start) - 1


def test_a_lone_cohort_has_a_standard_error_for_the_whole_but_not_for_itself() -> None:
    treatment = np.array([[0, 1, 1], *[[0, 0, 1]] * 3, *[[0, 0, 0]] * 3], dtype=float)
    panel = sg.Panel(
        sg.Frame(sg.Design(treatment, clusters=["Lone", *"ABCDEF"])), np.random.default_rng(7).normal(size=(7, 3))
    )
    fit = sg.GroupTime(by="cohort").fit(panel)
    assert fit.inference == "jackknife over clusters"
    assert np.isnan(fit.se).tolist() == [True, False]
    assert np.isfinite(fit.overall.se)
    assert "No standard error for cohort 2: without Lone in turn nothing is left to estimate it from." in fit.notes


def test_the_only_control_leaves_no_standard_error() -> None:
    panel = sg.Panel(
        sg.Frame(sg.Design([[0, 1], [0, 1], [0, 0]], clusters=["A", "B", "Only"])), np.arange(6.0).reshape(3, 2) ** 2
    )
    fit = sg.Twfe().fit(panel)
    assert np.isfinite(fit.value)
    assert np.isnan(fit.se)
    assert "without Only in turn nothing is left" in fit.text()


@pytest.mark.parametrize(
    "estimator", [sg.Twfe(), sg.GroupTime(), sg.Imputation(), sg.Gls(sg.Exchangeable(icc=0.1))], ids=repr
)
def test_two_clusters_are_too_few(estimator: sg.Twfe) -> None:
    panel = sg.Panel(sg.Frame(sg.Design([[0, 1, 1], [0, 0, 0]])), np.random.default_rng(1).normal(size=(2, 3)))
    with pytest.raises(sg.IdentificationError, match="where the estimate rests on 2 clusters") as told:
        estimator.fit(panel)
    assert len(str(told.value).splitlines()) == 3


def test_clusters_that_say_nothing_about_a_term_do_not_count() -> None:
    """Adding clusters treated from the start leaves estimate, standard error and degrees of freedom as they were."""
    panel = stepped_panel(3, clusters=8)
    never = np.vstack([panel.design.treatment, np.ones((5, 5))])
    more = sg.Panel(
        sg.Frame(sg.Design(never)), np.vstack([panel.outcome, np.random.default_rng(1).normal(size=(5, 5))])
    )
    for estimator in (sg.GroupTime(), sg.Imputation()):
        one, other = estimator.fit(panel, sg.Jackknife()), estimator.fit(more, sg.Jackknife())
        assert one.value == pytest.approx(other.value)
        assert one.se == pytest.approx(other.se)
        assert one.df == other.df


def test_leaving_out_the_only_cluster_of_a_period_keeps_the_other_periods_in_place() -> None:
    """The event times of the rest must not move when a period in the middle loses its only data."""
    treatment = np.array([[0, 0, 0, 1, 1], [0, 0, 0, 1, 1], *[[0, 0, 0, 0, 0]] * 3], dtype=float)
    present = np.ones((5, 5), dtype=bool)
    present[:, 2] = [False, False, False, False, True]
    panel = sg.Panel(sg.Frame(sg.Design(treatment), present=present), np.random.default_rng(2).normal(size=(5, 5)))
    fit = sg.Imputation(by="event").fit(panel, sg.Jackknife())
    after = {term.event: se for term, se in zip(fit.terms[1:], fit.se, strict=True) if term.event >= 0}
    assert list(after) == [0, 1]
    assert np.isfinite(list(after.values())).all()
    assert np.isfinite(sg.Gls(sg.Exchangeable(icc=0.1)).fit(panel, sg.Jackknife()).se)


def test_few_against_many_are_the_ones_that_count() -> None:
    start = np.append([2, 2, 4], np.full(40, 99))
    outcome = np.random.default_rng(2).normal(size=(43, 8))
    panel = sg.Panel(sg.Frame(sg.Design((np.arange(8) >= start[:, None]).astype(float))), outcome)
    fit = sg.Twfe().fit(panel, sg.Jackknife())
    assert fit.df == 2
    assert "Only 3 of 43 councils stand on one side of the comparison" in fit.text()
    assert sg.Efficient().fit(panel).inference == sg.Jackknife().name
    more = panel.frame.keep(np.r_[0:3, 3:11])
    assert sg.Twfe().fit(sg.Panel(more, outcome[:11]), sg.Jackknife()).df == 10
