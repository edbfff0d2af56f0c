"""Any estimator under any covariance: power from weights found cell by cell; weights that follow the data, foretold."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import block_diag

import staggered as sg
from staggered.errors import DesignError
from staggered.estimators.did.synthetic_did import SyntheticDid
from staggered.estimators.linear import Linear
from staggered.estimators.trial.correlation import Working
from staggered.estimators.trial.gls import gls_rule
from staggered.kernel.protocols import Estimator
from staggered.model.cells import Cells
from staggered.model.covariance import Covariance, Unstructured
from staggered.planning.moments import moment_blocks
from staggered.planning.settled import followed
from staggered.planning.settling import settled_blocks
from staggered.study.registries import ESTIMATORS

SMALL = sg.stepped(clusters=6, steps=2, size=20, baseline=2, after=1)
RISK = sg.Outcome("binomial", baseline=0.3, link="logit", variance="by-cell")
OWN = 0.5 ** np.abs(np.subtract.outer(np.arange(5), np.arange(5)))
COVARIANCES: dict[str, Covariance] = {
    "independent": sg.Independent(),
    "exchangeable": sg.Exchangeable(icc=0.05),
    "nested cohort": sg.Nested(icc=0.05, cac=0.8, iac=0.3),
    "decay": sg.Decay(icc=0.05, cac=0.7),
    "proportional decay": sg.ProportionalDecay(icc=0.05, cac=0.7),
    "random treatment": sg.RandomTreatment(sg.Nested(icc=0.05, cac=0.8), sd=0.2, corr=0.3),
    "any matrix": Unstructured(icc=0.05, correlation=OWN),
}
WORKING: dict[str, Covariance] = {
    "exchangeable": sg.Exchangeable(icc=0.05),
    "nested": sg.Nested(icc=0.05, cac=0.8),
    "nested cohort": sg.Nested(icc=0.05, cac=0.8, iac=0.4),
    "decay": sg.Decay(icc=0.05, cac=0.7),
    "random treatment": sg.RandomTreatment(sg.Nested(icc=0.05, cac=0.8), sd=0.2),
    "correlated treatment": sg.RandomTreatment(sg.Exchangeable(icc=0.05), sd=0.2, corr=-0.4),
}


def plan(covariance: Covariance, design: sg.Design = SMALL) -> sg.Plan:
    return sg.Plan(design=design, outcome=sg.Outcome(sd=1.3), covariance=covariance, effect=sg.Constant(0.3))


def weights_by_cell(estimator: object, design: sg.Design) -> np.ndarray:
    """Weight of every cell in the first term: the estimate of an outcome that is 1 there and 0 elsewhere."""
    cells, frame = design.treatment.size, sg.Frame(design)
    ones = np.eye(cells).reshape(cells, *design.treatment.shape)
    return np.array([estimator.point(sg.Panel(frame, one)).values[0] for one in ones])  # type: ignore[attr-defined]


LINEAR = [name for name, kind in ESTIMATORS.items() if issubclass(kind, Linear) and name not in {"gls", "efficient"}]


@pytest.mark.parametrize("name", LINEAR)
def test_power_of_every_linear_estimator_is_that_of_its_weights_under_every_covariance(name: str) -> None:
    estimator = ESTIMATORS[name]()
    weights = weights_by_cell(estimator, SMALL)
    for covariance in COVARIANCES.values():
        planned = plan(covariance)
        found = sg.power(planned, estimator)
        assert found.se == pytest.approx(np.sqrt(weights @ block_diag(*planned.blocks()) @ weights), rel=1e-9)
        assert found.effect == pytest.approx(0.3, rel=1e-9)


@pytest.mark.parametrize("covariance", COVARIANCES.values(), ids=COVARIANCES)
def test_the_efficient_share_is_the_best_of_all_shares(covariance: Covariance) -> None:
    planned = plan(covariance)
    errors = [sg.power(planned, sg.Efficient(beta=beta)).se for beta in np.linspace(-0.5, 1.5, 41)]
    best = sg.power(planned, sg.Efficient()).se
    assert best <= min(errors) * (1 + 1e-12)
    assert best == pytest.approx(min(errors), rel=2e-3)


@pytest.mark.parametrize("covariance", WORKING.values(), ids=WORKING)
def test_a_mixed_model_that_is_true_settles_on_the_plans_own_variances(covariance: Covariance) -> None:
    planned = plan(covariance)
    as_planned = gls_rule(sg.Frame(SMALL), planned.blocks())
    found = settled_blocks(planned, as_planned, Working.of(covariance), followed(covariance), True)
    np.testing.assert_allclose(found, planned.blocks(), rtol=1e-4)


def test_a_true_mixed_model_has_the_power_of_the_plan_and_another_has_less() -> None:
    planned = plan(sg.Decay(icc=0.05, cac=0.7))
    own = sg.power(planned, sg.Mixed("decay"))
    assert own.se == pytest.approx(sg.power(planned).se, rel=1e-12)
    for other in ("exchangeable", "nested", "independent"):
        assert sg.power(planned, sg.Mixed(other)).se > own.se
    by_exposure = sg.power(planned, sg.Mixed("decay", effect="exposure"))
    np.testing.assert_allclose(by_exposure.errors, sg.power(planned, sg.Gls(planned.covariance, by="event")).errors)


def test_a_model_that_is_not_true_settles_where_a_fit_to_many_people_does() -> None:
    """An exchangeable model of people whose councils drift: 900 clusters in which nobody is averaged away."""
    design = sg.stepped(clusters=900, steps=3, size=4)
    planned = plan(sg.Nested(icc=0.3, cac=0.4), design)
    rng = np.random.default_rng(5)
    drift = np.linalg.cholesky(planned.covariance.blocks(cells_of(design, 1e9), 1.3**2)[0])
    levels = rng.normal(size=(900, 4)) @ drift.T
    people = levels[:, :, None] + rng.normal(scale=1.3 * np.sqrt(0.7), size=(900, 4, 4))
    rows = {
        "cluster": np.repeat(np.arange(900), 16),
        "period": np.tile(np.repeat(np.arange(1, 5), 4), 900),
        "treated": np.repeat(design.treatment, 4, axis=1).ravel(),
        "y": people.ravel(),
    }
    panel = sg.read(rows, cluster="cluster", period="period", outcome="y", treated="treated", rows="people")
    fitted = sg.Mixed("exchangeable").components(panel)
    blocks = settled_blocks(
        planned, gls_rule(sg.Frame(design), planned.blocks()), Working("exchangeable"), False, True
    )[0]
    assert fitted["cluster"] == pytest.approx(blocks[0, 1], rel=0.1)
    assert fitted["residual"] == pytest.approx(4 * (blocks[0, 0] - blocks[0, 1]), rel=0.04)


def cells_of(design: sg.Design, people: float) -> Cells:
    cells = Cells.of(design)
    return replace(cells, size=np.full_like(cells.size, people))


@pytest.mark.parametrize(
    ("covariance", "working"),
    [
        (sg.Independent(), "independence"),
        (sg.Exchangeable(icc=0.05), "exchangeable"),
        (sg.Nested(icc=0.05, cac=0.8), "nested"),
    ],
)
def test_a_true_marginal_model_has_the_power_of_the_plan(covariance: Covariance, working: str) -> None:
    for outcome, family in ((sg.Outcome(sd=1.3), "gaussian"), (RISK, "binomial")):
        planned = replace(plan(covariance), outcome=outcome, effect=sg.Constant(-0.05))
        marginal = sg.Marginal(family, working)  # type: ignore[arg-type]
        assert sg.power(planned, marginal).se == pytest.approx(sg.power(planned).se, rel=1e-6)


@pytest.mark.parametrize("working", ["independence", "exchangeable", "nested"])
def test_a_marginal_model_that_is_not_true_keeps_its_estimate_and_loses_precision(working: str) -> None:
    planned = plan(sg.Decay(icc=0.1, cac=0.5))
    found = sg.power(planned, sg.Marginal("gaussian", working))  # type: ignore[arg-type]
    assert found.effect == pytest.approx(0.3)
    assert found.se > sg.power(planned).se


def test_the_working_correlation_of_pairs_is_their_mean() -> None:
    """Decay by .5 over five periods of 20 people: counted pair by pair."""
    planned = plan(sg.Decay(icc=0.1, cac=0.5))
    pairs = [(s, t) for s in range(100) for t in range(100) if s != t]
    mean = np.mean([0.1 * 0.5 ** abs(s // 20 - t // 20) for s, t in pairs])
    block = moment_blocks(planned, "exchangeable")[0]
    assert block[0, 1] / 1.3**2 == pytest.approx(mean, rel=1e-6)


def test_a_marginal_model_of_another_scale_is_refused() -> None:
    with pytest.raises(DesignError, match="gaussian outcome on the identity scale"):
        sg.power(plan(sg.Exchangeable(icc=0.05)), sg.Marginal("binomial"))


@pytest.mark.parametrize(
    "estimator", [sg.Mixed(effect="spline"), sg.Mixed(time="spline"), sg.Marginal("gaussian", "decay"), SyntheticDid()]
)
def test_what_cannot_be_foretold_is_refused(estimator: Estimator) -> None:
    with pytest.raises(DesignError, match="no weights that are known before the outcome"):
        sg.power(plan(sg.Exchangeable(icc=0.05)), estimator)


RISKS = replace(
    plan(sg.Nested(icc=0.02, cac=0.8), sg.stepped(clusters=12, steps=4, size=60)),
    outcome=sg.Outcome("binomial", baseline=0.2, link="logit"),
    effect=sg.Constant(-0.07),
)


def test_power_of_a_logistic_mixed_model_is_linearised_at_the_planned_risks() -> None:
    own = sg.power(RISKS, sg.Glmm("binomial", "nested"))
    assert own.power == pytest.approx(sg.power(RISKS).power)
    simpler = sg.power(RISKS, sg.Glmm("binomial", "exchangeable"))
    settled = gls_rule(
        sg.Frame(RISKS.design),
        settled_blocks(RISKS, gls_rule(sg.Frame(RISKS.design), RISKS.blocks()), Working("exchangeable"), False, False),
    )
    assert simpler.se == pytest.approx(np.sqrt(settled.variance(RISKS.blocks())[0, 0]))


@pytest.mark.parametrize(
    ("estimator", "words"),
    [
        (sg.Glmm("poisson"), "was given a binomial outcome on the logit scale"),
        (sg.Glmm("binomial", "fixed"), "no weights that are known"),
    ],
)
def test_a_mixed_model_of_another_scale_has_no_power_by_formula(estimator: sg.Glmm, words: str) -> None:
    with pytest.raises(DesignError, match=words):
        sg.power(RISKS, estimator)


@pytest.mark.slow
def test_simulated_power_of_a_logistic_mixed_model_is_that_of_the_formula() -> None:
    found = sg.power(RISKS, sg.Glmm("binomial", "nested"), simulate=200, seed=2)
    assert abs(found.power - sg.power(RISKS).power) < 3 * found.mcse + 0.03
    assert found.failed == 0
