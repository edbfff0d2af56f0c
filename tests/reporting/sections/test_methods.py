"""Methods: what each does in a sentence, and its paper."""

import staggered as sg
from staggered.reporting.material import gather
from staggered.reporting.sections.methods import methods
from tests.reporting.reading import ROOT, words


def test_every_estimator_inference_and_paper_of_the_study_is_there(trees, results):
    text = words(trees["results"], "methods")
    for said in ("Group-time effects:", "Imputation:", "Two-way fixed effects:", "Jackknife:", "Permutation:"):
        assert said in text
    for paper in {paper for one in results.analysed for paper in one.estimate.references}:
        assert paper.replace("'", "’") in text


def test_a_plan_without_analyses_has_no_methods():
    assert methods(gather(sg.load(ROOT / "designs" / "nwd_protocol.toml"), None, "protocol")) is None
