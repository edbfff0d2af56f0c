import itertools

import numpy as np
import pytest

import staggered as sg
from staggered.results.estimate import Term
from tests.oracles import did
from tests.random_panels import random_panel, stepped_panel

OPTIONS = list(itertools.product(["notyet", "never"], [0, 1], ["varying", "universal"]))


def key(panel: sg.Panel, term: Term) -> object:
    index = panel.design.periods.index
    if term.cohort is not None and term.period is not None:
        return index(term.cohort), index(term.period)
    if term.event is not None:
        return term.event
    where = term.cohort if term.cohort is not None else term.period
    return "overall" if where is None else index(where)


def found(estimator: sg.GroupTime, panel: sg.Panel) -> dict[object, float]:
    rule = estimator.rule(panel.frame)
    return dict(zip([key(panel, term) for term in rule.terms], rule.estimate(panel.outcome), strict=True))


@pytest.mark.parametrize(("controls", "anticipation", "base"), OPTIONS)
@pytest.mark.parametrize("seed", range(8))
def test_cells_equal_two_by_two_comparisons(seed: int, controls: str, anticipation: int, base: str) -> None:
    panel = random_panel(seed)
    estimator = sg.GroupTime(controls=controls, anticipation=anticipation, base=base, by="cell")
    expected = did.group_time(
        panel.frame, panel.outcome, controls=controls, anticipation=anticipation, universal=base == "universal"
    )
    cells = found(estimator, panel)
    cells.pop("overall")
    assert {cell for cell, value in cells.items() if np.isfinite(value)} == set(expected)
    for cell, value in expected.items():
        assert cells[cell] == pytest.approx(value, abs=1e-10)
    lost = set(cells) - set(expected)
    assert all(t >= g for g, t in lost)


@pytest.mark.parametrize("by", ["overall", "event", "cohort", "calendar"])
@pytest.mark.parametrize("seed", range(8))
def test_summaries_equal_the_papers_averages(seed: int, by: str) -> None:
    panel = random_panel(seed)
    effects = did.group_time(panel.frame, panel.outcome)
    expected = did.aggregated(effects, did.cohort_shares(panel.frame), by)
    rows = found(sg.GroupTime(by=by), panel)
    assert {row for row, value in rows.items() if np.isfinite(value)} == set(expected)
    for row, value in expected.items():
        assert rows[row] == pytest.approx(value, abs=1e-10)


def influence_function(panel: sg.Panel, by: str, sampled: bool) -> np.ndarray:
    """Numerical derivative of each term in each cluster's weight: its contribution, whatever the formula."""
    frame, step, columns = panel.frame, 1e-6, []
    names = list(did.aggregated(did.group_time(frame, panel.outcome), did.cohort_shares(frame), by))
    for c in range(len(panel.design.clusters)):
        values = []
        for sign in (1, -1):
            weights = frame.weights.copy()
            weights[c] *= 1 + sign * step
            moved = sg.Frame(panel.design, present=frame.present, weights=weights)
            shares = did.cohort_shares(moved if sampled else frame)
            values.append(did.aggregated(did.group_time(moved, panel.outcome), shares, by))
        columns.append([(values[0][name] - values[1][name]) / (2 * step) for name in names])
    return np.array(columns).T


@pytest.mark.parametrize("shares", ["sampled", "fixed"])
@pytest.mark.parametrize("by", ["overall", "event", "cohort", "calendar"])
def test_scores_are_the_influence_of_each_clusters_weight(by: str, shares: str) -> None:
    for seed in range(4):
        panel = random_panel(seed, weights=seed % 2 == 0)
        rule = sg.GroupTime(by=by, shares=shares).rule(panel.frame)
        known = np.isfinite(rule.estimate(panel.outcome))
        expected = influence_function(panel, by, shares == "sampled")
        np.testing.assert_allclose(rule.scores(panel.outcome)[known], expected, atol=1e-7)


def test_cells_without_a_control_are_shown_as_nan_and_named() -> None:
    panel = sg.Panel(
        sg.Frame(sg.stepped(clusters=["Leeds", "Kent", "Bath", "York"], steps=2)),
        np.random.default_rng(1).normal(size=(4, 3)),
    )
    fit = sg.GroupTime(by="cell").fit(panel, sg.Jackknife())
    rows = dict(zip([term.label for term in fit.terms], fit.table()["estimate"], strict=True))
    assert [label for label, value in rows.items() if np.isnan(value)] == ["ATT(2, 3)", "ATT(3, 3)"]
    assert fit.overall.value == pytest.approx(rows["ATT(2, 2)"])
    note = "Not estimable, with nobody left in control to compare with: cohort 2 in 3 and cohort 3 in 3."
    assert note in fit.notes
    by_cohort = sg.GroupTime(by="cohort").fit(panel, sg.Jackknife())
    assert [term.label for term in by_cohort.terms] == ["overall", "cohort 2", "cohort 3"]
    assert np.isnan(by_cohort.value).tolist() == [False, True]
    assert np.isnan(by_cohort.se[1])
    assert note in by_cohort.text()


@pytest.mark.parametrize("by", ["event", "cohort", "calendar", "cell"])
def test_what_cannot_be_estimated_is_never_zero(by: str) -> None:
    panel = stepped_panel(2, clusters=6, steps=3)
    fit = sg.GroupTime(by=by).fit(panel, sg.Jackknife())
    assert np.isnan(fit.value).any()
    assert not (fit.value == 0).any()
    assert np.isfinite(fit.overall.value)
    assert np.isfinite(fit.overall.se)


