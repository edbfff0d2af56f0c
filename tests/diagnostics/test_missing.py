"""Ways of handling missing values side by side, and each of them against doing it by hand."""

import numpy as np
import pandas as pd
import pytest

import staggered as sg
from staggered.data.imputation import impute
from staggered.diagnostics.missing import missing_data
from staggered.results.pooled import pooled

READING = {"cluster": "council", "period": "wave", "outcome": "y", "treated": "treated"}
MARGINAL = sg.Marginal("gaussian", "exchangeable")


def people(seed: int = 1) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    council, wave = (index.ravel().repeat(25) for index in np.indices((8, 5)))
    data = pd.DataFrame({"council": council, "wave": wave, "treated": (wave > council // 2).astype(int)})
    data["group"] = generator.choice(["a", "b", "c"], len(data), p=[0.6, 0.3, 0.1])
    data["age"] = generator.integers(0, 13, len(data)).astype(float)
    data["y"] = (
        0.1 * data["age"] + 0.5 * (data["group"] == "b") - 0.3 * data["treated"] + generator.normal(size=len(data))
    )
    data.loc[generator.random(len(data)) < 0.1, "age"] = np.nan
    data.loc[generator.random(len(data)) < 0.09, "group"] = None
    data.loc[generator.random(len(data)) < 0.03, "y"] = np.nan
    return data


@pytest.fixture(scope="module")
def found():
    shifts = [{"age": 3.0}, {"y": -0.5}]
    return missing_data(people(), MARGINAL, reading=READING, covariates=["group", "age"], draws=4, shifts=shifts)


def test_each_handling_has_its_row(found) -> None:
    table = found.table()
    assert table["missing_values"].tolist() == [
        "complete cases",
        "missing indicator",
        "multiple imputation (4)",
        "imputation, age shifted by +3 (4)",
        "imputation, y shifted by −0.5 (4)",
    ]
    data = people()
    known = len(data.dropna()), int(data["y"].notna().sum()), len(data), len(data), len(data)
    assert tuple(table["people"]) == known
    assert np.isfinite(table.drop(columns="missing_values").to_numpy(dtype=float)).all()


def test_complete_cases_are_those_without_any_gap(found) -> None:
    complete = people().dropna()
    by_hand = complete.assign(b=(complete["group"] == "b") * 1, c=(complete["group"] == "c") * 1)
    expected = MARGINAL.fit(sg.read(by_hand, rows="people", covariates=["b", "c", "age"], **READING))
    assert found.estimates[0].value == pytest.approx(expected.value)
    assert found.estimates[0].se == pytest.approx(expected.se)


def test_a_missing_indicator_is_a_column_of_its_own(found) -> None:
    data = people().dropna(subset=["y"])
    groups = {name: (data["group"].fillna("not known") == name) * 1 for name in ("b", "c", "not known")}
    ages = {"age": data["age"].fillna(people()["age"].mean()), "unknown age": data["age"].isna() * 1}
    by_hand = data.drop(columns="age").assign(**groups, **ages)
    expected = MARGINAL.fit(sg.read(by_hand, rows="people", covariates=[*groups, *ages], **READING))
    assert found.estimates[1].value == pytest.approx(expected.value, abs=1e-9)
    assert found.estimates[1].se == pytest.approx(expected.se, abs=1e-9)


def test_imputation_is_rubins_rules_over_fits_to_completed_data(found) -> None:
    completed = impute(people(), ["y", "group", "age"], within=["council", "wave", "treated"], draws=4)
    fits = []
    for one in completed:
        whole = one.assign(b=(one["group"] == "b") * 1, c=(one["group"] == "c") * 1)
        fits.append(MARGINAL.fit(sg.read(whole, rows="people", covariates=["b", "c", "age"], **READING)))
    expected, own = pooled(fits), found.estimates[2]
    assert (own.value, own.se, own.df) == pytest.approx((expected.value, expected.se, expected.df))
    assert own.df < 6


def test_start_dates_serve_as_well_as_a_treated_column() -> None:
    data = people()
    started = data.drop(columns="treated").assign(start=data["council"] // 2 + 1)
    reading = {"cluster": "council", "period": "wave", "outcome": "y", "start": "start"}
    one = missing_data(data, MARGINAL, reading=READING, covariates=["age"], draws=2)
    other = missing_data(started, MARGINAL, reading=reading, covariates=["age"], draws=2)
    np.testing.assert_allclose(
        one.table().drop(columns="missing_values").astype(float),
        other.table().drop(columns="missing_values").astype(float),
    )


def test_what_it_says(found) -> None:
    text = found.text()
    assert "Of 1,000 people some are not known" in text
    assert "5 ways of handling" in text
    assert "reason that nothing tells" in text
    assert found.to_dict()["asked"] == 1000


def test_nothing_missing_and_columns_that_are_absent_are_refused() -> None:
    with pytest.raises(sg.DataError, match="Nothing is missing in y and age"):
        missing_data(people().dropna(), MARGINAL, reading=READING, covariates=["age"])
    with pytest.raises(sg.DataError, match="no column 'agee'"):
        missing_data(people(), MARGINAL, reading=READING, covariates=["agee"])
    with pytest.raises(sg.DataError, match="cannot be pooled"):
        missing_data(people(), MARGINAL, sg.Permutation(draws=9), reading=READING, covariates=["age"], draws=2)
