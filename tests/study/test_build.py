"""From sections to values: every kind of design, structure and effect, and what they refuse."""

import numpy as np
import pytest

import staggered as sg
from staggered.model.covariance import Unstructured
from staggered.study.build import build_covariance, build_design, build_effect, build_outcome
from staggered.study.registries import COVARIANCES, EFFECTS
from staggered.study.schema import DESIGNS, CorrelationSection, EffectSection, OutcomeSection


def design(kind, **keys):
    return build_design(DESIGNS[kind].model_validate({"kind": kind, **keys}))


@pytest.mark.parametrize(
    ("built", "wanted"),
    [
        (design("stepped", clusters=6, steps=3, size=20, after=1), sg.stepped(6, 3, 20, after=1)),
        (design("parallel", clusters=4, periods=3, baseline=1), sg.parallel(4, 3, 1.0, baseline=1)),
        (design("crossover", clusters=4, periods=2, size=5), sg.crossover(4, 2, 5)),
        (design("staircase", clusters=4, steps=2, before=1, after=2), sg.staircase(4, 2, 1.0, before=1, after=2)),
        (design("hybrid", clusters=8, steps=2, stepped=0.5), sg.hybrid(8, 2, 1.0, stepped=0.5)),
        (
            design("matrix", treatment=[[0, 1], [0, float("nan")]], clusters=["a", "b"], periods=[2020, 2021], size=3),
            sg.Design([[0, 1], [0, np.nan]], 3, clusters=("a", "b"), periods=(2020, 2021)),
        ),
    ],
)
def test_every_kind_of_design(built, wanted):
    assert built == wanted


def test_councils_give_names_sizes_and_strata():
    councils = [{"name": n, "size": s, "stratum": t} for n, s, t in (("Leeds", 10, "a"), ("Kent", 20, "b"))]
    built = design("stepped", council=councils, steps=2)
    assert built.clusters == ("Leeds", "Kent")
    assert built.strata == ("a", "b")
    np.testing.assert_array_equal(built.size[:, 0], [10, 20])


def test_tables_by_name_stand_for_lists():
    names = ["Leeds", "Kent"]
    tables = design(
        "stepped", clusters=names, steps=2, size={"Kent": 2, "Leeds": 1}, strata={"Kent": "y", "Leeds": "x"}
    )
    assert tables == sg.stepped(names, 2, [1, 2], strata=["x", "y"])


def test_a_rollout_by_dates_with_councils_that_never_go_live():
    councils = [{"name": "Leeds", "go_live": "2021-02-01", "stratum": "a"}, {"name": "Kent", "stratum": "b"}]
    built = design("rollout", start="2021-01-01", end="2021-03-31", council=councils, never=["Kent"], rate=30)
    np.testing.assert_array_equal(built.treatment, [[0, 1], [0, 0]])
    np.testing.assert_array_equal(built.size[0], [31, 59])
    assert built.strata == ("a", "b")


def test_sizes_by_name_need_names():
    with pytest.raises(sg.StudyError, match="gives sizes or strata by name, but its clusters have none"):
        design("stepped", clusters=2, steps=2, size={"Leeds": 1.0})


def test_a_rollout_without_councils():
    with pytest.raises(sg.StudyError, match="names no council that goes live"):
        design("rollout", start="2021-01-01", end="2021-03-31")


def correlation(**keys):
    return build_covariance(CorrelationSection.model_validate(keys))


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({"icc": 0.1}, sg.Exchangeable(icc=0.1)),
        ({"structure": "independent"}, sg.Independent()),
        ({"structure": "nested", "icc": 0.1, "cac": 0.8, "iac": 0.2}, sg.Nested(icc=0.1, cac=0.8, iac=0.2)),
        ({"structure": "decay", "icc": 0.1, "cac": 0.8, "time": "date", "per_days": 30.0},
         sg.Decay(icc=0.1, cac=0.8, time="date", per_days=30.0)),
        ({"structure": "proportional-decay", "icc": 0.1, "cac": 0.8}, sg.ProportionalDecay(icc=0.1, cac=0.8)),
        ({"structure": "unstructured", "icc": 0.1, "correlation": [[1.0, 0.7], [0.7, 1.0]]},
         Unstructured(icc=0.1, correlation=[[1, 0.7], [0.7, 1]])),
        ({"structure": "nested", "between": 0.3, "within": 0.2}, sg.Nested.from_sd(between=0.3, within=0.2)),
        ({"structure": "decay", "between": 0.3, "within": 0.2, "cac": 0.7},
         sg.Decay.from_sd(between=0.3, within=0.2, cac=0.7)),
        ({"between": 0.3}, sg.Exchangeable.from_sd(between=0.3)),
        ({"icc": 0.1, "retention": [0.8, 0.5], "iac": 0.2}, sg.Exchangeable(icc=0.1, retention=(0.8, 0.5), iac=0.2)),
        ({"icc": 0.1, "random_treatment": {"share": 0.25, "corr": -0.5}},
         sg.RandomTreatment(sg.Exchangeable(icc=0.1), share=0.25, corr=-0.5)),
    ],
)  # fmt: skip
def test_every_structure(keys, wanted):
    assert correlation(**keys) == wanted


