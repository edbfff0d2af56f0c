"""The hierarchical model of a report: which fit it is, and when there is none."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.hierarchical.posterior import Posterior
from staggered.plotting.scale import AsIs, PercentagePoints, PercentChange
from staggered.reporting.compose import compose
from staggered.reporting.document import Paragraph, Table
from staggered.reporting.fitted import fit, scale_of_model, suitable
from staggered.reporting.html import to_html
from staggered.reporting.material import gather
from staggered.reporting.sections.bayes_checklist import bayes_checklist
from staggered.reporting.sections.beliefs import beliefs
from staggered.reporting.sections.councils import councils
from staggered.reporting.words import scale_of_data

PLANNED = """
schema = 1
[study]
title = "t"
[design]
kind = "stepped"
clusters = 9
steps = 3
size = 400
[outcome]
{outcome}
better = "lower"
[correlation]
structure = "exchangeable"
icc = 0.01
[effect]
size = {size}
{scale}
[data]
cluster = "cluster"
period = "period"
outcome = "outcome"
treated = "treated"
size = "size"
[analysis]
primary = {{ estimator = "hierarchical" }}
[hierarchical]
engine = "analytic"
points = 64
draws = 400
source = "a workshop"
{told}
"""
SHARES = {"outcome": 'family = "binomial"\nbaseline = 0.2', "size": -0.05, "scale": ""}
MEANS = {"outcome": "sd = 1.0", "size": -0.2, "scale": ""}
LEARNT = """
effect = { large = 0.2, not_credible = 0.5 }
matters = 0.05
[[hierarchical.earlier]]
published = "hertfordshire-family-safeguarding"
"""


@pytest.fixture(scope="module")
def shares(tmp_path_factory):
    """Material of results of shares, whose primary analysis is hierarchical and was learnt from an evaluation."""
    path = tmp_path_factory.mktemp("shares") / "study.toml"
    path.write_text(PLANNED.format(**SHARES, told=LEARNT), encoding="utf-8")
    study = sg.load(path)
    table = study.simulate(3).to_frame()
    table["outcome"] = (table["outcome"] * table["size"]).round() / table["size"]
    return gather(study, table, "trial")


def test_the_posterior_of_an_analysis_is_not_fitted_again(shares):
    posterior = shares.analysed[0].estimate.posterior
    assert shares.fitted.posterior.fixed is posterior.fixed
    assert shares.over_time.estimate.posterior is posterior
    names = [check.name for check in shares.fitted.posterior.checks]
    assert names[: len(posterior.checks)] == [check.name for check in posterior.checks]
    assert {"councils left out", "the future left out"} <= set(names)
    assert shares.fitted.sensitivity.labels[-1] == "effect as before the earlier evaluations"


def test_a_study_that_says_nothing_gets_the_usual_model(results):
    silent = replace(results.study, spec=results.study.spec.model_copy(update={"hierarchical": None}))
    found = fit(silent, (), results.panel)
    assert found.model == sg.Hierarchical(engine="analytic")
    few = results.panel
    for row in range(7):
        few = few.without(row)
    assert not suitable(few)
    assert fit(silent, (), few) is None


def test_scales_follow_the_family():
    assert scale_of_model("gaussian", AsIs()) == AsIs()
    assert scale_of_model("poisson", AsIs()) == PercentChange()
    assert scale_of_model("binomial", AsIs()).axis == "difference in the odds in percent"


def test_log_odds_are_restated_as_shares_where_the_study_speaks_of_these(shares):
    own = shares.analysed[0].estimate
    on_rate = shares.fitted.posterior.estimate().on("rate")
    assert own.values[0] == pytest.approx(on_rate.value)
    assert -0.3 < own.values[0] < 0
    first = shares.over_time.estimate
    assert first.values[1] == pytest.approx(shares.fitted.posterior.estimate("event").on("rate").values[1])
    page = to_html(compose(shares))
    assert "percentage points lower" in page
    assert "posterior" in page


def test_counts_alone_are_written_as_percent(shares):
    model = replace(shares.analysed[0].analysis.estimator, family="poisson")
    counted = replace(shares.study, analyses=(replace(shares.analysed[0].analysis, estimator=model),))
    assert scale_of_data(counted) == PercentChange()
    assert scale_of_data(shares.study) == PercentagePoints()


def text_of(section):
    return " ".join(block.text for block in section.blocks if isinstance(block, Paragraph))


def test_children_and_what_matters_are_said(shares):
    said = text_of(councils(shares))
    assert "In children, over all council-periods after go-live: between" in said
    assert "better by 5% or more, which was called enough to matter" in said
    assert "What to expect in a council like ours" in said
    tables = [block for block in councils(shares).blocks if isinstance(block, Table)]
    assert [len(table.rows) for table in tables] == [9, 9]
    assert tables[0].columns[-1].title == "Probability of any benefit"


def test_beliefs_and_what_they_were_learnt_from(shares, results):
    section = beliefs(shares)
    names = [type(block).__name__ for block in section.blocks]
    assert names.count("Figure") == 2
    said = text_of(section)
    assert "Where this comes from: a workshop." in said
    assert "Hertfordshire, Family Safeguarding" in said
    evaluations = next(block for block in section.blocks if isinstance(block, Table))
    assert evaluations.rows[0][2] == "nobody"
    assert "Fitted again under" in text_of(beliefs(results))


def test_the_checklist_is_filled(shares, results):
    for material in (shares, results):
        (table,) = bayes_checklist(material).blocks
        assert len(table.rows) == 10
        assert [row[0] for row in table.rows if row[1] != "yes"] == []


def test_a_fit_that_fails_its_checks_says_so_first(shares):
    posterior = shares.fitted.posterior
    failed = replace(posterior, checks=(replace(posterior.checks[0], passed=False, fix="Do this."),))
    section = councils(replace(shares, fitted=replace(shares.fitted, posterior=failed)))
    assert section.blocks[0].lead
    assert section.blocks[0].text.startswith("This fit failed 1 of its 1 checks")


def test_assurance_of_a_plan_rests_on_what_was_believed(tmp_path):
    path = tmp_path / "study.toml"
    planned = PLANNED.replace("points = 64\n", "")
    path.write_text(planned.format(**MEANS, told="effect = { mean = -0.3, sd = 0.1 }"), encoding="utf-8")
    study = sg.load(path)
    assert study.can_assure
    found = study.assurance(200)
    assert found.effect.mean() == pytest.approx(-0.3, abs=0.05)
    assert found.effect.std() > 0.1
    material = gather(replace(study, analyses=()), None, "protocol")
    assert "the assurance" in text_of(beliefs(material))
    path.write_text(planned.format(**MEANS, told=""), encoding="utf-8")
    silent = sg.load(path)
    assert not silent.can_assure
    with pytest.raises(sg.StudyError, match="says nothing of the effect"):
        silent.assurance()
    assert "Nothing was said of the size of the effect" in text_of(beliefs(gather(silent, None, "protocol")))


def test_posteriors_are_posteriors(shares):
    assert isinstance(shares.fitted.posterior, Posterior)
    assert np.isfinite(shares.fitted.expected.quantiles).all()
