"""What is asked of chains, of a reported fit and of a refit."""

import numpy as np

from staggered.hierarchical.chains import REFIT
from staggered.hierarchical.convergence import convergence


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
