"""What every difference-in-differences estimator does with data that are not as they should be."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.estimators.did.augmented import AugmentedSynthetic
from staggered.estimators.did.interrupted import InterruptedSeries
from staggered.estimators.did.planned_date import PlannedDate
from staggered.estimators.did.propensity import propensity_of
from staggered.estimators.fitting import Fitting
from staggered.inference.placebo import Placebo
from staggered.study.registries import ESTIMATORS

NEVER = np.inf
ABSORBING: Mapping[str, Fitting] = {
    "group-time": sg.GroupTime(),
    "group-time never": sg.GroupTime(controls="never"),
    "imputation": sg.Imputation(),
    "sun-abraham": sg.SunAbraham(),
    "extended": sg.Extended(),
    "extended never": sg.Extended(controls="never"),
    "extended poisson": sg.Extended(family="poisson"),
    "extended binomial": sg.Extended(family="binomial"),
    "stacked": sg.Stacked(),
    "efficient": sg.Efficient(),
    "synthetic-did": sg.SyntheticDid(),
}
OTHERS: Mapping[str, Fitting] = {
    "twfe": sg.Twfe(),
    "panel-regression": sg.PanelRegression("y ~ treated"),
    "within-period": sg.WithinPeriod(),
}
OF_ONE_DATE = {"augmented-synthetic": AugmentedSynthetic(), "interrupted-series": InterruptedSeries()}
EVERY = {**ABSORBING, **OTHERS}


def panel(start: list[float], *, present: np.ndarray | None = None, seed: int = 0) -> sg.Panel:
    """Shares between 0 and 1, over eight periods."""
    generator = np.random.default_rng([5, seed])
    treatment = (np.arange(8) >= np.array(start)[:, None]).astype(float)
    frame = sg.Frame(sg.Design(treatment), present=present)
    return sg.Panel(frame, generator.uniform(0.3, 0.7, size=treatment.shape))


def each(estimators: Mapping[str, Fitting]) -> list[object]:
    return [pytest.param(one, id=name) for name, one in estimators.items()]


def said(estimator: Fitting, data: sg.Panel) -> str:
    return " ".join(estimator.point(data).notes)


def test_every_registered_estimator_of_this_room_is_tried() -> None:
    here = {name for name, kind in ESTIMATORS.items() if kind.__module__.startswith("staggered.estimators.did.")}
    tried = {name.split(" ")[0] for name in (*EVERY, *OF_ONE_DATE)} | {"planned-date"}
    assert here == tried


@pytest.mark.parametrize("estimator", each(ABSORBING))
def test_treated_from_the_start_changes_nothing_and_is_named(estimator: Fitting) -> None:
    data = panel([0, 3, 3, 5, 5, NEVER, NEVER, NEVER])
    without = data.without(0)
    assert estimator.point(data).values == pytest.approx(estimator.point(without).values, rel=1e-10)
    notes = said(estimator, data)
    assert "1" in notes
    assert any(word in notes for word in ("Left out", "left out"))


@pytest.mark.parametrize("name", ["twfe", "panel-regression"])
def test_regressions_say_that_the_always_treated_are_a_comparison(name: str) -> None:
    notes = said(OTHERS[name], panel([0, 3, 3, 5, 5, NEVER, NEVER]))
    assert "yet a comparison for those that start later: 1." in notes
    assert "yet a comparison" not in said(OTHERS[name], panel([3, 3, 5, 5, NEVER, NEVER]))


@pytest.mark.parametrize("estimator", each(ABSORBING))
def test_treatment_that_goes_back_is_refused_by_name(estimator: Fitting) -> None:
    treatment = np.zeros((5, 8))
    treatment[0, 2:4] = treatment[1, 4:] = treatment[2, 5:] = 1
    with pytest.raises(sg.DesignError, match=r"1 \(from treated in 4 to control in 5\)"):
        estimator.point(sg.Panel(sg.Frame(sg.Design(treatment)), np.full((5, 8), 0.5)))


@pytest.mark.parametrize("estimator", each(EVERY))
def test_gaps_are_kept_or_said(estimator: Fitting) -> None:
    """Where a gap takes more out of an estimate than itself, the notes say which."""
    present = np.ones((9, 8), dtype=bool)
    # The first council misses the period before its go-live, the sixth (in control) another one.
    present[0, 2] = present[6, 5] = False
    data = panel([3, 3, 5, 5, 5, NEVER, NEVER, NEVER, NEVER], present=present)
    notes = said(estimator, data)
    whole = isinstance(estimator, (sg.Twfe, sg.PanelRegression, sg.Imputation, sg.SunAbraham, sg.WithinPeriod))
    assert np.isfinite(estimator.point(data).values).all()
    if isinstance(estimator, sg.Extended):
        whole = estimator.family == "gaussian"
    assert ("1" in notes) != whole
    if isinstance(estimator, sg.GroupTime):
        assert "not being observed in the period compared with: 1 in 4, 1 in 5, 1 in 6, 1 in 7 and 1 in 8." in notes


@pytest.mark.parametrize("estimator", each(EVERY))
def test_two_councils_have_no_standard_error(estimator: Fitting) -> None:
    with pytest.raises(sg.IdentificationError, match="2 clusters"):
        estimator.fit(panel([3, NEVER]))
    for inference in (sg.Cluster("CR1"), sg.Cluster("CR2"), sg.DesignBased(), sg.Bootstrap(draws=9), Placebo()):
        with pytest.raises(sg.IdentificationError, match="asked for from 2 clusters"):
            estimator.fit(panel([3, NEVER]), inference)
    assert estimator.fit(panel([3, NEVER]), sg.Permutation()).p_value >= 0.5


@pytest.mark.parametrize("estimator", each({**EVERY, "augmented-synthetic": AugmentedSynthetic()}))
def test_everyone_at_once_is_refused(estimator: Fitting) -> None:
    with pytest.raises(sg.IdentificationError) as told:
        estimator.fit(panel([3, 3, 3, 3]))
    assert len(str(told.value).splitlines()) == 3


def test_never_treated_missing_when_asked_for() -> None:
    data = panel([2, 2, 4, 4, 6, 6])
    with pytest.raises(sg.IdentificationError, match="No cluster with data is never treated"):
        sg.GroupTime(controls="never").point(data)
    for estimator in (sg.SunAbraham(), sg.Extended(controls="never"), sg.SyntheticDid()):
        assert "Nobody is never treated: the comparison is the last cohort (5 and 6)" in said(estimator, data)
    with pytest.raises(sg.IdentificationError, match="6 treated councils and 0 never treated"):
        sg.SyntheticDid().fit(data, Placebo())


@pytest.mark.parametrize("estimator", each(EVERY))
def test_councils_alone_in_their_cohorts_are_jackknifed(estimator: Fitting) -> None:
    """One council a step, as in the real trials."""
    if estimator == sg.GroupTime(controls="never"):
        return
    fit = estimator.fit(panel([2, 3, 4, 5, 6, 7]))
    assert fit.inference == "jackknife over clusters"
    assert np.isfinite(fit.value)


@pytest.mark.parametrize("name", ["group-time", "imputation", "sun-abraham", "extended", "stacked", "extended poisson"])
def test_a_lone_cohort_has_no_analytic_standard_error(name: str) -> None:
    with pytest.warns(sg.FewClustersWarning):
        fit = ABSORBING[name].fit(panel([2, 4, 4, NEVER, NEVER, NEVER]), sg.Cluster("CR1"))
    assert np.isnan(fit.se)
    assert "residual of zero" in " ".join(fit.notes)


def adjusted(values: np.ndarray, start: list[float]) -> sg.Panel:
    treatment = (np.arange(4) >= np.array(start)[:, None]).astype(float)
    outcome = np.random.default_rng(3).normal(size=treatment.shape)
    grid = np.broadcast_to(values[:, None], treatment.shape)
    return sg.Panel(sg.Frame(sg.Design(treatment), covariates={"x": grid}), outcome)


@pytest.mark.parametrize("method", ["reg", "ipw", "dr"])
def test_a_covariate_without_variation_is_named_with_its_cells(method: str) -> None:
    """Cohort 3 is compared with councils of which all have the same x by then."""
    start = [1, 1, 1, 2, 2, *[NEVER] * 6]
    values = np.array([0.1, 0.9, 0.4, 0.7, 0.7, *[0.7] * 6])
    with pytest.raises(sg.IdentificationError, match="constant or collinear among") as told:
        sg.GroupTime(method=method, controls="never").point(adjusted(np.full(11, 0.7), start))
    assert "cohort 2 in 2" in str(told.value)
    if method == "ipw":
        point = sg.GroupTime(method=method, controls="never", by="cohort").point(adjusted(values, start))
        assert "constant or collinear among its 8 clusters: cohort 3 in 2, cohort 3 in 3" in " ".join(point.notes)
        assert np.isnan(point.values[2])


def test_a_propensity_near_one_is_trimmed_and_counted() -> None:
    generator = np.random.default_rng(8)
    values = np.concatenate([generator.normal(3.0, 1.0, size=60), generator.normal(0, 1.0, size=40), [9.0]])
    point = sg.GroupTime(method="ipw", controls="never").point(adjusted(values, [2.0] * 60 + [NEVER] * 41))
    assert "their propensity is 0.995 or more: 1 in one cell (3 over all cells)." in " ".join(point.notes)


def test_a_covariate_that_tells_the_two_sides_apart_is_refused() -> None:
    values = np.concatenate([np.linspace(2, 3, 5), np.linspace(0, 1, 6)])
    with pytest.raises(sg.IdentificationError, match="tell the treated from its comparison completely"):
        sg.GroupTime(method="dr").point(adjusted(values, [2.0] * 5 + [NEVER] * 6))


def test_a_propensity_whose_information_runs_out_is_said_to_tell_the_sides_apart() -> None:
    """Ties keep the sides from being apart, and yet the likelihood climbs for ever: the information ends singular."""
    columns = [[1, 1], [3, 0], [1, 1], [2, 3], [3, 1], [2, 2], [3, 0], [1, 2]]
    design = np.column_stack([np.ones(8), np.array(columns, dtype=float)])
    assert propensity_of(design, np.arange(8) < 2, np.ones(8)) is None


def test_planned_dates_of_two_councils_are_too_few() -> None:
    two = panel([3, NEVER])
    frame = replace(two.frame, covariates={"planned": two.design.treatment})
    with pytest.raises(sg.IdentificationError, match="2 clusters"):
        PlannedDate("planned").fit(replace(two, frame=frame))
