"""What is asked of chains, of a reported fit and of a refit."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.hierarchical import chains
from staggered.hierarchical.chains import REFIT, Walk
from staggered.hierarchical.convergence import convergence
from staggered.hierarchical.posterior import Posterior
from staggered.hierarchical.structure import Structure
from staggered.results.check import Check
from tests.hierarchical.conftest import panel_of, priors_of


def test_a_refit_is_asked_for_less_and_still_flagged() -> None:
    generator = np.random.default_rng(1)
    still, energy = np.zeros((2, 500), dtype=bool), generator.standard_normal((2, 500))

    def failed(apart: float, *wanted: float) -> set[str]:
        draws = generator.standard_normal((2, 500)) + np.array([[0.0], [apart]])
        return {check.name for check in convergence({"mean": draws}, still, energy, *wanted) if not check.passed}

    refit = (REFIT.highest_rhat, REFIT.least_ess)
    assert failed(0.25) >= {"chains agree"}
    assert failed(0.25, *refit) == set()
    assert failed(1.0, *refit) == {"chains agree", "effective draws, middle"}


def test_a_divergence_is_flagged_in_a_refit_too() -> None:
    draws = np.random.default_rng(1).standard_normal((2, 500))
    checks = convergence({"mean": draws}, draws > 3, draws, REFIT.highest_rhat, REFIT.least_ess)
    assert [check.name for check in checks if not check.passed] == ["no divergences"]


class Walked:
    """A compiled model whose fits pass, or not, as told; it keeps what it was asked for."""

    def __init__(self, posterior: Posterior, *passes: bool) -> None:
        self.posterior, self.passes = posterior, list(passes)
        self.walks: list[Walk] = []

    def walked(self, panel: sg.Panel, walk: Walk, seed: int) -> Posterior:
        self.walks.append(walk)
        passed = self.passes.pop(0)
        return replace(self.posterior, checks=(Check("chains agree", passed, "As told.", "" if passed else "More."),))

    def fit(self, panel: sg.Panel, *, draws: int, seed: int) -> Posterior:
        return self.walked(panel, Walk(4, 1000, draws), seed)


@pytest.mark.parametrize(("passes", "walks"), [((True,), 1), ((False, True), 2), ((False, False), 2)])
def test_chains_that_did_not_arrive_walk_once_more_and_longer(
    monkeypatch: pytest.MonkeyPatch, passes: tuple[bool, ...], walks: int
) -> None:
    panel = panel_of("gaussian")
    fitted = sg.Hierarchical(engine="analytic", points=32, draws=200).posterior(panel)
    ready = Walked(fitted, *passes)
    monkeypatch.setattr(chains, "compiled", lambda *given: ready)
    found = chains.sample(panel, Structure(), priors_of("gaussian"), draws=400, seed=1)
    assert len(ready.walks) == walks
    assert found.passed is passes[-1]
    if walks == 2:
        again = ready.walks[1]
        assert (again.draws, again.chains) == (1600, 4)
        assert again.accept > ready.walks[0].accept
    if not passes[-1]:
        # What fails twice is reported as failed, first thing.
        assert found.estimate().text().startswith("This fit failed 1 of its 1 checks")
