"""Pictures of the concept pages: python docs/make_pictures.py [NAME ...]

Each picture is drawn from what a page's own code has made, so that the two cannot differ: the page's blocks are run,
and the value under the given name is handed to sg.plot.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

import staggered as sg

DOCS = Path(__file__).resolve().parent
PICTURES = {
    "rollout": ("concepts/designs.md", "family_safeguarding"),
    "icc-and-cac": ("concepts/icc-and-cac.md", "power"),
    "first-plan": ("concepts/first-plan.md", "design"),
    "sensitivity": ("concepts/sensitivity.md", "swings"),
    "information": ("concepts/information.md", "cells"),
    "comparing-designs": ("concepts/comparing-designs.md", "best"),
    "several-outcomes": ("concepts/several-outcomes.md", "both"),
    "effects-over-time": ("concepts/effects-over-time.md", "rule"),
    "allocation": ("concepts/allocation.md", "drawn"),
    "simulation": ("concepts/simulation.md", "spread"),
    "few-clusters": ("concepts/few-clusters.md", "same_data"),
    "how-many-councils": ("concepts/how-many-councils.md", "curve"),
}
"""Name of a picture: its page, and the name of what is drawn."""
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def values(page: str) -> dict[str, object]:
    """Run the Python blocks of a page, and give what they have made."""
    names: dict[str, object] = {"__name__": "__main__"}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for kept in ("designs", "examples"):
            shutil.copytree(DOCS.parent / kept, kept)
        for code in _BLOCK.findall((DOCS / page).read_text(encoding="utf-8")):
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                exec(compile(code, page, "exec"), names)
    return names


def draw(name: str) -> bytes:
    """One picture as SVG, the same bytes every time."""
    page, what = PICTURES[name]
    stream, figure = io.BytesIO(), Figure()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none", "font.family": "sans-serif"}):
        sg.plot(values(page)[what], figure)
        figure.savefig(stream, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    return re.sub(rb"[ \t]+$", b"", stream.getvalue(), flags=re.MULTILINE)


def main() -> None:
    """Write all pictures, or those that are named."""
    for name in sys.argv[1:] or PICTURES:
        (DOCS / "pictures" / f"{name}.svg").write_bytes(draw(name))
        print(f"Wrote {name}.svg")


if __name__ == "__main__":
    main()
