import json

import pandas as pd
import pytest

import staggered as sg


def test_check_says_what_it_found(staggered):
    result = staggered("check", "study.toml")
    assert result.exit_code == 0
    assert "  ok: allocations. 90 different allocations exist" in result.stdout


def test_check_fails_where_a_check_does_not_pass(staggered, folder):
    text = (folder / "study.toml").read_text().replace(', "Hull", "York", "Bury"]', "]")
    (folder / "study.toml").write_text(text.replace('inference = "jackknife"', 'inference = "permutation"'))
    result = staggered("check", "study.toml")
    assert result.exit_code == 1
    assert "  look: allocations. 6 different allocations exist" in result.stdout


def test_show_draws_the_schedule(staggered):
    lines = staggered("show", "study.toml").stdout.split("\n")
    assert lines[0] == "A rehearsal"
    assert lines[2] == "Leeds          . # # #      200"


def test_show_draws_the_schedule_of_data(staggered, folder):
    (folder / "own.csv").write_text("council,year,y,t\nLeeds,2020,1,0\nLeeds,2021,2,1\nKent,2020,3,0\nKent,2021,4,0\n")
    (folder / "data.toml").write_text(
        'schema = 1\n[study]\ntitle = "t"\n[data]\nfile = "own.csv"\ncluster = "council"\n'
        'period = "year"\noutcome = "y"\ntreated = "t"\n'
    )
    assert "Leeds          . #" in staggered("show", "data.toml").stdout


def test_power_prints_what_the_library_computes(staggered):
    plan = sg.load("study.toml").plan
    result = staggered("power", "study.toml")
    assert sg.power(plan).text() in result.stdout
    assert sg.detectable(plan).text() in result.stdout
    table = sg.grid(plan, icc=[0.01, 0.05], cac=[0.5, 1.0]).table()
    row = next(line for line in result.stdout.split("\n") if line.strip().startswith("0.01 "))
    assert [f"{power:.0%}" for power in table["power"][:2]] == row.split()[1:]


def test_without_an_effect_only_the_detectable_one_is_shown(staggered, folder):
    (folder / "study.toml").write_text((folder / "study.toml").read_text().replace("[effect]\nsize = 0.3\n", ""))
    result = staggered("power", "study.toml")
    assert result.exit_code == 0
    assert result.stdout.startswith("The smallest effect this plan would detect")
    assert "Power by" not in result.stdout
    assert staggered("power", "study.toml", "--grid", "icc=.1").exit_code == 2


def test_power_over_a_range_given_on_the_line(staggered):
    told = json.loads(staggered("power", "study.toml", "--grid", "icc=.02,.2", "--grid", "cac=.9", "--json").stdout)
    assert [(row["icc"], row["cac"]) for row in told["grid"]["rows"]] == [(0.02, 0.9), (0.2, 0.9)]
    wanted = sg.grid(sg.load("study.toml").plan, icc=[0.02, 0.2], cac=[0.9]).table()["power"].tolist()
    assert [row["power"] for row in told["grid"]["rows"]] == wanted


def test_simulation_stops_when_it_is_precise(staggered):
    told = json.loads(staggered("power", "study.toml", "--simulate", "20000", "--precise", "0.015", "--json").stdout)
    wanted = sg.load("study.toml").simulated_power(20_000, precise=0.015)
    assert (told["rows"][0]["draws"], told["rows"][0]["power"]) == (wanted.draws, pytest.approx(wanted.power))
    assert wanted.draws < 20_000
    assert wanted.mcse < 0.015


def test_power_is_written_as_a_table(staggered, folder, digest):
    result = staggered("power", "study.toml", "--out", "power.csv")
    assert result.exit_code == 0
    table = pd.read_csv(folder / "power.csv")
    assert len(table) == 4
    assert set(table["study_sha256"]) == {digest}
    staggered("power", "study.toml", "--out", "power.json")
    assert json.loads((folder / "power.json").read_text())["grid"]["rows"][0]["icc"] == 0.01


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--grid", "iccc=.1"), "--grid iccc=.1 varies 'iccc'."),
        (("--grid", "icc=.1,x"), "--grid icc=.1,x holds something that is no number."),
        (("--grid", "icc=7"), "icc is 7."),
        (("--precise", "0.01"), "--precise 0.01 is given without --simulate."),
        (("--out", "power.txt"), "power.txt ends in '.txt'."),
        (("--out", "nowhere/power.csv"), "does not exist."),
        (("--out", "study.toml.csv/"), "Nothing"),
    ],
)
def test_power_refuses_what_it_cannot_do(staggered, folder, arguments, says):
    if says == "Nothing":
        (folder / "study.toml.csv").mkdir()
        says = "is a folder."
    result = staggered("power", "study.toml", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.strip().split("\n")) == 3


def test_an_output_that_exists_is_kept_unless_forced(staggered, folder):
    (folder / "power.csv").write_text("mine")
    result = staggered("power", "study.toml", "--out", "power.csv")
    assert result.exit_code == 2
    assert result.stderr.startswith("power.csv exists already.\n")
    assert (folder / "power.csv").read_text() == "mine"
    assert staggered("power", "study.toml", "--out", "power.csv", "--force").exit_code == 0
    assert (folder / "power.csv").read_text().startswith("icc,cac,")


def test_reproduce_takes_several_files_and_fails_on_a_miss(staggered, folder):
    (folder / "miss.toml").write_text((folder / "study.toml").read_text().replace("value = 1200", "value = 1300"))
    assert staggered("reproduce", "study.toml").exit_code == 0
    result = staggered("reproduce", "study.toml", "miss.toml")
    assert result.exit_code == 1
    assert "ok: people. Expected 1200, computed 1200." in result.stdout
    assert "look: people. Expected 1300, computed 1200." in result.stdout
