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
