"""Monitoring: each look is the fit to the data so far, and looking often raises false alarms more often."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.hierarchical.monitoring import monitor, up_to
from tests.hierarchical.test_extension import PRIORS, TREATED

MODEL = sg.Hierarchical(engine="analytic", priors=PRIORS, points=128, draws=1000)


@pytest.fixture(scope="module")
def panel() -> sg.Panel:
    r = np.random.default_rng(5)
    outcome = r.normal(0, 0.5, (10, 1)) + r.normal(0, 0.1, 6).cumsum() - 0.5 * TREATED + r.normal(0, 0.1, (10, 6))
    return sg.Panel(sg.Frame(sg.Design(TREATED, size=1)), outcome)


def test_each_look_is_the_fit_to_the_data_so_far(panel: sg.Panel) -> None:
    looks = monitor(MODEL, panel, studies=0)
    assert looks.periods == (3, 4, 5, 6)
    for k, end in enumerate((3, 4, 5, 6)):
        design = sg.Design(TREATED[:, :end], size=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sg.FewClustersWarning)
            alone = MODEL.fit(sg.Panel(sg.Frame(design), panel.outcome[:, :end]))
        assert looks.effect[k] == pytest.approx(alone.value, abs=1e-12)
        assert (looks.low[k], looks.high[k]) == pytest.approx(alone.interval(), abs=1e-12)
    assert looks.first == looks.periods[int(np.argmax(looks.below > 0.975))]
    assert f"is the one up to {looks.first}" in looks.text()
    assert "Where nothing happens" not in looks.text()
    assert list(looks.table()["decides"]) == list(looks.below > 0.975)


def test_without_a_decision_it_says_so(panel: sg.Panel) -> None:
    nothing = replace(panel, outcome=np.random.default_rng(2).normal(0, 0.3, (10, 6)))
    looks = monitor(MODEL, nothing, studies=0)
    assert looks.first is None
    assert "No look decides" in looks.text()


@pytest.mark.slow
def test_false_alarms_add_up_over_looks(panel: sg.Panel) -> None:
    often = monitor(MODEL, panel, studies=150)
    once = monitor(MODEL, up_to(panel, 3), studies=150)
    assert 0 <= once.false_alarms <= often.false_alarms < 0.3
    assert f"in {100 * often.false_alarms:.0f}% of studies" in often.text()
    assert often.to_dict()["false_alarms"] == often.false_alarms


def test_there_must_be_something_to_look_at() -> None:
    empty = sg.Panel(sg.Frame(sg.Design(np.zeros((4, 5)), size=1)), np.random.default_rng(1).normal(size=(4, 5)))
    with pytest.raises(sg.DataError, match="nothing to look at"):
        monitor(MODEL, empty)


def test_a_shorter_panel_keeps_what_was_known_then(panel: sg.Panel) -> None:
    late = replace(panel.frame, present=np.vstack([np.ones((9, 6)), [[0, 0, 0, 1, 1, 1]]]).astype(bool))
    short = up_to(replace(panel, frame=late), 3)
    assert short.design.clusters == tuple(str(k + 1) for k in range(9))
    assert short.design.periods == (1, 2, 3)
