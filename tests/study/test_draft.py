"""Ten answers make a study file that runs, and whose plan is the one that was described."""

import pytest

import staggered as sg
from staggered.errors import StudyError
from staggered.study.answers import read_answer
from staggered.study.draft import draft
from staggered.study.questions import KINDS, NUMBER, questions

PROTOCOL = {
    "model": "No Wrong Door", "kind": "yes-no", "now": "7%", "hoped": "5.15%", "councils": "5", "waves": "5",
    "people": "600", "alike": "0.00268", "lasting": "1",
}  # fmt: skip
REFERRALS = {"kind": "count", "now": "560", "hoped": "504", "councils": "20", "waves": "4", "people": "60,000",
             "alike": "0.28", "lasting": "0.195"}  # fmt: skip
SCORES = {"kind": "score", "now": "5.8", "hoped": "-1.2", "councils": "Leeds, Kent, Bath, Hull", "waves": "2",
          "people": "30, 40, 50, 60"}  # fmt: skip


@pytest.fixture
def study(tmp_path):
    def load(answers):
        (tmp_path / "study.toml").write_text(draft(answers), encoding="utf-8")
        return sg.load(tmp_path / "study.toml")

    return load


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_ten_questions_that_help_to_answer_them(kind):
    asked = questions(kind)
    assert len(asked) == len({question.key for question in asked}) == NUMBER == 10
    for question in asked:
        assert question.asks.endswith(("?", "..."))
        assert len(question.usual) > 20
        assert len(question.find) > 20
        read_answer(question.key, question.example, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_examples_alone_make_a_plan_that_says_that_they_are_examples(study, kind):
    made = study({"kind": kind})
    assert 0.05 < made.power().power < 1
    assert made.grid().powers.size >= 3
    assert "nobody has checked" in made.source
    assert "people" in made.source
    assert "example" in made.spec.correlation.source


def test_the_protocol_of_no_wrong_door_comes_out(study):
    made = study(PROTOCOL)
    protocol = sg.load("designs/nwd_protocol.toml")
    assert sg.power(made.plan, df="normal").power == pytest.approx(protocol.power().power, rel=1e-12)
    assert made.practice_model == "No Wrong Door"
    assert made.outcome.better == "lower"
    assert "outcome" in made.source
    assert "people" not in made.source


def test_counts_are_planned_by_sds_of_the_log_rate(study):
    plan = study(REFERRALS).plan
    by_hand = sg.Plan(
        design=sg.stepped(20, steps=4, size=60_000),
        outcome=sg.Outcome("poisson", baseline=0.056),
        covariance=sg.Nested.from_sd(between=0.28, within=0.195),
        effect=sg.Constant(0.9, scale="ratio"),
    )
    assert sg.power(plan).power == pytest.approx(sg.power(by_hand).power, rel=1e-12)


def test_scores_of_councils_by_name_and_size(study):
    made = study(SCORES)
    assert made.design.clusters == ("Leeds", "Kent", "Bath", "Hull")
    assert made.design.size[:, 0].tolist() == [30, 40, 50, 60]
    assert made.outcome.sd == 5.8
    assert made.effect.size == -1.2
    # Six orders: a permutation test could never find anything, so another one leads.
    assert type(made.analyses[0].inference).__name__ == "Jackknife"


def test_names_with_quotes_and_accents_survive(study):
    made = study({**PROTOCOL, "model": 'The "Tŷ" model', "councils": "Tŷ, Åse, Øst, Süd, Kent"})
    assert made.practice_model == 'The "Tŷ" model'
    assert made.design.clusters[0] == "Tŷ"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": "colour"}, "'colour' is no way in which an outcome is recorded"),
        ({"now": "seven"}, "'seven' does not answer"),
        ({"now": "0.07"}, "0.07 could mean 0.07% or 7%"),
        ({"now": "120%"}, "'120' does not answer"),
        ({"hoped": "7%"}, "The level with the model is the level without it"),
        ({"councils": "Leeds, Kent"}, "fewer than 3 councils"),
        ({"waves": "7"}, "5 councils cannot go live in 7 waves"),
        ({"waves": "1"}, "'1' does not answer"),
        ({"people": "100, 200"}, "2 numbers of children are given for 5 councils"),
        ({"people": "-3"}, "'-3' does not answer"),
        ({"alike": "5"}, "'5' does not answer"),
        ({"lasting": "1.2"}, "'1.2' does not answer"),
        ({"budget": "3"}, "There is no question 'budget'"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_three_lines(changes, says):
    with pytest.raises(StudyError) as caught:
        draft({**PROTOCOL, **changes})
    assert says in caught.value.what
    assert len(str(caught.value).splitlines()) == 3
