"""Laws of the estimators of this room that are no rule fixed by the frame, on random panels."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.estimators.did.planned_date import PlannedDate
from staggered.estimators.fitting import Fitting
from tests.random_panels import random_panel, with_outcome

STRAIGHT = (
    sg.Efficient(),
    sg.Efficient(by="event", beta=0.5),
    sg.SyntheticDid(),
    sg.SyntheticDid(by="cohort"),
    sg.PanelRegression("y ~ treated"),
    sg.PanelRegression("y ~ treated + x"),
    PlannedDate("planned"),
)
CURVED = (
    sg.Extended(family="poisson"),
    sg.Extended(family="poisson", by="cell", controls="never"),
    sg.Extended(family="binomial", by="event"),
)
SEEDS = range(6)


def panel_of(seed: int) -> sg.Panel:
    """A random panel without gaps, outcomes between 0 and 1, with a covariate and a plan that was mostly followed."""
    panel = random_panel(seed, gaps=False, transition=False)
    generator = np.random.default_rng([1, seed])
    treatment = panel.design.treatment
    start = panel.design.start - generator.integers(0, 2, size=len(treatment))
    planned = (np.arange(treatment.shape[1]) >= np.maximum(start, 1)[:, None]).astype(float)
    covariates = {"x": generator.normal(size=treatment.shape), "planned": planned}
    outcome = 1 / (1 + np.exp(-panel.outcome / 4))
    return sg.Panel(replace(panel.frame, covariates=covariates), outcome)


@pytest.mark.parametrize("estimator", [*STRAIGHT, *CURVED], ids=repr)
def test_reordering_clusters_changes_nothing(estimator: Fitting) -> None:
    for seed in SEEDS:
        panel = panel_of(seed)
        order = np.random.default_rng(seed).permutation(len(panel.outcome))
        one, other = (estimator.point(p) for p in (panel, sg.Panel(panel.frame.keep(order), panel.outcome[order])))
        assert one.terms == other.terms
        np.testing.assert_allclose(other.values, one.values, atol=1e-8)
        if one.scores is not None:
            np.testing.assert_allclose(other.scores, one.scores[:, order], atol=1e-8)


@pytest.mark.parametrize("estimator", STRAIGHT, ids=repr)
def test_an_effect_of_two_everywhere_is_found(estimator: Fitting) -> None:
    """On top of what is estimated without it: the treatment moves nothing that the weights look at, except beta."""
    for seed in SEEDS:
        panel = panel_of(seed)
        none, both = (estimator.point(with_outcome(panel, panel.outcome + e * panel.design.treatment)) for e in (0, 2))
        for k, term in enumerate(none.terms):
            if term.label in ("overall", "treatment effect", "treated") or term.cohort is not None:
                if isinstance(estimator, sg.Efficient) and estimator.beta == "optimal":
                    plain = sg.Efficient(beta=0).point(with_outcome(panel, panel.design.treatment)).values[0]
                    assert plain == pytest.approx(1.0, abs=1e-9)
                    continue
                assert both.values[k] - none.values[k] == pytest.approx(2.0, abs=1e-7) or np.isnan(none.values[k])


@pytest.mark.parametrize("estimator", [*STRAIGHT, sg.Extended(family="poisson", by="event")], ids=repr)
def test_units_do_not_matter(estimator: Fitting) -> None:
    for seed in SEEDS:
        panel = panel_of(seed)
        one, other = (estimator.point(with_outcome(panel, unit * panel.outcome)) for unit in (1.0, 10_000.0))
        np.testing.assert_allclose(other.values / 10_000.0, one.values, atol=1e-8)


@pytest.mark.parametrize("estimator", [sg.Extended(family="binomial", by="cell")], ids=repr)
def test_shares_and_their_complements_are_the_same_question(estimator: Fitting) -> None:
    for seed in SEEDS:
        panel = panel_of(seed)
        one, other = estimator.point(panel), estimator.point(with_outcome(panel, 1 - panel.outcome))
        np.testing.assert_allclose(other.values, -one.values, atol=1e-9)
        np.testing.assert_allclose(other.scores, -one.scores, atol=1e-9)


@pytest.mark.parametrize("estimator", CURVED, ids=repr)
def test_scores_are_the_slope_in_each_clusters_weight(estimator: sg.Extended) -> None:
    """Influence, whatever the formula: what more weight on a cluster does, less what more weight on all does."""
    panel, step = panel_of(2), 1e-5
    if estimator.by == "event":
        estimator = replace(estimator, by="cell")
    point = estimator.point(panel)
    for cluster in range(len(panel.outcome)):
        moved = []
        for sign in (1, -1):
            weights = panel.frame.weights.copy()
            weights[cluster] *= 1 + sign * step
            moved.append(estimator.point(replace(panel, frame=replace(panel.frame, weights=weights))).values)
        slope = (moved[0] - moved[1]) / (2 * step)
        cells = slice(1, None) if point.headed else slice(0, 0)
        np.testing.assert_allclose(point.scores[cells, cluster], slope[cells], atol=1e-6)
