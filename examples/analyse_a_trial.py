"""Analyse a stepped-wedge trial of children from referrals to the tables of its report.

    python examples/analyse_a_trial.py

The children are made up. What is real is the trial that they are put into: Family Safeguarding in five English
councils, with its dates, the children that each council saw, and the risk that the trial's own simulations assumed
(facts from the analysts' public working code, github.com/foundations-pm/sfpc, commit c5c6ad8, January 2026; interim and
unpublished, no result among them). Nobody was observed, and treatment does nothing here: every effect that an analysis
claims is false.
What the analyses meet is what real ones do: councils that move by themselves from period to period, repeat referrals,
9% of ethnicity not known, and five councils whose order could have been drawn in twelve ways.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

import staggered as sg
from staggered.data.deviations import Deviation, DeviationLog
from staggered.data.exposure import exposures, moved_by_definition
from staggered.data.flow import flow
from staggered.data.follow_up import FollowUp
from staggered.data.trial_record import TrialRecord
from staggered.diagnostics.missing import missing_data
from staggered.diagnostics.subgroups import subgroups
from staggered.diagnostics.windows import by_hazard, by_window

COUNCILS = pd.DataFrame(
    [
        ("Walsall", "2020-09-01", "high readiness", 5468, 0.0613),
        ("Lancashire", "2021-02-01", "high readiness", 10947, 0.0635),
        ("Telford and Wrekin", "2021-06-28", "low readiness", 2829, 0.0833),
        ("Wandsworth", "2022-01-24", "low readiness", 3836, 0.0321),
        ("Swindon", "2022-05-24", "low readiness", 4345, 0.0345),
    ],
    columns=["council", "go_live", "stratum", "children", "risk"],
)
"""Children aged 0 to 12 referred, and the risk of becoming looked after within 18 months that was assumed."""
FIRST, LAST = "2020-03-01", "2022-11-24"
OLDER = 10_287  # referred children aged 13 to 17
IN_CARE = 19  # in care before their first referral
REPEATS = 0.283  # of all referrals
UNKNOWN = 0.09  # of whom the ethnicity is not known
MOVEMENT = 0.16  # SD of the log rate of a council from year to year beyond chance, over 145 councils 2018-2025
SHARES = {"White British": 0.70, "Asian": 0.12, "Black": 0.06, "Mixed": 0.08, "Other": 0.04}  # made up
OUTCOME = "becoming looked after within 18 months"
COVARIATES = ["ethnicity", "sex", "disabled", "age"]
READING = {"cluster": "council", "period": "period", "outcome": OUTCOME, "treated": "treated", "strata": "stratum"}
DAY = np.timedelta64(1, "D")

RECORD = TrialRecord(
    child="child",
    council="council",
    referred="referred",
    first=FIRST,
    last=LAST,
    go_live=dict(zip(COUNCILS["council"], COUNCILS["go_live"], strict=True)),
    strata=dict(zip(COUNCILS["council"], COUNCILS["stratum"], strict=True)),
)
FOLLOW = FollowUp(record=RECORD, event="looked_after_from", known_until="2024-05-31", born="born")


def made_up_referrals(seed: int) -> pd.DataFrame:
    """One row per referral, of children who differ, in councils that move."""
    generator = np.random.default_rng(seed)
    count = int(COUNCILS["children"].sum())
    place = np.repeat(np.arange(len(COUNCILS)), COUNCILS["children"])
    place = np.append(place, generator.choice(place, OLDER))
    age = np.append(generator.integers(0, 13, count), generator.integers(13, 17, OLDER))
    days = (np.datetime64(LAST) - np.datetime64(FIRST)) // DAY + 1
    referred = np.datetime64(FIRST) + generator.integers(0, days, len(place)) * DAY
    period = np.searchsorted(RECORD.periods, referred, side="right") - 1
    ethnicity = generator.choice(list(SHARES), len(place), p=list(SHARES.values()))
    disabled = generator.random(len(place)) < 0.08
    moved = generator.normal(0, MOVEMENT, (len(COUNCILS), len(RECORD.periods)))[place, period]
    risk = COUNCILS["risk"].to_numpy()[place]
    differ = 0.03 * (age - 6) + 0.4 * (disabled - 0.08) + 0.3 * ((ethnicity == "Mixed") - SHARES["Mixed"])
    odds = risk / (1 - risk) * np.exp(moved + differ)
    wait = np.floor(540 * generator.random(len(place)) ** 1.5).astype(int)
    comes = generator.random(len(place)) < odds / (1 + odds)
    children = pd.DataFrame(
        {
            "child": np.arange(len(place)) + 1,
            "council": COUNCILS["council"].to_numpy()[place],
            "stratum": COUNCILS["stratum"].to_numpy()[place],
            "referred": referred,
            "born": referred - age * 365 * DAY - generator.integers(5, 360, len(place)) * DAY,
            "age": age,
            "sex": generator.choice(["girl", "boy"], len(place)),
            "ethnicity": ethnicity,
            "disabled": disabled.astype(float),
            "looked_after_from": np.where(comes, referred + wait * DAY, np.datetime64("NaT", "D")),
            "in_care_before": np.isin(np.arange(len(place)), generator.choice(count, IN_CARE, replace=False)),
        }
    )
    children.loc[generator.random(len(place)) < UNKNOWN, "ethnicity"] = None
    again = children.sample(int(len(children) * REPEATS / (1 - REPEATS)), random_state=seed)
    again = again.assign(referred=again["referred"] + pd.to_timedelta(generator.integers(1, 200, len(again)), "D"))
    return pd.concat([children, again], ignore_index=True)


def report(seed: int = 1) -> None:
    """Print the tables of the report."""
    first = RECORD.first_referrals(made_up_referrals(seed))
    young, free = first["age"] <= 12, ~first["in_care_before"]
    title("1. The trial")
    lived = RECORD.go_lives(first).merge(first["council"].value_counts().rename("children"), on="council")
    show(lived[["sequence", "council", "stratum", "actual", "children"]])
    through = flow(first, RECORD, {"aged 0 to 12": young, "not in care before the referral": free})
    print("\n" + through.text())
    show(through.table().query("stage == 'not in care before the referral'").drop(columns=["stage", "councils"]))

    children = FOLLOW.within(first[young & free].reset_index(drop=True), months=18).rename(columns={"outcome": OUTCOME})
    title("2. Children at their first referral, by condition")
    show(baseline(children))
    primary(children)
    sensitivity(children)
    windows(children)
    permutation(children)
    title("8. Deviations from the protocol")
    log = DeviationLog().add(
        Deviation(
            decided="2023-06-01",  # made up; the deviation itself is the trial's
            planned="exposure counted until the case closes",
            done="exposure counted until the window of 18 months ends",
            reason="closing dates of referrals were not collected",
            consequence="exposure is overstated; intention to treat is not touched",
            outcomes_seen=False,
        )
    )
    print(log.text())
    show(log.table()[["planned", "done", "reason"]])


def baseline(children: pd.DataFrame) -> pd.DataFrame:
    """Characteristics by condition, and how many are not known."""
    said = {
        "children": children.groupby("treated").size().map("{:,}".format),
        "age, mean": children.groupby("treated")["age"].mean().map("{:.1f}".format),
    }
    for label, column, value in [
        ("girls", "sex", "girl"),
        ("disabled", "disabled", 1.0),
        *[(name, "ethnicity", name) for name in SHARES],
    ]:
        known = children[children[column].notna()]
        said[label] = (known[column] == value).groupby(known["treated"]).mean().map("{:.1%}".format)
    said["ethnicity not known"] = children["ethnicity"].isna().groupby(children["treated"]).mean().map("{:.1%}".format)
    table = pd.DataFrame(said).T.rename(columns={0: "control", 1: "treated"})
    return table.rename_axis("").reset_index()


def complete(children: pd.DataFrame) -> sg.Panel:
    """Children without gaps, categories as 0/1 columns."""
    known = children.dropna(subset=COVARIATES)
    columns = {name: (known["ethnicity"] == name).astype(int) for name in list(SHARES)[1:]}
    coded = known.assign(**columns, girl=(known["sex"] == "girl").astype(int))
    return sg.read(coded, rows="people", covariates=[*columns, "girl", "disabled", "age"], **READING)


def primary(children: pd.DataFrame) -> None:
    """The analysis by which the trial stands or falls."""
    title("3. Primary analysis: becoming looked after within 18 months of the first referral")
    panel = complete(children)
    estimate = fitted(lambda: sg.Glmm("binomial").fit(panel))
    rows = [row("odds ratio", estimate.on("odds ratio")), row("risk difference", estimate.on("risk difference"))]
    show(pd.DataFrame(rows))
    print("\n" + estimate.on("risk difference").text())


def sensitivity(children: pd.DataFrame) -> None:
    """Other models, and other ways to handle what is not known."""
    panel = complete(children)
    title("4. Other models for the same question (log odds ratio, then risk difference)")
    models: dict[str, tuple[object, object]] = {
        "mixed, Wald z: what is usual, and too sure": (sg.Glmm("binomial", df="normal"), None),
        "mixed, council and council-period": (sg.Glmm("binomial", covariance="nested"), None),
        "a coefficient per council, CR2": (sg.Glmm("binomial", covariance="fixed"), None),
        "marginal, nested, KC": (sg.Marginal("binomial", "nested"), None),
        "marginal, nested, MBN": (sg.Marginal("binomial", "nested", "MBN"), None),
        "linear mixed, Kenward-Roger (difference)": (sg.Mixed("nested"), None),
        "linear mixed, jackknife (difference)": (sg.Mixed("nested"), sg.Jackknife()),
    }
    show(pd.DataFrame([row(name, fitted(lambda m=m, i=i: m.fit(panel, i))) for name, (m, i) in models.items()]))

    print("\nTreatment does nothing in these data: an interval that leaves out 0 claims what is not there.")

    title("5. What is not known of everyone")
    handled = missing_data(
        children.drop(columns="in_care_before"),
        sg.Marginal("gaussian", "nested"),
        reading=READING,
        covariates=COVARIATES,
        draws=10,
        shifts=[{"ethnicity: Mixed": 1.0}],
    )
    show(handled.table()[["missing_values", "people", "estimate", "std_error", "df", "conf_low", "conf_high"]].round(4))
    print("\n" + handled.text())


def windows(children: pd.DataFrame) -> None:
    """Shorter windows, straddlers, other definitions of exposure, subgroups."""
    title("6. Windows, exposure and subgroups (differences in risk)")
    columns = [OUTCOME, "cut_off", "days_seen", "straddles", "days_window", "days_treated"]
    plain = sg.Marginal("gaussian", "nested", "FG")
    shown = by_window(children.drop(columns=columns), FOLLOW, plain, months=(6, 12, 18))
    show(shown.table()[["months", "who", "children", "events", "estimate", "conf_low", "conf_high"]].round(4))
    print("\n" + shown.text())
    hazard = by_hazard(children, FOLLOW, sg.Marginal("binomial"), months=18, every=6)
    show(pd.DataFrame([row("odds ratio of the hazard", hazard, np.exp)]))
    print("\nChildren that other definitions of exposure would move:")
    show(moved_by_definition(exposures(children, RECORD)))
    near = RECORD.near_go_live(children, days=45)
    without = sg.read(children[~near], rows="people", **READING)
    show(pd.DataFrame([row(f"without {near.sum():,} referred up to 45 days before go-live", plain.fit(without))]))
    aged = children.assign(age_group=np.where(children["age"] < 5, "0 to 4", "5 to 12"))
    groups = subgroups(aged, "age_group", sg.Marginal("gaussian", "nested"), reading=READING, prespecified=True)
    show(groups.table()[["term", "status", "people", "estimate", "conf_low", "conf_high"]].round(4))
    print("\n" + groups.text())


def permutation(children: pd.DataFrame) -> None:
    """What the random order alone allows to be said."""
    title("7. Permutation over the orders that could have been drawn")
    panel = complete(children)
    estimators = {
        "within periods": sg.WithinPeriod(),
        "linear mixed, nested": sg.Mixed("nested"),
        "logistic mixed": sg.Glmm("binomial"),
    }
    found = {name: fitted(lambda one=one: one.fit(panel, sg.Permutation())) for name, one in estimators.items()}
    rows = [{"analysis": name, "estimate": one.value, "p_value": one.p_value} for name, one in found.items()]
    show(pd.DataFrame(rows).round(4))
    print(f"\n{next(note for note in found['within periods'].notes if 'allowed allocations' in note)}")


def fitted(fit: Callable[[], sg.Estimate]) -> sg.Estimate:
    """Fit, and say what was warned of."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", sg.StaggeredWarning)
        estimate = fit()
    for text in dict.fromkeys(str(one.message) for one in said):
        print(f"Note: {text}")
    return estimate


def row(name: str, estimate: sg.Estimate, scale: Callable[[float], float] = float) -> dict[str, object]:
    """One analysis as a line of a table."""
    low, high = estimate.interval()
    numbers = {"estimate": estimate.value, "conf_low": low, "conf_high": high}
    return {
        "analysis": name,
        **{key: round(float(scale(value)), 4) for key, value in numbers.items()},
        "df": estimate.df,
    }


def title(text: str) -> None:
    """Print a heading."""
    print(f"\n{text}\n{'-' * len(text)}")


def show(table: pd.DataFrame) -> None:
    """Print a table."""
    print(table.to_string(index=False))


if __name__ == "__main__":
    report()
