"""Faults that were found in other planning tools, one by one, as tests that ours does not share them.

Each names the tool and release and what it does (found by running it or reading its source, see docs/conventions.md
and docs/power_rows.md for those that move a number).
"""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.errors import DesignError
from staggered.model.cells import Cells
from staggered.planning.likelihood import likelihood_power

RISKS = sg.Outcome("binomial", baseline=0.2)


def risk_plan(clusters: int, steps: int, size: float, effect: float) -> sg.Plan:
    return sg.Plan(
        design=sg.stepped(clusters, steps=steps, size=size),
        outcome=RISKS,
        covariance=sg.Exchangeable(icc=0.01),
        effect=sg.Constant(effect),
    )


@pytest.mark.parametrize(("size", "steps"), [(20, 8), (140, 4)])
def test_1_a_tiny_effect_never_has_a_power_of_one(size: int, steps: int) -> None:
    """swdpwr 1.11: the number of possible outcomes (K + 1)^J overflows, and any effect has power 1."""
    plan = risk_plan(8, steps, size, 0.001)
    assert sg.power(plan, df="normal").power == pytest.approx(0.05, abs=0.01)
    assert likelihood_power(plan, time="none").power == pytest.approx(0.05, abs=0.01)
    with pytest.raises(DesignError, match="can answer in"):
        likelihood_power(plan)


def test_2_the_exact_likelihood_has_no_limit_at_150_people() -> None:
    """swdpwr 1.11: 110 s for 100 people in 3 periods, an error above 150."""
    plan = risk_plan(12, 2, 160, 0.05)
    assert likelihood_power(plan, time="none").power > sg.power(plan, df="normal").power


def test_3_period_effects_are_taken_out_unless_it_is_said_otherwise() -> None:
    """swdpwr 1.11: without a difference between two control means it leaves them out, .9937 for .8118."""
    plan = sg.Plan(
        design=sg.stepped(12, steps=4, size=20),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Nested(icc=0.05, cac=0.8),
        effect=sg.Constant(0.3),
    )
    assert sg.power(plan, df="normal").power == pytest.approx(0.8118, abs=5e-5)
    without = sg.power(plan, sg.Gls(plan.covariance, time="none"), df="normal")
    assert without.power == pytest.approx(0.9937, abs=5e-5)
    assert "no period effects" in without.estimator


def test_4_degrees_of_freedom_count_observed_cells_alone() -> None:
    """SteppedPower 0.3.5: 34 residual degrees of freedom for 40 cells, and still 34 with 28 of them observed."""
    treatment = sg.stepped(8, steps=4, size=20).treatment.copy()
    plan = sg.Plan(design=sg.Design(treatment, size=20), outcome=sg.Outcome(sd=1.0), effect=sg.Constant(0.3))
    assert sg.power(plan, df="cells").df == 40 - 6
    blank = treatment.copy()
    blank[[0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 6, 7], [4, 4, 4, 4, 0, 0, 0, 0, 3, 3, 1, 1]] = np.nan
    fewer = replace(plan, design=sg.Design(blank, size=20))
    assert sg.power(fewer, df="cells").df == 28 - 6


def test_5_blank_cells_do_not_scramble_the_variances_of_risks() -> None:
    """SteppedPower 0.3.5: with all cells "observed" the SE is .02962 for .03021, as it fills a matrix by rows."""
    outcome = replace(RISKS, variance="by-cell", trend=(0.0, 0.05, 0.1, 0.15, 0.2))
    complete = sg.Plan(
        design=sg.stepped(8, steps=4, size=20),
        outcome=outcome,
        covariance=sg.Exchangeable(icc=0.05),
        effect=sg.Constant(0.05),
    )
    again = replace(complete, design=sg.Design(complete.design.treatment.copy(), size=20))
    assert sg.power(again).se == sg.power(complete).se
    blank = complete.design.treatment.copy()
    blank[2, 3] = np.nan
    gap = replace(complete, design=sg.Design(blank, size=20))
    seen = ~np.isnan(blank)
    own = [plan.outcome.total_variance(plan.design, plan.effect)[seen] for plan in (complete, gap)]
    np.testing.assert_array_equal(*own)
    assert sg.power(gap).se > sg.power(complete).se


def test_6_a_period_that_nobody_observes_is_named() -> None:
    """SteppedPower 0.3.5: an obscure error. (Its 5.2 s for information content stand in docs/benchmarks.md.)"""
    with pytest.raises(DesignError, match="No cluster is observed in period 2") as caught:
        sg.Design([[0, np.nan, 1], [0, np.nan, 0]])
    assert len(str(caught.value).splitlines()) == 3


