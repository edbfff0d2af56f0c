"""Pictures of priors and of shrinkage: what is drawn is what the numbers say."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import staggered as sg
from staggered.hierarchical.beforehand import beforehand
from staggered.hierarchical.councils import shrinkage
from staggered.hierarchical.earlier import PUBLISHED, learn
from staggered.hierarchical.sensitivity import Sensitivity
from staggered.plotting.scale import PercentChange
from staggered.plotting.shrinkage import shrinkage as draw_shrinkage
from tests.hierarchical.conftest import TREATED, panel_of, priors_of

BELIEF = sg.prior.Belief(large=0.10, not_credible=0.30)


def test_a_belief_shows_its_two_chances() -> None:
    axes = sg.plot(BELIEF, ax=Figure())
    assert [text.get_text() for text in axes.texts] == ["a fall of more than 10%: 22%", "a fall of more than 30%: 0.5%"]
    curve = axes.lines[0]
    area = np.trapezoid(curve.get_ydata(), np.asarray(curve.get_xdata()) / 100)
    assert area == pytest.approx(1.0, abs=2e-3)
    of_a_risk = sg.plot(sg.prior.Belief(large=0.10, risk=0.07), ax=Figure())
    assert of_a_risk.texts[0].get_text() == "a fall of more than 10%: 10%"


def test_what_was_learnt_stands_beside_what_was_published() -> None:
    axes = sg.plot(learn([PUBLISHED["hertfordshire-family-safeguarding"]], before=BELIEF.prior()), ax=Figure())
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Hertfordshire, Family Safeguarding"]
    point = next(line for line in axes.lines if line.get_marker() == "o")
    assert point.get_xdata()[0] == pytest.approx(np.log(530 / 1032))
    assert "0%" in [label.get_text() for label in axes.get_xticklabels()]


def test_every_prior_has_a_row() -> None:
    axes = sg.plot(priors_of("binomial"), ax=Figure())
    assert len(axes.get_yticks()) == 13
    assert axes.texts[1].get_text() == "0  (−0.98 to 0.98)"


def test_answers_under_other_priors_are_a_forest() -> None:
    fit = sg.Hierarchical(engine="analytic", priors=priors_of("gaussian"), points=64, draws=400)
    estimate = fit.fit(panel_of("gaussian"))
    found = Sensitivity(
        ("as given", "wider"), (estimate, estimate), {"effect prior": 0.0, "all priors": 0.0, "data": 1.0}
    )
    labels = [label.get_text() for label in sg.plot(found, ax=Figure()).get_yticklabels()]
    assert labels == ["as given", "wider"]


def test_what_is_expected_lies_behind_what_was_seen() -> None:
    found = beforehand(sg.Hierarchical(), panel_of("gaussian"))
    axes = sg.plot(found, ax=Figure())
    assert len(axes.lines) == 1 + 24
    assert axes.get_title(loc="left") == "the outcome"


def test_raw_and_pooled_effects_of_each_council() -> None:
    panel = panel_of("gaussian")
    never = np.random.default_rng(3).normal(size=(4, 20))
    frame = sg.Frame(sg.Design(np.vstack([TREATED, np.zeros((4, 20))]), size=1))
    model = sg.Hierarchical(engine="analytic", priors=priors_of("gaussian"), points=128, by="cluster")
    estimate = model.fit(sg.Panel(frame, np.vstack([panel.outcome, never])))
    axes = sg.plot(estimate, ax=Figure())
    table = shrinkage(estimate.posterior)
    points = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(points[0::2], table["raw"])
    np.testing.assert_allclose(points[1::2], table["pooled"])
    assert draw_shrinkage(estimate.posterior, Figure(), scale=PercentChange()).texts[0].get_text().count("%") == 3
    assert sg.plot(estimate.posterior, ax=Figure()).get_yticklabels()[0].get_text() == "1"
