"""Correlation from history: the likelihood against a dense oracle, and honest intervals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from staggered.data.frame import Frame
from staggered.data.panel import Panel
from staggered.data.read import read
from staggered.design.design import Design
from staggered.design.shapes import stepped
from staggered.errors import DataError, DesignError
from staggered.model.covariance import Decay, Exchangeable, Nested
from staggered.model.effect import Constant
from staggered.model.outcome import Outcome
from staggered.model.plan import Plan
from staggered.planning.correlation import estimate_correlation
from staggered.planning.grid import grid
from staggered.planning.history import History, criterion
from staggered.planning.power import power
from staggered.planning.simulate import simulate


def _history(clusters: int, periods: int, covariance: Nested | Decay | Exchangeable, seed: int) -> Panel:
    design = Design(np.zeros((clusters, periods)), size=300)
    return simulate(Plan(design=design, outcome=Outcome("binomial", baseline=0.3), covariance=covariance), seed=seed)


@pytest.mark.parametrize("structure", ["exchangeable", "nested", "decay"])
def test_the_criterion_is_the_dense_restricted_likelihood(structure: str) -> None:
    rng = np.random.default_rng(5)
    means, noise = rng.normal(size=(4, 3)), rng.uniform(0.1, 0.5, (4, 3))
    used = np.ones((4, 3), dtype=bool)
    used[2, 1] = False
    history = History(means, noise, used, structure)

    def dense(variance: float, cac: float) -> float:
        keep = used.ravel()
        full = np.zeros((12, 12))
        for c in range(4):
            for s in range(3):
                for t in range(3):
                    between = {"exchangeable": 1.0, "nested": cac if s != t else 1.0, "decay": cac ** abs(s - t)}[
                        structure
                    ]
                    full[3 * c + s, 3 * c + t] = variance * between + (noise[c, s] if s == t else 0.0)
        full = full[np.ix_(keep, keep)]
        x = np.tile(np.eye(3), (4, 1))[keep]
        y = means.ravel()[keep]
        inverse = np.linalg.inv(full)
        information = x.T @ inverse @ x
        beta = np.linalg.solve(information, x.T @ inverse @ y)
        rest = y - x @ beta
        return float(np.linalg.slogdet(full)[1] + np.linalg.slogdet(information)[1] + rest @ inverse @ rest)

    points = [(0.3, 0.2), (1.5, 0.9), (0.01, 0.5)]
    ours = criterion(history, np.array([p[0] for p in points]), np.array([p[1] for p in points]))
    assert ours == pytest.approx([dense(*p) for p in points], rel=1e-10)


@pytest.mark.parametrize(
    ("structure", "covariance"),
    [
        ("exchangeable", Exchangeable(icc=0.06)),
        ("nested", Nested(icc=0.06, cac=0.7)),
        ("decay", Decay(icc=0.06, cac=0.7)),
    ],
)
def test_a_long_history_of_many_councils_finds_what_was_put_in(structure: str, covariance: Nested) -> None:
    found = estimate_correlation(_history(120, 8, covariance, 3), structure, family="binomial")
    assert found.icc == pytest.approx(0.06, rel=0.2)
    low, high = found.intervals["icc"]
    assert low < 0.06 < high
    assert low < found.icc < high
    if structure != "exchangeable":
        assert found.cac == pytest.approx(0.7, abs=0.1)
        assert found.intervals["cac"][0] < found.cac < found.intervals["cac"][1]
    else:
        assert found.cac == 1.0


def test_few_councils_give_wide_intervals() -> None:
    truth = Nested(icc=0.06, cac=0.7)
    width = {}
    for clusters in (5, 60):
        found = [estimate_correlation(_history(clusters, 6, truth, k), "nested", family="binomial") for k in range(6)]
        width[clusters] = [np.mean([np.ptp(one.intervals[name]) for one in found]) for name in ("icc", "cac")]
    assert width[5][0] > 2 * width[60][0]
    assert width[5][1] > 2 * width[60][1]


def test_counts_separate_poisson_noise_from_movement() -> None:
    design = Design(np.zeros((60, 8)), size=20_000)
    covariance = Nested.from_sd(between=0.3, within=0.15)
    plan = Plan(design=design, outcome=Outcome("poisson", baseline=0.003), covariance=covariance)
    drawn = simulate(plan, seed=4)
    counts = Panel(Frame(design), drawn.outcome * design.size)
    found = estimate_correlation(counts, "nested", family="poisson")
    assert found.between == pytest.approx(0.3, rel=0.25)
    assert found.within == pytest.approx(0.15, rel=0.25)
    assert np.isnan(found.icc)
    assert "icc" not in found.intervals
    assert found.covariance().blocks is not None
    assert "log rate" in found.text()


def test_the_planning_distribution_lies_around_the_estimates() -> None:
    found = estimate_correlation(_history(24, 12, Nested(icc=0.06, cac=0.7), 2), "nested", family="binomial")
    icc, cac = found.draws[:, 0] / found.sd**2, found.draws[:, 1]
    low, high = found.intervals["icc"]
    inside = np.mean((icc > low) & (icc < high))
    assert 0.88 < inside < 0.99
    assert found.intervals["cac"][0] < np.median(cac) < found.intervals["cac"][1]
    again = estimate_correlation(_history(24, 12, Nested(icc=0.06, cac=0.7), 2), "nested", family="binomial")
    assert (again.draws == found.draws).all()


def test_what_says_nothing_is_refused() -> None:
    panel = _history(5, 6, Nested(icc=0.06, cac=0.7), 1)
    treated = replace(panel, frame=Frame(Design(np.tri(5, 6)[::-1], size=300)))
    constant = replace(panel, outcome=np.full((5, 6), 0.3))
    short = _history(2, 6, Nested(icc=0.06, cac=0.7), 1)
    cases = [(treated, "treated periods of"), (constant, "same for every cluster"), (short, "2 clusters and 6 periods")]
    for broken, said in cases:
        with pytest.raises(DataError) as caught:
            estimate_correlation(broken, "nested", family="binomial")
        assert said in caught.value.what
    with pytest.raises(DataError, match="without the spread between people"):
        estimate_correlation(replace(panel, within=None), "exchangeable")
    with pytest.raises(DataError, match="outside 0 to 1"):
        estimate_correlation(replace(panel, outcome=panel.outcome * 100), "nested", family="binomial")


def test_a_grid_over_what_the_history_leaves_open_has_the_power_of_each_pair() -> None:
    found = estimate_correlation(_history(24, 8, Decay(icc=0.06, cac=0.7), 2), "decay", family="binomial")
    plan = Plan(
        design=stepped(clusters=12, steps=4, size=50),
        outcome=Outcome("binomial", baseline=0.3),
        covariance=Exchangeable(icc=0.01),
        effect=Constant(-0.1),
    )
    over = grid(plan, correlation=found)
    iccs, cacs = found.quantiles()["icc"], found.quantiles()["cac"]
    assert len(over.powers) == 25
    assert iccs == sorted(iccs)
    assert iccs[0] < found.icc < iccs[-1]
    one = power(replace(plan, covariance=Decay(icc=iccs[1], cac=cacs[3])))
    table = over.table()
    row = table[(table["icc"] == iccs[1]) & (table["cac"] == cacs[3])]
    assert row["power"].item() == pytest.approx(one.power)
    with pytest.raises(DesignError, match="Keep one"):
        grid(plan, icc=[0.1], correlation=found)


def test_a_grid_over_a_history_of_counts_varies_the_variance_of_log_rates() -> None:
    design = Design(np.zeros((30, 6)), size=20_000)
    plan = Plan(
        design=design, outcome=Outcome("poisson", baseline=0.003), covariance=Nested.from_sd(between=0.3, within=0.15)
    )
    drawn = simulate(plan, seed=4)
    found = estimate_correlation(Panel(Frame(design), drawn.outcome * design.size), "nested", family="poisson")
    planned = replace(plan, design=stepped(clusters=12, steps=4, size=20_000), effect=Constant(0.8, scale="ratio"))
    over = grid(planned, correlation=found)
    variances, cacs = found.quantiles()["variance"], found.quantiles()["cac"]
    one = power(replace(planned, covariance=Nested(cac=cacs[0], variance=variances[2])))
    table = over.table()
    row = table[(table["variance"] == variances[2]) & (table["cac"] == cacs[0])]
    assert row["power"].item() == pytest.approx(one.power)


def test_trend_and_season_that_all_share_change_nothing() -> None:
    """Means of people, with their own spread: a shared trend and season is taken off with the periods."""
    rng = np.random.default_rng(8)
    shape = (40, 8)
    level = rng.normal(0, 0.5, (40, 1)) + rng.normal(0, 0.25, shape)
    people, spread = 50, 1.0
    means = level + rng.normal(0, spread / np.sqrt(people), shape)
    frame = Frame(Design(np.zeros(shape), size=people))
    flat = Panel(frame, means, within=np.full(shape, spread**2))
    seasonal = replace(flat, outcome=means + 0.3 * np.arange(8) + np.sin(np.arange(8) * np.pi / 2))
    found, again = estimate_correlation(flat, "nested"), estimate_correlation(seasonal, "nested")
    assert again.variance == pytest.approx(found.variance, rel=1e-3)
    assert again.cac == pytest.approx(found.cac, abs=1e-3)
    assert found.intervals["icc"][0] < 0.3125 / 1.3125 < found.intervals["icc"][1]
    assert found.intervals["cac"][0] < 0.8 < found.intervals["cac"][1]


def test_teams_within_one_council_read_person_by_person() -> None:
    rng = np.random.default_rng(9)
    teams, quarters, people = 12, 6, 40
    level = rng.normal(0, 0.4, (teams, 1)) + rng.normal(0, 0.2, (teams, quarters))
    rows = [
        {"team": f"team {c}", "quarter": t + 1, "score": value, "start": None}
        for c in range(teams)
        for t in range(quarters)
        for value in level[c, t] + rng.normal(0, 1.0, people)
    ]
    panel = read(pd.DataFrame(rows), cluster="team", period="quarter", outcome="score", start="start", rows="people")
    found = estimate_correlation(panel, "nested")
    # What the twelve drawn teams had, rather than the 0.2 / 1.2 they were drawn from.
    truth = level.var(axis=0, ddof=1).mean()
    assert found.variance == pytest.approx(truth, rel=0.25)
    assert found.sd == pytest.approx(np.sqrt(1 + truth), rel=0.05)
    assert found.intervals["icc"][0] < found.icc < found.intervals["icc"][1]


def test_published_rates_without_peoples_spread_plan_by_the_cac_alone() -> None:
    rng = np.random.default_rng(10)
    rates = np.exp(rng.normal(0, 0.32, (30, 1)) + rng.normal(0, 0.16, (30, 8)))
    found = estimate_correlation(Panel(Frame(Design(np.zeros((30, 8)))), np.log(60 * rates)), "nested")
    assert np.isnan(found.icc)
    assert found.between == pytest.approx(0.32, rel=0.35)
    assert found.within == pytest.approx(0.16, rel=0.2)
    assert "no icc is given" in found.text()


@pytest.mark.parametrize("structure", ["exchangeable", "nested", "decay"])
def test_rates_of_counts_have_an_interval_for_the_sd_of_their_logarithm(structure: str) -> None:
    covariance = (Nested if structure != "decay" else Decay).from_sd(
        between=0.3,
        within=0.0 if structure == "exchangeable" else 0.15,
        **({"cac": 0.8} if structure == "decay" else {}),
    )
    design = Design(np.zeros((60, 6)), size=5000)
    plan = Plan(design=design, outcome=Outcome("poisson", baseline=0.01), covariance=covariance)
    rates = simulate(plan, seed=2)
    found = estimate_correlation(Panel(rates.frame, np.round(rates.outcome * design.size)), structure, family="poisson")
    low, high = found.intervals["sd"]
    truth = 0.3 if structure == "exchangeable" else np.hypot(0.3, 0.15)
    assert low < np.sqrt(found.variance) < high
    assert low < truth < high < 2 * truth
    assert "icc" not in found.intervals
    row = found.table().set_index("term").loc["sd"]
    assert (row["conf_low"], row["conf_high"]) == (low, high)
    assert f"{low:.3g} to {high:.3g}" in found.text()
    assert ("lasts" in found.text()) == (structure == "nested")
    assert np.isnan(found.between) == (structure == "decay")
