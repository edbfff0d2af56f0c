"""Seconds of planning beside R's tools: python benchmarks/planning_speed.py [--write].

Prints two tables, one with targets and one of growth with the clusters, and exits 1 on a miss; --write puts them into
docs/benchmarks.md under their own heading. Each number is the median processor time of several runs on one thread.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from kernel_speed import ONE_THREAD, PAGE, plan, seconds

import staggered as sg

HEADING = "## Planning, beside R"
CLUSTERS = (24, 120, 500, 1000, 2000)
MISS = 1


@dataclass(frozen=True)
class Measured:
    """One measurement in seconds, its target, and what R's tools took."""

    name: str
    found: float
    target: float
    elsewhere: str

    def line(self) -> str:
        """The row of a Markdown table."""
        return f"| {self.name} | {shown(self.found)} | {shown(self.target)} | {self.elsewhere} |"


def shown(number: float) -> str:
    """Seconds as people read them."""
    return f"{1000 * number:.3g} ms" if number < 1 else f"{number:.3g} s"


def unequal(base: sg.Plan) -> sg.Plan:
    """The same plan with another number of people in every cell: no two clusters are alike."""
    sizes = np.random.default_rng(1).integers(20, 100, base.design.treatment.shape)
    return replace(base, design=replace(base.design, size=sizes.astype(float)))


def everything(asked: sg.Plan) -> object:
    """Power, and the information content of every cell, cluster and period."""
    return sg.power(asked), [sg.information(asked, what) for what in ("cells", "clusters", "periods")]


def measurements() -> list[Measured]:
    """Measure what has a target."""
    small, large = plan(24, 4), plan(120, 12)
    icc, cac = np.linspace(0.001, 0.2, 50).tolist(), np.linspace(0.1, 1.0, 50).tolist()
    steppedpower = "SteppedPower 5.2 s"
    asked: list[tuple[str, Callable[[], object], float, str]] = [
        ("power, 24 clusters × 5 periods", lambda: sg.power(small), 0.001, "SteppedPower 10 ms, swCRTdesign 3 ms"),
        ("power, 120 × 13", lambda: sg.power(large), 0.020, "SteppedPower 39 ms, swCRTdesign 1.94 s"),
        ("power and full information map, 120 × 13", lambda: everything(large), 0.060, steppedpower),
        ("the same, every cell of its own size", lambda: everything(unequal(large)), 0.060, steppedpower),
        ("50 × 50 grid of icc and cac, 24 × 5", lambda: sg.grid(small, icc=icc, cac=cac), 0.5, "2,500 calls, 7.5 s"),
        ("the same, every cell of its own size", lambda: sg.grid(unequal(small), icc=icc, cac=cac), 0.5, ""),
    ]
    return [Measured(name, seconds(work), target, elsewhere) for name, work, target, elsewhere in asked]


def growth() -> list[str]:
    """Power of 24 periods for more and more clusters, all alike on a schedule or none alike."""
    lines = []
    for clusters in CLUSTERS:
        base = plan(clusters, 23)
        own = unequal(base)
        times = [seconds(work, 3) for work in (lambda p=base: sg.power(p), lambda p=own: sg.power(p))]
        lines.append(f"| {clusters:,} | {' | '.join(map(shown, times))} | {1e6 * times[1] / clusters:.0f} µs |")
    return lines


def section(measured: list[Measured]) -> str:
    """Text of the page's part."""
    rows = "\n".join(one.line() for one in measured)
    return f"""{HEADING}

Written by `python benchmarks/planning_speed.py --write`, measured in the same way. The numbers of R's tools
(SteppedPower 0.3.5, swCRTdesign 4.0) were measured elsewhere, on two cores that others used as well: read them as an
order of magnitude.

| what | found | target | R |
| --- | ---: | ---: | --- |
{rows}

Growth with the number of clusters, 24 periods. Clusters that are alike are solved once; where every cell has a size of
its own nothing can be shared, and the time per cluster stays about the same.

| clusters | alike on each schedule | every cell of its own size | per cluster of the latter |
| ---: | ---: | ---: | ---: |
{chr(10).join(growth())}
"""


def main() -> None:
    """Measure, print, and judge, in an interpreter whose linear algebra keeps to one thread."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        sys.exit(subprocess.call([sys.executable, *sys.argv], env={**os.environ, **ONE_THREAD}))
    measured = measurements()
    text = section(measured)
    print(text)
    if "--write" in sys.argv[1:]:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(HEADING)
        _, mark, after = rest.partition("\n## ")
        PAGE.write_text(f"{before.rstrip()}\n\n{text}{mark and chr(10) + mark.lstrip()}{after}", encoding="utf-8")
    sys.exit(MISS if any(one.found > one.target for one in measured) else 0)


if __name__ == "__main__":
    main()
