"""Seconds of the kernel's main uses beside their targets: python benchmarks/kernel_speed.py [--write].

Prints a table with the ratio of each to its target and exits 1 on a miss; --write puts it into docs/benchmarks.md.
Each number is the median processor time of several runs on one thread of linear algebra.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import staggered as sg

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
RUNS = 9
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}


@dataclass(frozen=True)
class Row:
    """One measurement: seconds, or a ratio, with its target and what was measured."""

    name: str
    found: float
    target: float
    unit: str

    @property
    def ratio(self) -> float:
        """Found over target: above 1 is a miss."""
        return self.found / self.target

    def cells(self) -> tuple[str, str, str, str]:
        """The row as text."""
        scale = {"ms": 1000.0, "s": 1.0, "×": 1.0}[self.unit]
        shown = [f"{number * scale:.3g} {self.unit}" for number in (self.found, self.target)]
        return self.name, *shown, f"{self.ratio:.2f}"


def seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    """Median of several runs after one to warm up, in seconds of processor time: others may use the machine too."""
    work()
    times = []
    for _ in range(runs):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return statistics.median(times)


def plan(clusters: int, steps: int) -> sg.Plan:
    """A stepped wedge with nested correlation."""
    return sg.Plan(
        design=sg.stepped(clusters=clusters, steps=steps, size=50),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Nested(icc=0.05, cac=0.8),
        effect=sg.Constant(0.2),
    )


def panel(clusters: int, periods: int, *, weighted: bool = False) -> sg.Panel:
    """Six cohorts and never-treated clusters, of equal weights or of unequal ones."""
    generator = np.random.default_rng(1)
    start = np.append(np.linspace(periods // 4, periods - 3, 6).astype(int), 10 * periods)[np.arange(clusters) % 7]
    treatment = (np.arange(periods) >= start[:, None]).astype(float)
    weights = generator.uniform(1, 5, size=(clusters, 1)) * np.ones(periods) if weighted else None
    frame = sg.Frame(sg.Design(treatment), weights=weights)
    return sg.Panel(frame, generator.normal(size=treatment.shape) + generator.normal(size=(clusters, 1)))


def importing(module: str, runs: int = 9) -> float:
    """Seconds of processor time that a fresh interpreter needs to import a module."""
    code = f"import time; began = time.process_time(); import {module}; print(time.process_time() - began)"
    done = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True) for _ in range(runs)]
    return statistics.median(float(run.stdout) for run in done)


def rows() -> list[Row]:
    """Measure everything."""
    small, large = plan(24, 4), plan(120, 12)
    councils, weighted = panel(150, 40), panel(150, 40, weighted=True)
    numpy_alone = importing("numpy")
    return [
        Row("analytic power, 24 clusters × 5 periods", seconds(lambda: sg.power(small)), 0.002, "ms"),
        Row("analytic power, 120 clusters × 13 periods", seconds(lambda: sg.power(large)), 0.020, "ms"),
        Row(
            "9,999 permutations, 150 × 40, two-way fixed effects",
            seconds(lambda: sg.Twfe().fit(councils, sg.Permutation()).p_value, 3),
            1.0,
            "s",
        ),
        Row(
            "the same for group-time effects, with its interval",
            seconds(lambda: sg.GroupTime().fit(councils, sg.Permutation()).interval(), 3),
            1.0,
            "s",
        ),
        Row(
            "the same for imputation, with its interval",
            seconds(lambda: sg.Imputation().fit(councils, sg.Permutation()).interval(), 3),
            1.0,
            "s",
        ),
        Row(
            "jackknife of imputation, 150 × 40, unequal weights",
            seconds(lambda: sg.Imputation().fit(weighted, sg.Jackknife()).se, 3),
            1.0,
            "s",
        ),
        Row(
            "CR2 with degrees of freedom, 150 × 40, unequal weights",
            seconds(lambda: sg.Twfe().fit(weighted, sg.Cluster("CR2")).se, 3),
            1.0,
            "s",
        ),
        Row("import staggered ÷ import numpy", importing("staggered") / numpy_alone, 3.0, "×"),
    ]


def table(measured: list[Row]) -> str:
    """The rows as a Markdown table."""
    head = ("what", "found", "target", "found ÷ target")
    lines = [head, ("---", "---:", "---:", "---:"), *(row.cells() for row in measured)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def page(measured: list[Row]) -> str:
    """Text of docs/benchmarks.md."""
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}, {platform.system()}"
    return f"""# Benchmarks

Written by `python benchmarks/kernel_speed.py --write`. The script exits with 1 when anything takes longer than its
target.

Medians of processor time on one thread; {versions}. Other machines differ by a factor of two or three.

{table(measured)}

Permutations are quick because clusters of equal weights only swap the rule's weights: one table of schedule by
cluster serves every re-allocation. With unequal weights each allocation is solved again.
"""


def main() -> None:
    """Measure, print, and judge, in an interpreter whose linear algebra keeps to one thread."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        sys.exit(subprocess.call([sys.executable, *sys.argv], env={**os.environ, **ONE_THREAD}))
    measured = rows()
    print(table(measured))
    if "--write" in sys.argv[1:]:
        # What other scripts have written below, under headings of their own, stays.
        _, mark, below = PAGE.read_text(encoding="utf-8").partition("\n## ")
        PAGE.write_text(page(measured) + mark + below, encoding="utf-8")
    sys.exit(int(any(row.ratio > 1 for row in measured)))


if __name__ == "__main__":
    main()
