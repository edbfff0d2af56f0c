from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.results.estimate import Term
from tests.oracles import did
from tests.random_panels import random_panel, with_outcome


@pytest.mark.parametrize("by", ["overall", "event", "cohort", "calendar"])
@pytest.mark.parametrize("seed", range(12))
def test_equals_prediction_from_untreated_cells(seed: int, by: str) -> None:
    panel = random_panel(seed)
    fit = sg.Imputation(by=by).rule(panel.frame)
    expected = did.imputation_by(panel.frame, did.imputation(panel.frame, panel.outcome), by)
    found = dict(zip([_key(panel, term) for term in fit.terms], fit.estimate(panel.outcome), strict=True))
    found = {key: value for key, value in found.items() if by != "event" or key == "overall" or key >= 0}
    assert set(expected) <= set(found)
    for key, value in found.items():
        assert value == pytest.approx(expected.get(key, np.nan), rel=1e-8, nan_ok=True)


def _key(panel: sg.Panel, term: Term) -> object:
    if term.event is not None:
        return term.event
    where = term.cohort if term.cohort is not None else term.period
    return "overall" if where is None else panel.design.periods.index(where)


def test_residuals_of_treated_cells_are_about_their_cohorts_own_effect() -> None:
    """BJS (2024), section 4.3: residuals of untreated cells from the fit, of treated ones from the cohort's effect."""
    panel = random_panel(4, gaps=False)
    frame = panel.frame
    effects = did.imputation(frame, panel.outcome)
    start = frame.design.start
    residuals = sg.Imputation().rule(frame).residuals(panel.outcome)
    for (c, t), effect in effects.items():
        peers = [k for k in effects if start[k[0]] == start[c] and k[1] == t]
        mean = np.average([effects[k] for k in peers], weights=[frame.weights[k] for k in peers])
        assert residuals[c, t] == pytest.approx(effect - mean, abs=1e-9)


def test_cells_without_a_prediction_are_named_and_left_out() -> None:
    panel = sg.Panel(sg.Frame(sg.stepped(clusters=["Leeds", "Kent", "Bath"], steps=3)), np.arange(12.0).reshape(3, 4))
    fit = sg.Imputation(by="calendar").fit(panel)
    assert [term.label for term in fit.terms] == ["overall", "period 2", "period 3", "period 4"]
    assert np.isfinite(fit.value[:2]).all()
    assert np.isnan(fit.value[2])
    assert "Left out, because no untreated cell says what would have happened: " in fit.text()
    assert "Leeds in 4, Kent in 4 and Bath in 4" in fit.text()


def test_a_cluster_treated_from_the_first_period_is_left_out_and_changes_nothing() -> None:
    treatment = np.array([[0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1.0]])
    outcome = np.random.default_rng(3).normal(size=(4, 4))
    whole = sg.Panel(sg.Frame(sg.Design(treatment, clusters=["A", "B", "C", "Always"])), outcome)
    without = sg.Panel(whole.frame.keep(np.arange(3)), outcome[:3])
    one, other = (sg.Imputation().fit(panel, sg.Jackknife()) for panel in (whole, without))
    assert one.value == pytest.approx(other.value)
    assert one.se == pytest.approx(other.se)
    assert one.df == other.df == 2
    assert "Always in 1, Always in 2, Always in 3 and Always in 4" in one.text()
    by_cohort = sg.Imputation(by="cohort").rule(whole.frame)
    assert by_cohort.terms[1].label == "cohort 1"
    assert np.isnan(by_cohort.estimate(outcome)[1])


@pytest.mark.parametrize("treatment", [[[1, 1], [1, 1]], [[0, 1], [0, 1]]], ids=["from the first period", "together"])
def test_nothing_to_predict_from_is_refused(treatment: list[list[float]]) -> None:
    with pytest.raises(sg.IdentificationError, match="No treated cell can be predicted") as told:
        sg.Imputation().rule(sg.Frame(sg.Design(treatment)))
    assert len(str(told.value).splitlines()) == 3


def test_untreated_islands_are_not_bridged() -> None:
    """Only A is untreated in period 5, and nothing compares A's level with D's until C is seen in period 1."""
    treatment = [[0, 0, 0, 0, 0], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1]]
    present = np.array([[1, 1, 0, 0, 1], [1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 1, 1, 1]], dtype=bool)
    frame = sg.Frame(sg.Design(treatment, clusters=["A", "B", "C", "D"]), present=present)
    rule = sg.Imputation(by="cell").rule(frame)
    outcome = np.add.outer([1.0, 2.0, 3.0, 4.0], [1.0, 5.0, 7.0, 2.0, -3.0])
    assert [term.label for term in rule.terms] == ["overall", "ATT(2, 2)", "ATT(5, 5)"]
    np.testing.assert_allclose(rule.estimate(outcome), [0, 0, np.nan], atol=1e-12)
    assert rule.notes == ("Left out, because no untreated cell says what would have happened: D in 5.",)
    present[2, 0] = True
    bridged = sg.Imputation(by="cell").rule(replace(frame, present=present))
    np.testing.assert_allclose(bridged.estimate(outcome), 0, atol=1e-12)
    assert bridged.notes == ()


def test_options_are_checked() -> None:
    with pytest.raises(sg.DesignError, match=r"Imputation was given by='groups'(?s:.)*Use one of overall, event"):
        sg.Imputation(by="groups")  # type: ignore[arg-type]


def test_treatment_that_goes_back_is_refused_with_council_and_periods() -> None:
    frame = sg.Frame(
        sg.Design([[0, 1, 0], [0, 0, 1]], clusters=["Leeds", "Kent"], periods=["2021-Q2", "2021-Q3", "2021-Q4"])
    )
    with pytest.raises(sg.DesignError) as told:
        sg.Imputation().rule(frame)
    assert str(told.value).splitlines() == [
        "Treatment goes back: Leeds (from treated in 2021-Q3 to control in 2021-Q4).",
        "  Imputation needs treatment to stay on once it starts.",
        "  Mark those cells as not observed (blank), or use Gls, which allows crossover designs.",
    ]


def test_with_noise_free_outcomes_every_effect_is_found() -> None:
    panel = random_panel(8)
    start = panel.design.start
    treated = np.nan_to_num(panel.design.treatment) > 0
    effect = np.where(treated, 1 + panel.design.exposure * np.arange(1, len(start) + 1)[:, None], 0)
    levels = np.random.default_rng(1).normal(size=(len(start), 1)) * 5 + np.arange(panel.outcome.shape[1]) ** 2
    fit = sg.Imputation(by="cell").fit(with_outcome(panel, levels + effect), sg.Jackknife())
    for term, value in zip(fit.terms[1:], fit.value, strict=True):
        g, t = panel.design.periods.index(term.cohort), panel.design.periods.index(term.period)
        inside = (start == g) & panel.frame.used[:, t]
        if np.isfinite(value):
            assert value == pytest.approx(
                np.average(effect[inside, t], weights=panel.frame.weights[inside, t]), abs=1e-8
            )
