"""Seeds: a number, a sequence or a generator, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import staggered as sg
from staggered.allocation.seeds import whole_seed

PLAN = sg.Plan(
    design=sg.stepped(clusters=6, steps=3, size=[20, 30, 40, 50, 60, 90]),
    outcome=sg.Outcome(sd=1.0),
    covariance=sg.Nested(icc=0.05, cac=0.8),
    effect=sg.Constant(0.3),
)
PANEL = sg.simulate(PLAN, seed=1)
HISTORY = sg.simulate(
    sg.Plan(design=sg.Design(np.zeros((6, 5)), 40), outcome=PLAN.outcome, covariance=PLAN.covariance), seed=1
)
RANDOM: dict[str, Callable[[object], object]] = {
    "simulate": lambda seed: sg.simulate(PLAN, seed=seed),
    "power": lambda seed: sg.power(PLAN, simulate=20, seed=seed),
    "attained": lambda seed: sg.attained(PLAN, allocations=20, seed=seed).power.tolist(),
    "allocate": lambda seed: sg.allocate(PLAN.design, seed=seed).order.tolist(),
    "assurance": lambda seed: sg.assurance(PLAN, effect=sg.prior.Normal(0.3, 0.1), draws=20, seed=seed).power.tolist(),
    "correlation": lambda seed: sg.estimate_correlation(HISTORY, "nested", seed=seed).intervals["icc"],
    "permutation": lambda seed: sg.Twfe().fit(PANEL, sg.Permutation(draws=30, seed=seed)).p_value,
    "bootstrap": lambda seed: sg.Twfe().fit(PANEL, sg.Bootstrap(draws=99, seed=seed)).band(),
    "wild": lambda seed: sg.Twfe().fit(PANEL, sg.WildBootstrap(draws=99, seed=seed)).p_value,
}


@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
@pytest.mark.parametrize("name", RANDOM)
def test_every_random_thing_takes_every_kind_of_seed(name: str) -> None:
    draw = RANDOM[name]
    assert draw(np.random.SeedSequence(5)) == draw(np.random.SeedSequence(5))
    assert draw(np.random.default_rng(5)) == draw(np.random.default_rng(5))
    assert draw(5) == draw(np.int64(5))


def test_a_generator_moves_on() -> None:
    generator = np.random.default_rng(1)
    assert whole_seed(generator) != whole_seed(generator)


def test_the_certificate_of_a_drawn_seed_draws_the_same_again() -> None:
    drawn = sg.allocate(PLAN.design, seed=np.random.default_rng(3))
    assert sg.allocate(PLAN.design, seed=drawn.certificate()["seed"]).certificate() == drawn.certificate()


@pytest.mark.parametrize("seed", [-1, 1.5, "lottery", None, True])
def test_anything_else_is_said_in_three_lines(seed: object) -> None:
    for draw in (RANDOM["power"], RANDOM["allocate"], RANDOM["permutation"], RANDOM["simulate"]):
        with pytest.raises(sg.DesignError, match="seed is") as caught:
            draw(seed)
        assert len(str(caught.value).splitlines()) == 3
