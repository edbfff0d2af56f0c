import pytest

import staggered as sg
from staggered.estimators.linear import counting, require_by


def test_says_of_whom_an_estimand_is_the_average() -> None:
    frame = sg.Frame(sg.Design([[0, 1], [0, 0]]), per="child")
    assert counting("average effect", frame) == "average effect, each child counting alike"


def test_an_unknown_summary_is_refused_with_those_there_are() -> None:
    require_by("event", ("overall", "event"), "Thing")
    with pytest.raises(sg.DesignError) as told:
        require_by("events", ("overall", "event"), "Thing")
    assert str(told.value).splitlines() == [
        "Thing was given by='events'.",
        "  It says which effects are wanted.",
        "  Use one of overall, event.",
    ]


@pytest.mark.parametrize("one", [sg.Twfe(), sg.GroupTime(), sg.Imputation(), sg.Gls(sg.Independent())], ids=repr)
def test_laws_are_declared_from_the_known_ones(one: sg.Twfe) -> None:
    assert set(one.laws) <= {"clusters", "periods", "treated"}
    assert ("clusters" in one.laws) == (not isinstance(one, sg.Gls))


def test_a_rule_at_a_panel_is_the_rule_of_its_frame() -> None:
    panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=4, steps=2), outcome=sg.Outcome(sd=1.0)), seed=1)
    one = sg.Twfe()
    assert (one.rule_at(panel).W == one.rule(panel.frame).W).all()
    assert one.point(panel).values[0] == one.rule(panel.frame).estimate(panel.outcome)[0]


@pytest.mark.parametrize(
    ("treated", "outcome", "error", "said"),
    [
        (False, [[1.0, 2.0], [3.0, 1.0], [2.0, 2.0]], sg.IdentificationError, "Nobody is treated"),
        (True, [[5.0, 5.0], [7.0, 7.0], [0.0, 0.0]], sg.DataError, "never changes in any council"),
    ],
)
def test_what_has_nothing_in_it_to_find_is_refused(
    treated: bool, outcome: list[list[float]], error: type[sg.StaggeredError], said: str
) -> None:
    frame = sg.Frame(sg.Design([[0, int(treated)], [0, 0], [0, 0]]))
    for one in (sg.Twfe(), sg.Imputation()):
        with pytest.raises(error, match=said) as told:
            one.fit(sg.Panel(frame, outcome), sg.Jackknife())
        assert len(str(told.value).splitlines()) == 3


def test_the_name_of_a_method_is_not_the_method() -> None:
    plan = sg.Plan(design=sg.stepped(clusters=4, steps=2), outcome=sg.Outcome(sd=1.0))
    with pytest.raises(sg.DesignError, match=r"inference=sg\.Jackknife"):
        sg.Twfe().fit(sg.simulate(plan, seed=1), "jackknife")
    with pytest.raises(sg.DesignError, match=r"estimator=sg\.Twfe"):
        sg.power(plan, "twfe")
