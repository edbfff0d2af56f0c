"""Synthesis against exact references, brute-force quadrature and its own limits."""

import csv
import warnings
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from staggered.errors import DataError, DesignError
from staggered.hierarchical.synthesis import Evidence, discounted, synthesise
from staggered.model.prior import HalfCauchy, HalfNormal, Normal, Pooling, Prior, Uniform

VALUES = (28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0)
ERRORS = (15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0)
SCHOOLS = [Evidence(f"school {k + 1}", y, s) for k, (y, s) in enumerate(zip(VALUES, ERRORS, strict=True))]
MEANS = {"flat": None, "normal 0 5": Normal(0, 5), "normal 0 10": Normal(0, 10), "normal 0 100": Normal(0, 100)}
SPREADS: dict[str, Prior | None] = {
    "flat": None, "half-cauchy 5": HalfCauchy(5), "half-cauchy 25": HalfCauchy(25),
    "half-normal 10": HalfNormal(10), "uniform 0 100": Uniform(0, 100),
}  # fmt: skip


def reference() -> list[dict[str, str]]:
    path = Path(__file__).parents[1] / "reference" / "bayes" / "eight_schools.csv"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


@pytest.mark.parametrize("pair", sorted({(row["mean_prior"], row["heterogeneity_prior"]) for row in reference()}))
def test_eight_schools_to_every_printed_digit(pair: tuple[str, str]) -> None:
    estimate = synthesise(SCHOOLS, prior=Pooling(mean=MEANS[pair[0]], heterogeneity=SPREADS[pair[1]]))
    found = dict(zip((term.label for term in estimate.terms), estimate.values, strict=True))
    spread = dict(zip(found, estimate.uncertainty.se(), strict=True))
    fit = estimate.posterior
    found |= {"heterogeneity mean": fit.spread, "heterogeneity median": fit.spread_quantile(0.5)}
    spread["heterogeneity mean"] = fit.spread_sd
    rows = [row for row in reference() if (row["mean_prior"], row["heterogeneity_prior"]) == pair]
    assert len(rows) == 11
    for row in rows:
        quantity = row["quantity"].replace("mean effect mean", "mean effect")
        # The reference's medians were interpolated on its own grid: right to 4 significant digits.
        within = 2e-4 if "median" in quantity else 0.51 * 10 ** -len(row["value"].partition(".")[2])
        assert found[quantity] == pytest.approx(float(row["value"]), abs=within), quantity
        if row["sd"]:
            assert spread[quantity] == pytest.approx(float(row["sd"]), abs=6e-4), quantity


@pytest.mark.slow
@pytest.mark.parametrize("pair", sorted({(row["mean_prior"], row["heterogeneity_prior"]) for row in reference()}))
def test_chains_lie_within_four_monte_carlo_errors(pair: tuple[str, str]) -> None:
    prior = Pooling(mean=MEANS[pair[0]], heterogeneity=SPREADS[pair[1]])
    with warnings.catch_warnings():
        # What PyMC and its compilers say of themselves is not ours to judge.
        warnings.simplefilter("ignore")
        drawn = synthesise(SCHOOLS, prior=prior, engine="pymc", draws=4000)
        arviz = import_module("arviz")
    assert all(check.passed for check in drawn.posterior.checks if check.name in {"chains agree", "no divergences"})
    found = {term.label: drawn.uncertainty.draws[:, k] for k, term in enumerate(drawn.terms)}
    found["heterogeneity mean"] = drawn.posterior.heterogeneity
    for row in reference():
        quantity = row["quantity"].replace("mean effect mean", "mean effect")
        if (row["mean_prior"], row["heterogeneity_prior"]) == pair and row["sd"]:
            draws = found[quantity]
            error = float(row["sd"]) / float(arviz.ess(draws.reshape(4, -1), method="mean")) ** 0.5
            assert draws.mean() == pytest.approx(float(row["value"]), abs=4 * error), quantity
    assert drawn.inference.startswith("PyMC")
    assert drawn.posterior.next_place().sd == pytest.approx(found["next place"].std(ddof=1))
    assert drawn.posterior.spread_quantile(0.5) < drawn.posterior.spread


def test_the_median_of_the_heterogeneity_by_brute_force() -> None:
    fit = synthesise(SCHOOLS, prior=Pooling(mean=Normal(0, 5), heterogeneity=HalfCauchy(5))).posterior
    y, v = np.array(VALUES), np.array(ERRORS) ** 2

    def density(tau: float) -> float:
        covariance = np.diag(v + tau**2) + 25.0
        return (
            float(stats.multivariate_normal(np.zeros(8), covariance).pdf(y) * stats.halfcauchy(scale=5).pdf(tau)) * 1e14
        )

    below = integrate.quad(density, 0, fit.spread_quantile(0.5), epsrel=1e-9)[0]
    above = integrate.quad(density, fit.spread_quantile(0.5), np.inf, epsrel=1e-9)[0]
    assert below / (below + above) == pytest.approx(0.5, abs=1e-5)


