import itertools
from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.inference.permutation import exchangeable_rows
from tests.oracles import did
from tests.random_panels import stepped_panel

EXCHANGEABLE = [sg.Twfe(), sg.GroupTime(), sg.Imputation(), sg.Gls(sg.Nested(icc=0.1, cac=0.5))]


def allowed_by_hand(design: sg.Design) -> list[np.ndarray]:
    """Every distinct treatment matrix that swapping rows within strata gives."""
    rows = {s: [k for k, t in enumerate(design.strata) if t == s] for s in design.strata}
    found = {}
    for choice in itertools.product(*(itertools.permutations(members) for members in rows.values())):
        treatment = design.treatment.copy()
        for members, dealt in zip(rows.values(), choice, strict=True):
            treatment[members] = design.treatment[list(dealt)]
        found[treatment.tobytes()] = treatment
    return list(found.values())


def by_hand(panel: sg.Panel, tau: float = 0.0) -> float:
    """p-value of a constant effect tau by re-fitting statsmodels under each allocation."""
    adjusted = panel.outcome - tau * np.nan_to_num(panel.design.treatment)

    def estimate(treatment: np.ndarray) -> float:
        frame = replace(panel.frame, design=replace(panel.design, treatment=treatment))
        return did.twfe(frame, adjusted).params[0]

    own = abs(estimate(panel.design.treatment))
    every = [abs(estimate(treatment)) for treatment in allowed_by_hand(panel.design)]
    return float(np.mean([other >= own - 1e-9 for other in every]))


@pytest.mark.parametrize("strata", [(), ("N", "N", "N", "S", "S")], ids=["simple", "stratified"])
def test_equals_refitting_under_every_allowed_allocation(strata: tuple[str, ...]) -> None:
    panel = stepped_panel(5, clusters=5, steps=5, strata=strata)
    fit = sg.Twfe().fit(panel, sg.Permutation())
    count = 12 if strata else 120
    assert len(fit.draws) == count - 1
    assert fit.p_value == pytest.approx(by_hand(panel), abs=1e-12)
    assert fit.notes[0] == (
        f"All {count} allowed allocations were used; no p-value below {1 / count:.3g} (1/{count}) is possible."
    )


def test_unequal_weights_and_gaps_are_solved_again_for_each_allocation() -> None:
    panel = stepped_panel(6, clusters=5, steps=3)
    generator = np.random.default_rng(1)
    present = np.ones(panel.outcome.shape, dtype=bool)
    present[4, 0] = False
    frame = replace(panel.frame, weights=generator.uniform(1, 5, size=panel.outcome.shape), present=present)
    uneven = sg.Panel(frame, panel.outcome)
    assert sg.Twfe().fit(uneven, sg.Permutation()).p_value == pytest.approx(by_hand(uneven), abs=1e-12)


@pytest.mark.parametrize("estimator", EXCHANGEABLE, ids=repr)
def test_one_product_equals_solving_again(estimator: sg.Twfe) -> None:
    """Sizes and weights that differ in the thirteenth digit force the slow way and change nothing."""
    design = sg.stepped(clusters=6, steps=3, baseline=2, after=1, transition=1)
    assert np.isnan(design.treatment).any()
    shape = design.treatment.shape
    frame = sg.Frame(design, present=np.ones(shape, dtype=bool))
    panel = sg.Panel(frame, np.random.default_rng(7).normal(size=shape))
    nudge = 1 + 1e-13 * np.arange(6)[:, None] * np.ones(shape)
    uneven = replace(frame, design=replace(design, size=design.size * nudge), weights=nudge)
    assert exchangeable_rows(panel, estimator.rule(panel.frame))
    assert not exchangeable_rows(sg.Panel(uneven, panel.outcome), estimator.rule(uneven))
    fast = estimator.fit(panel, sg.Permutation())
    slow = estimator.fit(sg.Panel(uneven, panel.outcome), sg.Permutation())
    assert len(fast.draws) == 89
    np.testing.assert_allclose(fast.draws, slow.draws, atol=1e-10)
    assert fast.p_value == slow.p_value


def test_the_interval_holds_exactly_the_effects_that_are_not_rejected() -> None:
    panel = stepped_panel(8, clusters=4, steps=4)
    fit = sg.Twfe().fit(panel, sg.Permutation())
    for level in (0.6, 0.8, 0.9):
        low, high = fit.interval(level)
        alpha = 1 - level + 1e-9
        assert low < fit.value < high
        for tau in np.linspace(low - (high - low) / 4, high + (high - low) / 4, 24):
            assert (by_hand(panel, tau) > alpha) == (low <= tau <= high), tau
        for end, inside in ((low, 1), (high, -1)):
            step = 1e-6 * (high - low) * inside
            assert by_hand(panel, end + step) > alpha
            assert by_hand(panel, end - step) <= alpha


