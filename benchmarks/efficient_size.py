"""How often intervals of the efficient estimator leave out the truth: python benchmarks/efficient_size.py.

The data are those of `did_size.py`, in which nothing happens. Writes docs/efficient-size.md and prints the table that
`inference/expected_size.py` holds. About two minutes on one core.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from did_size import GRID, INFERENCES, markdown, share
from linear_maps import one_by_one

import staggered as sg
from staggered.inference.expected_size import Layout

PAGE = Path(__file__).resolve().parents[1] / "docs" / "efficient-size.md"
DRAWS = {**dict.fromkeys(("CR0", "CR1", "CR2", "CR3", "design-based", "multiplier bootstrap"), 600), "jackknife": 300}
"""Data sets for each inference: the estimator is fitted to each in turn, for the jackknife without each council too."""


def rejections() -> dict[Layout, dict[str, int]]:
    """Percent of data sets in which an effect is found, by councils and inference, where there is a p-value."""
    found: dict[Layout, dict[str, int]] = {}
    for beside, layout in GRID.items():
        frame, outcomes = layout.frame, layout.outcomes(max(DRAWS.values()), 1)
        cells = {
            name: share(one_by_one(sg.Efficient(), frame, INFERENCES[name])(outcomes[:draws]))
            for name, draws in DRAWS.items()
        }
        found[beside] = {name: round(100 * cell) for name, cell in cells.items() if np.isfinite(cell)}
    return found


def page(found: dict[Layout, dict[str, int]]) -> str:
    """Text of the page."""
    rows = {beside.words: [str(cells.get(name, "–")) for name in DRAWS] for beside, cells in found.items()}
    return f"""# How often intervals of the efficient estimator leave out the truth

Written by `python benchmarks/efficient_size.py`.

`Efficient` looks at the outcomes before go-live for the weights that make its variance smallest. With two or three
councils to a cohort these weights fit the chance of the very data that they are used on, and formulas that take them
as given come out too small. The data are those of [how often each analysis finds an effect that is not
there](did-size.md): nothing happens in them. Percent of {DRAWS["CR2"]} data sets ({DRAWS["jackknife"]} for the
jackknife) in which a 95% interval leaves out the truth; 5 is what is meant. A dash: no standard error can be had, as a
council starts alone.

{markdown(["councils", *DRAWS], rows)}

- The **jackknife** finds the weights again without each council. It is the default below 40 councils.
- The **design-based variance** of the paper is the default from 40 councils on. Whoever asks for it with fewer, or for
  **CR2** or **CR3**, where the nearest row of the table reaches 8%, gets `FewClustersWarning` with that number.
- **CR0**, **CR1** and the **multiplier bootstrap** warn below 40 councils whatever the estimator.
"""


def main() -> None:
    """Simulate, write the page, and print the table that the package holds."""
    found = rejections()
    PAGE.write_text(page(found), encoding="utf-8")
    for beside, cells in found.items():
        print(f"        {beside!r}: { {name: (cell, cell) for name, cell in cells.items()} },")


if __name__ == "__main__":
    main()
