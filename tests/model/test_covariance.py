"""One law for every covariance, against what it says of single people; and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.errors import DesignError
from staggered.model.cells import Cells
from staggered.model.covariance import COVARIANCES, Covariance, Unstructured
from staggered.value import FloatArray

ICC, CAC, IAC, TOTAL = 0.08, 0.7, 0.4, 2.3
OWN = [[1.0, 0.7, 0.2, -0.1], [0.7, 1.0, 0.5, 0.1], [0.2, 0.5, 1.0, 0.6], [-0.1, 0.1, 0.6, 1.0]]
BY_DATE = {"time": "date", "per_days": 60.0}

PLAIN: dict[str, Covariance] = {
    "independent": sg.Independent(),
    "independent cohort": sg.Independent(iac=IAC),
    "exchangeable": sg.Exchangeable(icc=ICC),
    "exchangeable cohort": sg.Exchangeable(icc=ICC, iac=IAC),
    "exchangeable open cohort": sg.Exchangeable(icc=ICC, iac=IAC, retention=0.6),
    "nested": sg.Nested(icc=ICC, cac=CAC),
    "nested cohort": sg.Nested(icc=ICC, cac=CAC, iac=IAC),
    "nested open cohort": sg.Nested(icc=ICC, cac=CAC, iac=IAC, retention=(0.6, 0.3, 0.1)),
    "decay": sg.Decay(icc=ICC, cac=CAC),
    "decay cohort": sg.Decay(icc=ICC, cac=CAC, iac=IAC),
    "decay by date": sg.Decay(icc=ICC, cac=CAC, **BY_DATE),
    "decay by date, open cohort": sg.Decay(icc=ICC, cac=CAC, iac=IAC, retention=0.5, **BY_DATE),
    "proportional decay": sg.ProportionalDecay(icc=ICC, cac=CAC),
    "any matrix": Unstructured(icc=ICC, correlation=OWN),
    "any matrix, cohort": Unstructured(icc=ICC, correlation=OWN, iac=IAC),
}
TREATED: dict[str, Covariance] = {
    "random treatment": sg.RandomTreatment(sg.Exchangeable(icc=ICC), sd=0.3),
    "random treatment, share": sg.RandomTreatment(sg.Nested(icc=ICC, cac=CAC), share=0.5),
    "random treatment, correlated": sg.RandomTreatment(sg.Nested(icc=ICC, cac=CAC), sd=0.3, corr=-0.6),
    "random treatment, cohort": sg.RandomTreatment(sg.Exchangeable(icc=ICC, iac=IAC), sd=0.3, corr=0.5),
    "random treatment on decay": sg.RandomTreatment(sg.Decay(icc=ICC, cac=CAC), sd=0.3, corr=0.2),
}
EVERY = PLAIN | TREATED

DESIGN = sg.Design(
    [[0, 0, 0.5, 1], [0, np.nan, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]],
    size=[3, 40, 7, 11],
    dates=[["2021-01-01", "2021-01-31"], ["2021-02-01", "2021-05-31"], ["2021-06-01", "2021-06-30"],
           ["2021-09-01", "2021-12-31"]],
)  # fmt: skip
"""Fractions, a gap, unequal councils, periods of unequal length with a pause between them."""


def blocks_for(covariance: Covariance, size: float | None = None) -> FloatArray:
    design = DESIGN if size is None else replace(DESIGN, size=np.full(DESIGN.size.shape, size))
    return covariance.blocks(Cells.of(design), TOTAL)


def untreated() -> FloatArray:
    """Cells in which somebody is seen in control."""
    return DESIGN.treatment == 0


def icc_of(covariance: Covariance) -> float:
    base = covariance.base if isinstance(covariance, sg.RandomTreatment) else covariance
    return float(getattr(base, "icc", 0.0))


def test_every_registered_structure_is_tried() -> None:
    assert {type(one) for one in EVERY.values()} == {*COVARIANCES}


@pytest.mark.parametrize("covariance", EVERY.values(), ids=EVERY)
def test_blocks_are_symmetric_and_positive_definite(covariance: Covariance) -> None:
    blocks = blocks_for(covariance)
    np.testing.assert_allclose(blocks, np.swapaxes(blocks, 1, 2), rtol=1e-12)
    assert (np.linalg.eigvalsh(blocks) > 0).all()


@pytest.mark.parametrize("covariance", EVERY.values(), ids=EVERY)
def test_one_person_has_the_total_variance_in_control(covariance: Covariance) -> None:
    variance = np.diagonal(blocks_for(covariance, size=1.0), axis1=1, axis2=2)
    np.testing.assert_allclose(variance[untreated()], TOTAL, rtol=1e-12)
    if covariance in PLAIN.values():
        np.testing.assert_allclose(variance, TOTAL, rtol=1e-12)


@pytest.mark.parametrize("covariance", EVERY.values(), ids=EVERY)
def test_two_people_of_one_cell_have_the_icc_in_control(covariance: Covariance) -> None:
    """Of m people alike the mean has the variance v (1 + (m − 1) icc) / m, whatever m."""
    for people in (2.0, 5.0, 1000.0):
        mean = np.diagonal(blocks_for(covariance, size=people), axis1=1, axis2=2)
        icc = (people * mean / TOTAL - 1) / (people - 1)
        np.testing.assert_allclose(icc[untreated()], icc_of(covariance), atol=1e-12)
        if covariance in PLAIN.values():
            np.testing.assert_allclose(icc[DESIGN.observed], icc_of(covariance), atol=1e-12)


@pytest.mark.parametrize("covariance", EVERY.values(), ids=EVERY)
def test_variances_that_differ_between_cells_keep_every_correlation(covariance: Covariance) -> None:
    """The SD of a cell stretches its row and column; a random treatment effect has an SD of its own."""
    if covariance in TREATED.values():
        covariance = covariance.base  # type: ignore[attr-defined]
    total = np.random.default_rng(1).uniform(0.5, 3.0, DESIGN.treatment.shape)
    cells = Cells.of(DESIGN)
    stretch = np.sqrt(total[:, :, None] * total[:, None, :])
    np.testing.assert_allclose(covariance.blocks(cells, total), stretch * covariance.blocks(cells, 1.0), rtol=1e-12)


@pytest.mark.parametrize("treated", [0.25, 0.5, 1.0])
def test_a_random_treatment_effect_adds_the_variance_of_its_share(treated: float) -> None:
    base, sd, corr = sg.Nested(icc=ICC, cac=CAC), 0.3, 0.4
    design = sg.Design([[0, 0, treated]], size=9)
    cells = Cells.of(design)
    added = (sg.RandomTreatment(base, sd=sd, corr=corr).blocks(cells, TOTAL) - base.blocks(cells, TOTAL))[0]
    tau = np.sqrt(ICC * CAC * TOTAL)
    assert added[2, 2] == pytest.approx((sd * treated) ** 2 + 2 * corr * tau * sd * treated, rel=1e-10)
    assert added[0, 2] == pytest.approx(corr * tau * sd * treated, rel=1e-10)
    np.testing.assert_allclose(added[:2, :2], 0, atol=1e-15)


def test_correlations_between_periods_are_those_that_were_asked_for() -> None:
    """With very many people only what the cluster shares is left."""
    middle = np.array([15.5, 91.0, 166.0, 304.0])
    expected = {
        "exchangeable": np.ones((4, 4)),
        "nested": np.where(np.eye(4) > 0, 1, CAC),
        "decay": CAC ** np.abs(np.subtract.outer(range(4), range(4))),
        "decay by date": CAC ** (np.abs(np.subtract.outer(middle, middle)) / 60),
        "any matrix": np.array(OWN),
    }
    for name, correlation in expected.items():
        block = blocks_for(PLAIN[name], size=1e12)[0]
        np.testing.assert_allclose(block / (ICC * TOTAL), correlation, atol=1e-9, err_msg=name)


def test_one_person_seen_again_has_both_correlations() -> None:
    """Donner's alpha 2: icc · cac + iac (1 − icc), times the share that is seen again in an open cohort."""
    closed = blocks_for(PLAIN["nested cohort"], size=1.0)[0] / TOTAL
    assert closed[0, 3] == pytest.approx(ICC * CAC + IAC * (1 - ICC), rel=1e-12)
    opened = blocks_for(PLAIN["nested open cohort"], size=1.0)[0] / TOTAL
    for lag, kept in ((1, 0.6), (2, 0.3), (3, 0.1)):
        assert opened[0, lag] == pytest.approx(ICC * CAC + kept * IAC * (1 - ICC), rel=1e-12)