def test_a_level_out_of_reach_has_no_interval() -> None:
    fit = sg.Twfe().fit(stepped_panel(9, clusters=4, steps=2), sg.Permutation())
    assert len(fit.draws) == 5
    assert fit.interval(0.9) == (-np.inf, np.inf)
    assert "has no end on either side: this design cannot reach that level" in fit.text()
    assert np.isfinite(fit.interval(0.5)).all()


def test_mirrored_allocations_are_counted_in_the_floor() -> None:
    """In a parallel trial of two halves each allocation has a mirror with the same distance from no effect."""
    panel = sg.Panel(
        sg.Frame(sg.parallel(clusters=4, periods=3, baseline=1)), np.random.default_rng(3).normal(size=(4, 3))
    )
    fit = sg.Twfe().fit(panel, sg.Permutation())
    assert any(note.startswith("2 of them tie as the farthest") and "0.333" in note for note in fit.notes)
    assert fit.p_value * 6 == pytest.approx(round(fit.p_value * 6))
    assert fit.p_value >= 2 / 6


def test_drawn_at_random_it_comes_close_to_all_of_them() -> None:
    panel = stepped_panel(10, clusters=6, steps=6)
    exact = sg.Twfe().fit(panel, sg.Permutation())
    drawn = sg.Twfe().fit(panel, sg.Permutation(draws=500, seed=2))
    assert len(exact.draws) == 719
    assert len(drawn.draws) == 500
    assert abs(drawn.p_value - exact.p_value) < 4 * np.sqrt(exact.p_value * (1 - exact.p_value) / 500) + 1 / 501
    assert drawn.notes[0].startswith("500 of 720 allowed allocations were drawn at random")
    again = sg.Twfe().fit(panel, sg.Permutation(draws=500, seed=2))
    assert drawn == again
    assert drawn != sg.Twfe().fit(panel, sg.Permutation(draws=500, seed=3))


def test_strata_from_a_label_or_a_list() -> None:
    panel = stepped_panel(11, clusters=5, steps=5)
    kept = sg.Panel(replace(panel.frame, labels={"trial": ("a", "a", "a", "b", "b")}), panel.outcome)
    by_label = sg.Twfe().fit(kept, sg.Permutation(strata="trial"))
    by_list = sg.Twfe().fit(panel, sg.Permutation(strata=["a", "a", "a", "b", "b"]))
    assert len(by_label.draws) == 11
    assert by_label.p_value == by_list.p_value
    with pytest.raises(sg.DataError, match="no label 'region' in the panel"):
        sg.Twfe().fit(panel, sg.Permutation(strata="region"))


@pytest.mark.filterwarnings("ignore:Fewer councils than the 4 steps:staggered.errors.DesignWarning")
def test_an_allocation_brings_its_own_strata_and_outsiders_keep_their_schedule() -> None:
    planned = sg.stepped(clusters=["A", "B", "C", "D"], steps=4, strata=["x", "x", "y", "y"])
    drawn = sg.allocate(planned, seed=3)
    treatment = np.vstack([drawn.design.treatment[::-1], np.zeros((2, 5))])
    names = [*drawn.design.clusters[::-1], "Neighbour", "Other"]
    outcome = np.random.default_rng(5).normal(size=(6, 5))
    panel = sg.Panel(sg.Frame(sg.Design(treatment, clusters=names)), outcome)
    fit = sg.Twfe().fit(panel, sg.Permutation(allowed=drawn))
    strata = ["y", "y", "x", "x", "own", "own too"]
    assert fit.p_value == pytest.approx(sg.Twfe().fit(panel, sg.Permutation(strata=strata)).p_value)
    assert len(fit.draws) == 3


def test_a_constrained_allocation_brings_its_own_set() -> None:
    planned = sg.stepped(clusters=list("ABCDEF"), steps=3)
    balance = {"size": dict(zip("ABCDEF", (1.0, 2.0, 4.0, 8.0, 16.0, 32.0), strict=True))}
    drawn = sg.allocate(planned, seed=1, balance=balance, keep=0.2)
    assert drawn.allowed is not None
    assert len(drawn.allowed) < planned.allocations()
    panel = sg.Panel(sg.Frame(drawn.design), np.random.default_rng(6).normal(size=(6, 4)))
    fit = sg.Twfe().fit(panel, sg.Permutation(allowed=drawn))
    own = np.abs(fit.value)
    others = []
    for order in drawn.allowed[1:]:
        frame = sg.Frame(replace(drawn.design, treatment=drawn.design.treatment[order]))
        others.append(abs(did.twfe(frame, panel.outcome).params[0]))
    assert fit.p_value == pytest.approx((1 + sum(o >= own - 1e-9 for o in others)) / (1 + len(others)))


