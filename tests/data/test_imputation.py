"""Imputed values: what is known stays, what is not follows everything else, and nothing else moves."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.imputation.mice import MICEData

import staggered as sg
from staggered.data.imputation import impute

WITHIN = ["council", "wave", "treated"]


def people(seed: int, count: int = 3000) -> tuple[pd.DataFrame, pd.DataFrame]:
    """People with gaps that depend on what is known, and the same without gaps."""
    generator = np.random.default_rng(seed)
    council, wave = generator.integers(0, 5, count), generator.integers(0, 6, count)
    whole = pd.DataFrame({"council": [f"C{k}" for k in council], "wave": wave, "treated": (wave > council).astype(int)})
    whole["ethnicity"] = np.array(["Asian", "Black", "Mixed", "White"])[
        generator.choice(4, count, p=[0.1, 0.15, 0.1, 0.65])
    ]
    whole["age"] = np.clip(np.round(generator.normal(6 + council, 3)), 0, 12)
    whole["disabled"] = (generator.random(count) < 0.05 + 0.02 * whole["age"]).astype(int)
    risk = 0.1 + 0.25 * (whole["ethnicity"] == "Black") + 0.02 * whole["age"] + 0.1 * whole["disabled"]
    whole["looked after"] = (generator.random(count) < risk).astype(float)
    gone = whole.copy()
    often = 0.1 + 0.2 * whole["looked after"]
    gone.loc[generator.random(count) < often, "ethnicity"] = None
    gone.loc[generator.random(count) < often, "age"] = np.nan
    gone["disabled"] = gone["disabled"].astype("Int64")
    gone.loc[generator.random(count) < often, "disabled"] = pd.NA
    return gone, whole


COLUMNS = ["looked after", "ethnicity", "age", "disabled"]


@pytest.fixture(scope="module")
def completed() -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    gone, whole = people(1)
    return gone, whole, list(impute(gone, COLUMNS, within=WITHIN, draws=6, sweeps=4, seed=3))


def test_what_is_known_stays_and_gaps_hold_only_values_that_somebody_has(completed) -> None:
    gone, _, sets = completed
    for one in sets:
        assert not one[COLUMNS].isna().any().any()
        for name in COLUMNS:
            known = gone[name].notna()
            assert (one.loc[known, name] == gone.loc[known, name]).all()
            assert set(one[name]) <= set(gone[name].dropna())
            assert one[name].dtype == gone[name].dtype
        pd.testing.assert_frame_equal(one[WITHIN], gone[WITHIN])


def test_completed_sets_differ_from_each_other(completed) -> None:
    gone, _, sets = completed
    lacking = gone["age"].isna()
    assert (sets[0].loc[lacking, "age"] != sets[1].loc[lacking, "age"]).mean() > 0.5


def test_distributions_come_back_where_complete_cases_are_wrong(completed) -> None:
    gone, whole, sets = completed

    def gap(frame: pd.DataFrame) -> float:
        black = frame["ethnicity"] == "Black"
        return float(frame.loc[black, "looked after"].mean() - frame.loc[~black, "looked after"].mean())

    complete = gone.dropna()
    risk = np.mean([one["looked after"].mean() for one in sets])
    assert complete["looked after"].mean() < risk - 0.05
    assert np.mean([gap(one) for one in sets]) == pytest.approx(gap(whole), abs=0.035)
    for name in ("age", "disabled"):
        found = np.mean([stats.pearsonr(one[name].astype(float), one["looked after"]).statistic for one in sets])
        assert found == pytest.approx(stats.pearsonr(whole[name], whole["looked after"]).statistic, abs=0.04)
    share = np.mean([(one["ethnicity"] == "Black").mean() for one in sets])
    assert share == pytest.approx((whole["ethnicity"] == "Black").mean(), abs=0.02)
    assert (complete["ethnicity"] == "Black").mean() < share


def test_each_council_keeps_its_own_level(completed) -> None:
    gone, whole, sets = completed
    lacking = gone["age"].isna()
    imputed = np.mean([one[lacking].groupby("council")["age"].mean() for one in sets], axis=0)
    true = whole[lacking].groupby("council")["age"].mean()
    assert np.ptp(true) > 3
    np.testing.assert_allclose(imputed, true, atol=0.8)


def test_the_seed_decides_and_nothing_global_moves() -> None:
    gone, _ = people(2, count=400)
    np.random.seed(7)  # noqa: NPY002 - the global state is what must stay
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    one, other, third = (next(impute(gone, COLUMNS, within=WITHIN, draws=1, sweeps=2, seed=seed)) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(one, other)
    assert not one.equals(third)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_a_shift_moves_imputed_values_and_only_those() -> None:
    gone, _ = people(3, count=1500)
    asked = {"within": WITHIN, "draws": 3, "sweeps": 2, "seed": 1}
    lacking = gone["disabled"].isna()
    plain, moved = (
        np.mean(
            [one.loc[lacking, "disabled"].astype(float).mean() for one in impute(gone, COLUMNS, **asked, shift=shift)]
        )
        for shift in (None, {"disabled": 1.0})
    )
    odds = moved / (1 - moved) / (plain / (1 - plain))
    assert 1.8 < odds < 4.2
    ages = [gone["age"].isna()]
    still, older = (
        np.mean([one.loc[ages[0], "age"].mean() for one in impute(gone, COLUMNS, **asked, shift=shift)])
        for shift in (None, {"age": 2.0})
    )
    assert older - still == pytest.approx(2.0, abs=0.3)


def test_numbers_are_those_of_statsmodels_chain() -> None:
    """Level and slope of what is imputed, averaged over draws, with the same predictors."""
    gone, whole = people(8, count=500)
    noise = np.random.default_rng(9).normal(size=(2, 500))
    table = pd.DataFrame({"age": gone["age"], "need": whole["age"] + 3 * noise[0], "score": noise[1]})
    lacking = table["age"].isna()

    def told(sets: list[pd.DataFrame]) -> list[float]:
        imputed = np.mean([one.loc[lacking, "age"] for one in sets], axis=0)
        return [float(imputed.mean()), float(np.polyfit(table.loc[lacking, "need"], imputed, 1)[0])]

    chain = MICEData(table, rng=np.random.default_rng(1))
    theirs = told([chain.next_sample().copy() for _ in range(40)])
    ours = told(list(impute(table.assign(one=1), ["age", "need", "score"], within=["one"], draws=40)))
    assert ours == pytest.approx(theirs, abs=0.1)
    assert ours[1] > 0.4


def test_people_with_the_same_prediction_all_may_give() -> None:
    """A gap of which only the council tells anything follows that council's whole distribution."""
    gone, _ = people(9, count=900)
    gone["age"] = gone["age"].where(gone.index % 3 > 0)
    sets = list(impute(gone, ["age"], within=["council"], draws=40))
    lacking = gone["age"].isna()
    for council, known in gone[~lacking].groupby("council"):
        imputed = np.concatenate([one.loc[lacking & (one["council"] == council), "age"] for one in sets])
        assert imputed.mean() == pytest.approx(known["age"].mean(), abs=0.35)
        assert imputed.std() == pytest.approx(known["age"].std(), rel=0.1)


