import numpy as np
import pytest

import staggered as sg

DESIGN = sg.Design(
    [[0, 1, 1], [0, np.nan, 1], [0, 0, 0]],
    size=[10, 20, 30],
    clusters=["Leeds", "Kent", "Bath"],
    strata=["n", "s", "s"],
)


def test_cells_in_use_are_observed_and_present() -> None:
    present = np.ones((3, 3), dtype=bool)
    present[0, 2] = False
    frame = sg.Frame(DESIGN, present=present)
    assert frame.used.tolist() == [[True, True, False], [True, False, True], [True, True, True]]
    assert sg.Frame(DESIGN).used.tolist() == DESIGN.observed.tolist()


def test_clusters_that_start_in_each_period_are_counted_among_those_with_data() -> None:
    frame = sg.Frame(sg.Design([[0, 1, 1], [0, 0, 1], [0, 1, 1], [0, 0, 0]])).without(2)
    assert frame.seen.tolist() == [True, True, False, True]
    assert frame.starting().tolist() == [0, 1, 1, 1]


def test_arrays_are_read_only_and_copied() -> None:
    weights = np.ones((3, 3))
    frame = sg.Frame(DESIGN, weights=weights)
    weights[0, 0] = 9
    assert frame.weights[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        frame.weights[0, 0] = 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": np.ones((3, 2))}, r"weights has shape \(3, 2\), the design \(3, 3\)"),
        ({"present": np.ones(3, dtype=bool)}, r"present has shape \(3,\)"),
        ({"covariates": {"poverty": np.ones((2, 3))}}, r"poverty has shape \(2, 3\)"),
        ({"weights": np.array([[1, 0, 1], [1, 1, 1], [1, 1, 1.0]])}, "not a positive number for Leeds in 2"),
        ({"weights": np.array([[1, 1, 1], [1, 1, 1], [1, -2, np.nan]])}, "for Bath in 2 and Bath in 3"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(sg.DataError, match=message) as told:
        sg.Frame(DESIGN, **options)  # type: ignore[arg-type]
    assert len(str(told.value).splitlines()) == 3


def test_weights_of_cells_not_in_use_may_be_anything() -> None:
    weights = np.array([[1, 1, 1], [1, np.nan, 1], [1, 1, 1.0]])
    assert np.isnan(sg.Frame(DESIGN, weights=weights).weights[1, 1])


def test_dealing_gives_schedules_and_leaves_sizes_and_data() -> None:
    frame = sg.Frame(DESIGN, present=np.ones((3, 3), dtype=bool), labels={"region": ("a", "b", "c")})
    dealt = frame.dealt(np.array([2, 0, 1]))
    np.testing.assert_array_equal(dealt.design.treatment, DESIGN.treatment[[2, 0, 1]])
    np.testing.assert_array_equal(dealt.design.size, DESIGN.size)
    assert dealt.design.clusters == DESIGN.clusters
    assert dealt.labels == frame.labels


def test_keeping_takes_everything_of_a_cluster_along() -> None:
    weights = np.arange(1.0, 10.0).reshape(3, 3)
    frame = sg.Frame(
        DESIGN, weights=weights, labels={"region": ("a", "b", "c")}, covariates={"x": -weights}, per="child"
    )
    for rows in (np.array([2, 0]), np.array([True, False, True])):
        kept = frame.keep(rows)
        order = [2, 0] if rows.dtype != bool else [0, 2]
        assert kept.design.clusters == tuple(DESIGN.clusters[k] for k in order)
        assert kept.design.strata == tuple(DESIGN.strata[k] for k in order)
        assert kept.labels["region"] == tuple("abc"[k] for k in order)
        np.testing.assert_array_equal(kept.weights, weights[order])
        np.testing.assert_array_equal(kept.covariates["x"], -weights[order])
        np.testing.assert_array_equal(kept.design.size, DESIGN.size[order])
        assert kept.per == "child"


def test_setting_a_cluster_aside_keeps_the_design() -> None:
    frame = sg.Frame(DESIGN)
    aside = frame.without(0)
    assert aside.design == frame.design
    assert not aside.used[0].any()
    assert aside.used[1:].tolist() == frame.used[1:].tolist()
    assert frame.used[0].all()


def test_treatment_that_goes_back_is_named() -> None:
    back = sg.Frame(sg.Design([[0, 1, 0], [0, np.nan, 1], [1, 0, 1]], clusters=["Leeds", "Kent", "Bath"]))
    with pytest.raises(sg.DesignError) as told:
        back.require_absorbing("GroupTime")
    first, why, fix = str(told.value).splitlines()
    assert first == (
        "Treatment goes back: Leeds (from treated in 2 to control in 3) and Bath (from treated in 1 to control in 2)."
    )
    assert why == "  GroupTime needs treatment to stay on once it starts."
    assert "or use Gls, which allows crossover designs" in fix
    sg.Frame(DESIGN).require_absorbing("GroupTime")


def test_equal_contents_are_equal() -> None:
    assert sg.Frame(DESIGN) == sg.Frame(DESIGN, weights=np.ones((3, 3)))
    assert sg.Frame(DESIGN) != sg.Frame(DESIGN, per="child")
