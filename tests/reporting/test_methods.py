"""Methods by name: every estimator and inference of the worked studies is called something a reader knows."""

import pytest

from staggered.reporting.methods import DOES, ESTIMATORS, estimator_words, inference_does, inference_words
from staggered.study.registries import ESTIMATORS as NAMED


@pytest.mark.parametrize("name", ["plan", "results"])
def test_every_analysis_has_a_name_and_an_account(name, request):
    for one in request.getfixturevalue(name).analysed:
        assert estimator_words(one.analysis) == ESTIMATORS[one.analysis.estimator_name]
        assert one.analysis.estimator_name in DOES
        assert inference_does(one)
        assert "()" not in inference_words(one)


def test_inferences_are_told_apart(results):
    assert {inference_words(one) for one in results.analysed} == {"jackknife", "cluster-robust, CR2", "permutation"}


def test_names_and_accounts_are_of_estimators_that_a_study_can_name():
    assert set(ESTIMATORS) == set(DOES) <= set(NAMED)
