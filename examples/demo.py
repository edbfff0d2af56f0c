"""Two studies from file to report: a stepped-wedge trial as it was rolled out, and nine councils in published data.

    python examples/demo.py [folder]

Every step is a command that can be typed as it stands; the last line says where the reports are.
"""

from __future__ import annotations

import os
import sys
from html import escape
from pathlib import Path

import staggered as sg
from staggered.cli import main

ROOT = Path(__file__).resolve().parents[1]
STUDIES = {
    ROOT / "designs" / "fs_realised.toml": ("check", "show", "power", "allocate"),
    ROOT / "examples" / "nine_councils.toml": ("check", "show", "analyse"),
}
PAGE = """<!doctype html>
<html lang="en-GB">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Two worked studies</title>
<style>body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem }}</style>
<h1>Two worked studies</h1>
{entries}
</html>
"""
ENTRY = """<h2><a href="{folder}/report.html">{title}</a></h2>
<p>{question}</p>
<p>Tables beside the report: <a href="{folder}/">{folder}</a>. Study file SHA-256 {digest}.</p>"""


def demo(folder: Path) -> Path:
    """Run every step of both studies into a folder, and give the page that leads to the reports."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for path, commands in STUDIES.items():
        for command in commands:
            step(command, str(path))
        step("run", str(path), "--out", str(folder / path.stem), "--force")
        study = sg.load(path)
        told = {"folder": path.stem, "title": study.title, "question": study.question, "digest": study.digest}
        entries.append(ENTRY.format(**{name: escape(text) for name, text in told.items()}))
    page = folder / "index.html"
    page.write_text(PAGE.format(entries="\n".join(entries)), encoding="utf-8")
    return page


def step(*arguments: str) -> None:
    """Say a command, and run it."""
    print("\n$ staggered", *(argument.replace(f"{ROOT}{os.sep}", "") for argument in arguments), flush=True)
    code = main(arguments, prog_name="staggered", standalone_mode=False)
    if code:
        sys.exit(code)


if __name__ == "__main__":
    index = demo(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "demo")
    print(f"\nBoth reports: {index}")
