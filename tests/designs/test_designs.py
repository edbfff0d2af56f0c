"""Every design file reproduces the numbers it expects, and says no more than its sources do."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import staggered as sg

DESIGNS = Path(__file__).parents[2] / "designs"
FILES = sorted(DESIGNS.glob("*.toml"))


def test_the_designs_are_there():
    assert {path.stem for path in FILES} >= {
        "fs_protocol", "fs_realised", "fv_protocol", "hussey_hughes", "mash_rollout", "nwd_protocol", "nwd_realised",
    }  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_expected_number_comes_out(path):
    checks = sg.reproduce(sg.load(path))
    assert [check.text() for check in checks if not check.passed] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_design_says_where_its_numbers_come_from(path):
    study = sg.load(path)
    assert study.source
    expected = study.expected
    numbers = [expected, *expected.variant]
    found = [getattr(one, name) for one in numbers for name in ("power", "detectable", "se", "allocations", "people")]
    assert all(one.source for one in found if one is not None)


def closed_form(clusters, periods, size, variance, icc):
    """Standard error by equation 8 of Hussey and Hughes (2007), one cluster a step after a common baseline."""
    treated = np.array([[float(t > i) for t in range(periods)] for i in range(clusters)])
    tau2, sigma2 = variance * icc, variance * (1 - icc) / size
    u, w, v = treated.sum(), (treated.sum(axis=0) ** 2).sum(), (treated.sum(axis=1) ** 2).sum()
    above = clusters * sigma2 * (sigma2 + periods * tau2)
    below = (clusters * u - w) * sigma2 + (u**2 + clusters * periods * u - periods * w - clusters * v) * tau2
    return np.sqrt(above / below)


def power_of(effect, error):
    critical = stats.norm.isf(0.025)
    return stats.norm.sf(critical - effect / error) + stats.norm.cdf(-critical - effect / error)


def test_the_protocol_number_of_no_wrong_door_from_the_closed_form():
    study = sg.load(DESIGNS / "nwd_protocol.toml")
    error = closed_form(5, 6, 600, 0.07 * 0.93, 0.00268)
    found = study.power()
    assert found.se == pytest.approx(error, rel=1e-12)
    assert found.power == pytest.approx(power_of(0.0185, error), rel=1e-12)
    assert round(found.power, 4) == 0.8012
    assert round(study.detectable().needed, 5) == 0.01847


def test_hussey_and_hughes_parameters_are_those_of_the_model():
    study = sg.load(DESIGNS / "hussey_hughes.toml")
    tau2, sigma2 = 0.025**2, 0.041 * 0.959
    assert study.outcome.sd == pytest.approx(np.sqrt(tau2 + sigma2), rel=1e-15)
    assert study.covariance.icc == pytest.approx(tau2 / (tau2 + sigma2), rel=1e-15)


@pytest.mark.parametrize(
    ("name", "days", "starts", "allocations"),
    [
        ("fs_realised", [184, 153, 147, 210, 120, 185], [1, 2, 3, 4, 5], 12),
        ("nwd_realised", [183, 365, 61, 92, 212], [1, 2, 3, 4], 4),
    ],
)
def test_the_realised_rollouts_have_their_real_periods(name, days, starts, allocations):
    design = sg.load(DESIGNS / f"{name}.toml").design
    assert (np.diff(design.dates, axis=1)[:, 0].astype(int) + 1).tolist() == days
    assert design.start.tolist() == starts
    assert design.allocations() == allocations


def test_the_windows_are_as_long_as_the_sources_say():
    for name, length in (("fs_realised", 999), ("nwd_realised", 913)):
        section = sg.load(DESIGNS / f"{name}.toml").spec.design
        assert isinstance(section.start, date)
        assert (section.end - section.start).days + 1 == length


def test_the_rollout_of_no_wrong_door_keeps_warrington_before_norfolk():
    design = sg.load(DESIGNS / "nwd_realised.toml").design
    order = dict(zip(design.clusters, design.start, strict=True))
    assert order["Warrington"] < order["Norfolk"]


@pytest.mark.parametrize("name", ["fs_protocol", "fv_protocol"])
def test_what_was_not_found_stays_absent(name):
    study = sg.load(DESIGNS / f"{name}.toml")
    assert study.covariance is None
    assert study.effect is None
    assert study.outcome is None
    with pytest.raises(sg.StudyError, match="what is not known is not made up"):
        study.detectable()


def test_what_is_borrowed_is_said_to_be_borrowed():
    spec = sg.load(DESIGNS / "fs_realised.toml").spec
    assert "Borrowed from No Wrong Door" in spec.correlation.source
    assert "Borrowed from No Wrong Door" in spec.effect.source


def test_interim_counts_of_children_add_up():
    family_safeguarding = sg.load(DESIGNS / "fs_realised.toml").design
    no_wrong_door = sg.load(DESIGNS / "nwd_realised.toml").design
    assert family_safeguarding.size.sum() == pytest.approx(27_425)
    assert no_wrong_door.size.sum() == pytest.approx(9_107)
    assert no_wrong_door.size.sum(axis=1).mean() == pytest.approx(2_277, abs=0.5)


def by_full_matrices(treatment, sizes, variance, between, within, memory):
    """Standard error beside period effects, every cluster's covariance written out from SDs of the log scale."""
    periods = treatment.shape[1]
    lag = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    information = np.zeros((periods + 1, periods + 1))
    for row, size in zip(treatment, sizes, strict=True):
        seen = ~np.isnan(row)
        block = (between**2 + within**2) * memory**lag + np.eye(periods) * variance / size
        columns = np.column_stack([row, np.eye(periods)])[seen]
        information += columns.T @ np.linalg.inv(block[np.ix_(seen, seen)]) @ columns
    return float(np.sqrt(np.linalg.inv(information)[0, 0]))


def test_the_mash_rollout_from_its_published_planning_values():
    study = sg.load(DESIGNS / "mash_rollout.toml")
    design = study.design
    referrals = by_full_matrices(design.treatment, design.size[:, 0], 1 / 0.05599, 0.281, 0.195, 0.854)
    assert study.power().se == pytest.approx(referrals, rel=1e-10)
    variants = {variant.name: variant for variant in study.expected.variant}
    again = variants["re-referrals within 12 months"].design
    treatment = np.array(again["treatment"], dtype=float)
    np.testing.assert_array_equal(treatment, design.treatment)
    people = np.array(again["size"], dtype=float)
    assert people == pytest.approx(design.size[:, 0] * 0.05599, abs=5.01)
    error = by_full_matrices(treatment, people, 0.795 / 0.205, 0.168, 0.194, 0.679)
    assert float(f"{error:.3g}") == variants["re-referrals within 12 months"].se.value


def test_dates_of_the_mash_rollout_that_are_not_known_are_left_out_and_said_to_be_made_up():
    study = sg.load(DESIGNS / "mash_rollout.toml")
    assert np.isnan(study.design.treatment).sum() == 4
    assert "made up" in study.source
    known = next(one for one in study.expected.variant if one.name == "all go-live dates known to the day")
    assert known.power.value > study.power().power
