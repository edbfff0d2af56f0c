import numpy as np
import pytest

import staggered as sg
from staggered.results.estimate import Estimate, Term
from staggered.results.uncertainty import Sampling


def study(slope: float = 0.0, effect: float = 1.0, se: float = 0.1) -> Estimate:
    """An event study against event −1, with a straight trend and an effect."""
    events = [-4, -3, -2, -1, 0, 1, 2]
    values = [slope * (event + 1) + effect * (event >= 0) for event in events]
    covariance = np.diag([se**2 * (event != -1) for event in events])
    terms = tuple(Term(f"event {event}", event=event) for event in events)
    return Estimate(terms, np.array(values), Sampling(covariance, np.full(7, np.inf)), "by hand", "known")


def test_a_straight_line_is_taken_out_when_no_bend_is_allowed() -> None:
    found = sg.bounds(study(slope=0.2, se=0.001), "smoothness", m=[0.0])
    low, high = found.interval(0.0)
    assert (low + high) / 2 == pytest.approx(1.0, abs=1e-9)
    assert found.value == pytest.approx(1.0 + 0.2 * 2)


def test_intervals_grow_with_m_and_the_breakdown_is_where_they_reach_nothing() -> None:
    found = sg.bounds(study(effect=1.0), "relative", m=[0.0, 1.0, 2.0, 4.0])
    assert (np.diff(found.low) < 0).all()
    assert (np.diff(found.high) > 0).all()
    again = sg.bounds(study(effect=1.0), "relative", m=[found.breakdown * 0.99, found.breakdown * 1.01])
    assert again.low[0] > 0 > again.low[1]


def test_smoothness_has_a_breakdown_too() -> None:
    found = sg.bounds(study(effect=1.0), "smoothness", m=[0.1])
    again = sg.bounds(study(effect=1.0), "smoothness", m=[found.breakdown * 0.99, found.breakdown * 1.01])
    assert again.low[0] > 0 > again.low[1]


def test_an_estimate_that_includes_nothing_has_no_conclusion_to_break_down() -> None:
    found = sg.bounds(study(effect=0.05), "relative", m=[1.0])
    assert found.breakdown == 0
    assert "no conclusion to break down" in found.text()


def test_one_event_time_or_weights_can_be_asked_for() -> None:
    one, same = (sg.bounds(study(), "relative", m=[1.0], of=of) for of in (0, [1.0, 0.0, 0.0]))
    assert one.interval(1.0) == same.interval(1.0)
    assert one.of == "the effect at event time 0"
    assert one.interval(1.0)[1] < sg.bounds(study(), "relative", m=[1.0], of=2).interval(1.0)[1]


def test_few_degrees_of_freedom_widen_everything_and_it_is_said() -> None:
    wide = study()
    few = Estimate(wide.terms, wide.values, Sampling(wide.uncertainty.covariance, np.full(7, 8.0)), "by hand", "known")
    one, other = (sg.bounds(each, "smoothness", m=[0.1]) for each in (wide, few))
    assert other.high[0] - other.low[0] > one.high[0] - one.low[0]
    assert "on 8 degrees of freedom" in other.text()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"of": 7}, "There is no effect at event time 7"),
        ({"of": [1.0]}, "1 weights were given for 3 treated event times"),
        ({"m": [-1.0]}, "m is -1"),
        ({"kind": "both"}, "kind='both'"),
    ],
)
def test_what_makes_no_sense_is_refused(asked: dict[str, object], said: str) -> None:
    with pytest.raises(sg.DataError, match=said):
        sg.bounds(study(), **asked)


def rollout(seed: int = 1) -> sg.Panel:
    design = sg.stepped(clusters=40, steps=4, baseline=4, after=2)
    return sg.simulate(sg.Plan(design=design, outcome=sg.Outcome(sd=1.0)), seed=seed)


@pytest.mark.parametrize(
    ("estimator", "inference", "said"),
    [
        (sg.Imputation(by="event"), sg.Cluster("CR2"), "against all periods before go-live"),
        (sg.GroupTime(by="event"), sg.Cluster("CR1"), "measured against the last"),
        (sg.Twfe(), sg.Cluster("CR2"), "without a path over time"),
        (sg.SunAbraham(by="event"), sg.Permutation(draws=19), "without a path over time"),
        (sg.Extended(by="event"), sg.Cluster("CR2"), "no time before go-live"),
    ],
)
def test_an_estimate_without_one_base_is_refused_with_what_to_do(
    estimator: sg.Twfe, inference: sg.Cluster, said: str
) -> None:
    with pytest.raises(sg.IdentificationError, match=said) as told:
        sg.bounds(estimator.fit(rollout(), inference))
    assert len(str(told.value).splitlines()) == 3


@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
def test_without_standard_errors_it_says_whose() -> None:
    design = sg.stepped(clusters=6, steps=6, baseline=4)
    panel = sg.simulate(sg.Plan(design=design, outcome=sg.Outcome(sd=1.0)), seed=1)
    with pytest.warns(sg.FewClustersWarning, match="alone in its cohort"):
        fit = sg.SunAbraham(by="event").fit(panel, sg.Cluster("CR2"))
    with pytest.raises(sg.IdentificationError, match="have no standard error"):
        sg.bounds(fit)
