"""The made-up trial: its facts against their source, its children against what they were made to be, and its report."""

import csv
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "analyse_a_trial.py"
FACTS = Path(__file__).parents[3] / "shared" / "data" / "sfpc_trial_design_parameters.csv"


@pytest.fixture(scope="module")
def trial():
    return runpy.run_path(str(SCRIPT))


@pytest.fixture(scope="module")
def referrals(trial):
    return trial["made_up_referrals"](1)


@pytest.fixture(scope="module")
def first(trial, referrals):
    return trial["RECORD"].first_referrals(referrals)


@pytest.mark.skipif(not FACTS.exists(), reason="../shared/data/sfpc_trial_design_parameters.csv is absent")
def test_the_facts_are_those_of_the_source(trial):
    with FACTS.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == "Family Safeguarding"]
    told = [
        (row["la_name"], row["implementation_start"], row["readiness_stratum"].lower(), int(row["children_in_sample"]))
        for row in rows
    ]
    typed = trial["COUNCILS"]
    assert told == list(typed[["council", "go_live", "stratum", "children"]].itertuples(index=False, name=None))
    assert [float(row["baseline_prob_cla_18m"]) for row in rows] == typed["risk"].tolist()


def test_children_are_as_many_as_the_trial_had(trial, referrals, first):
    assert len(first) == 37_712
    assert (first["age"] <= 12).sum() == 27_425
    assert ((first["age"] <= 12) & ~first["in_care_before"]).sum() == 27_406
    repeats = 1 - referrals["child"].nunique() / len(referrals)
    assert repeats == pytest.approx(0.283, abs=0.001)
    assert first["ethnicity"].isna().mean() == pytest.approx(0.09, abs=0.005)
    assert trial["RECORD"].periods.astype(str).tolist() == [
        "2020-03-01", "2020-09-01", "2021-02-01", "2021-06-28", "2022-01-24", "2022-05-24",
    ]  # fmt: skip


def test_risks_are_those_that_were_assumed_and_treatment_does_nothing(trial, first):
    children = trial["FOLLOW"].within(first[first["age"] <= 12])
    assert children["outcome"].notna().all()
    risk = children.groupby("council")["outcome"].mean()
    expected = trial["COUNCILS"].set_index("council")["risk"]
    # Councils move by 16% a period.
    np.testing.assert_allclose(risk / expected[risk.index], 1, atol=0.3)


@pytest.mark.slow
def test_the_report_has_its_tables_and_claims_only_what_is_too_sure(trial, capsys):
    trial["report"]()
    text = capsys.readouterr().out
    for number in range(1, 9):
        assert f"\n{number}. " in text
    assert "27,406 stay, 19 are left out" in text
    assert "All 12 allowed allocations were used" in text
    assert "from these data we cannot tell whether there was a change" in text
    table = text.split("4. Other models")[1].split("5. What")[0]
    rows = re.findall(r"^ *(\S.*?) +(-?\d\.\d+) +(-?\d\.\d+) +(-?\d\.\d+) +(?:inf|\d+\.\d+)$", table, re.MULTILINE)
    ends = {name: (float(low), float(high)) for name, _, low, high in rows}
    apart = [name for name, (low, high) in ends.items() if low > 0 or high < 0]
    assert len(ends) == 7
    assert apart == ["mixed, Wald z: what is usual, and too sure"]