def test_quantiles_and_tails_of_the_mixture() -> None:
    estimate = synthesise(SCHOOLS, prior=Pooling(heterogeneity=HalfNormal(10.0)))
    low, high = estimate.uncertainty.interval(estimate.values, 0.9)
    np.testing.assert_allclose(estimate.uncertainty.below(low), 0.05, atol=1e-8)
    np.testing.assert_allclose(estimate.uncertainty.below(high), 0.95, atol=1e-8)
    assert estimate.overall.p_value == pytest.approx(2 * float(estimate.uncertainty.below(np.zeros(10))[0]))


def test_without_heterogeneity_it_is_the_fixed_effect_estimate() -> None:
    estimate = synthesise(SCHOOLS, prior=Pooling(heterogeneity=HalfNormal(1e-4)))
    weights = 1 / np.array(ERRORS) ** 2
    assert estimate.overall.value == pytest.approx(np.average(VALUES, weights=weights), abs=1e-5)
    assert estimate.overall.se == pytest.approx(weights.sum() ** -0.5, abs=1e-5)


def test_a_contrast_of_studies_is_exact() -> None:
    estimate = synthesise(SCHOOLS, prior=Pooling(heterogeneity=HalfNormal(10.0)))
    weights = np.zeros(9)
    weights[[1, 3]] = 1, -1
    difference = estimate @ weights
    assert difference.value == pytest.approx(estimate.values[2] - estimate.values[4])
    assert difference.se < np.hypot(estimate.uncertainty.se()[2], estimate.uncertainty.se()[4])


def test_bias_moves_and_widens_one_study() -> None:
    studies = [("Here", -0.30, 0.10), ("There", -0.05, 0.08), ("Elsewhere", -0.12, 0.12)]
    prior = Pooling(heterogeneity=HalfNormal(0.1))
    allowed = synthesise(studies, prior=prior, bias={"Here": Normal(-0.1, 0.2)})
    by_hand = synthesise([("Here", -0.20, float(np.hypot(0.10, 0.2))), *studies[1:]], prior=prior)
    np.testing.assert_allclose(allowed.values, by_hand.values)
    assert "bias was made in Here" in allowed.text()


def test_the_next_place_is_wider_than_the_mean_and_serves_as_prior() -> None:
    estimate = synthesise(SCHOOLS, prior=Pooling(heterogeneity=HalfNormal(10.0)))
    following = estimate.posterior.next_place()
    assert following.mean == pytest.approx(estimate.values[1])
    assert following.sd > estimate.overall.se


def test_a_discounted_study_is_as_if_smaller() -> None:
    assert discounted(SCHOOLS[0], 0.25).se == 30.0
    with pytest.raises(DesignError, match="share of 2"):
        discounted(SCHOOLS[0], 2.0)


def test_an_estimate_can_be_pooled_again() -> None:
    first = synthesise(SCHOOLS, prior=Pooling(heterogeneity=HalfNormal(10.0)))
    again = synthesise([first, ("other", 5.0, 4.0)], prior=Pooling(heterogeneity=HalfNormal(1.0)))
    assert min(first.overall.value, 5.0) < again.overall.value < max(first.overall.value, 5.0)


@pytest.mark.parametrize(
    ("studies", "given", "said"),
    [
        ([("A", 1.0, 1.0)], {}, "1 study was given"),
        ([("A", 1.0, 1.0), ("B", 2.0, 1.0)], {"engine": "stan"}, "engine is 'stan'"),
        ([("A", 1.0, 1.0), ("A", 2.0, 1.0)], {}, "Two studies have the same name: A"),
        ([("A", 1.0, 0.0), ("B", 2.0, 1.0)], {}, "A has the estimate 1 with standard error 0"),
        ([("A", 1.0, 1.0), ("B", 2.0, 1.0)], {"prior": Pooling(heterogeneity=None)}, "flat prior of the heterogeneity"),
        ([("A", 1.0, 1.0), ("B", 2.0, 1.0)], {"bias": {"C": Normal(0, 1)}}, "C, which is not among the studies"),
    ],
)
def test_what_cannot_be_pooled_is_refused(
    studies: list[tuple[str, float, float]], given: dict[str, object], said: str
) -> None:
    with pytest.raises((DataError, DesignError), match=said):
        synthesise(studies, **given)


def test_few_studies_and_the_default_prior_are_said() -> None:
    said = synthesise([("A", -0.2, 0.1), ("B", -0.1, 0.1)]).text()
    assert "the prior of it matters" in said
    assert "scale 0.5" in said
