"""Merge what two environments hold into one constraints file, printed.

    python3 .ci/merge_constraints.py ENVIRONMENT_3_11 ENVIRONMENT_NEWER > constraints.txt

A package with the same version in both has one line; otherwise each line carries the marker of its Python.
"""

import json
import subprocess
import sys
from pathlib import Path

# The tools that pip brings along and the package itself are not ours to pin.
OMIT = {"pip", "setuptools", "wheel", "staggered"}
OLDER = 'python_version < "3.12"'
NEWER = 'python_version >= "3.12"'


def installed(environment: Path) -> dict[str, str]:
    """Return the version of every package in an environment, by its normalised name."""
    command = [environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "list", "--format=json"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    packages = {entry["name"].lower().replace("_", "-"): entry["version"] for entry in json.loads(listing)}
    return {name: version for name, version in packages.items() if name not in OMIT}


def python_version(environment: Path) -> str:
    """Return the Python version of an environment."""
    command = [environment / "bin" / "python", "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def merge(older: dict[str, str], newer: dict[str, str]) -> list[str]:
    """Return the lines of the constraints, with markers where the two environments differ."""
    lines = []
    for name in sorted(older.keys() | newer.keys()):
        if older.get(name) == newer.get(name):
            lines.append(f"{name}=={older[name]}")
            continue
        for versions, marker in ((older, OLDER), (newer, NEWER)):
            if name in versions:
                lines.append(f"{name}=={versions[name]}; {marker}")
    return lines


if __name__ == "__main__":
    first, second = (Path(argument) for argument in sys.argv[1:])
    pythons = " and ".join(map(python_version, (first, second)))
    print(f"# The versions that the tests were run with, on Python {pythons}.")
    print("# Made by .ci/merge_constraints.py; CONTRIBUTING.md says how to renew it.")
    print("\n".join(merge(installed(first), installed(second))))
