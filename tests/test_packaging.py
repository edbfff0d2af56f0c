"""What the package says about itself: dependencies and their tested versions, and its own version."""

import re
import runpy
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
FOLDERS = (".ci", "benchmarks", "designs", "docs", "examples", "src", "tests")
NOT_TEXT = {".docx", ".parquet", ".pdf", ".png", ".pyc", ".xlsx"}
LOCKS = {"conda-lock.yml", "pdm.lock", "pipfile.lock", "pixi.lock", "poetry.lock", "pylock.toml", "uv.lock"}

# Written in two pieces, so that this file is not itself a finding.
SOURCES = ("index" + "-url", "--trusted" + "-host", "--ha" + "sh=")
DOWNLOAD = re.compile(r"https?://\S+(?:\.whl|\.tar\.gz|/simple/)")
MACHINE = re.compile(r"(?:^|[\s\"'=(`])/(?:root|tmp|home/\w+|Users/\w+|work)/")


def requirements(extra: str = "") -> Iterator[Requirement]:
    """Yield the requirements of the core, or of an extra with the extras it refers to."""
    lines = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    for requirement in map(Requirement, lines):
        if requirement.name == PROJECT["name"]:
            for referred in sorted(requirement.extras):
                yield from requirements(referred)
        else:
            yield requirement


def constraints() -> list[Requirement]:
    lines = (line.strip() for line in CONSTRAINTS.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def applies(requirement: Requirement, python: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"python_version": python})


def own_text() -> Iterator[Path]:
    paths = [*ROOT.iterdir(), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))]
    for path in sorted(paths):
        if path.is_file() and path.suffix.lower() not in NOT_TEXT and not path.name.startswith("."):
            yield path


def own_lines() -> Iterator[tuple[str, str]]:
    """Yield every line of the project's text files with where it stands."""
    for path in own_text():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            yield f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}", line


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("extra", ["", *PROJECT["optional-dependencies"]])
def test_every_dependency_has_one_tested_version_within_its_bounds(extra: str, python: str) -> None:
    wanted = [requirement for requirement in requirements(extra) if applies(requirement, python)]
    assert wanted
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        tested = [line for line in constraints() if canonicalize_name(line.name) == name and applies(line, python)]
        assert len(tested) == 1, f"{name} has {len(tested)} lines in constraints.txt for Python {python}"
        (specifier,) = tested[0].specifier
        assert specifier.operator == "=="
        assert requirement.specifier.contains(specifier.version), f"{name} {specifier.version} is outside {requirement}"


def test_the_development_extra_holds_every_other_extra() -> None:
    others = {extra for extra in PROJECT["optional-dependencies"] if extra != "dev"}
    own = [Requirement(line) for line in PROJECT["optional-dependencies"]["dev"]]
    assert others == {extra for line in own if line.name == PROJECT["name"] for extra in line.extras}


def test_constraints_are_versions_and_nothing_else() -> None:
    assert "://" not in CONSTRAINTS
    for line in constraints():
        assert line.url is None
        assert not line.extras
        assert [specifier.operator for specifier in line.specifier] == ["=="]


def test_the_version_is_the_same_everywhere() -> None:
    citation = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    newest = re.search(r"^## \[(\S+)\] - ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert citation is not None
    assert newest is not None
    assert citation[1] == newest[1] == PROJECT["version"]


def test_there_is_no_lock_file() -> None:
    assert LOCKS.isdisjoint(path.name.lower() for path in [*ROOT.iterdir(), *own_text()])


def test_no_file_says_where_packages_come_from() -> None:
    found = [place for place, line in own_lines() if DOWNLOAD.search(line) or any(word in line for word in SOURCES)]
    assert found == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert [place for place, line in own_lines() if MACHINE.search(line)] == []


def test_constraints_differ_by_marker_only_where_the_environments_do() -> None:
    merge = runpy.run_path(str(ROOT / ".ci" / "merge_constraints.py"))["merge"]
    older = {"click": "8.1", "numpy": "2.4.6", "xarray-einstats": "0.9"}
    newer = {"click": "8.1", "numpy": "2.5.5", "zarr": "3.1"}
    lines = merge(older, newer)
    assert lines == [
        "click==8.1",
        'numpy==2.4.6; python_version < "3.12"',
        'numpy==2.5.5; python_version >= "3.12"',
        'xarray-einstats==0.9; python_version < "3.12"',
        'zarr==3.1; python_version >= "3.12"',
    ]
