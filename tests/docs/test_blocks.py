"""Every code block of the README and the docs: it runs, and prints what the page shows.

Blocks of a page run in order, in one folder with the project's designs and examples:

    python              code; what it prints must stand in a `text` block right after it
    console             commands of `staggered`, one a line; a `text` block after it is checked when there is one
    console exit=2      the same, for input that is refused
    text                what the block before it prints, "..." standing for anything
    text figure         a drawing in letters, which nothing prints
    toml file=NAME      (or csv) a file, written under this name for the blocks that follow
    sh set-up           installing and the like, not run; each line must be one of those that `SETUP` knows how to check
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement

from staggered.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LAUNCHERS = {"py", "python", "python3"}
FENCE = re.compile(r"^```(?P<kind>\w*)(?P<rest>[^`]*)$")
SAME = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    kind: str
    rest: str
    source: str
    shown: str | None = None

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Blocks of a page, each with the `text` block that follows it."""
    found: list[Block] = []
    opened: tuple[int, str, str] | None = None
    lines = page.read_text(encoding="utf-8").splitlines()
    start = 0
    for number, line in enumerate(lines, start=1):
        if opened is None:
            if match := FENCE.match(line):
                opened, start = (number, match["kind"], match["rest"].strip()), number
            continue
        if line == "```":
            source = "\n".join(lines[start : number - 1]) + "\n"
            if opened[1:] == ("text", "figure"):
                pass
            elif opened[1] == "text":
                assert found, f"{page.name}:{opened[0]}: a text block that nothing prints"
                assert found[-1].shown is None, f"{page.name}:{opened[0]}: two text blocks after one"
                last = found.pop()
                found.append(Block(last.page, last.line, last.kind, last.rest, last.source, source))
            else:
                found.append(Block(page, *opened, source))
            opened = None
    assert opened is None, f"{page.name}: the block of line {start} is never closed"
    return found


def require_printed(block: Block, printed: str) -> None:
    checker = doctest.OutputChecker()
    shown = block.shown or ""
    if not checker.check_output(shown, printed, SAME):
        pytest.fail(f"{block.place} prints\n\n{printed}\nand the page shows\n\n{shown}", pytrace=False)


def run_python(block: Block, names: dict[str, object]) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block.source, block.place, "exec"), names)
    require_printed(block, printed.getvalue())


def run_console(block: Block, names: dict[str, object]) -> None:
    printed = ""
    wanted = int(block.rest.removeprefix("exit=") or 0)
    for line in block.source.splitlines():
        words = shlex.split(line)
        if words[0] in LAUNCHERS and words[1:3] == ["-m", "staggered"]:
            words = words[2:]
        assert words[0] == "staggered", f"{block.place}: {line!r} is no command of staggered"
        result = CliRunner().invoke(main, words[1:], catch_exceptions=False)
        assert result.exit_code == wanted, f"{block.place}: {line}\n{result.output}"
        printed += result.output
    if block.shown is not None:
        require_printed(block, printed)


def write_file(block: Block, names: dict[str, object]) -> None:
    name = block.rest.removeprefix("file=")
    assert name != block.rest, f"{block.place} does not say under which name it is a file"
    assert Path(name).name == name, f"{block.place} would write outside of its folder"
    assert block.shown is None, f"{block.place}: a file prints nothing"
    Path(name).write_text(block.source, encoding="utf-8")


def check_setup(block: Block, names: dict[str, object]) -> None:
    assert block.rest == "set-up", f"{block.place} is a shell block that is not marked set-up"
    for line in block.source.splitlines():
        command = line.split("#")[0].strip()
        checks = [check for pattern, check in SETUP if re.fullmatch(pattern, command)]
        assert len(checks) == 1, f"{block.place}: {line!r} is not a set-up command that is known here"
        checks[0](command)


def make_target(command: str) -> None:
    target = command.split()[1]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def pip_command(command: str) -> None:
    """Check what is installed is this project, with extras that it has, and that pip knows the options."""
    words = shlex.split(command)
    action, *rest = words[words.index("pip") + 1 :]
    told = subprocess.run([sys.executable, "-m", "pip", "help", action], capture_output=True, text=True, check=True)
    for option in (word.split("=")[0] for word in rest if word.startswith("-")):
        assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", told.stdout), (
            f"pip {action} has no option {option}"
        )
    wanted = re.findall(r'"([^"]+)"', command)
    assert wanted, f"{command!r} names no package in quotes"
    for text in wanted:
        asked = Requirement(re.sub(r"^\.", PROJECT["name"], text))
        assert asked.name == PROJECT["name"]
        assert asked.extras <= set(PROJECT["optional-dependencies"])


def standard_module(command: str) -> None:
    words = shlex.split(command)
    assert words[1:3] == ["-m", "venv"]
    subprocess.run([sys.executable, "-m", "venv", "--help"], capture_output=True, check=True)


def nothing_more(command: str) -> None:
    """For lines whose whole text is given in `SETUP`."""


SETUP: tuple[tuple[str, Callable[[str], None]], ...] = (
    (r"make \w+", make_target),
    (r"((uv|(py|python3?) -m) )?pip (install|download|wheel) .*", pip_command),
    (r"(py|python3?) -m venv \.venv", standard_module),
    (r"uv venv", nothing_more),
    (r"\.venv\\Scripts\\activate", nothing_more),
    (r"set PYTENSOR_FLAGS=cxx=,mode=NUMBA", nothing_more),
)
RUNNERS: dict[str, Callable[[Block, dict[str, object]], None]] = {
    "python": run_python,
    "console": run_console,
    "toml": write_file,
    "csv": write_file,
    "sh": check_setup,
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_of_the_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("designs", "examples"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    names: dict[str, object] = {"__name__": "__main__"}
    with warnings.catch_warnings():
        for block in blocks(page):
            assert block.kind in RUNNERS, f"{block.place} is of no kind that can be run: {block.kind!r}"
            RUNNERS[block.kind](block, names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_code_stands_outside_a_block(page: Path) -> None:
    """Code that is set off by four spaces would be shown without ever being run."""
    fenced, before = False, ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fenced ^= line.startswith("```")
        assert fenced or before.strip() or not line.startswith("    "), f"{page.name}:{number}: an indented block"
        before = line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, heading = target.partition("#")
        if "://" in name:
            continue
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), f"{page.name} links to {target}, which does not exist"
        if heading:
            titles = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
            assert heading in anchors, f"{page.name} links to {target}: no such heading"
