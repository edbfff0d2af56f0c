"""The collapsed gaussian model against dense matrices, with gaps, covariates and people."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import staggered as sg
from staggered.hierarchical.gaussian import Gaussian, course, rooted, unexplained
from staggered.hierarchical.layout import Layout, lay_out
from staggered.hierarchical.structure import Structure
from staggered.value import FloatArray

RNG = np.random.default_rng(5)
TREATED = np.array([[0, 0, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 1, 1], [0, 0, 0, 0, 0]], dtype=float)
OUTCOME = RNG.normal(size=TREATED.shape)
POINTS = RNG.normal(size=(4, 9))
STRUCTURES = {
    "plain": Structure(),
    "rich": Structure(season=2, moderators=("need",), practice_models="model"),
    "lean": Structure(trend="indicators", exposure="constant", deviations="none"),
}


def panel(*, gaps: bool = False, people: bool = False) -> sg.Panel:
    treated, outcome = TREATED.copy(), OUTCOME.copy()
    if gaps:
        treated[1, 2], treated[3, 0] = np.nan, np.nan
        outcome[1, 2], outcome[3, 0] = np.nan, np.nan
    size = np.arange(20, 40, dtype=float).reshape(4, 5)
    frame = sg.Frame(
        sg.Design(treated, size=size),
        labels={"model": ("A", "B", "A", "none")},
        covariates={"need": np.add.outer(np.arange(4.0), np.sin(np.arange(5.0)))},
    )
    return sg.Panel(frame, outcome, within=np.where(np.isnan(outcome), np.nan, 1.3) if people else None)


def dense(layout: Layout, given: sg.Panel, normal: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Covariance of all cells, and of the cells with (coefficients, levels, effects), written out."""
    hyper = {name: values[:, None] for name, values in layout.hyper.at(normal[None]).items()}
    used = layout.used
    row, column = np.nonzero(used)
    x = layout.columns[used]
    scale = layout.scales({name: values[0] for name, values in hyper.items()})[0]
    same = row[:, None] == row[None, :]
    d = layout.treatment[used]
    own = course({name: values[0] for name, values in hyper.items()}, used.shape[1])[0][np.ix_(column, column)]
    noise = np.full(len(row), float(hyper["noise"][0, 0]) ** 2)
    if given.within is not None:
        noise = noise / given.design.size[used]
    s_a, s_b = float(hyper["councils"][0, 0]), float(hyper["heterogeneity"][0, 0])
    total = x @ np.diag(scale**2) @ x.T + np.diag(noise) + same * (own + s_a**2 + s_b**2 * np.outer(d, d))
    member = (row[:, None] == np.arange(len(used))).astype(float)
    cross = np.concatenate([x * scale**2, s_a**2 * member, s_b**2 * member * d[:, None]], axis=1)
    prior = np.concatenate([scale**2, np.full(4, s_a**2), np.full(4, s_b**2)])
    return total, cross, prior


@pytest.mark.parametrize("gaps", [False, True], ids=["complete", "gaps"])
@pytest.mark.parametrize("kind", STRUCTURES)
def test_density_is_that_of_the_dense_normal(kind: str, gaps: bool) -> None:
    given = panel(gaps=gaps)
    layout = lay_out(given.frame, STRUCTURES[kind], sg.prior.Priors(effect=sg.prior.Normal(0.3, 0.5)))
    points = POINTS[:, : layout.hyper.count]
    residual = given.outcome[layout.used] - layout.columns[layout.used] @ layout.mean
    exact = [
        stats.multivariate_normal(np.zeros(len(residual)), dense(layout, given, one)[0]).logpdf(residual)
        - 0.5 * (one**2).sum()
        for one in points
    ]
    found = Gaussian.of(layout, given).log_density(points)
    np.testing.assert_allclose(np.diff(found), np.diff(exact), rtol=1e-6, atol=1e-6)