def test_allocations_without_an_estimate_count_against_the_effect() -> None:
    """A gap makes some re-allocations inestimable; leaving them out would make the p-value too small."""
    present = np.array([[1, 1], [1, 1], [1, 1], [0, 1]], dtype=bool)
    frame = sg.Frame(sg.Design([[0, 1], [0, 0], [0, 0], [0, 0]]), present=present)
    fit = sg.GroupTime().fit(sg.Panel(frame, np.array([[1.0, 9], [2, 4], [0, 1], [0, 5]])), sg.Permutation())
    assert np.isnan(fit.draws).sum() == 1
    assert fit.value == pytest.approx(8 - 1.5)
    assert fit.p_value == pytest.approx(2 / 4)
    assert "Under 1 of them something cannot be estimated; those count as far from no effect." in fit.notes


def blanked() -> sg.Design:
    return sg.Design([[0, np.nan, 1, 1], [0, 0, np.nan, 1], [0, 0, 0, 0]], clusters=["Leeds", "Kent", "Bath"])


def test_cells_that_the_own_schedule_blanked_must_have_been_measured() -> None:
    design = blanked()
    panel = sg.Panel(sg.Frame(design), np.where(design.observed, 1.0, np.nan) * np.arange(12).reshape(3, 4))
    with pytest.raises(sg.DataError, match="schedule left it out: Leeds in 2 and Kent in 3") as told:
        sg.Twfe().fit(panel, sg.Permutation())
    assert len(str(told.value).splitlines()) == 3
    assert "Collect those cells, or use Jackknife()." in str(told.value)


def test_measured_blanks_are_used_under_other_allocations_but_give_no_interval() -> None:
    design = blanked()
    outcome = np.random.default_rng(8).normal(size=(3, 4))
    panel = sg.Panel(sg.Frame(design, present=np.ones((3, 4), dtype=bool)), outcome)
    fit = sg.Twfe().fit(panel, sg.Permutation())
    others = []
    for order in itertools.permutations(range(3)):
        frame = sg.Frame(replace(design, treatment=design.treatment[list(order)]))
        others.append(abs(did.twfe(frame, outcome).params[0]))
    assert fit.p_value == pytest.approx(np.mean(np.array(others) >= others[0] - 1e-9))
    assert np.isnan(fit.interval()).all()
    assert "No interval is given: other allocations use cells that the actual schedule left blank" in fit.text()
    assert "No 95% randomisation interval" in fit.text()


def test_without_interval() -> None:
    fit = sg.Twfe().fit(stepped_panel(1), sg.Permutation(interval=False))
    assert np.isnan(fit.interval()).all()
    assert "No interval is given: other" not in fit.text()


@pytest.mark.parametrize(
    ("design", "inference", "kind", "message"),
    [
        (sg.Design([[0, 1], [0, 1]]), sg.Permutation(), sg.IdentificationError, "allows only one allocation"),
        (sg.stepped(clusters=3, steps=3, strata=list("abc")), sg.Permutation(), sg.IdentificationError, "only one"),
        (sg.stepped(clusters=3, steps=3), sg.Permutation(draws=0), sg.DataError, "draws is 0"),
    ],
    ids=["alike", "alone in their strata", "no draws"],
)
def test_nothing_to_compare_with_is_refused(
    design: sg.Design, inference: sg.Permutation, kind: type[Exception], message: str
) -> None:
    panel = sg.Panel(sg.Frame(design), np.random.default_rng(1).normal(size=design.treatment.shape))
    with pytest.raises(kind, match=message) as told:
        sg.Twfe().fit(panel, inference)
    assert len(str(told.value).splitlines()) == 3


def test_strata_and_allocation_together_are_refused() -> None:
    drawn = sg.allocate(sg.stepped(clusters=3, steps=3), seed=1)
    with pytest.raises(sg.DataError, match="both strata and allowed"):
        sg.Permutation(strata="trial", allowed=drawn)


def test_the_allocation_must_be_the_panels() -> None:
    drawn = sg.allocate(sg.stepped(clusters=["A", "B", "C", "D"], steps=2), seed=1)
    panel = sg.Panel(sg.Frame(drawn.design.__class__(drawn.design.treatment[:3], clusters=["A", "B", "C"])), np.eye(3))
    with pytest.raises(sg.DataError, match="Part of the allocation, but not in the panel: D"):
        sg.Twfe().fit(panel, sg.Permutation(allowed=drawn))
    late = drawn.design.treatment.copy()
    first = int(np.argmin(drawn.design.start))
    late[first, 1] = 0
    delayed = sg.Panel(sg.Frame(replace(drawn.design, treatment=late)), np.eye(4)[:, :3])
    with pytest.raises(sg.DataError, match="Allocated alike but treated differently in the panel") as told:
        sg.Twfe().fit(delayed, sg.Permutation(allowed=drawn))
    assert "Give the panel the allocated dates" in str(told.value)


def test_weights_that_look_at_the_outcomes_give_no_interval_and_say_so() -> None:
    fit = sg.Efficient().fit(stepped_panel(4, clusters=6, steps=3), sg.Permutation())
    assert len(fit.draws) == 89
    assert 1 / 90 <= fit.p_value <= 1
    assert np.isnan(fit.interval()).all()
    assert "No interval is given: the weights look at the outcomes" in fit.text()
