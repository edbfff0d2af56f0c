"""Several primary outcomes: exact where the answer is known, one by one where it is Holm's rule."""

import numpy as np
import pytest
from scipy import stats

import staggered as sg
from staggered.errors import DesignError
from staggered.planning.several import _p_values, _rejected, joint_power

DESIGN = sg.stepped(12, steps=4, size=20)


def plan(effect, icc=0.05):
    return sg.Plan(
        design=DESIGN,
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Nested(icc=icc, cac=0.8),
        effect=sg.Constant(effect),
    )


TWO = {"starts": plan(0.3), "re-referrals": plan(0.2)}

LARGER = sg.Plan(design=sg.stepped(48, steps=4), outcome=sg.Outcome(sd=1.0), effect=sg.Constant(0.1))


def test_independent_outcomes_multiply():
    found = joint_power(TWO, correlation=0.0, rule="none", df="normal", draws=400_000)
    first, second = (sg.power(one, df="normal").power for one in TWO.values())
    close = pytest.approx
    assert found.each.tolist() == [close(first, abs=4 * found.mcse), close(second, abs=4 * found.mcse)]
    assert found.all == close(first * second, abs=4 * found.mcse)
    assert found.any == close(first + second - first * second, abs=4 * found.mcse)


def test_correlated_outcomes_have_the_joint_power_of_the_bivariate_normal():
    rho, found = 0.6, joint_power(TWO, correlation=0.6, rule="bonferroni", df="normal", draws=400_000)
    critical = stats.norm.isf(0.0125)
    means = [one.effects().max() / sg.power(one).se for one in TWO.values()]
    corner = stats.multivariate_normal(cov=[[1, rho], [rho, 1]]).cdf([mean - critical for mean in means])
    # The far corners, in which an effect is found the wrong way round, add less than 1e-6 here.
    assert found.all == pytest.approx(corner, abs=4 * found.mcse)


def test_with_few_clusters_each_alone_has_the_power_of_the_noncentral_t():
    found = joint_power(TWO, correlation=0.5, rule="none", draws=400_000)
    assert found.each == pytest.approx(found.alone, abs=4 * found.mcse)
    assert found.alone[0] == pytest.approx(sg.power(TWO["starts"]).power)


def test_variances_estimated_from_the_same_clusters_go_together():
    """S of two outcomes is correlated as a Wishart matrix says: ρ² between its diagonal elements."""
    from staggered.planning.several import _spreads

    rho = 0.7
    values, vectors = np.linalg.eigh(np.array([[1, rho], [rho, 1]]))
    spreads = _spreads(vectors * np.sqrt(values), 10.0, 200_000, np.random.default_rng(3))
    assert spreads.mean(axis=0) == pytest.approx([1, 1], abs=0.01)
    assert spreads.var(axis=0) == pytest.approx([0.2, 0.2], abs=0.01)
    assert np.corrcoef(spreads.T)[0, 1] == pytest.approx(rho**2, abs=0.01)


def test_holm_by_hand():
    p_values = np.array([[0.01, 0.04, 0.03], [0.02, 0.01, 0.2], [0.02, 0.5, 0.9], [0.016, 0.024, 0.049]])
    found = _rejected(p_values, 0.05, "holm")
    assert found.tolist() == [
        [True, False, False],
        [True, True, False],
        [False, False, False],
        [True, True, True],
    ]


def test_holm_keeps_false_alarms_and_finds_at_least_what_bonferroni_finds():
    nothing = _p_values(np.zeros(3), np.eye(3), np.inf, 400_000, np.random.default_rng(2))
    alarms = _rejected(nothing, 0.05, "holm").any(axis=1).mean()
    assert alarms == pytest.approx(1 - (1 - 0.05 / 3) ** 3, abs=0.0015)
    holm, bonferroni = (joint_power(TWO, correlation=0.3, rule=rule) for rule in ("holm", "bonferroni"))
    assert holm.any == bonferroni.any
    assert holm.all > bonferroni.all
    assert (holm.each >= bonferroni.each).all()


def test_the_same_outcome_twice_is_one_test():
    found = joint_power({"one": plan(0.3), "the same": plan(0.3)}, correlation=1.0, rule="none")
    assert found.all == pytest.approx(found.any, abs=1e-12)


def test_the_words_hold_the_numbers():
    found = joint_power(TWO, correlation=0.3)
    said = found.text()
    assert f"starts {100 * found.each[0]:.1f}%" in said
    assert f"all of them with {100 * found.all:.1f}%" in said
    assert "Holm" in said
    assert found.to_dict()["rows"][-1]["outcome"] == "all"
    assert found.table()["power"].iloc[-2] == found.any


@pytest.mark.parametrize(
    ("plans", "options", "says"),
    [
        ({"one": plan(0.3)}, {"correlation": 0.0}, "given 1 outcome"),
        (TWO, {"correlation": 1.5}, "smallest eigenvalue is -0.5"),
        (TWO, {"correlation": [[1.0, 0.2]]}, r"shape \(1, 2\)"),
        (TWO, {"correlation": 0.2, "rule": "hochberg"}, "rule is 'hochberg'"),
        ({**TWO, "larger": LARGER}, {"correlation": 0.2}, "10 and inf degrees of freedom"),
    ],
)  # fmt: skip
def test_what_cannot_be_joined_is_refused_in_three_lines(plans, options, says):
    with pytest.raises(DesignError, match=says) as caught:
        joint_power(plans, **options)
    assert len(str(caught.value).splitlines()) == 3
