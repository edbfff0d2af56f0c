"""What holds for every command: exit codes, three-line errors, sentences for warnings, the file's SHA-256."""

import json
import subprocess
import sys

import pytest

HEAVY = ("pandas", "scipy.stats", "statsmodels", "matplotlib", "pydantic", "rich", "pymc")


def test_help_lists_the_commands_and_loads_nothing_heavy():
    code = (
        "import sys; from click.testing import CliRunner; from staggered.cli import main; "
        "print(CliRunner().invoke(main, ['--help']).output); "
        "print(CliRunner().invoke(main, ['power', '--help']).output); "
        f"print('loaded:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in ("check", "show", "power", "allocate", "simulate", "analyse", "report", "run", "reproduce"):
        assert f"\n  {name} " in done.stdout
    assert "..." not in done.stdout.split("Commands:")[1].split("Usage:")[0]
    assert "loaded: []" in done.stdout


def test_the_module_is_the_command(folder):
    done = subprocess.run(
        [sys.executable, "-m", "staggered", "check", "study.toml"],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ok: schedule" in done.stdout
    wrong = subprocess.run(
        [sys.executable, "-m", "staggered", "check", "nowhere.toml"],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("The study file nowhere.toml does not exist.\n  ")
    assert len(wrong.stderr.strip().split("\n")) == 3


def test_output_that_a_console_cannot_show_does_not_crash_it(folder):
    done = subprocess.run(
        [sys.executable, "-m", "staggered", "power", "study.toml"],
        capture_output=True,
        cwd=folder,
        env={"PYTHONIOENCODING": "cp1252", "PATH": ""},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"clusters ? 2" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "study.toml"),
        ("show", "study.toml"),
        ("power", "study.toml"),
        ("allocate", "study.toml"),
        ("reproduce", "study.toml"),
        ("simulate", "study.toml"),
    ],
)
def test_every_output_carries_the_sha256(staggered, digest, arguments):
    result = staggered(*arguments)
    assert result.exit_code == 0, result.stderr
    assert digest in result.stdout


@pytest.mark.parametrize("command", ["check", "show", "power", "allocate"])
def test_json_is_json_and_begins_with_the_stamp(staggered, digest, command):
    result = staggered(command, "study.toml", "--json")
    told = json.loads(result.stdout)
    assert list(told)[:4] == ["study", "file", "study_sha256", "staggered"]
    assert told["study_sha256"] == digest


def test_json_of_several_files_is_one_document(staggered, digest):
    told = json.loads(staggered("reproduce", "study.toml", "study.toml", "--json").stdout)
    assert [study["study_sha256"] for study in told["studies"]] == [digest] * 2
    assert told["studies"][0]["checks"][0]["name"] == "people"


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "bad.toml"),
        ("show", "bad.toml"),
        ("power", "bad.toml"),
        ("allocate", "bad.toml"),
        ("simulate", "bad.toml"),
        ("analyse", "bad.toml"),
        ("run", "bad.toml"),
        ("reproduce", "bad.toml"),
    ],
)
def test_a_wrong_input_is_three_lines_and_leaves_nothing_behind(staggered, folder, arguments):
    (folder / "bad.toml").write_text((folder / "study.toml").read_text().replace("icc = 0.05", "icc = 5"))
    before = sorted(folder.iterdir())
    result = staggered(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.strip().split("\n")
    assert lines[0] == "bad.toml, line 15: icc in [correlation] is 5, but must be at most 1."
    assert len(lines) == 3
    assert sorted(folder.iterdir()) == before


def test_a_warning_is_a_sentence_on_stderr(staggered, folder):
    staggered("simulate", "study.toml", "--out", "panel.csv")
    text = (folder / "panel.csv").read_text()
    row = next(line for line in text.split("\n") if line.startswith("Kent,2,"))
    (folder / "panel.csv").write_text(text.replace(row, row.replace("Kent,2,1.0,", "Kent,2,0.0,")))
    result = staggered("analyse", "study.toml", "panel.csv")
    assert result.exit_code == 0
    assert "Note: The data depart from the planned schedule for Kent in 2." in result.stderr
    assert result.stderr.count("Note: ") == 1


def test_an_unknown_command_is_exit_2(staggered):
    assert staggered("pwoer", "study.toml").exit_code == 2
