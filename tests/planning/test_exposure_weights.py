import csv
from pathlib import Path

import numpy as np
import pytest

import staggered as sg
from staggered.planning.exposure_weights import exposure_weights

NUMBERS = Path(__file__).parents[1] / "reference" / "planning" / "it_weights.csv"
SHARED = Path(__file__).parents[3] / "shared" / "reference" / "kenny_it_weights.csv"


def rows() -> list[dict[str, float]]:
    with NUMBERS.open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def plan_of(sequences: int, people: int, icc: float, **changes: object) -> sg.Plan:
    base = {
        "design": sg.stepped(clusters=sequences, steps=sequences, size=people),
        "outcome": sg.Outcome(sd=1.0),
        "covariance": sg.Exchangeable(icc=icc),
    }
    return sg.Plan(**{**base, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"icc {row['icc']:g}, exposure {row['exposure']:g}")
def test_weights_are_those_of_kenny_and_others(row: dict[str, float]) -> None:
    found = exposure_weights(plan_of(int(row["sequences"]), int(row["people"]), row["icc"]))
    assert found.weights[int(row["exposure"]) - 1] == pytest.approx(row["weight"], abs=1e-7)
    assert (int(row["exposure"]) in found.negative) == (row["weight"] < -1e-12)


@pytest.mark.parametrize("sequences", [3, 5, 8])
@pytest.mark.parametrize("icc", [0.0, 0.02, 0.3])
def test_weights_follow_their_formula(sequences: int, icc: float) -> None:
    """Kenny and others (2022): phi = τ²/(τ² + σ²/m)."""
    people = 15
    s, q = np.arange(1, sequences + 1), sequences
    phi = icc / (icc + (1 - icc) / people)
    expected = 6 * (s - q - 1) * ((1 + 2 * phi * q) * s - (1 + phi + phi * q) * q)
    expected = expected / (q * (q + 1) * (phi * q**2 + 2 * q - phi * q - 2))
    np.testing.assert_allclose(exposure_weights(plan_of(sequences, people, icc)).weights, expected, atol=1e-12)


def test_they_give_what_the_analysis_estimates_under_any_course() -> None:
    plan = plan_of(5, 20, 0.1, effect=sg.ByExposure([0.1, 0.5, -0.2, 0.4, 0.9]))
    found = exposure_weights(plan)
    assert found.average(np.array([0.1, 0.5, -0.2, 0.4, 0.9])) == pytest.approx(sg.power(plan).effect, rel=1e-12)
    assert found.weights.sum() == pytest.approx(1.0, abs=1e-12)


def test_a_growing_effect_may_come_out_with_the_wrong_sign() -> None:
    effects = [0.0, 0.0, 0.5, 1.0]
    plan = plan_of(4, 20, 0.2, effect=sg.ByExposure(effects))
    assert sg.power(plan).effect < 0 < np.mean(effects)
    assert "wrong sign" in exposure_weights(plan).text()


def test_an_effect_by_exposure_weighs_all_alike() -> None:
    plan = plan_of(4, 20, 0.2)
    found = exposure_weights(plan, sg.Gls(plan.covariance, by="event"))
    np.testing.assert_allclose(found.weights, 0.25, atol=1e-12)
    assert len(found.negative) == 0
    assert "Negative" not in found.text()


def test_fractions_of_treatment_count_as_such() -> None:
    treatment = [[0, 0.5, 1, 1], [0, 0, 0.5, 1], [0, 0, 0, 0.5]]
    plan = plan_of(3, 20, 0.1, design=sg.Design(treatment, size=20), effect=sg.ByExposure([0.2, 0.7, 0.1]))
    assert exposure_weights(plan).average(np.array([0.2, 0.7, 0.1])) == pytest.approx(sg.power(plan).effect, rel=1e-12)


def test_the_table_flags_what_is_negative() -> None:
    table = exposure_weights(plan_of(4, 20, 0.05)).table()
    assert table["negative"].tolist() == [False, False, True, True]


@pytest.mark.skipif(not SHARED.exists(), reason="../shared, with the numbers as they were collected, is not here")
def test_no_collected_weight_is_missing() -> None:
    with SHARED.open(encoding="utf-8", newline="") as file:
        collected = [(float(row["icc"]), float(row["s"]), float(row["weight_formula"])) for row in csv.DictReader(file)]
    assert collected == [(row["icc"], row["exposure"], row["weight"]) for row in rows()]
