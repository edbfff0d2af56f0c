"""Outcomes that are simulated from a truth belong to the density that the fit works with."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.hierarchical.gaussian import Gaussian
from staggered.hierarchical.posterior import Posterior
from staggered.hierarchical.predictive import prior_draws, replicate
from staggered.hierarchical.structure import Structure
from staggered.value import FloatArray

TREATED = (np.repeat([3, 5, 7, 99], 3)[:, None] <= np.arange(10)).astype(float)
NEED = np.add.outer(np.sin(np.arange(12.0)), 0.1 * np.arange(10.0))
FRAME = sg.Frame(sg.Design(TREATED, size=1.0), labels={"model": tuple("ABC" * 4)}, covariates={"need": NEED})
STRUCTURES = {
    "seasons": Structure(season=4),
    "practice models": Structure(practice_models="model", moderators=("need",)),
}
TRUTHS, STEP = 1000, 1e-3


def simulated(structure: Structure) -> tuple[Posterior, FloatArray]:
    """Truths from the prior, and where they are in standard normal coordinates."""
    truth = prior_draws(FRAME, structure, sg.prior.Priors(), draws=TRUTHS, seed=3)
    normal = np.random.default_rng(3).standard_normal((TRUTHS, truth.layout.hyper.count))
    np.testing.assert_array_equal(truth.layout.hyper.at(normal)["persistence"], truth.hyper["persistence"])
    return truth, normal


def scores(truth: Posterior, normal: FloatArray, outcome: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Means of the score g and of g² + ∂g at the truth, in their standard errors: 0 if the density is the right one."""
    layout = truth.layout
    first = Gaussian.of(layout, sg.Panel(FRAME, outcome[0]))
    moves = np.vstack([np.zeros(layout.hyper.count), np.eye(layout.hyper.count), -np.eye(layout.hyper.count)]) * STEP
    found = np.empty((TRUTHS, len(moves)))
    for k, at in enumerate(normal):
        points = at + moves
        prior = -0.5 * (points**2).sum(axis=1)
        found[k] = first.with_residual(outcome[k] - layout.columns @ layout.mean).log_density(points) - prior
    middle, up, down = found[:, :1], found[:, 1 : 1 + layout.hyper.count], found[:, 1 + layout.hyper.count :]
    score = (up - down) / (2 * STEP)
    bent = score**2 + (up + down - 2 * middle) / STEP**2
    return tuple(np.sqrt(TRUTHS) * one.mean(axis=0) / one.std(axis=0) for one in (score, bent))  # type: ignore[return-value]


@pytest.mark.parametrize("kind", STRUCTURES)
def test_the_score_at_the_truth_is_zero_in_the_mean(kind: str) -> None:
    # Bartlett's two identities, for every hyperparameter.
    truth, normal = simulated(STRUCTURES[kind])
    score, bent = scores(truth, normal, replicate(truth, np.random.default_rng(4)))
    assert np.abs(score).max() < 4
    assert np.abs(bent).max() < 4


@pytest.mark.parametrize("wrong", ["persistence", "course", "season"])
def test_a_simulation_that_differs_from_the_model_is_found_out(wrong: str) -> None:
    truth, normal = simulated(STRUCTURES["seasons"])
    hyper = truth.hyper | {wrong: 0.8 * truth.hyper[wrong]}
    fixed = truth.fixed.copy()
    if wrong == "season":
        season = truth.layout.spread == truth.layout.hyper.names.index("season")
        fixed[:, season] *= 0.8
    outcome = replicate(replace(truth, hyper=hyper, fixed=fixed), np.random.default_rng(4))
    score, _ = scores(truth, normal, outcome)
    assert score[truth.layout.hyper.names.index(wrong)] < -5
