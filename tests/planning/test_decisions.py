"""Assurance with the hierarchical model: against frequentist power, error rates, and what it says."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import staggered as sg
from staggered.hierarchical.analytic import fit
from staggered.hierarchical.gaussian import Gaussian
from staggered.hierarchical.layout import lay_out
from staggered.hierarchical.shared_grid import fit_all

DESIGN = sg.stepped(clusters=24, steps=4, size=50)
PLAN = sg.Plan(
    design=DESIGN, outcome=sg.Outcome(sd=1.0), covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(0.16)
)
# The plan's own model: no slow courses, and councils whose effects all but agree.
SAME = sg.Hierarchical(
    engine="analytic", trend="indicators", exposure="constant", deviations="none", points=1024,
    priors=replace(sg.prior.Priors.scaled(0.0, 0.3), heterogeneity=sg.prior.HalfNormal(0.002)),
)  # fmt: skip


def test_at_a_point_it_is_frequentist_power() -> None:
    found = sg.assurance(PLAN, estimator=SAME, draws=1000, seed=3)
    power = sg.power(PLAN, df="normal").power
    assert found.expected == pytest.approx(power, abs=3 * found.mcse)
    assert found.width == pytest.approx(3.92 * sg.power(PLAN).se, rel=0.06)


def test_without_an_effect_it_is_rarely_wrong() -> None:
    found = sg.assurance(replace(PLAN, effect=sg.Constant(0.0)), estimator=SAME, effect=0.0, draws=400, seed=4)
    assert found.expected == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 400))


def test_over_what_is_not_known() -> None:
    given = {"effect": stats.norm(0.16, 0.1), "icc": stats.uniform(0.01, 0.1)}
    found = sg.assurance(PLAN, estimator=SAME, draws=200, seed=5, **given)
    assert set(found.inputs) == {"effect", "icc"}
    assert 0 <= found.wrong_direction < 0.05
    assert "Over what is not known (effect and icc)" in found.text()
    assert found.table().loc[0, "studies"] == 200


def test_the_shared_grid_gives_what_each_fit_gives() -> None:
    panel = replace(sg.simulate(PLAN, seed=1), within=None)
    layout = lay_out(panel.frame, SAME.structure, SAME.priors)
    model = Gaussian.of(layout, panel)
    outcomes = np.stack([sg.simulate(PLAN, seed=seed).outcome for seed in range(12)])
    residual = outcomes - layout.columns @ layout.mean
    fits = fit_all(model, residual, layout.mean_curve(layout.shares), points=2048, seed=1)
    for k in (0, 5, 11):
        alone = fit(
            sg.Panel(panel.frame, outcomes[k]), SAME.structure, SAME.priors, points=1024, draws=4000, seed=2
        ).estimate()
        assert fits.mean[k] == pytest.approx(alone.value, abs=0.05 * alone.se)
        assert fits.sd[k] == pytest.approx(alone.se, rel=0.06)


def test_counts_are_analysed_one_by_one() -> None:
    plan = sg.Plan(
        design=sg.stepped(clusters=8, steps=3, size=2000), outcome=sg.Outcome("poisson", baseline=0.01),
        covariance=sg.Nested.from_sd(between=0.3, within=0.01), effect=sg.Constant(0.7, scale="ratio"),
    )  # fmt: skip
    fit_counts = sg.Hierarchical(family="poisson", engine="analytic", draws=400, points=64)
    found = sg.assurance(plan, estimator=fit_counts, draws=8, seed=1)
    assert found.effect == pytest.approx(np.log(0.7))
    assert np.abs(found.mean.mean() - np.log(0.7)) < 0.15


def test_another_family_is_refused() -> None:
    with pytest.raises(sg.DesignError, match="family negbinomial"):
        sg.assurance(PLAN, estimator=sg.Hierarchical(family="negbinomial", engine="analytic"), draws=10)
