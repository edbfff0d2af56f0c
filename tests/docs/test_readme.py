"""What the README says in passing: its first commands, its first rows, and the numbers of its paragraph."""

import csv
import re
from pathlib import Path

import pytest

import staggered as sg

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(.*?)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_it_opens_with_the_two_commands() -> None:
    commands = [line.split("#")[0].strip() for line in BLOCKS[0][1].splitlines()]
    assert commands == ["make demo", "make test"]


def test_the_first_installation_line_has_the_bayes_extra() -> None:
    lines = [line for kind, block in BLOCKS if kind == "sh set-up" for line in block.splitlines() if "install" in line]
    assert next(line for line in lines if "make" not in line) == 'pip install "staggered[bayes]"'


def test_the_rows_shown_are_rows_of_the_example() -> None:
    with (ROOT / "examples" / "nine_councils.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [line for line in README.splitlines() if line.startswith("| ") and line.endswith(" |")]
    first = next(k for k, line in enumerate(lines) if line.startswith("| council | go_live"))
    names, *shown = ([field.strip() for field in line.split("|")[1:-1]] for line in lines[first : first + 4])
    assert len(shown) == 3
    for values in shown:
        wanted = dict(zip(names, values, strict=True))
        assert any(all(row[name] == value for name, value in wanted.items()) for row in rows), wanted


def test_the_paragraph_for_a_director_is_what_the_study_file_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "nine_councils.csv").write_bytes((ROOT / "examples" / "nine_councils.csv").read_bytes())
    (tmp_path / "my_council.toml").write_text(
        next(block for kind, block in BLOCKS if kind == "toml file=my_council.toml"), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    estimate = sg.load("my_council.toml").analyse()[0].estimate
    low, high = estimate.interval(0.95)
    paragraph = " ".join(line.removeprefix("> ") for line in README.splitlines() if line.startswith("> "))
    assert f"between {-low:.0f} fewer and {high:.0f} more per 10,000 children" in paragraph
    assert f"with 60,000 children that is between {-6 * low:.0f} fewer and {6 * high:.0f} more children" in paragraph
    assert f"rose by {estimate.value:.1f} per 10,000" in README
    design = sg.load("my_council.toml").panel().design
    adopters = int((design.start < len(design.periods)).sum())
    assert (adopters, len(design.clusters) - adopters) == (9, 24)
    assert "We compared nine councils" in paragraph
    assert "with 24 similar councils" in paragraph


def test_what_is_said_to_be_missing_is_missing() -> None:
    """Whoever builds one of these takes it out of the README's limits."""
    limits = " ".join(README.split("Honest limits")[1].split("\n## ")[0].split())
    assert {"economics", "official", "disclose"}.isdisjoint(sg.__all__)
    assert "the department's own file formats, the business case and the suppression of small numbers" in limits
