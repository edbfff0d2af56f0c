"""Reading from end to end: what a council hands in, and what it is told when that cannot be used."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import staggered as sg

Columns = dict[str, list[object]]
Build = Callable[..., Columns]

NAMED = {"cluster": "council", "period": "year", "outcome": "starts"}
BROKEN = Path(__file__).resolve().parents[3] / "shared" / "reference" / "broken"
OFFICIAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "ees"
needs_broken = pytest.mark.skipif(not BROKEN.is_dir(), reason="../shared/reference/broken is not here")
needs_official = pytest.mark.skipif(not OFFICIAL.is_dir(), reason="../shared/data/ees is not here")


def refusal(data: object, **asked: object) -> str:
    """Text of the three-line error that reading ends in."""
    with pytest.raises(sg.StaggeredError) as caught:
        sg.read(data, **(NAMED | asked))
    error = caught.value
    assert all((error.what, error.why, error.fix)), "an error says what, why and what to do"
    assert len(str(error).splitlines()) == 3
    return str(error)


def test_a_plain_table_becomes_a_panel(columns: Build) -> None:
    panel = sg.read(columns(), **NAMED, start="go_live")
    assert panel.design.clusters == ("Leeds", "Kent", "Bath")
    assert panel.design.periods == (2018, 2019, 2020, 2021)
    assert panel.design.treatment.tolist() == [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]]
    assert panel.y.tolist() == columns()["starts"]
    assert panel.name == "starts"
    assert panel.frame.per == "council"
    assert panel.design.dates is None
    assert panel.notes == ("Read 12 rows: 3 councils by 4 periods, 2018 to 2021.",)


def test_the_order_of_the_rows_does_not_matter(columns: Build) -> None:
    frame = pd.DataFrame(columns())
    shuffled = frame.sample(frac=1, random_state=3)
    plain, mixed = (sg.read(each, **NAMED, start="go_live") for each in (frame, shuffled))
    order = [mixed.design.clusters.index(name) for name in plain.design.clusters]
    assert np.array_equal(mixed.outcome[order], plain.outcome)
    assert np.array_equal(mixed.design.treatment[order], plain.design.treatment)


def test_start_and_treated_say_the_same_schedule(columns: Build) -> None:
    by_start = sg.read(columns(), **NAMED, start="go_live")
    by_column = sg.read(columns(treated=[0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0]), **NAMED, treated="treated")
    assert by_start.design == by_column.design


def test_without_a_schedule_everything_is_untreated_and_that_is_said(columns: Build) -> None:
    panel = sg.read(columns(), **NAMED)
    assert not panel.design.treatment.any()
    assert any("Neither start nor treated" in note for note in panel.notes)


def test_a_written_panel_reads_back_as_it_was() -> None:
    panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=6, steps=3, size=20), outcome=sg.Outcome(sd=1.0)), seed=1)
    again = sg.read(
        panel.to_frame(), cluster="cluster", period="period", outcome="outcome", treated="treated", size="size"
    )
    assert np.array_equal(again.outcome, panel.outcome)
    assert np.array_equal(again.design.treatment, panel.design.treatment)
    assert np.array_equal(again.design.size, panel.design.size)


def test_the_real_nine_dates_by_years_ending_31_march(columns: Build) -> None:
    data = columns(go_live=["2019-02-01"] * 4 + ["2020-09-01"] * 4 + [""] * 4)
    schedules = {
        rule: sg.read(data, **NAMED, start="go_live", year_ends="03-31", adopt=rule).design.treatment[:2].tolist()
        for rule in ("any", "half", "full")
    }
    # Leeds has 59 of 365 days of the year to March 2019, Kent 212 of 365 of the year to March 2021.
    assert schedules == {
        "any": [[0, 1, 1, 1], [0, 0, 0, 1]],
        "half": [[0, 0, 1, 1], [0, 0, 0, 1]],
        "full": [[0, 0, 1, 1], [0, 0, 0, 0]],
    }
    fraction = sg.read(data, **NAMED, start="go_live", year_ends="03-31", partial="fraction")
    assert fraction.design.treatment[0, 1] == pytest.approx(59 / 365)
    assert fraction.design.treatment[1, 3] == pytest.approx(212 / 365)
    assert fraction.design.dates is not None
    assert fraction.design.dates[0].astype(str).tolist() == ["2017-04-01", "2018-03-31"]


def test_a_blanked_transition_keeps_its_outcome(columns: Build) -> None:
    data = columns(go_live=["2018-10-01"] * 4 + ["2020-09-01"] * 4 + [""] * 4)
    panel = sg.read(data, **NAMED, start="go_live", year_ends="03-31", partial="blank")
    assert np.isnan(panel.design.treatment[0, 1])
    assert panel.outcome[0, 1] == data["starts"][1]
    assert not panel.frame.used[0, 1]
    assert panel.frame.present is not None
    assert panel.frame.present.all()


def test_a_date_against_a_bare_year_is_refused(columns: Build) -> None:
    text = refusal(columns(go_live=["2019-02-01"] * 4 + [""] * 8), start="go_live")
    assert "2019-02-01 for Leeds (row 2)" in text
    assert 'year_ends="03-31"' in text


def test_a_go_live_before_the_data_is_refused_and_one_after_is_said(columns: Build) -> None:
    assert "before the first period, 2018, for Leeds (2015, row 2)" in refusal(
        columns(go_live=[2015] * 4 + [2020] * 4 + [None] * 4), start="go_live"
    )
    panel = sg.read(columns(go_live=[2024] * 4 + [2020] * 4 + [None] * 4), **NAMED, start="go_live")
    assert panel.design.treatment[0].tolist() == [0, 0, 0, 0]
    assert any("After the last period, 2021" in note and "Leeds (2024, row 2)" in note for note in panel.notes)


def test_the_councils_own_gaps_are_kept_counted_and_said(columns: Build) -> None:
    data = columns()
    data["starts"][5] = None
    for name in data:
        del data[name][9]
    panel = sg.read(data, **NAMED, start="go_live")
    assert panel.frame.present is not None
    assert np.argwhere(~panel.frame.present).tolist() == [[1, 1], [2, 1]]
    assert len(panel.y) == 10
    note = next(note for note in panel.notes if "no outcome" in note)
    assert note.startswith("2 of 12 council-periods have no outcome, in 2 of 3 councils:")
    assert "Kent in 2019 (blank in row 7)" in note
    assert "Bath in 2019 (no row after row 10)" in note
    # The schedule of a gap is known all the same.
    assert panel.design.treatment.tolist() == [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]]


def test_a_period_that_no_council_has_is_named(columns: Build) -> None:
    text = refusal(columns(years=(2017, 2018, 2019, 2021)), start="go_live")
    assert "No council has period 2020; Leeds, for one, goes from 2019 (row 4) to 2021 (row 5)." in text
    data = columns()
    data["starts"] = [None if year == 2020 else value for year, value in zip(data["year"], data["starts"], strict=True)]
    assert "No council has an outcome 'starts' in 2020 (blank in row 4, 8 and 12)" in refusal(data, start="go_live")


def test_everyone_treated_from_the_start_or_at_once_is_refused(columns: Build) -> None:
    with pytest.raises(sg.DesignError, match=r"first period already: Leeds in 2018 \(row 2\)"):
        sg.read(columns(go_live=[2018] * 12), **NAMED, start="go_live")
    with pytest.raises(sg.IdentificationError, match=r"goes live at once: Leeds in 2019 \(row 3\)"):
        sg.read(columns(go_live=[2019] * 12), **NAMED, start="go_live")


def test_treatment_that_goes_back_is_allowed_with_a_warning(columns: Build) -> None:
    data = columns(treated=[0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0])
    with pytest.warns(sg.DesignWarning) as caught:
        panel = sg.read(data, **NAMED, treated="treated")
    text = str(caught[0].message)
    assert "Leeds goes back from treated in 2019 (row 3) to control in 2020 (row 4)" in text
    assert "Gls" in text
    assert caught[0].filename == __file__, "a warning points to the caller"
    assert panel.design.treatment[0].tolist() == [0, 1, 0, 1]


def test_sizes_rates_and_weights(columns: Build) -> None:
    size = [10_000, 11_000, 12_000, 13_000, 50_000, 50_000, 50_000, 50_000, 7_000, 7_000, 7_000, 7_000]
    data = columns(children=size)
    panel = sg.read(data, **NAMED, start="go_live", size="children", per=10_000)
    starts = np.array(data["starts"], dtype=float)
    assert panel.y == pytest.approx(starts / np.array(size) * 10_000, rel=1e-15)
    assert panel.name == "starts per 10,000"
    assert panel.design.size.ravel().tolist() == size
    assert panel.frame.per == "council"
    assert (panel.frame.weights == 1).all()
    for weights in ("size", "children"):
        weighted = sg.read(data, **NAMED, start="go_live", size="children", weights=weights)
        assert weighted.frame.per == "child"
        assert weighted.frame.weights is not None
        assert weighted.frame.weights.ravel().tolist() == size
    other = sg.read(data | {"w": [2.0] * 12}, **NAMED, start="go_live", size="children", weights="w")
    assert other.frame.per == "council"
    assert (other.frame.weights == 2).all()


def test_a_gap_without_a_size_takes_its_councils_mean_so_that_the_design_is_whole(columns: Build) -> None:
    size: list[object] = [10, 20, 30, 40, 50, 50, 50, 50, 70, 70, 70, 70]
    data = columns(children=size)
    data["starts"][1], data["children"][1] = None, None
    panel = sg.read(data, **NAMED, start="go_live", size="children", weights="size")
    assert panel.design.size[0].tolist() == [10, 80 / 3, 30, 40]
    assert panel.frame.used.sum() == 11


def test_strata_labels_and_covariates(columns: Build) -> None:
    data = columns(
        stratum=["high"] * 8 + ["low"] * 4, region=[1.0] * 4 + [2.0] * 8, poverty=[k / 10 for k in range(12)]
    )
    panel = sg.read(data, **NAMED, start="go_live", strata="stratum", keep=["region"], covariates="poverty")
    assert panel.design.strata == ("high", "high", "low")
    assert panel.frame.labels == {"region": ("1", "2", "2")}
    assert panel.frame.covariates["poverty"].ravel().tolist() == data["poverty"]
    data["stratum"][2] = "low"
    text = refusal(data, start="go_live", strata="stratum")
    assert "Leeds has high in 2018 (row 2) and low in 2020 (row 4)" in text
    data["poverty"][6] = None
    assert "blank for Kent in 2020 (row 8)" in refusal(data, start="go_live", covariates=["poverty"])


def test_people_are_averaged_counted_and_spread() -> None:
    data = {
        "council": ["Leeds"] * 5 + ["Kent"] * 5,
        "year": [2020, 2020, 2020, 2021, 2021, 2020, 2020, 2021, 2021, 2021],
        "child": ["a", "b", "c", "a", "b", "a", "b", "a", "b", "c"],
        "in_care": [0, 1, 1, 1, 1, 0, 0, 0, 1, None],
        "age": [4, 6, 8, 5, 7, 3, 5, 4, 6, 9],
        "start": [2021] * 5 + [None] * 5,
    }
    panel = sg.read(
        data, cluster="council", period="year", outcome="in_care", start="start", rows="people", unit="child",
        covariates=["age"], weights="size", per=100,
    )  # fmt: skip
    assert panel.outcome == pytest.approx(np.array([[200 / 3, 100], [0, 50]]))
    assert panel.design.size.tolist() == [[3, 2], [2, 2]]
    assert panel.frame.weights is not None
    assert panel.frame.weights.tolist() == [[3, 2], [2, 2]]
    assert panel.frame.per == "child"
    assert panel.within == pytest.approx(np.array([[1e4 / 3, 0], [0, 5e3]]))
    assert panel.frame.covariates["age"].tolist() == [[6, 6], [4, 5]]
    assert any("1 of 10 people have no 'in_care'" in note for note in panel.notes)
    # Two councils that both number their children from a have five children between them, not three.
    assert any("6 people are followed. Identifiers found in more than one council (3)" in note for note in panel.notes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rows": "person"}, "Write rows='people'"),
        ({"treated": "d"}, "Both start='go_live' and treated='d'"),
        ({"unit": "council"}, "unit='council' was given with rows='cells'"),
        ({"per": 100}, "per=100 was given without size="),
        ({"start": "go-live"}, "no column 'go-live' (nearest: 'go_live')"),
        ({"year_ends": "31-03"}, "year_ends='31-03' is not the last day of a year"),
    ],
)
def test_what_is_asked_for_is_checked_too(columns: Build, change: dict[str, object], said: str) -> None:
    assert said in refusal(columns(), **({"start": "go_live"} | change))


def test_a_name_that_was_misspelt_halfway_is_warned_of(columns: Build) -> None:
    data = columns()
    data["council"][6] = data["council"][7] = "Keent"
    with pytest.warns(sg.DataWarning, match="'Kent' and 'Keent'"):
        sg.read(data, **NAMED, start="go_live")


def test_an_unsuspicious_panel_gives_no_warning(columns: Build) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sg.read(columns(), **NAMED, start="go_live")


@needs_broken
@pytest.mark.parametrize("schedule", [{"start": "g"}, {"treated": "d"}])
def test_the_clean_panel_reads_cleanly(schedule: dict[str, str]) -> None:
    panel = sg.read(BROKEN / "clean.csv", cluster="id", period="t", outcome="y", **schedule)
    assert panel.outcome.shape == (60, 8)
    assert panel.frame.used.all()
    assert np.unique(panel.design.start).tolist() == [2, 4, 6, np.inf]
    assert not any("no outcome" in note for note in panel.notes)


# What must be in the error, warning or note: council, period, row, and what to do.
SEVEN = {
    "dup": (
        "council 1 in period 4 (rows 5 and 482)",
        "council 20 in period 4",
        "council 50 in period 4",
        "Keep one row",
    ),
    "missperiod": ("No council has period 4", "council 1", "(row 4)", "Add its rows"),
    "missrows": ("council 1 in period 4 (no row after row 4)", "council 33 in period 4", "add the missing rows"),
    "text": (
        "'<5'",
        "small count hidden",
        "council 1 in period 4 (row 5)",
        "council 26 in period 1 (row 202)",
        "blank the",
    ),
    "allonce": ("goes live at once", "council 1 in period 5 (row 6)", "Add councils"),
    "nocontrol": (
        "No council is untreated in period 7 and period 8",
        "council 31 in period 7 (row 248)",
        "would mend it",
    ),
}


@needs_broken
@pytest.mark.parametrize("schedule", [{"start": "g"}, {"treated": "d"}])
@pytest.mark.parametrize("name", [*SEVEN, "reversal"])
def test_every_broken_panel_stops_or_is_flagged(name: str, schedule: dict[str, str]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            panel = sg.read(BROKEN / f"{name}.csv", cluster="id", period="t", outcome="y", **schedule)
            said = " ".join([*panel.notes, *(str(warning.message) for warning in caught)])
            assert name in {"missrows", "nocontrol", "reversal"}
        except sg.StaggeredError as error:
            said = str(error)
            assert name not in {"missrows", "nocontrol"}
    wanted = SEVEN.get(name)
    if wanted is None and "start" in schedule:
        wanted = (
            "two go-lives",
            "council 1 has 3 in period 1 (row 2) and 0 in period 6 (row 7)",
            "same go-live on every row",
        )
    elif wanted is None:
        wanted = (
            "council 1 goes back from treated in period 5 (row 6) to control in period 6 (row 7)",
            "Correct the rows",
        )
    for words in wanted:
        assert words in said


@needs_official
def test_an_official_file_names_its_symbols_and_reads_once_they_are_gone(tmp_path: Path) -> None:
    path = OFFICIAL / "ees_cla_number_and_rate_2021_2025.csv"
    raw = pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    starts = raw["population_type"].str.contains("starting") & (raw["geographic_level"] == "Local authority")
    raw[starts].to_csv(tmp_path / "starts.csv", index=False, encoding="utf-8-sig")
    named = {"cluster": "la_name", "period": "time_period", "outcome": "children_count"}
    with pytest.raises(sg.DataError, match="not applicable"):
        sg.read(tmp_path / "starts.csv", **named)
    usable = raw[starts & raw["children_count"].str.fullmatch(r"\d+")]
    panel = sg.read(usable, **named, size="population_estimate", per=10_000)
    published = usable.set_index(["la_name", "time_period"])["rate_per_10000"]
    walsall = panel.design.clusters.index("Walsall")
    for k, year in enumerate(panel.design.periods):
        assert round(panel.outcome[walsall, k]) == int(published["Walsall", str(year)])


def test_a_row_of_totals_is_warned_of(columns: Build) -> None:
    data = columns()
    data["council"] = [name if name != "Bath" else "England" for name in data["council"]]
    with pytest.warns(sg.DataWarning, match="England, the name of a total") as caught:
        sg.read(data, **NAMED, start="go_live")
    assert caught[0].filename == __file__, "a warning points to the caller"


def test_a_count_below_nothing_is_refused(columns: Build) -> None:
    data = columns(children=[1000] * 12)
    data["starts"][2] = -1
    text = refusal(data, start="go_live", size="children", per=10_000)
    assert "below 0: -1 for Leeds in 2020 (row 4)" in text
    # As it stands it may be a change, or a logarithm.
    assert sg.read(data, **NAMED, start="go_live", size="children").outcome.min() == -1
