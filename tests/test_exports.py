"""What a user meets first: the names, what importing them costs, and the shape of the files behind them."""

import ast
import inspect
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import staggered as sg

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "staggered"
FILES = sorted(SOURCE.rglob("*.py"))
HEAVY = ("pandas", "scipy.stats", "statsmodels", "linearmodels", "matplotlib", "pymc", "arviz", "docx", "openpyxl")
MOST_NAMES = 75
MOST_LINES = 600
MOST_IN_A_FUNCTION = 60
NAMES = [name for name in sg.__all__ if name != "__version__"]
RETURNED = [name for names in sg._RETURNED.values() for name in names]
"""Values that come out of functions, whose examples show them: reachable, not listed."""


def _is_signal(value: type) -> bool:
    return issubclass(value, (Exception, Warning))


def loaded_by(code: str) -> set[str]:
    """Heavy modules that a fresh interpreter has loaded after running some code."""
    report = f"import json, sys\nprint(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True, timeout=120
    )
    return set(json.loads(run.stdout.strip().splitlines()[-1]))


def test_there_are_few_flat_names() -> None:
    assert len(set(sg.__all__)) == len(sg.__all__) <= MOST_NAMES
    assert set(dir(sg)) == set(sg.__all__)


@pytest.mark.parametrize("name", [*NAMES, *RETURNED])
def test_every_name_is_there_and_says_what_it_is(name: str) -> None:
    value = getattr(sg, name)
    documentation = inspect.getdoc(value)
    assert documentation
    assert documentation.splitlines()[0].endswith((".", ":"))


CALLABLE = [name for name in NAMES if inspect.isfunction(getattr(sg, name)) or inspect.isclass(getattr(sg, name))]
TYPED = [name for name in CALLABLE if inspect.isfunction(getattr(sg, name)) or not _is_signal(getattr(sg, name))]


@pytest.mark.parametrize("name", TYPED)
def test_every_argument_is_described_and_every_tool_shows_an_example(name: str) -> None:
    value = getattr(sg, name)
    documentation = inspect.getdoc(value) or ""
    arguments = set(inspect.signature(value).parameters)
    assert [one for one in arguments if not re.search(rf"\b{one}\b", documentation)] == []
    assert ">>>" in documentation


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'staggered' has no attribute 'stepwise'"):
        sg.stepwise  # noqa: B018 - asking is the test


def test_importing_is_light() -> None:
    assert loaded_by("import staggered") == set()


def test_asking_for_help_is_light() -> None:
    code = (
        "import sys\nfrom staggered.cli import main\nsys.argv = ['staggered', '--help']\n"
        "try:\n    main(prog_name='staggered')\nexcept SystemExit as stop:\n    assert not stop.code\n"
    )
    assert loaded_by(code) == set()


def test_loading_an_estimator_does_load_pandas() -> None:
    """The check itself: what is heavy is seen once it is needed."""
    assert "pandas" in loaded_by("import staggered\nstaggered.Twfe")


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def without_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's code, its docstring not counted."""
    body = function.body
    quoted = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    documentation = (body[0].end_lineno or 0) - body[0].lineno + 1 if quoted else 0
    return (function.end_lineno or 0) - function.lineno + 1 - documentation


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_and_functions_are_short_and_errors_are_caught_by_name(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert len(text.splitlines()) <= MOST_LINES
    long = [
        f"{one.name}: {without_docstring(one)}"
        for one in functions(tree)
        if without_docstring(one) > MOST_IN_A_FUNCTION
    ]
    assert long == []
    caught = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]
    names = [ast.unparse(node.type) if node.type else "everything" for node in caught]
    assert not {"everything", "Exception", "BaseException"} & set(names)
    called = [node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    assert "hasattr" not in called
    assert not {"utils.py", "helpers.py", "common.py", "misc.py"} & {path.name}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_file_and_every_public_name_in_it_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    public = [
        node
        for node in tree.body
        if isinstance(node, kinds)
        and not node.name.startswith("_")
        and "overload" not in [ast.unparse(decorator) for decorator in node.decorator_list]
    ]
    assert [node.name for node in public if not ast.get_docstring(node)] == []


def test_examples_in_docstrings_are_run_with_the_tests() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    assert "--doctest-modules" in settings["addopts"]
    assert {"tests", "src"} <= set(settings["testpaths"])