def test_people_tell_the_variance_between_them() -> None:
    given = panel(people=True)
    layout = lay_out(given.frame, Structure(), sg.prior.Priors())
    points = POINTS[:, : layout.hyper.count]
    residual = given.outcome[layout.used] - layout.columns[layout.used] @ layout.mean
    degrees = (given.design.size - 1).sum()
    exact = []
    for one in points:
        noise = float(layout.hyper.at(one[None])["noise"][0])
        cells = stats.multivariate_normal(np.zeros(20), dense(layout, given, one)[0]).logpdf(residual)
        people = stats.chi2(degrees).logpdf(degrees * 1.3 / noise**2) - 2 * np.log(noise)
        exact.append(cells + people - 0.5 * (one**2).sum())
    found = Gaussian.of(layout, given).log_density(points)
    np.testing.assert_allclose(np.diff(found), np.diff(exact), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("gaps", [False, True], ids=["complete", "gaps"])
def test_draws_have_the_dense_conditional_moments(gaps: bool) -> None:
    given = panel(gaps=gaps)
    layout = lay_out(given.frame, STRUCTURES["rich"], sg.prior.Priors())
    point = POINTS[:1, : layout.hyper.count]
    total, cross, prior = dense(layout, given, point[0])
    residual = given.outcome[layout.used] - layout.columns[layout.used] @ layout.mean
    mean = cross.T @ np.linalg.solve(total, residual)
    covariance = np.diag(prior) - cross.T @ np.linalg.solve(total, cross)
    rows = np.zeros(20_000, dtype=np.int64)
    fixed, levels, effects = Gaussian.of(layout, given).draw(point, rows, np.random.default_rng(1))
    found = np.concatenate([fixed - layout.mean, levels, effects], axis=1)
    np.testing.assert_allclose(found.mean(axis=0), mean, atol=1e-8)
    off = np.abs(np.cov(found.T) - covariance) / np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert off.max() < 0.04


def test_councils_alike_are_grouped() -> None:
    given = sg.Panel(sg.Frame(sg.Design(TREATED, size=30)), OUTCOME)
    model = Gaussian.of(lay_out(given.frame, Structure(), sg.prior.Priors()), given)
    assert sorted(model.groups.count) == [1, 1, 2]


def test_a_different_outcome_changes_only_the_data() -> None:
    given = panel()
    layout = lay_out(given.frame, Structure(), sg.prior.Priors())
    other = Gaussian.of(layout, replace(given, outcome=given.outcome + 1))
    again = Gaussian.of(layout, given).with_residual(other.residual)
    np.testing.assert_array_equal(again.log_density(POINTS[:, :7]), other.log_density(POINTS[:, :7]))


def test_noise_that_is_as_good_as_none_is_found() -> None:
    generator = np.random.default_rng(3)
    treated = (np.repeat([3, 5, 7, 99], 3)[:, None] <= np.arange(10)).astype(float)
    level, drift = generator.normal(0, 0.5, (12, 1)), generator.normal(0, 0.3, 10).cumsum()
    outcome = level + drift - 0.3 * treated + generator.normal(0, 3e-4, treated.shape)
    fit = sg.Hierarchical(
        engine="analytic", deviations="none", exposure="constant", priors=sg.prior.Priors(), points=128, draws=400
    ).posterior(sg.Panel(sg.Frame(sg.Design(treated, size=1)), outcome))
    assert fit.hyper["noise"].mean() == pytest.approx(3e-4, rel=0.3)
    assert fit.estimate().value == pytest.approx(-0.3, abs=1e-3)


def test_roots_where_rounding_leaves_no_positive_matrix() -> None:
    good, bad = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, 1.0], [1.0, 1.0 - 1e-12]])
    root = rooted(np.stack([good, bad]))
    np.testing.assert_allclose(np.matmul(root, root.transpose(0, 2, 1)), np.stack([good, bad]), atol=1e-8)
    assert (np.triu(root, 1) == 0).all()
    left, size = unexplained(np.stack([good, bad]), np.array([[0.3, 0.1], [0.3, 0.1]]), np.array([4.0, 4.0]))
    assert left[0] == pytest.approx(4.0 - np.array([0.3, 0.1]) @ np.linalg.solve(good, [0.3, 0.1]))
    assert size[0] == pytest.approx(np.linalg.slogdet(good)[1])
    # What cannot be told counts for nothing.
    assert left[1] == np.inf
    with pytest.raises(sg.ConvergenceError, match="cannot be inverted"):
        rooted(np.array([[[-np.inf, 0.0], [0.0, 1.0]]]))
