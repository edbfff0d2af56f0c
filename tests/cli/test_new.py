"""The command new: ten piped answers, a file that runs, and nothing written when one of them cannot be meant."""

import pytest
from click.testing import CliRunner

import staggered as sg
from staggered.cli import main

ANSWERS = ["No Wrong Door", "becoming looked after", "yes-no", "7%", "5.15%", "5", "5", "600", "0.00268", "1"]


@pytest.fixture
def new(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(lines, *options):
        return CliRunner().invoke(main, ["new", *options], input="".join(f"{line}\n" for line in lines))

    return run


def test_ten_lines_make_a_study_file_that_passes_its_check_and_has_power(new):
    result = new(ANSWERS)
    assert result.exit_code == 0, result.output
    study = sg.load("study.toml")
    assert study.power().text() in result.stdout
    assert study.digest in result.stdout
    assert all(f"{number} of 10." in result.stdout for number in range(1, 11))
    for command in ("check", "show", "power"):
        assert CliRunner().invoke(main, [command, "study.toml"]).exit_code == 0


def test_empty_lines_take_the_examples(new):
    assert new([""] * 10, "--out", "first.toml").exit_code == 0
    assert "nobody has checked" in sg.load("first.toml").source


def test_later_questions_follow_the_kind_of_outcome(new):
    result = new(["MASH", "referrals", "count", "560", "504", "20", "4", "60,000", "0.28", "0.195"])
    assert result.exit_code == 0
    assert "per 10,000 children aged 0 to 17" in result.stdout
    assert sg.load("study.toml").outcome.family == "poisson"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (ANSWERS[:4], "The answers end before question 5"),
        ([*ANSWERS[:3], "many"], "'many' does not answer the question"),
        ([*ANSWERS[:6], "9", *ANSWERS[7:]], "5 councils cannot go live in 9 waves."),
    ],
)
def test_what_cannot_be_meant_is_said_in_three_lines_and_nothing_is_written(new, tmp_path, lines, says):
    result = new(lines)
    assert result.exit_code == 2
    assert result.stderr.startswith(says)
    assert len(result.stderr.strip().splitlines()) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_kept_unless_forced(new):
    assert new(ANSWERS).exit_code == 0
    again = new(ANSWERS)
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    assert new(ANSWERS, "--force").exit_code == 0
