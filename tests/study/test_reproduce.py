import pytest

import staggered as sg

VARIANT = """
[[expected.variant]]
name = "twice the size"
design = { size = 100 }
people = { value = 2400, digits = 4 }
[[expected.variant]]
name = "another correlation"
correlation = { structure = "exchangeable", icc = 0.05 }
power = { value = 0.5, digits = 2, source = "nobody" }
"""


def test_every_expected_number_is_compared(write, planned_text):
    study = write(planned_text + VARIANT)
    people, twice, other = sg.reproduce(study)
    assert (people.name, people.passed, people.message) == ("people", True, "Expected 1200, computed 1200.")
    assert (twice.name, twice.passed) == ("twice the size: people", True)
    assert not other.passed
    plan = sg.Plan(
        design=study.design, outcome=study.outcome, covariance=sg.Exchangeable(icc=0.05), effect=sg.Constant(0.3)
    )
    assert f"Expected 0.50, computed {sg.power(plan, df='normal').power:#.4g} (nobody)." == other.message
    assert other.fix


def test_a_variant_is_checked_like_a_file(write, planned_text):
    study = write(planned_text + VARIANT.replace("size = 100", "sise = 100"))
    with pytest.raises(sg.StudyError, match=r"study.toml, variant 'twice the size': unknown key sise"):
        sg.reproduce(study)


def test_a_file_that_expects_nothing(write, planned_text):
    with pytest.raises(sg.StudyError, match="expects no numbers"):
        sg.reproduce(write(planned_text[: planned_text.index("[expected]")]))


def test_an_estimate_must_be_among_the_analyses(write, tmp_path, planned_text):
    write(planned_text).simulate(2).to_frame().to_csv(tmp_path / "own.csv", index=False)
    columns = "\n".join(f'{name} = "{name}"' for name in ("cluster", "period", "outcome", "treated", "size"))
    estimate = (
        '[[expected.estimate]]\nestimator = "{}"\ninference = "jackknife"\nvalue = {{ value = {}, digits = 6 }}\n'
    )
    text = f'{planned_text}\n[data]\nfile = "own.csv"\n{columns}\n'
    value = write(planned_text).rehearse(2)[1].estimate.value
    head, found = sg.reproduce(write(text + estimate.format("imputation", value)))
    assert head.passed
    assert found.name == "imputation, jackknife: value"
    assert found.passed
    with pytest.raises(sg.StudyError, match="names twfe jackknife , which is none of the analyses"):
        sg.reproduce(write(text + estimate.format("twfe", 1)))


def test_a_schedule_that_comes_with_data_has_nothing_to_count(write):
    text = 'schema = 1\n[study]\ntitle = "t"\n[design]\nkind = "data"\n'
    text += "[expected]\nallocations = { value = 1, digits = 1 }\n"
    with pytest.raises(sg.StudyError, match="has no design of its own to count"):
        sg.reproduce(write(text))