def test_7_the_sd_is_total_the_variance_of_a_risk_that_of_a_risk_and_order_moves_nothing() -> None:
    """swCRTdesign 4.0: sigma is residual, so that a yes/no outcome varies by more than p(1 − p); n goes by position."""
    one = sg.Design([[0, 1], [0, 0]], size=1)
    blocks = sg.Exchangeable(icc=0.1).blocks(Cells.of(one), RISKS.total_variance(one, sg.Constant(0.0)))
    np.testing.assert_allclose(np.diagonal(blocks, axis1=1, axis2=2), 0.2 * 0.8)
    sizes, order = np.array([10, 20, 30, 40]), [3, 1, 0, 2]
    treatment = sg.stepped(4, steps=4).treatment
    plan = sg.Plan(
        design=sg.Design(treatment, size=sizes), outcome=sg.Outcome(sd=1.0), covariance=sg.Exchangeable(icc=0.1)
    )
    moved = replace(plan, design=sg.Design(treatment[order], size=sizes[order]))
    assert sg.power(moved).se == pytest.approx(sg.power(plan).se, rel=1e-12)
    by_name = sg.rollout({"A": "2021-01-01", "B": "2021-07-01"}, start="2020-01-01", end="2021-12-31",
                         size={"B": 7, "A": 5})  # fmt: skip
    assert by_name.size[:, 0].tolist() == [5, 7]


def test_8_t_and_unequal_sizes_count_whatever_the_correlation_and_both_tails_do() -> None:
    """Shiny CRT calculator, 2023: under decay it ignores both, and it counts the upper tail alone."""
    plan = sg.Plan(
        design=sg.stepped(8, steps=4, size=20),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Decay(icc=0.05, cac=0.8),
        effect=sg.Constant(0.3),
    )
    assert sg.power(plan).df == 6
    assert sg.power(plan).power < sg.power(plan, df="normal").power
    unequal = replace(plan, design=sg.stepped(8, steps=4, size=[5, 35] * 4))
    assert sg.power(unequal).se > sg.power(plan).se
    assert sg.power(replace(plan, effect=sg.Constant(0.0)), df="normal").power == pytest.approx(0.05, rel=1e-12)


def test_9_steps_are_steps() -> None:
    """clusterPower 0.7.0: `ntimes` counts sequences and is called periods; .942 for .812."""
    design = sg.stepped(12, steps=4, size=20)
    assert len(np.unique(design.start)) == 4
    assert len(design.periods) == 5


def test_10_the_sd_of_a_count_is_the_root_of_a_mean_variance() -> None:
    """SWSamp 0.3.2: the mean of the roots."""
    outcome = sg.Outcome("poisson", baseline=1.0, link="identity", variance="average")
    design = sg.Design([[0, 1]])
    assert outcome.total_variance(design, sg.Constant(8.0)).ravel() == pytest.approx([5.0, 5.0])
    assert np.mean(np.sqrt([1.0, 9.0])) ** 2 == 4.0


def test_11_weights_do_not_become_degrees_of_freedom() -> None:
    """lmerTest and pbkrtest with `weights=`: 275,070 degrees of freedom on 231 rows."""
    plan = sg.Plan(
        design=sg.stepped(20, steps=4, size=2000),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Exchangeable(icc=0.05),
        effect=sg.Constant(0.1),
    )
    panel = sg.Panel(sg.Frame(plan.design), sg.simulate(plan, seed=4).outcome)
    for df in ("kenward-roger", "satterthwaite"):
        with pytest.warns(sg.DesignWarning, match="taken as constant"):
            assert sg.Mixed("exchangeable", df=df).fit(panel).df < panel.design.treatment.size


def test_12_the_default_protects_where_model_based_degrees_of_freedom_do_not() -> None:
    """Hussey and Hughes' model: 305 to 308 degrees of freedom with 15 clusters, when clusters seem not to differ."""
    plan = sg.Plan(
        design=sg.stepped(15, steps=3, size=5),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Independent(),
        effect=sg.Constant(0.3),
    )
    assert sg.power(plan, df="satterthwaite").df > 100
    found = sg.power(plan)
    assert found.df == 13
    assert "clusters − 2" in found.text()


def test_13_the_jackknife_is_not_smaller_than_the_plain_sandwich() -> None:
    """geepack's `fij`: .0510 where the sandwich is .0699."""
    plan = sg.Plan(
        design=sg.stepped(42, steps=3, size=20), outcome=sg.Outcome(sd=1.0), covariance=sg.Exchangeable(icc=0.1)
    )
    for seed in range(1, 6):
        panel = sg.simulate(plan, seed=seed)
        assert sg.Twfe().fit(panel, sg.Jackknife()).se > sg.Twfe().fit(panel, sg.Cluster("CR0")).se


def test_14_a_likelihood_keeps_its_constants() -> None:
    """lme4: the Poisson log-likelihood is −2150.56 or −723.25, by the number of quadrature points.

    Ours that can be compared across models is the restricted likelihood of `Mixed`: adding a variance that is
    not there must leave it where it was, and never by a constant.
    """
    plan = sg.Plan(
        design=sg.stepped(12, steps=3, size=50), outcome=sg.Outcome(sd=1.0), covariance=sg.Exchangeable(icc=0.2)
    )
    panel = sg.simulate(plan, seed=2)
    one, more = (sg.Mixed(name).components(panel).criterion for name in ("exchangeable", "random-treatment"))
    assert -0.01 < one - more < 8


def test_15_the_closed_form_of_hussey_and_hughes() -> None:
    """A stub on the Python package index: 1.000 for .867."""
    plan = sg.Plan(
        design=sg.stepped(12, steps=4, size=20),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Exchangeable(icc=0.05),
        effect=sg.Constant(0.3),
    )
    assert sg.power(plan, df="normal").power == pytest.approx(0.867, abs=5e-4)