def test_clusters_treated_from_the_first_period_are_named_and_left_out() -> None:
    treatment = np.array([[1, 1, 1], [0, 1, 1], [0, 1, 1], [0, 0, 0], [0, 0, 0.0]])
    names = ["Always", "A", "B", "C", "D"]
    panel = sg.Panel(sg.Frame(sg.Design(treatment, clusters=names)), np.random.default_rng(2).normal(size=(5, 3)))
    fit = sg.GroupTime().fit(panel, sg.Jackknife())
    assert "Left out for want of a period before treatment: Always." in fit.notes
    kept = sg.Panel(panel.frame.keep(np.arange(1, 5)), panel.outcome[1:])
    assert fit.value == pytest.approx(sg.GroupTime().fit(kept, sg.Jackknife()).value)
    assert fit.df == 3
    by_cohort = sg.GroupTime(by="cohort").rule(panel.frame)
    np.testing.assert_array_equal(np.isnan(by_cohort.estimate(panel.outcome)), [False, True, False])


def test_anticipation_leaves_early_cohorts_without_a_base() -> None:
    design = sg.Design([[0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]], clusters=["Early", "Late", "Never"])
    rule = sg.GroupTime(anticipation=1).rule(sg.Frame(design))
    assert rule.notes == ("Left out for want of a period before treatment: Early.",)


def test_through_a_blank_transition_the_base_is_the_period_before_it() -> None:
    design = sg.Design([[0, np.nan, 1, 1], [0, np.nan, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]])
    rule = sg.GroupTime(by="cell").rule(sg.Frame(design))
    weights = dict(zip([term.label for term in rule.terms], rule.by_cluster(), strict=True))
    np.testing.assert_allclose(weights["ATT(3, 3)"], np.outer([0.5, 0.5, -0.5, -0.5], [-1, 0, 1, 0]))
    np.testing.assert_allclose(weights["ATT(3, 4)"], np.outer([0.5, 0.5, -0.5, -0.5], [-1, 0, 0, 1]))


@pytest.mark.parametrize(
    ("treatment", "options"),
    [
        ([[1, 1], [1, 1]], {}),
        ([[0, 1], [0, 1]], {}),
    ],
    ids=["from the first period", "together"],
)
def test_nobody_to_compare_with_is_refused(treatment: list[list[int]], options: dict[str, str]) -> None:
    with pytest.raises(sg.IdentificationError, match="No cohort can be compared with anyone") as told:
        sg.GroupTime(**options).rule(sg.Frame(sg.Design(treatment)))  # type: ignore[arg-type]
    assert len(str(told.value).splitlines()) == 3
    assert "Add clusters that start later or never" in str(told.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "group"}, "by='group'"),
        ({"controls": "all"}, "controls='all'"),
        ({"base": "long"}, "base='long'"),
        ({"shares": "known"}, "shares='known'"),
        ({"anticipation": -1}, "anticipation=-1"),
    ],
)
def test_options_are_checked(options: dict[str, object], message: str) -> None:
    with pytest.raises(sg.DesignError, match=message):
        sg.GroupTime(**options)  # type: ignore[arg-type]


def test_universal_base_is_zero_in_the_base_period_by_construction() -> None:
    panel = random_panel(5, gaps=False, transition=False)
    rule = sg.GroupTime(base="universal", by="event").rule(panel.frame)
    values = dict(zip([term.event for term in rule.terms], rule.estimate(panel.outcome), strict=True))
    assert values[-1] == 0
    assert (rule.weights[[term.event == -1 for term in rule.terms]] == 0).all()


def test_large_panels_use_the_papers_influence_functions_and_small_or_lone_ones_the_jackknife() -> None:
    def starting(*starts: float) -> sg.Frame:
        return sg.Frame(sg.Design((np.arange(4) >= np.array(starts)[:, None]).astype(float)))

    never = np.inf
    assert sg.GroupTime().default_inference(starting(*[1] * 20, *[2] * 18, never, never)) == sg.Cluster("CR0")
    assert sg.Twfe().default_inference(starting(*[1] * 20, *[2] * 18, never, never)) == sg.Cluster("CR2")
    assert sg.GroupTime().default_inference(starting(*[1] * 20, *[2] * 17, never, never)) == sg.Jackknife()
    assert sg.GroupTime().default_inference(starting(*[1] * 19, *[2] * 18, 3, never, never)) == sg.Jackknife()
    assert sg.GroupTime().default_inference(starting(*[1] * 38, 2, never, never)) == sg.Permutation()
    assert sg.GroupTime().default_inference(starting(*[1] * 20, *[2] * 20, never)) == sg.Jackknife()


def test_a_single_treated_council_is_set_against_the_others_in_turn() -> None:
    treatment = np.zeros((9, 6))
    treatment[2, 3:] = 1
    panel = sg.Panel(sg.Frame(sg.Design(treatment)), np.random.default_rng(4).normal(size=treatment.shape))
    for estimator in (sg.GroupTime(), sg.Twfe(), sg.Imputation()):
        found = estimator.fit(panel)
        assert found.p_value == estimator.fit(panel, sg.Permutation()).p_value >= 1 / 9
        assert "default where a single council goes live" in found.text()
        assert np.isnan(estimator.fit(panel, sg.Jackknife()).se)
