import numpy as np
import pytest

import staggered as sg
from staggered.study.study import same_numbers

ABOUT = 'schema = 1\n[study]\ntitle = "t"\n'


def test_the_plan_is_what_the_file_says(planned):
    assert planned.plan == sg.Plan(
        design=sg.stepped(["Leeds", "Kent", "Bath", "Hull", "York", "Bury"], 3, 50, strata=["big"] * 3 + ["small"] * 3),
        outcome=sg.Outcome(sd=1.0, name="the score", better="higher"),
        covariance=sg.Nested(icc=0.05, cac=0.8),
        effect=sg.Constant(0.3),
    )
    assert planned.title == "A rehearsal"
    assert planned.outcome_name == "the score"
    assert planned.lacks == ()


def test_a_study_shows_itself_in_one_line(planned):
    assert repr(planned) == f"<Study 'A rehearsal', study.toml, SHA-256 {planned.digest[:12]}...>"


def test_power_follows_the_options_of_the_file(planned):
    assert planned.power().power == sg.power(planned.plan, df="normal").power
    assert planned.detectable().needed == sg.detectable(planned.plan, 0.8, df="normal").needed
    assert planned.grid().inputs["icc"] == (0.01, 0.01, 0.05, 0.05)
    assert planned.grid(icc=[0.2]).inputs == {"icc": (0.2, 0.2), "cac": (0.5, 1.0)}


def test_what_the_file_does_not_give_is_named(write):
    study = write(ABOUT + '[design]\nkind = "stepped"\nclusters = 4\nsteps = 2\n')
    assert study.lacks == ("a baseline or sd in [outcome]", "a section [correlation]")
    with pytest.raises(
        sg.StudyError, match=r"does not give a baseline or sd in \[outcome\] and a section \[correlation\]"
    ):
        study.power() if study.effect else study.detectable()


def test_power_without_an_effect_is_refused(write, planned_text):
    text = planned_text.replace("[effect]\nsize = 0.3\n", "")
    with pytest.raises(sg.StudyError, match=r"has no \[effect\]"):
        write(text).power()
    with pytest.raises(sg.StudyError, match=r"has no \[effect\]"):
        write(text).grid()
    assert write(text).detectable().needed > 0


def test_a_grid_must_be_asked_for(write, planned_text):
    with pytest.raises(sg.StudyError, match="has no grid"):
        write(planned_text.replace("grid = ", "# grid = ")).grid()


def test_the_order_is_drawn_within_strata_unless_the_file_says_simple(planned, write, planned_text):
    assert planned.allocate().count == 9
    assert planned.allocate().certificate() == planned.allocate(7).certificate()
    simple = write(planned_text.replace("seed = 7", 'seed = 7\nmethod = "simple"'))
    assert simple.allocate().count == 90


def test_a_draw_needs_a_seed_and_a_schedule(write, planned_text):
    with pytest.raises(sg.StudyError, match="has no seed"):
        write(planned_text.replace("seed = 7", "")).allocate()
    with pytest.raises(sg.StudyError, match="comes with its data"):
        write(ABOUT + '[design]\nkind = "data"\n').allocate(1)


def test_a_rehearsal_runs_every_analysis_on_simulated_data(planned):
    found = planned.rehearse(seed=5)
    panel = sg.simulate(planned.plan, seed=5)
    assert [one.analysis.inference_name for one in found] == ["jackknife", "jackknife", "permutation"]
    assert found[0].estimate.value == sg.Gls(sg.Nested(icc=0.05, cac=0.8)).fit(panel, sg.Jackknife()).value
    assert found[2].estimate.p_value == sg.Imputation().fit(panel, sg.Permutation()).p_value
    assert found[0].analysis.primary
    assert not found[1].analysis.primary


def test_an_analysis_of_data_runs_on_every_variant(planned):
    found = planned.analyse(planned.simulate(seed=5).to_frame())
    np.testing.assert_allclose(found[0].estimate.value, planned.rehearse(seed=5)[0].estimate.value)
    assert {one.data for one in found} == {""}


def test_a_variant_may_have_analyses_of_its_own(write, planned_text):
    text = (
        planned_text
        + '[[data.variant]]\nname = "a"\n[[data.variant]]\nname = "b"\nanalysis = [{ estimator = "twfe" }]\n'
    )
    columns = (
        '[data]\ncluster = "cluster"\nperiod = "period"\noutcome = "outcome"\ntreated = "treated"\nsize = "size"\n'
    )
    study = write(text.replace("[[data.variant]]", columns + "[[data.variant]]", 1))
    assert [one.estimator_name for one in study.analyses_of("a")] == ["gls", "imputation", "imputation"]
    assert [one.estimator_name for one in study.analyses_of("b")] == ["twfe"]
    found = study.analyse(study.simulate().to_frame())
    assert [one.data for one in found] == ["a", "a", "a", "b"]


def test_an_analysis_must_be_there(write, planned_text):
    start = planned_text.index("[analysis]")
    end = planned_text.index("[expected]")
    with pytest.raises(sg.StudyError, match="names no analysis"):
        write(planned_text[:start] + planned_text[end:]).rehearse()


@pytest.mark.parametrize(
    ("value", "expected", "digits", "same"),
    [
        (0.80124, 0.8012, 4, True),
        (0.80126, 0.8012, 4, False),
        (0.80116, 0.8012, 4, True),
        (0.0184706, 0.01847, 4, True),
        (0.0184756, 0.01847, 4, False),
        (-0.01847, 0.01847, 4, False),
        (12.0, 12, 2, True),
        (13.0, 12, 2, False),
        (0.99998, 1.0, 4, True),
        (0.9994, 1.0, 4, False),
        (0.0004, 0.0, 3, True),
        (0.0006, 0.0, 3, False),
        (float("nan"), 1.0, 2, False),
    ],
)
def test_numbers_are_compared_to_their_printed_digits(value, expected, digits, same):
    assert same_numbers(value, expected, digits) is same
