"""Power of plans against full matrices over all cells, on random designs under every covariance."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import staggered as sg
from staggered.model.covariance import Covariance, Unstructured
from staggered.value import FloatArray
from tests.oracles.gls import columns_of, dense_gls, variance_of_one

DESIGNS = 500
BATCHES = 10


def random_treatment(rng: np.random.Generator) -> FloatArray:
    """A schedule with blanks, transitions and fractions; now and then one that also stops."""
    clusters, periods = int(rng.integers(3, 8)), int(rng.integers(3, 6))
    start = rng.integers(1, periods + 1, clusters)
    step = np.arange(periods) - start[:, None]
    treatment = (step >= 0).astype(float)
    if rng.random() < 0.3:
        treatment[step == 0] = rng.choice([0.25, 0.5])
    if rng.random() < 0.3:
        treatment[step == 0] = np.nan
    if rng.random() < 0.2:
        treatment = np.where(rng.random(treatment.shape) < 0.2, 1 - treatment, treatment)
    if rng.random() < 0.6:
        treatment[rng.random(treatment.shape) < 0.12] = np.nan
    return treatment


def identified(treatment: FloatArray) -> bool:
    """Whether everyone is seen sometime, every period is seen, and treatment varies within some."""
    seen = ~np.isnan(treatment)
    if not (seen.any(axis=0).all() and seen.any(axis=1).all()):
        return False
    columns = columns_of(sg.Design(treatment))
    left = columns[:, 0] - columns[:, 1:] @ np.linalg.lstsq(columns[:, 1:], columns[:, 0], rcond=None)[0]
    return bool(left @ left > 0.1)


def random_design(rng: np.random.Generator, *, by_cell: bool) -> sg.Design:
    treatment = random_treatment(rng)
    while not identified(treatment):
        treatment = random_treatment(rng)
    clusters, periods = treatment.shape
    size = rng.integers(2, 200, (clusters, periods if by_cell else 1))
    begin = np.datetime64("2020-01-01") + np.cumsum(rng.integers(20, 200, periods + 1)).astype("timedelta64[D]")
    dates = np.column_stack([begin[:-1], begin[1:] - np.timedelta64(1, "D")])
    return sg.Design(treatment, np.broadcast_to(size, treatment.shape), dates=dates)


def random_correlation(rng: np.random.Generator, periods: int) -> FloatArray:
    factor = rng.normal(size=(periods, periods + 2))
    product = factor @ factor.T
    root = np.sqrt(np.diag(product))
    matrix = product / np.outer(root, root)
    np.fill_diagonal(matrix, 1.0)
    return (matrix + matrix.T) / 2


Make = Callable[[np.random.Generator, sg.Design], Covariance]


def numbers(rng: np.random.Generator) -> dict[str, float]:
    return {"icc": float(rng.choice([0.0, 0.01, 0.1, 0.4])), "cac": float(rng.uniform(0.2, 1.0))}


def correlated(base: sg.Exchangeable | sg.Nested | sg.Decay, rng: np.random.Generator) -> sg.RandomTreatment:
    corr = float(rng.uniform(-0.2, 0.9))
    return sg.RandomTreatment(base, sd=float(rng.uniform(0.05, 0.5)), corr=corr)


CLOSED: dict[str, Make] = {
    "exchangeable, closed cohort": lambda rng, _: sg.Exchangeable(icc=numbers(rng)["icc"], iac=0.4),
    "nested, closed cohort": lambda rng, _: sg.Nested(**numbers(rng), iac=0.6),
    "decay, closed cohort": lambda rng, _: sg.Decay(**numbers(rng), iac=0.3),
    "independent, closed cohort": lambda rng, _: sg.Independent(iac=0.5),
    "proportional decay": lambda rng, _: sg.ProportionalDecay(**numbers(rng)),
}
OPEN: dict[str, Make] = {
    "independent": lambda rng, _: sg.Independent(),
    "exchangeable": lambda rng, _: sg.Exchangeable(icc=numbers(rng)["icc"]),
    "exchangeable, SDs given": lambda rng, _: sg.Exchangeable.from_sd(between=0.3),
    "nested": lambda rng, _: sg.Nested(**numbers(rng)),
    "nested, SDs given": lambda rng, _: sg.Nested.from_sd(between=0.3, within=0.16),
    "decay": lambda rng, _: sg.Decay(**numbers(rng)),
    "decay by date": lambda rng, _: sg.Decay(**numbers(rng), time="date", per_days=90.0),
    "decay, SDs given": lambda rng, _: sg.Decay.from_sd(between=0.3, within=0.16, cac=0.7),
    "nested, open cohort": lambda rng, _: sg.Nested(**numbers(rng), iac=0.5, retention=(0.7, 0.45, 0.25, 0.1)),
    "decay by date, open cohort": lambda rng, _: sg.Decay(
        **numbers(rng), iac=0.4, retention=0.6, time="date", per_days=365.0
    ),
    "any matrix": lambda rng, design: Unstructured(
        icc=numbers(rng)["icc"], correlation=random_correlation(rng, len(design.periods))
    ),
    "any matrix, open cohort": lambda rng, design: Unstructured(
        icc=0.1, correlation=random_correlation(rng, len(design.periods)), iac=0.3, retention=0.5
    ),
    "random treatment": lambda rng, _: sg.RandomTreatment(sg.Exchangeable(icc=0.1), share=float(rng.uniform(0.1, 2))),
    "random treatment, correlated": lambda rng, _: correlated(sg.Nested(icc=0.1, cac=0.8), rng),
    "random treatment on decay": lambda rng, _: sg.RandomTreatment(sg.Decay(icc=0.05, cac=0.8), sd=0.3, corr=0.1),
}
EVERY = [(name, make, False) for name, make in CLOSED.items()] + [(name, make, True) for name, make in OPEN.items()]
OUTCOMES = (
    sg.Outcome(sd=1.3),
    sg.Outcome(sd=1.0),
    sg.Outcome("binomial", baseline=0.3, variance="by-cell"),
    sg.Outcome("binomial", baseline=0.2, link="logit", variance="by-cell"),
    sg.Outcome("binomial", baseline=0.3, link="log"),
    sg.Outcome("poisson", baseline=2.0, exposure=0.5, variance="by-cell"),
    sg.Outcome("negbinomial", baseline=1.5, exposure=3.0, dispersion=0.4, variance="by-cell"),
    sg.Outcome("poisson", baseline=2.0, link="identity"),
)
SIZES = (0.1, -0.05, 0.2)
"""Effects in the first treated period, the second, and from the third on, on the outcome's own scale."""


