"""Roth and Sant'Anna's estimator with strata, weights and every beta, against the paper one loop at a time."""

import numpy as np
import pytest

import staggered as sg
from tests.oracles import did


def rollout(seed: int, *, weights: bool = False, strata: bool = False) -> sg.Panel:
    """Twenty councils in four cohorts, the last never treated, three to seven in each."""
    generator = np.random.default_rng([669, seed])
    start = generator.permutation(np.repeat([1, 3, 4, np.inf], [4, 7, 4, 5]))
    # Every other one of those that start together, so that each group holds two or more.
    named = tuple("AB"[(start[:k] == start[k]).sum() % 2] for k in range(20)) if strata else ()
    design = sg.Design((np.arange(6) >= start[:, None]).astype(float), strata=named)
    grid = np.broadcast_to(generator.uniform(0.5, 2, size=(20, 1)), (20, 6)) if weights else None
    outcome = generator.normal(size=(20, 1)) + generator.normal(size=(20, 6)).cumsum(axis=1)
    return sg.Panel(sg.Frame(design, weights=grid), outcome)


@pytest.mark.parametrize("beta", [0, 0.4, 1])
@pytest.mark.parametrize("strata", [False, True])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_differences_within_strata_less_a_share_of_the_ones_before(
    seed: int, weights: bool, strata: bool, beta: float
) -> None:
    panel = rollout(seed, weights=weights, strata=strata)
    plain, before = did.roth_santanna(panel.frame)
    rule = sg.Efficient(beta=beta).rule_at(panel)
    np.testing.assert_allclose(rule.by_cluster()[0], plain - beta * before, atol=1e-12)
    expected = ((plain - beta * before) * panel.outcome).sum()
    assert sg.Efficient(beta=beta).point(panel).values[0] == pytest.approx(expected, abs=1e-10)


@pytest.mark.filterwarnings("ignore::staggered.FewClustersWarning")
@pytest.mark.parametrize("strata", [False, True])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
def test_the_optimal_beta_makes_the_variance_smallest(seed: int, strata: bool) -> None:
    """β* = Cov(X̂, θ̂₀)/Var(X̂), both from the spread within groups that start together (Neyman)."""
    panel = rollout(seed, strata=strata)
    plain, before = did.roth_santanna(panel.frame)
    own, past = (plain * panel.outcome).sum(axis=1), (before * panel.outcome).sum(axis=1)
    joint = variance = 0.0
    groups = list(zip(panel.design.start.tolist(), panel.design.strata or ("",) * 20, strict=True))
    for group in dict.fromkeys(groups):
        rows = [k for k, one in enumerate(groups) if one == group]
        # A cluster's contribution is its share of its group's mean, so the mean's variance is n/(n − 1) Σ (u − ū)².
        scale = len(rows) / (len(rows) - 1)
        joint += scale * ((own[rows] - own[rows].mean()) * (past[rows] - past[rows].mean())).sum()
        variance += scale * ((past[rows] - past[rows].mean()) ** 2).sum()
    best = joint / variance
    fit = sg.Efficient().fit(panel, sg.DesignBased(refined=False))
    assert fit.value == pytest.approx(((plain - best * before) * panel.outcome).sum(), abs=1e-10)
    assert f"{best:.2f} of the pre-period difference" in fit.notes[0]
    for other in (best - 0.3, best + 0.3, 0.0, 1.0):
        assert fit.se <= sg.Efficient(beta=other).fit(panel, sg.DesignBased(refined=False)).se + 1e-12


@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
def test_one_council_a_step_borrows_its_spread_and_says_so() -> None:
    panel = rollout(1)
    start = np.array([1, 2, 3, 4, 5, np.inf])
    frame = sg.Frame(sg.Design((np.arange(6) >= start[:, None]).astype(float)))
    alone = sg.Panel(frame, panel.outcome[:6])
    fit = sg.Efficient().fit(alone, sg.DesignBased())
    assert np.isfinite(fit.se)
    assert "start alone in their group, so the spread is not their own" in " ".join(fit.notes)
    assert sg.Efficient().fit(alone).inference == "jackknife over clusters"
    with pytest.warns(sg.FewClustersWarning):
        assert np.isnan(sg.Efficient().fit(alone, sg.Cluster("CR1")).se)


def test_a_stratum_without_comparison_is_left_out() -> None:
    """All of stratum B start together: nothing can be said of it."""
    start = np.array([2, 2, 4, 4, 3, 3])
    frame = sg.Frame(sg.Design((np.arange(6) >= start[:, None]).astype(float), strata=tuple("AAAABB")))
    outcome = np.random.default_rng(1).normal(size=(6, 6))
    rule = sg.Efficient(beta=0).rule_at(sg.Panel(frame, outcome))
    np.testing.assert_allclose(rule.by_cluster()[0], did.roth_santanna(frame)[0], atol=1e-12)
    assert (rule.by_cluster()[0][4:] == 0).all()


def test_options_are_checked() -> None:
    with pytest.raises(sg.DesignError, match="beta='best'"):
        sg.Efficient(beta="best")
    with pytest.raises(sg.DesignError, match="controls='never'"):
        sg.Efficient(controls="never")
