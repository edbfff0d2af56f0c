"""The density that the chains walk over, beside the one in NumPy, and what is drawn given the spreads."""

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import stats

import staggered as sg
from staggered.hierarchical.chains import Observed, course_and_noise
from staggered.hierarchical.gaussian import Gaussian
from staggered.hierarchical.integrated import Steps, density, drawn
from staggered.hierarchical.layout import Layout, lay_out
from staggered.hierarchical.structure import Structure
from staggered.value import FloatArray

TREATED = (np.repeat([2, 3, 4, 99], 2)[:, None] <= np.arange(6)).astype(float)
PRIORS = sg.prior.Priors()


def laid_out(structure: Structure, within: bool = False) -> tuple[Gaussian, dict[str, FloatArray]]:
    """Eight councils with gaps, and with people of different numbers where asked for."""
    r = np.random.default_rng(4)
    size = r.integers(20, 60, TREATED.shape) * np.ones(TREATED.shape) if within else np.ones(TREATED.shape)
    present = np.ones(TREATED.shape, dtype=bool)
    present[1, 4] = present[6, 0] = False
    frame = sg.Frame(sg.Design(TREATED, size=size), present=present)
    outcome = np.where(present, r.normal(0, 0.5, TREATED.shape) - 0.4 * TREATED, np.nan)
    panel = sg.Panel(frame, outcome, within=r.uniform(0.5, 1.5, TREATED.shape) if within else None)
    observed = Observed.of(lay_out(frame, structure, PRIORS), panel)
    assert observed.gaussian is not None
    return observed.gaussian, observed.arrays


def height(model: Gaussian, arrays: dict[str, FloatArray], point: FloatArray, steps: FloatArray | None = None) -> float:
    hyper = {name: pt.as_tensor(values[0]) for name, values in model.layout.hyper.at(point[None]).items()}
    given = None if steps is None else pt.as_tensor(steps)
    data = {name: pt.as_tensor(values) for name, values in arrays.items()}
    written = density(model, hyper, given, data)
    return float(written.eval(mode=pytensor.compile.mode.Mode(linker="py", optimizer=None)))


@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize("structure", [Structure(), Structure(deviations="none", exposure="constant")])
def test_the_density_is_that_of_the_analytic_engine(structure: Structure, within: bool) -> None:
    model, arrays = laid_out(structure, within)
    points = np.random.default_rng(1).normal(0, 0.7, (3, model.layout.hyper.count))
    ours = [height(model, arrays, point) - 0.5 * (point**2).sum() for point in points]
    np.testing.assert_allclose(np.diff(ours), np.diff(model.log_density(points)), rtol=1e-6, atol=1e-6)


def shifted(model: Gaussian, steps: FloatArray) -> tuple[Gaussian, Layout]:
    """The model in which the steps are known: taken from the residuals, and no longer unknown."""
    place = Steps.of(model.layout)
    plain = place.out_of(model.layout)
    moved = model.layout.columns[:, :, place.first : place.first + place.count] @ steps
    return Gaussian(plain, model.groups, model.residual - moved, model.within), plain


def test_steps_that_never_turn_back_are_taken_as_given() -> None:
    model, arrays = laid_out(Structure(exposure="monotone"))
    place = Steps.of(model.layout)
    assert place.count == 3
    steps = np.array([0.1, 0.3, 0.2])
    known, _ = shifted(model, steps)
    points = np.random.default_rng(2).normal(0, 0.7, (2, model.layout.hyper.count))
    ours = [height(model, arrays, point, steps) - 0.5 * (point**2).sum() for point in points]
    np.testing.assert_allclose(np.diff(ours), np.diff(known.log_density(points)), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("exposure", ["walk", "monotone"])
def test_draws_given_the_spreads_have_the_conditional_moments(exposure: str) -> None:
    model, _ = laid_out(Structure(exposure=exposure))  # type: ignore[arg-type]
    one = model.layout.hyper.at(np.full((1, model.layout.hyper.count), -0.2))
    count = 3000
    hyper = {name: np.repeat(values, count) for name, values in one.items()}
    steps = np.array([0.1, 0.3, 0.2]) if exposure == "monotone" else None
    many = None if steps is None else np.tile(steps, (count, 1))
    fixed, levels, effects = drawn(model, hyper, many, np.random.default_rng(1))
    known = model if steps is None else shifted(model, steps)[0]
    mirrored = known.given(one, np.zeros(2, dtype=np.int64), np.random.default_rng(2))
    centre = [values.mean(axis=0) for values in mirrored]
    if steps is not None:
        place = Steps.of(model.layout)
        inside = slice(place.first, place.first + place.count)
        centre[0] = centre[0].copy()
        centre[0][inside] += steps
        np.testing.assert_allclose(fixed[:, inside], many, atol=1e-12)
    for found, exact in zip((fixed, levels, effects), centre, strict=True):
        error = found.std(axis=0) / np.sqrt(count)
        assert (np.abs(found.mean(axis=0) - exact) < 4.5 * error + 1e-9).all()
    assert np.ptp(levels[:, 0]) > 0


def test_new_outcomes_bring_their_own_spread_between_people() -> None:
    model, arrays = laid_out(Structure(), within=True)
    other = arrays | {"within": arrays["within"] * [1.0, 2.0]}
    point = np.zeros(model.layout.hyper.count)
    noise = float(model.layout.hyper.at(point[None])["noise"][0])
    change = height(model, other, point) - height(model, arrays, point)
    assert change == pytest.approx(-0.5 * arrays["within"][1] / noise**2)


@pytest.mark.parametrize("persistence", [None, 0.6])
def test_course_and_noise_keep_their_half_normal_priors_whatever_walks(persistence: float | None) -> None:
    """log p(x) = log N⁺(course) + log N⁺(noise) + log |∂(course, noise) / ∂x| + a constant, at every x."""
    priors = sg.prior.Priors(course=sg.prior.HalfNormal(0.3), noise=sg.prior.HalfNormal(0.2))
    with pm.Model() as model:
        outputs = course_and_noise(pm, pt, priors, persistence)
    names = [variable.name for variable in model.free_RVs]
    mode = pytensor.compile.mode.Mode(linker="py", optimizer=None)
    walked = model.compile_logp(mode=mode)
    values = pytensor.function(model.free_RVs, list(outputs), mode=mode)

    def at(x: np.ndarray) -> np.ndarray:
        return np.array(values(*x))

    gaps = []
    for x in np.random.default_rng(1).normal(size=(8, 2)):
        jacobian = np.stack([(at(x + step) - at(x - step)) / 2e-6 for step in 1e-6 * np.eye(2)])
        prior = stats.halfnorm.logpdf(at(x), scale=[0.3, 0.2]).sum() + np.log(abs(np.linalg.det(jacobian)))
        gaps.append(float(walked(dict(zip(names, x, strict=True)))) - prior)
    np.testing.assert_allclose(gaps, gaps[0], atol=1e-6)