def cell_effects(design: sg.Design) -> FloatArray:
    """The effect of each cell, counted along each row."""
    effects = np.zeros(design.treatment.shape)
    for row, given in enumerate(design.treatment):
        for period, share in enumerate(given):
            if share > 0:
                # Exposure runs on through blanks that lie between treated periods, back to the last control one.
                before = np.flatnonzero(given[: period + 1] == 0)
                treated = np.flatnonzero(given > 0)
                begin = treated[treated > (before[-1] if len(before) else -1)][0]
                effects[row, period] = SIZES[min(period - begin, 2)] * share
    return effects


def expected(plan: sg.Plan) -> tuple[float, float]:
    """Standard error and mean estimate by full matrices."""
    outcome, change = plan.outcome, cell_effects(plan.design)
    control = np.full(change.shape, outcome.baseline or 0.0)
    variance = variance_of_one(outcome, control + change if outcome.variance == "by-cell" else control)
    if outcome.link == "log":
        change = np.log(1 + change / control)
    elif outcome.link == "logit":
        risk = control + change
        change = np.log(risk / (1 - risk)) - np.log(control / (1 - control))
    return dense_gls(plan, variance, change)


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
def test_power_is_that_of_full_matrices_on_random_designs_under_every_covariance(batch: int) -> None:
    rng = np.random.default_rng([2026, batch])
    found, wanted, degrees = [], [], []
    for number in range(DESIGNS // BATCHES):
        designs = {by_cell: random_design(rng, by_cell=by_cell) for by_cell in (False, True)}
        outcome = OUTCOMES[number % len(OUTCOMES)]
        for _, make, by_cell in EVERY:
            design = designs[by_cell]
            plan = sg.Plan(design=design, outcome=outcome, covariance=make(rng, design), effect=sg.ByExposure(SIZES))
            df = None if number % 2 and len(design.clusters) > 2 else "normal"
            power = sg.power(plan, df=df)
            found.append((power.se, power.effect, power.power))
            wanted.append(expected(plan))
            degrees.append(len(design.clusters) - 2 if df is None else np.inf)
    got, (error, effect) = np.array(found).T, np.array(wanted).T
    np.testing.assert_allclose(got[0], error, rtol=1e-8)
    np.testing.assert_allclose(got[1], effect, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(got[2], by_scipy(effect / error, np.array(degrees)), rtol=1e-8)


def test_a_period_that_a_cluster_misses_does_not_spoil_proportional_decay() -> None:
    """A blank has no size: filling one in, whichever, must not change the rest."""
    treatment = [[0, np.nan, 1], [0, 0, 1], [0, 1, 1]]
    plan = sg.Plan(
        design=sg.Design(treatment, size=50),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.ProportionalDecay(icc=0.01, cac=0.3),
        effect=sg.Constant(0.2),
    )
    blocks = plan.blocks()
    np.testing.assert_allclose(blocks, np.swapaxes(blocks, 1, 2), rtol=1e-12)
    np.testing.assert_allclose(blocks[0][np.ix_([0, 2], [0, 2])], blocks[1][np.ix_([0, 2], [0, 2])], rtol=1e-12)
    assert sg.power(plan, df="normal").se == pytest.approx(dense_gls(plan, np.ones((3, 3)), np.zeros((3, 3)))[0])


def by_scipy(distance: FloatArray, degrees: FloatArray) -> FloatArray:
    """Both tails of the normal or of the noncentral t, from SciPy's distributions."""
    few = np.isfinite(degrees)
    power = np.empty(len(distance))
    critical = stats.norm.isf(0.025)
    power[~few] = stats.norm.sf(critical - distance[~few]) + stats.norm.cdf(-critical - distance[~few])
    limit = stats.t.isf(0.025, degrees[few])
    power[few] = stats.ncf.sf(limit**2, 1, degrees[few], distance[few] ** 2)
    return power


def test_a_reference_period_has_no_power_and_breaks_nothing() -> None:
    plan = sg.Plan(design=sg.stepped(clusters=8, steps=4), outcome=sg.Outcome(sd=1.0), effect=sg.Constant(0.3))
    found = sg.power(plan, sg.GroupTime(base="universal", by="event")).table().set_index("term")["power"]
    assert np.isnan(found["event -1"])
    assert np.isfinite(found["event 0"])


def test_batches_that_do_not_overlap_add_their_information_and_overlapping_ones_add_more() -> None:
    """Kasza and others (2022): without shared periods each batch is a study of its own."""
    one = sg.stepped(6, steps=3, size=20)
    plan = sg.Plan(design=one, outcome=sg.Outcome(sd=1.0), covariance=sg.Decay(icc=0.05, cac=0.8))
    alone = sg.power(plan).se
    apart = sg.power(replace(plan, design=one.batched(3, lag=4))).se
    assert apart == pytest.approx(alone / np.sqrt(3), rel=1e-12)
    overlapping = [sg.power(replace(plan, design=one.batched(3, lag=lag))).se for lag in (1, 2, 3)]
    assert max(overlapping) < apart