def test_structures_meet_where_they_should() -> None:
    cells = Cells.of(DESIGN)
    same = [
        (sg.Nested(icc=ICC, cac=1.0), sg.Exchangeable(icc=ICC)),
        (sg.Decay(icc=ICC, cac=1.0), sg.Exchangeable(icc=ICC)),
        (sg.Exchangeable(icc=0.0), sg.Independent()),
        (sg.Exchangeable(icc=ICC, iac=IAC, retention=1.0), sg.Exchangeable(icc=ICC, iac=IAC)),
        (sg.Exchangeable(icc=ICC, iac=IAC, retention=0.0), sg.Exchangeable(icc=ICC)),
        (sg.ProportionalDecay(icc=ICC, cac=1.0), sg.Exchangeable(icc=ICC, iac=1.0)),
        (Unstructured(icc=ICC, correlation=np.ones((4, 4))), sg.Exchangeable(icc=ICC)),
        (sg.RandomTreatment(sg.Exchangeable(icc=ICC), sd=0.0), sg.Exchangeable(icc=ICC)),
    ]
    for one, other in same:
        np.testing.assert_allclose(one.blocks(cells, TOTAL), other.blocks(cells, TOTAL), rtol=1e-12)


def test_sds_given_outright_are_on_top_of_what_people_bring() -> None:
    cells = Cells.of(replace(DESIGN, size=np.full(DESIGN.size.shape, 4.0)))
    nested = sg.Nested.from_sd(between=0.3, within=0.4).blocks(cells, 2.0)[0]
    assert nested[0, 0] == pytest.approx(0.09 + 0.16 + 2.0 / 4)
    assert nested[0, 1] == pytest.approx(0.09)
    decay = sg.Decay.from_sd(between=0.3, within=0.4, cac=0.5).blocks(cells, 2.0)[0]
    assert decay[0, 2] == pytest.approx(0.25 * 0.25)
    assert sg.Exchangeable.from_sd(between=0.3).blocks(cells, 2.0)[0][0, 1] == pytest.approx(0.09)


