"""Synthetic difference-in-differences against the paper's objectives, its laws, and both of its variances."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import staggered as sg
from staggered.estimators.did.synthetic import simplex_weights
from staggered.inference.fixed_weights import FixedWeightsJackknife
from staggered.inference.placebo import Placebo
from tests.oracles import synthetic

NEVER = np.inf


def panel_of(seed: int, start: list[float], periods: int = 10) -> sg.Panel:
    """Councils that follow two common courses, each in its own mixture."""
    generator = np.random.default_rng([4088, seed])
    courses = generator.normal(size=(2, periods)).cumsum(axis=1)
    outcome = generator.uniform(size=(len(start), 2)) @ courses + generator.normal(0, 0.3, size=(len(start), periods))
    treatment = (np.arange(periods) >= np.array(start)[:, None]).astype(float)
    return sg.Panel(sg.Frame(sg.Design(treatment)), outcome + generator.normal(size=(len(start), 1)))


STAGGERED = [5, 5, 7, 7, 7, *[NEVER] * 9]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("start", [STAGGERED, [6, *[NEVER] * 8], [4, 4, *[NEVER] * 3]])
def test_cells_are_those_of_the_papers_objectives(seed: int, start: list[float]) -> None:
    panel = panel_of(seed, start)
    expected = synthetic.synthetic_did(panel.outcome, np.array(start))
    point = sg.SyntheticDid(by="cell").point(panel)
    found = {
        (t.cohort - 1, t.period - 1): value
        for t, value in zip(point.terms[1:], point.values[1:], strict=True)
        if t.event >= 0
    }
    assert set(found) == set(expected)
    for cell, value in expected.items():
        assert found[cell] == pytest.approx(value, abs=2e-4)
    # Clarke and others (2023), equation 7: cohorts weighted by treated council-periods.
    sizes = {g: start.count(g) for g, _ in expected}
    overall = np.average(list(expected.values()), weights=[sizes[g] for g, _ in expected])
    assert point.values[0] == pytest.approx(overall, abs=2e-4)


@pytest.mark.parametrize("seed", range(20))
def test_weights_on_the_simplex_are_optimal(seed: int) -> None:
    """Karush, Kuhn and Tucker: the slope is the same wherever there is weight, and no smaller elsewhere."""
    generator = np.random.default_rng(seed)
    columns = generator.normal(size=(int(generator.integers(2, 12)), int(generator.integers(2, 30))))
    target, ridge = generator.normal(size=len(columns)), 10.0 ** generator.integers(-6, 2)
    weights = simplex_weights(columns, target, ridge)
    slope = columns.T @ (columns @ weights - target) + ridge * weights
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    least = slope[weights > 0].mean()
    size = np.abs(slope).max()
    np.testing.assert_allclose(slope[weights > 0], least, atol=1e-9 * size)
    assert slope.min() >= least - 1e-9 * size


def test_one_donor_is_compared_with_as_it_is() -> None:
    panel = panel_of(1, [6, NEVER])
    point = sg.SyntheticDid(by="event").point(panel)
    gap = panel.outcome[0] - panel.outcome[1]
    after = point.values[[t.event is not None and t.event >= 0 for t in point.terms]]
    np.testing.assert_allclose(np.diff(after), np.diff(gap[6:]), atol=1e-12)
    assert "from 1 council in control" in point.notes[-1]


@pytest.mark.parametrize("by", ["overall", "event", "cohort", "calendar", "cell"])
def test_laws(by: str) -> None:
    """Levels of councils change nothing, an effect is found as it is, order and scale do not matter.

    What happens to everyone in a period does matter a little: it is in σ̂, which sets how even the weights are.
    """
    panel = panel_of(3, STAGGERED)
    estimator = sg.SyntheticDid(by=by)
    base = estimator.point(panel)
    generator = np.random.default_rng(1)
    shift = generator.normal(size=(14, 1)) * 5
    for outcome, effect in ((panel.outcome + shift, 0.0), (panel.outcome + 2 * panel.design.treatment, 2.0)):
        moved = estimator.point(replace(panel, outcome=outcome))
        after = np.array([t.event is None or t.event >= 0 for t in base.terms])
        np.testing.assert_allclose(moved.values, base.values + effect * after, atol=1e-7)
    order = generator.permutation(14)
    other = estimator.point(sg.Panel(panel.frame.keep(order), panel.outcome[order]))
    assert other.terms == base.terms
    np.testing.assert_allclose(other.values, base.values, atol=1e-8)
    np.testing.assert_allclose(estimator.point(replace(panel, outcome=3 * panel.outcome)).values, 3 * base.values)


def test_who_makes_up_the_comparison() -> None:
    table = sg.SyntheticDid().weights(panel_of(0, STAGGERED))
    assert table.groupby("cohort")["weight"].sum().to_numpy() == pytest.approx([1, 1])
    assert set(table["cluster"]) <= {str(k) for k in range(6, 15)}
    assert (table.groupby("cohort")["weight"].diff().fillna(0) <= 0).all()


def test_the_papers_jackknife_keeps_weights() -> None:
    """Algorithm 3, from the table of weights."""
    panel = panel_of(5, [6, 6, 6, *[NEVER] * 7])
    table = sg.SyntheticDid().weights(panel).set_index("cluster")["weight"]
    unit = np.array([table.get(str(k), 0.0) for k in range(4, 11)])
    whole = sg.SyntheticDid(by="cell").point(panel)
    fit = sg.SyntheticDid().fit(panel, FixedWeightsJackknife())
    gap_of = panel.outcome[:3].mean(axis=0) - unit @ panel.outcome[3:]
    # The periods' baseline follows from any cell: gap less effect.
    baseline = gap_of[9] - whole.values[-1]
    assert fit.value == pytest.approx(gap_of[6:].mean() - baseline, abs=1e-10)
    time = _time_weights(panel)
    without = []
    for k in range(10):
        own = np.delete(panel.outcome[:3], k, axis=0).mean(axis=0) if k < 3 else panel.outcome[:3].mean(axis=0)
        left = np.where(np.arange(3, 10) == k, 0.0, unit)
        gap = own - left @ panel.outcome[3:] / left.sum()
        without.append(gap[6:].mean() - time @ gap[:6])
    assert fit.se == pytest.approx(np.sqrt(9 / 10 * ((np.array(without) - fit.value) ** 2).sum()), rel=1e-9)
    assert fit.df == 9


def _time_weights(panel: sg.Panel) -> np.ndarray:
    past, future = panel.outcome[3:, :6], panel.outcome[3:, 6:].mean(axis=1)
    ridge = (1e-6 * np.diff(past, axis=1).std(ddof=1)) ** 2 * len(past)
    return simplex_weights(past - past.mean(axis=0), future - future.mean(), ridge)


def test_placebos_of_one_council_are_every_other_council_once() -> None:
    """Algorithm 4 with one treated, all of it instead of draws."""
    panel = panel_of(2, [6, *[NEVER] * 8])
    fit = sg.SyntheticDid().fit(panel)
    assert fit.inference == "placebos among councils in control"
    placebos = []
    for k in range(1, 9):
        rest = [j for j in range(1, 9) if j != k]
        start = np.array([6.0, *[NEVER] * 7])
        placebos.append(np.mean(list(synthetic.synthetic_did(panel.outcome[[k, *rest]], start).values())))
    assert fit.se == pytest.approx(np.std(placebos), abs=2e-4)
    assert fit.df == 7
    low, high = fit.interval()
    assert high - low == pytest.approx(2 * stats.t.ppf(0.975, 7) * fit.se)


def test_placebos_of_several_keep_their_schedules_together() -> None:
    panel = panel_of(2, STAGGERED)
    one, again = (sg.SyntheticDid(by="cohort").fit(panel, Placebo(draws=20, seed=seed)) for seed in (3, 3))
    assert one == again
    assert np.isfinite(one.se).all()
    assert one.se != pytest.approx(sg.SyntheticDid(by="cohort").fit(panel, Placebo(draws=20, seed=4)).se)
    with pytest.raises(sg.IdentificationError, match="5 treated councils and 4 never treated"):
        sg.SyntheticDid().fit(sg.Panel(panel.frame.keep(np.arange(9)), panel.outcome[:9]), Placebo())
    with pytest.raises(sg.DataError, match="draws is 1"):
        Placebo(draws=1)


@pytest.mark.slow
def test_placebo_variance_holds_its_size() -> None:
    """Nothing happened to one of twenty councils: of 100 intervals at 95%, 95 hold, give or take 3 standard errors."""
    start = [6, *[NEVER] * 19]
    held = 0
    for seed in range(100):
        generator = np.random.default_rng([77, seed])
        outcome = generator.normal(size=(20, 9))
        treatment = (np.arange(9) >= np.array(start)[:, None]).astype(float)
        fit = sg.SyntheticDid().fit(sg.Panel(sg.Frame(sg.Design(treatment)), outcome))
        held += fit.p_value >= 0.05
    assert 88 <= held <= 100


def test_defaults_by_cohort_size() -> None:
    names = {
        "two or more each": (STAGGERED, "jackknife over clusters"),
        "one alone": ([5, 7, 7, *[NEVER] * 6], "placebos among councils in control"),
        "one alone, donors too few": ([5, 7, 7, NEVER, NEVER], "jackknife over clusters"),
        "many": ([5] * 20 + [NEVER] * 25, "jackknife over clusters, weights kept"),
    }
    for start, expected in names.values():
        assert sg.SyntheticDid().default_inference(panel_of(0, start).frame).name == expected


def test_a_cohort_of_one_has_no_jackknife_with_weights_kept() -> None:
    fit = sg.SyntheticDid(by="cohort").fit(panel_of(0, [5, 7, 7, *[NEVER] * 6]), FixedWeightsJackknife())
    assert np.isnan(fit.se).all()
    assert "without 1 a cohort" in " ".join(fit.notes)
    with pytest.raises(sg.DesignError, match="no weights which could be kept"):
        sg.Twfe().fit(panel_of(0, STAGGERED), FixedWeightsJackknife())
    with pytest.raises(sg.DesignError, match="sums of weighted outcomes"):
        sg.SyntheticDid().fit(panel_of(0, STAGGERED), sg.Cluster("CR2"))


def test_councils_that_cannot_take_part_are_named() -> None:
    panel = panel_of(0, [0, 1, 5, 5, *[NEVER] * 5])
    present = panel.frame.present.copy()
    present[3, 2] = present[8, 9] = False
    point = sg.SyntheticDid(by="cohort").point(replace(panel, frame=replace(panel.frame, present=present)))
    said = " ".join(point.notes)
    assert "Left out for want of a period before treatment: 1." in said
    assert "not observed in every period: 4 and 9." in said
    assert "fewer than two periods before go-live: cohort 2." in said
    assert dict(zip([t.label for t in point.terms], np.isnan(point.values), strict=True)) == {
        "overall": False,
        "cohort 2": True,
        "cohort 6": False,
    }


def test_without_never_treated_the_last_cohort_serves_until_its_start() -> None:
    panel = panel_of(0, [4, 4, 6, 6, 8, 8, 8])
    point = sg.SyntheticDid(by="calendar").point(panel)
    assert [t.period for t in point.terms[1:]] == [5, 6, 7, 8]
    assert "the comparison is the last cohort (5, 6 and 7)" in " ".join(point.notes)
    assert "from 3 councils" in point.notes[-1]


@pytest.mark.parametrize(
    ("start", "said"),
    [([1, 1, NEVER, NEVER], "two periods before go-live"), ([5, 5], "No cohort|in control throughout|two periods")],
)
def test_nothing_to_compare_is_refused(start: list[float], said: str) -> None:
    with pytest.raises(sg.IdentificationError, match=said):
        sg.SyntheticDid().point(panel_of(0, start))


def test_going_back_is_refused() -> None:
    with pytest.raises(sg.DesignError, match="goes back"):
        sg.SyntheticDid().point(sg.Panel(sg.Frame(sg.Design([[0, 0, 1, 0], [0, 0, 0, 0]])), np.ones((2, 4))))


def test_a_blank_transition_is_left_out_for_its_cohort_alone() -> None:
    panel = panel_of(0, [5, 5, *[NEVER] * 6])
    treatment = panel.design.treatment.copy()
    treatment[:2, 4] = np.nan
    blank = replace(panel, frame=sg.Frame(sg.Design(treatment)))
    strange = panel.outcome.copy()
    strange[:, 4] = 1e6
    assert sg.SyntheticDid().point(blank).values == pytest.approx(
        sg.SyntheticDid().point(replace(blank, outcome=strange)).values, abs=1e-9
    )
