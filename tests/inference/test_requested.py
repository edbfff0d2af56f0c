"""An inference asked for by name is warned of where it is known to fail; a default is not."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest

import staggered as sg
from staggered.kernel.protocols import Estimator, Inference
from tests.random_panels import stepped_panel

SATURATED = (sg.GroupTime(), sg.SunAbraham(), sg.Imputation(), sg.Extended(), sg.Stacked(), sg.Efficient())
SANDWICHES = tuple(sg.Cluster(kind) for kind in ("CR0", "CR1", "CR2", "CR3"))  # type: ignore[arg-type]


def warned(fit: Callable[[], object], match: str = "") -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        fit()
    return [one for one in found if issubclass(one.category, sg.FewClustersWarning) and match in str(one.message)]


@pytest.mark.parametrize("inference", SANDWICHES, ids=repr)
@pytest.mark.parametrize("estimator", SATURATED, ids=repr)
def test_a_sandwich_on_a_council_alone_in_its_cohort_is_warned_of_in_three_parts(
    estimator: Estimator, inference: Inference
) -> None:
    found = warned(lambda: estimator.fit(stepped_panel(1, 6, 6), inference), "alone in its cohort")
    assert len(found) == 1
    said = str(found[0].message)
    assert said.startswith(f"C{inference.name[1:]} was asked for. No analytic standard error")
    assert "has a residual of zero, whatever happened there." in said
    assert "Leave inference out (by default here: jackknife over clusters), or use Jackknife() or Perm" in said
    assert found[0].filename == __file__


@pytest.mark.parametrize("estimator", SATURATED, ids=repr)
def test_neither_the_default_nor_what_holds_is_warned_of(estimator: Estimator) -> None:
    panel = stepped_panel(1, 6, 6)
    for inference in (None, sg.Jackknife(), sg.Permutation(draws=19, interval=False)):
        assert not warned(lambda chosen=inference: estimator.fit(panel, chosen))  # type: ignore[misc]


def test_where_no_row_rests_on_a_lone_council_nothing_is_said() -> None:
    panel = stepped_panel(1, 12, 4)
    assert not warned(lambda: sg.GroupTime(by="cohort").fit(panel, sg.Cluster("CR2")))
    assert not warned(lambda: sg.Twfe().fit(stepped_panel(1, 6, 6), sg.Cluster("CR2")))


def test_one_row_that_does_names_itself_and_the_council() -> None:
    start = np.repeat([1, 2, 3, 9], [3, 1, 3, 3])
    design = sg.Design(np.arange(5) >= start[:, None], clusters=[*"ABC", "Lone", *"EFGHIJ"])
    panel = sg.Panel(sg.Frame(design), np.random.default_rng(2).normal(size=(10, 5)))
    said = "for overall and cohort 3: a council alone in its cohort or as a comparison (Lone)"
    assert len(warned(lambda: sg.SunAbraham(by="cohort").fit(panel, sg.Cluster("CR2")), said)) == 1


def test_what_the_package_chooses_by_itself_is_not_warned_of() -> None:
    panel = stepped_panel(1, 6, 6)
    assert not warned(lambda: sg.compare(panel, [sg.GroupTime(), sg.Imputation(), sg.Efficient()]))
    assert not warned(lambda: sg.weights(sg.GroupTime(), panel.design))
    plan = sg.Plan(design=panel.design, outcome=sg.Outcome(sd=1.0), effect=sg.Constant(0.5))
    assert not warned(lambda: sg.power(plan, sg.Imputation(), simulate=20, seed=1))
    assert warned(lambda: sg.compare(panel, [sg.GroupTime()], sg.Cluster("CR2")), "alone in its cohort")


@pytest.mark.parametrize(("clusters", "share"), [(6, 25), (10, 14), (20, 16)])
def test_the_design_based_variance_of_the_efficient_estimator_says_how_often_it_finds_nothing(
    clusters: int, share: int
) -> None:
    panel = stepped_panel(1, clusters, {6: 3, 10: 5, 20: 6}[clusters])
    found = warned(lambda: sg.Efficient().fit(panel, sg.DesignBased()), "finds effects that are not there")
    assert len(found) == 1
    assert f"in {share}% of data sets, where 5% is meant (docs/efficient-size.md)" in str(found[0].message)
    assert "Leave inference out (by default here: jackknife over clusters)" in str(found[0].message)
    for inference in (None, sg.Jackknife(), sg.Permutation(draws=19, interval=False)):
        assert not warned(lambda chosen=inference: sg.Efficient().fit(panel, chosen))  # type: ignore[misc]


def test_a_layout_without_a_row_hears_of_the_worst_one_and_many_councils_of_none() -> None:
    few = sg.Design([[0, 0, 1, 1]] * 3 + [[0, 0, 0, 1]] * 3 + [[0, 0, 0, 0]] * 15)
    panel = sg.Panel(sg.Frame(few), np.random.default_rng(1).normal(size=(21, 4)))
    assert len(warned(lambda: sg.Efficient().fit(panel, sg.DesignBased()), "in 25% of data sets")) == 1
    assert not warned(lambda: sg.Efficient().fit(stepped_panel(1, 48, 4), sg.DesignBased()))
    assert not warned(lambda: sg.Efficient(beta=1).fit(panel, sg.DesignBased()))
    assert (
        len(warned(lambda: sg.Efficient().fit(stepped_panel(1, 10, 5), sg.Cluster("CR2")), "in 11% of data sets")) == 1
    )


def test_the_efficient_estimator_says_beside_its_interval_how_often_such_ones_miss() -> None:
    said = sg.Efficient().fit(stepped_panel(1, 12, 4)).text()
    assert "such 95% intervals left out the truth in 4% of data sets, with this estimator; 5% is what" in said


def few_of_many(live: tuple[int, ...], never: int) -> sg.Panel:
    start = np.append(np.repeat(np.arange(len(live)) + 2, live), np.full(never, 99))
    outcome = np.random.default_rng(1).normal(size=(len(start), 8))
    return sg.Panel(sg.Frame(sg.Design((np.arange(8) >= start[:, None]).astype(float))), outcome)


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR2", "CR3"])
def test_one_council_against_all_others_has_a_score_of_zero_in_two_way_fixed_effects(kind: str) -> None:
    panel = few_of_many((1,), 60)
    with pytest.warns(sg.FewClustersWarning, match=r"a council alone in its cohort or as a comparison \(1\)"):
        assert np.isnan(sg.Twfe().fit(panel, sg.Cluster(kind)).se)  # type: ignore[arg-type]
    assert abs(sg.Twfe().rule(panel.frame).scores(panel.outcome)[0, 0]) < 1e-12


@pytest.mark.parametrize("inference", [sg.Cluster("CR0"), sg.Cluster("CR1"), sg.Bootstrap(99)])
def test_a_few_councils_among_many_are_warned_of_with_what_simulation_found(inference: Inference) -> None:
    panel = few_of_many((3,), 60)
    (said,) = warned(lambda: sg.GroupTime().fit(panel, inference))
    assert "in simulations with 3 of 43 councils going live, two or more starting together" in str(said.message)
    assert "Leave inference out (by default here: randomisation inference" in str(said.message)


def test_enough_on_both_sides_or_degrees_of_freedom_that_know_are_not_warned_of() -> None:
    for inference in (sg.Cluster("CR2"), sg.Jackknife(), sg.Permutation(draws=99, interval=False)):
        assert not warned(lambda chosen=inference: sg.GroupTime().fit(few_of_many((3,), 60), chosen))  # type: ignore[misc]
    for other in (sg.Cluster("CR1"), sg.Bootstrap(99), sg.Jackknife(), None):
        assert not warned(lambda chosen=other: sg.GroupTime().fit(few_of_many((12, 12), 60), chosen))  # type: ignore[misc]