def test_parameters_may_be_stacked() -> None:
    icc, cac = np.array([0.01, 0.2])[:, None, None, None], np.array([0.5, 0.9])[:, None, None, None]
    cells = Cells.of(DESIGN)
    stacked = sg.Nested(icc=icc, cac=cac, iac=IAC).blocks(cells, TOTAL)
    for k, (one, other) in enumerate([(0.01, 0.5), (0.2, 0.9)]):
        alone = sg.Nested(icc=one, cac=other, iac=IAC).blocks(cells, TOTAL)
        np.testing.assert_allclose(stacked[k], alone, rtol=1e-13)


REFUSED = {
    "icc above one": (lambda: sg.Exchangeable(icc=5.0), "icc is 5"),
    "icc below zero": (lambda: sg.Nested(icc=-0.01, cac=0.8), "icc is -0.01"),
    "icc that is no number": (lambda: sg.Exchangeable(icc=float("nan")), "icc is nan"),
    "no icc": (lambda: sg.Exchangeable(), "was given no icc"),
    "cac alone": (lambda: sg.Nested(cac=0.8), "cac without icc"),
    "no cac": (lambda: sg.Decay(icc=0.1), "was given no cac"),
    "cac above one": (lambda: sg.Nested(icc=0.1, cac=1.2), "cac is 1.2"),
    "icc and SDs": (lambda: sg.Exchangeable(icc=0.1, variance=0.2), "both icc and variance"),
    "iac above one": (lambda: sg.Independent(iac=2.0), "iac is 2"),
    "retention above one": (lambda: sg.Exchangeable(icc=0.1, iac=0.2, retention=1.5), "retention is 1.5"),
    "a date's cac without days": (lambda: sg.Decay(icc=0.1, cac=0.5, time="date"), "per_days=None"),
    "a negative cac by date": (lambda: sg.Decay(icc=0.1, cac=-0.5, **BY_DATE), "cac is -0.5"),
    "an unknown scale": (lambda: sg.Exchangeable(icc=0.1, scale="log"), "scale is 'log'"),
    "random treatment on nothing": (lambda: sg.RandomTreatment(sg.Independent(), sd=0.1), "Independent as its base"),
    "random treatment of no size": (lambda: sg.RandomTreatment(sg.Exchangeable(icc=0.1)), "sd or share"),
    "both sd and share": (
        lambda: sg.RandomTreatment(sg.Exchangeable(icc=0.1), sd=0.1, share=0.1),
        "sd or share",
    ),
    "a correlation above one": (lambda: sg.RandomTreatment(sg.Exchangeable(icc=0.1), sd=0.1, corr=1.1), "corr is 1.1"),
    "a matrix alone": (lambda: Unstructured(correlation=[[1]]), "given no icc"),
    "an icc without its matrix": (lambda: Unstructured(icc=0.1), "given no correlation"),
    "a matrix that is not symmetric": (lambda: Unstructured(icc=0.1, correlation=[[1, 0.2], [0.3, 1]]), "symmetric"),
    "a matrix that is not square": (lambda: Unstructured(icc=0.1, correlation=[[1, 0.2]]), r"\(1, 2\)"),
    "a diagonal other than one": (lambda: Unstructured(icc=0.1, correlation=[[2, 0.2], [0.2, 2]]), "its diagonal"),
    "a matrix that contradicts itself": (
        lambda: Unstructured(icc=0.1, correlation=[[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]),
        r"smallest eigenvalue is -0\.8",
    ),
    "a matrix of another size": (
        lambda: Unstructured(icc=0.1, correlation=[[1, 0.9], [0.9, 1]]).blocks(Cells.of(DESIGN), 1.0),
        "2 × 2 but the design has 4 periods",
    ),
    "a closed cohort whose size changes": (
        lambda: sg.Exchangeable(icc=0.1, iac=0.5).blocks(Cells.of(sg.Design([[0, 1]], size=[[4, 6]])), 1.0),
        "cluster 1 is seen with 4 to 6 people",
    ),
    "retention that no people can have": (
        lambda: sg.Plan(
            design=sg.stepped(clusters=4, steps=4),
            outcome=sg.Outcome(sd=1.0),
            covariance=sg.Independent(iac=1.0, retention=(0.7, 0.0, 0.7, 0.0)),
        ).blocks(),
        r"cluster 1 is not positive definite: its smallest eigenvalue is -0\.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "said"), REFUSED.values(), ids=REFUSED)
def test_what_no_clusters_can_have_is_refused_in_three_lines(make: object, said: str) -> None:
    with pytest.raises(DesignError, match=said) as caught:
        make()  # type: ignore[operator]
    assert caught.value.what
    assert caught.value.why
    assert caught.value.fix
    assert len(str(caught.value).splitlines()) == 3


def test_an_unknown_option_is_never_passed_over() -> None:
    with pytest.raises(sg.DesignError, match="time='day'"):
        sg.Decay(icc=0.05, cac=0.5, time="day")
    with pytest.raises(sg.DesignError, match="variance is 'mean'"):
        sg.Outcome("binomial", baseline=0.1, variance="mean")
    with pytest.raises(sg.DesignError, match="better is 'up'"):
        sg.Outcome(sd=1.0, better="up")
