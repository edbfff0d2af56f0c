"""[hierarchical]: words and numbers of the file become the priors of the model."""

import numpy as np
import pytest

import staggered as sg
from staggered.hierarchical.earlier import PUBLISHED, learn
from staggered.study.beliefs import build_beliefs
from staggered.study.schema import DataSection, HierarchicalSection, OutcomeSection

WORDS = {"large": 0.10, "not_credible": 0.30}
COUNTED = OutcomeSection(family="negbinomial", baseline=0.004, better="lower")
LOGGED = DataSection(log=True)


def told(outcome=COUNTED, data=None, **keys):
    return build_beliefs(HierarchicalSection.model_validate(keys), outcome, data)


def test_words_become_the_prior_of_the_effect():
    found = told(effect=WORDS, priors={"heterogeneity": 0.1})
    belief = sg.prior.Belief(large=0.10, not_credible=0.30)
    assert found.model.priors == {"effect": belief, "heterogeneity": sg.prior.HalfNormal(0.1)}
    assert found.words == belief
    assert found.model.engine == "pymc"


def test_of_shares_the_words_are_turned_into_log_odds():
    found = told(OutcomeSection(family="binomial", baseline=0.07, better="lower"), effect=WORDS, matters=0.05)
    prior = found.words.prior()
    odds = 0.07 * 0.7 / (1 - 0.07 * 0.7) / (0.07 / 0.93)
    # The wider of the two sentences decides, and here that is the second.
    assert prior.sd == pytest.approx(-np.log(odds) / 2.5758, rel=1e-4)
    risk = 0.07 * 0.95
    assert found.threshold == pytest.approx(np.log(risk / (1 - risk) / (0.07 / 0.93)))


@pytest.mark.parametrize(
    ("outcome", "data", "family"),
    [
        (COUNTED, None, "negbinomial"),
        (COUNTED, DataSection(per=10_000), "gaussian"),
        (OutcomeSection(), LOGGED, "gaussian"),
        (None, None, "gaussian"),
    ],
)
def test_the_family_follows_the_outcome_unless_data_are_rates(outcome, data, family):
    assert told(outcome, data).model.family == family
    assert told(outcome, data, family="poisson").model.family == "poisson"


def test_a_change_that_matters_has_the_direction_that_is_better():
    assert told(matters=0.05).threshold == pytest.approx(np.log(0.95))
    higher = OutcomeSection(family="poisson", baseline=1.0, better="higher")
    assert told(higher, matters=0.05).threshold == pytest.approx(np.log(1.05))
    assert told(OutcomeSection(sd=1.0, better="lower"), matters=0.2).threshold == -0.2


def test_earlier_evaluations_move_what_was_believed():
    found = told(effect=WORDS, earlier=[{"published": "hertfordshire-family-safeguarding", "counts_for": 0.25}])
    known = PUBLISHED["hertfordshire-family-safeguarding"]
    by_hand = learn(
        [type(known)(name=known.name, outcome=known.outcome, before=1032, after=530, counts_for=0.25)],
        before=found.words.prior(),
    )
    assert found.model.priors["effect"].mean == pytest.approx(by_hand.after.mean)
    own = {"name": "Here", "outcome": "x", "ratio": 0.9, "low": 0.8, "high": 1.01, "source": "a report"}
    assert told(effect=WORDS, earlier=[own]).learnt.evaluations[0].name == "Here"


@pytest.mark.parametrize(
    ("keys", "outcome", "says"),
    [
        ({"effect": WORDS}, OutcomeSection(sd=1.0), "speaks of relative changes"),
        ({"effect": {**WORDS, "sd": 1.0}}, COUNTED, "both in words"),
        ({"effect": {"mean": 1.0}}, COUNTED, "neither large or not_credible, nor mean with sd"),
        ({"effect": {"expected": -0.1, "sd": 1.0}}, COUNTED, "neither large or not_credible, nor mean with sd"),
        ({"priors": {"heterogenity": 0.1}}, COUNTED, "Did you mean heterogeneity"),
        ({"earlier": [{"published": "hertfordshire-family-safeguarding"}]}, COUNTED, "needs effect in words"),
        ({"effect": WORDS, "earlier": [{"published": "leeds-family-valued"}]}, COUNTED, "what was not published"),
        ({"effect": WORDS, "earlier": [{"published": "leeds"}]}, COUNTED, "not among the published"),
        ({"effect": WORDS, "earlier": [{"name": "A"}]}, COUNTED, "has no outcome and source"),
        (
            {"effect": WORDS, "earlier": [{"published": "leeds-family-valued", "ratio": 0.9}]},
            COUNTED,
            "is used as it was published",
        ),
        ({"matters": 0.05}, OutcomeSection(family="poisson", baseline=1.0), "which direction is better"),
        ({"matters": 1.5}, COUNTED, "nothing falls by all of it"),
    ],
)
def test_what_cannot_be_a_belief_is_refused(keys, outcome, says):
    with pytest.raises(sg.StudyError) as caught:
        told(outcome, **keys)
    assert says in str(caught.value)


@pytest.mark.filterwarnings("ignore:The variance of cluster-period was estimated as zero")
def test_a_study_runs_mixed_and_hierarchical_and_names_the_line_of_an_error(write, planned_text):
    start, end = planned_text.index("[analysis]"), planned_text.index("[expected]")
    analyses = (
        '[analysis]\nprimary = { estimator = "mixed", effect = "exposure", inference = "model-based" }\n'
        'sensitivity = [{ estimator = "hierarchical" }]\n'
    )
    model = '[hierarchical]\nengine = "analytic"\npoints = 128\ndraws = 400\n'
    study = write(planned_text[:start] + analyses + model + planned_text[end:])
    mixed, hierarchical = study.rehearse()
    assert mixed.estimate.inference.startswith("Kenward and Roger")
    assert hierarchical.estimate.inference == "analytic engine"
    with pytest.raises(sg.StudyError, match=r"line \d+: priors in \[hierarchical\] names spread"):
        write(planned_text[:start] + model + "priors = { spread = 1.0 }\n" + planned_text[end:])