def test_every_registered_structure_can_be_named():
    named = {correlation(structure=name, **{"icc": 0.1, "cac": 0.8}).__class__
             for name in ("nested", "decay", "proportional-decay")}  # fmt: skip
    named |= {type(correlation(icc=0.1)), type(correlation(structure="independent"))}
    named.add(type(correlation(icc=0.1, random_treatment={"sd": 0.1})))
    named.add(type(correlation(structure="unstructured", icc=0.1, correlation=[[1.0]])))
    assert named == set(COVARIANCES.values())


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"structure": "nested", "between": 0.3}, "gives between"),
        ({"structure": "nested", "between": 0.3, "within": 0.2, "icc": 0.1}, "gives between, icc and within"),
        ({"structure": "independent", "between": 0.3}, "gives between"),
        ({"structure": "random-treatment", "icc": 0.1}, "structure in .correlation. is 'random-treatment'"),
        ({"structure": "independent", "icc": 0.1}, "icc in .correlation. does not belong"),
        ({"icc": 0.1, "random_treatment": {}}, "RandomTreatment needs sd or share"),
    ],
)
def test_structures_that_do_not_go_together(keys, says):
    with pytest.raises(sg.StaggeredError, match=says):
        correlation(**keys)


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({"size": -0.1}, sg.Constant(-0.1)),
        ({"size": 0.9, "scale": "ratio"}, sg.Constant(0.9, scale="ratio")),
        ({"kind": "ramp", "size": 1, "over": 4}, sg.Ramp(1.0, over=4)),
        ({"kind": "by-exposure", "sizes": [1, 2]}, sg.ByExposure([1, 2])),
        ({"kind": "by-cohort", "sizes": {"2021": 1.0}}, sg.ByCohort({"2021": 1.0})),
        ({"kind": "by-calendar", "sizes": [0, 1]}, sg.ByCalendar([0, 1])),
    ],
)
def test_every_effect(keys, wanted):
    assert build_effect(EffectSection.model_validate(keys)) == wanted


def test_every_registered_effect_is_tested_above():
    assert set(EFFECTS) == {"constant", "ramp", "by-exposure", "by-cohort", "by-calendar"}


def test_an_unknown_effect_gets_the_nearest_name():
    with pytest.raises(sg.StudyError, match="Did you mean by-cohort"):
        build_effect(EffectSection(kind="by-cohrt", size=1.0))


def test_an_outcome_without_planning_values_is_none():
    assert build_outcome(OutcomeSection(family="binomial", name="x")) is None
    assert build_outcome(OutcomeSection(sd=2.0)) == sg.Outcome(sd=2.0)


def test_batches_and_go_lives_within_an_interval(write):
    text = """
schema = 1
[study]
title = "t"
[design]
kind = "stepped"
clusters = 4
steps = 2
batches = 2
lag = 2
"""
    assert write(text).design == sg.stepped(4, steps=2, size=1.0).batched(2, lag=2)
    with pytest.raises(sg.StudyError, match="no lag"):
        write(text.replace("lag = 2\n", ""))
    dated = """
schema = 1
[study]
title = "t"
[design]
kind = "rollout"
start = 2020-04-01
end = 2023-03-31
period = "year"
never = ["Kent"]
[[design.council]]
name = "Kent"
[[design.council]]
name = "Bath"
go_live = [2021-06-01, 2022-02-01]
[[design.council]]
name = "Leeds"
go_live = [2021-06-01, 2022-06-01]
"""
    design = write(dated).design
    assert design.clusters == ("Bath", "Leeds", "Kent")
    assert np.isnan(design.treatment).tolist() == [[False] * 3, [False, True, False], [False] * 3]
    for wrong, says in (("[2021-06-01]", "not two go-live dates"), ("[2022-06-01, 2021-06-01]", "after its latest"),
                        ("[2021-06-01, 2029-06-01]", "goes live on 2029-06-01, outside")):  # fmt: skip
        with pytest.raises(sg.StudyError, match=says):
            write(dated.replace("[2021-06-01, 2022-06-01]", wrong))
