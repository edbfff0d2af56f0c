from dataclasses import replace

import pytest

import staggered as sg
from staggered.study.analyses import Entry, build_analysis, entries
from staggered.study.schema import AnalysisSection, DataSection


def built(asked, covariance=None):
    return build_analysis(Entry(("analysis", "primary"), asked), covariance)


def test_a_name_becomes_the_estimator_with_its_options():
    (one,) = built({"estimator": "group-time", "controls": "never", "by": "event", "inference": "jackknife"})
    assert one.estimator == sg.GroupTime(controls="never", by="event")
    assert one.inference == sg.Jackknife()
    assert (one.estimator_name, one.inference_name) == ("group-time", "jackknife")


def test_each_listed_inference_is_an_analysis():
    found = built({"estimator": "twfe", "inference": ["cluster", {"name": "permutation", "draws": 99, "seed": 3}]})
    assert [one.inference for one in found] == [sg.Cluster("CR2"), sg.Permutation(draws=99, seed=3)]


def test_no_inference_leaves_it_to_the_estimator():
    (one,) = built({"estimator": "twfe"})
    assert one.inference is None
    assert one.inference_name == ""


def test_gls_takes_the_correlation_of_the_study():
    (one,) = built({"estimator": "gls"}, sg.Nested(icc=0.1, cac=0.8))
    assert one.estimator == sg.Gls(sg.Nested(icc=0.1, cac=0.8))


def test_a_formula_is_an_option_that_is_needed():
    (one,) = built({"estimator": "panel-regression", "formula": "y ~ treated + x", "inference": "model-based"})
    assert (one.estimator, one.inference) == (sg.PanelRegression("y ~ treated + x"), sg.ModelBased())
    with pytest.raises(sg.StudyError, match=r"panel-regression in \[analysis\] has no formula"):
        built({"estimator": "panel-regression"})


def test_mixed_takes_the_structure_of_the_study_unless_it_names_one():
    planned = sg.Nested(icc=0.1, cac=0.8)
    (one,) = built({"estimator": "mixed", "inference": "permutation"}, planned)
    assert one.estimator == sg.Mixed(planned)
    (one,) = built({"estimator": "mixed", "covariance": "decay", "effect": "exposure"}, planned)
    assert one.estimator == sg.Mixed("decay", effect="exposure")
    (one,) = built({"estimator": "mixed", "df": "satterthwaite"})
    assert one.estimator == sg.Mixed(df="satterthwaite")


def test_hierarchical_takes_the_model_of_the_study_and_its_own_options():
    model = sg.Hierarchical(engine="analytic", priors={"effect": sg.prior.Normal(0.0, 0.1)})
    (one,) = build_analysis(
        Entry(("analysis", "primary"), {"estimator": "hierarchical", "by": "event", "moderators": ["need"]}),
        None,
        model,
    )
    assert one.estimator == replace(model, by="event", moderators=("need",))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"estimator": "group-time", "controls": "nevr"}, "option controls of group-time in .analysis. is 'nevr'"),
        (
            {"estimator": "group-time", "anticipation": "two"},
            "option anticipation of group-time in .analysis. is 'two'",
        ),
        ({"estimator": "marginal"}, "marginal in .analysis. has no family"),
        ({"estimator": "twfe", "inference": {"name": "cluster", "kind": "CR9"}}, "option kind of cluster"),
        ({"estimator": "twfe", "inference": {"name": "jackknife", "draws": 9}}, "jackknife has no options"),
        ({"estimator": "twfe", "inference": {"draws": 9}}, "names the inference ''"),
        ({"estimator": "hierarchical", "inference": "jackknife"}, "names the inference 'jackknife' for hierarchical"),
        ({"estimator": "hierarchical", "priors": {"effect": 1}}, "gives priors to hierarchical"),
        ({"estimator": "hierarchical", "engine": "stan"}, "option engine of hierarchical"),
        ({"estimator": "mixed", "df": "many"}, "option df of mixed"),
    ],
)
def test_options_are_checked(asked, says):
    with pytest.raises(sg.StudyError, match=says):
        built(asked)


def test_a_marginal_model_has_its_options_from_the_entry():
    (one,) = built({"estimator": "marginal", "family": "binomial", "working": "nested", "correction": "MD"})
    assert one.estimator == sg.Marginal("binomial", "nested", "MD")
    with pytest.raises(sg.StudyError, match="option family of marginal"):
        built({"estimator": "marginal", "family": "gamma"})


def test_entries_know_where_they_stand():
    analysis = AnalysisSection(primary={"estimator": "twfe"}, sensitivity=[{"estimator": "gls"}])
    data = DataSection.model_validate({"variant": [{"name": "a"}, {"name": "b", "analysis": [{"estimator": "twfe"}]}]})
    found = entries(analysis, data)
    assert [entry.path for entry in found] == [
        ("analysis", "primary"),
        ("analysis", "sensitivity", 0),
        ("data", "variant", 1, "analysis", 0),
    ]
    assert [entry.primary for entry in found] == [True, False, False]
    assert [entry.variant for entry in found] == [None, None, "b"]
    assert entries(None, None) == []