def test_a_shift_of_a_category_is_on_its_log_odds_against_all_others() -> None:
    gone, _ = people(7, count=1500)
    lacking = gone["ethnicity"].isna()
    shares = []
    for shift in (None, {"ethnicity: Mixed": 1.0}):
        sets = impute(gone, COLUMNS, within=WITHIN, draws=6, sweeps=2, shift=shift)
        shares.append(np.mean([(one.loc[lacking, "ethnicity"] == "Mixed").mean() for one in sets]))
    odds = shares[1] / (1 - shares[1]) / (shares[0] / (1 - shares[0]))
    assert 2.0 < odds < 3.7
    with pytest.raises(sg.DataError, match="its category 'Martian'"):
        next(impute(gone, COLUMNS, within=WITHIN, shift={"ethnicity: Martian": 1.0}))
    with pytest.raises(sg.DataError, match="holds numbers, which have no categories"):
        next(impute(gone, COLUMNS, within=WITHIN, shift={"age: 4": 1.0}))


def test_a_council_without_events_does_not_send_coefficients_away() -> None:
    gone, _ = people(4, count=600)
    gone.loc[gone["council"] == "C0", "disabled"] = gone.loc[gone["council"] == "C0", "disabled"] * 0
    lacking = gone["disabled"].isna() & (gone["council"] == "C0")
    sets = list(impute(gone, COLUMNS, within=WITHIN, draws=3, sweeps=2))
    assert np.mean([one.loc[lacking, "disabled"].astype(float).mean() for one in sets]) < 0.15


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"columns": ["agee"]}, "no column 'agee'"),
        ({"wave": None}, {}, "Blank: wave of 1 people"),
        ({"age": np.nan}, {"shift": {"looked after": 1.0}}, "'looked after', in which nothing is imputed"),
        ({}, {"shift": {"ethnicity": 1.0}}, "A shift is given for 'ethnicity'"),
    ],
)
def test_what_cannot_be_imputed_is_refused(change: dict, options: dict, words: str) -> None:
    gone, _ = people(5, count=200)
    for name, value in change.items():
        gone[name] = gone[name].astype(object)
        gone.loc[3, name] = value
    columns = options.pop("columns", [] if "wave" in change else ["looked after", "ethnicity", "disabled"])
    with pytest.raises(sg.DataError, match=words):
        next(impute(gone, columns, within=WITHIN, **options))


def test_columns_that_hold_next_to_nothing_are_refused() -> None:
    gone, _ = people(6, count=200)
    with pytest.raises(sg.DataError, match="'age' is known of 5 people"):
        next(
            impute(
                gone.assign(age=gone["age"].where(gone.index < 0).fillna(dict.fromkeys(range(5), 4.0))),
                ["age"],
                within=WITHIN,
            )
        )
    with pytest.raises(sg.DataError, match="'age' is the same for everyone"):
        next(impute(gone.assign(age=1), ["age"], within=WITHIN))
