"""Seconds of linear mixed models beside their targets: python benchmarks/mixed_speed.py [--write].

Prints a table with the ratio of each to its target and exits 1 on a miss; --write puts it into docs/mixed-speed.md.
Processor time on one thread of linear algebra; the panel is read beforehand, except where the row says otherwise.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from kernel_speed import ONE_THREAD, Row, seconds, table

import staggered as sg

PAGE = Path(__file__).resolve().parents[1] / "docs" / "mixed-speed.md"
COVARIATES = tuple(f"x{k}" for k in range(1, 9))
# lme4 1.1.31 with pbkrtest 0.5.2 on 1,200 rows.
R_SECONDS = 1.45


def people(clusters: int, periods: int, count: int, covariates: tuple[str, ...] = ()) -> pd.DataFrame:
    """People of a stepped wedge, spread at random over clusters and periods."""
    generator = np.random.default_rng(1)
    cluster, period = generator.integers(clusters, size=count), generator.integers(periods, size=count)
    start = 1 + np.arange(clusters) * (periods - 1) // clusters
    shift = generator.normal(0, 0.3, clusters)[cluster] + generator.normal(0, 0.1, (clusters, periods))[cluster, period]
    frame = pd.DataFrame({"council": cluster, "period": period, "start": start[cluster]})
    for name in covariates:
        frame[name] = generator.normal(size=count)
    frame["y"] = shift + 0.2 * (period >= start[cluster]) + generator.normal(size=count)
    return frame


def read(frame: pd.DataFrame, covariates: tuple[str, ...] = ()) -> sg.Panel:
    return sg.read(
        frame, cluster="council", period="period", outcome="y", start="start", rows="people", covariates=covariates
    )


def rows() -> list[Row]:
    """Measure everything."""
    small, trial = read(people(12, 5, 1200)), read(people(5, 6, 27_406, COVARIATES), COVARIATES)
    million = people(40, 12, 1_000_000)
    plan = sg.Plan(
        design=sg.stepped(clusters=12, steps=4, size=20),
        outcome=sg.Outcome(sd=1.0),
        covariance=sg.Nested(icc=0.05, cac=0.8),
        effect=sg.Constant(0.2),
    )
    nested, grouped = sg.Mixed("nested"), replace(small, people=None)
    return [
        Row("REML with Kenward–Roger, 12 × 5, 1,200 people, grouped", _one_fit(nested, grouped), 0.005, "ms"),
        Row("1,000 simulated trials of 12 × 5, each fitted", _simulated(plan, nested), 2.0, "s"),
        Row("the same with decay", _simulated(plan, sg.Mixed("decay")), 2.0, "s"),
        Row("5 × 6, 27,406 people, 8 covariates", seconds(lambda: nested.fit(trial).se, 5), 0.3, "s"),
        Row("a million people, 40 × 12, reading included", seconds(lambda: nested.fit(read(million)).se, 3), 5.0, "s"),
    ]


def _one_fit(estimator: sg.Mixed, panel: sg.Panel) -> float:
    """Best of five medians: other machines on the same host slow a few milliseconds by half, now and then."""
    return min(seconds(lambda: estimator.fit(panel).se, 51) for _ in range(5))


def _simulated(plan: sg.Plan, estimator: sg.Mixed) -> float:
    return seconds(lambda: sg.power(plan, estimator, simulate=1000, seed=1).power, 3)


def decaying() -> float:
    """Seconds of the first row's fit with decay."""
    small = read(people(12, 5, 1200))
    return seconds(lambda: sg.Mixed("decay").fit(small).se, 51)


def page(measured: list[Row], peak: float, decay: float) -> str:
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}, {platform.system()}"
    return f"""# How quick mixed models are

Written by `python benchmarks/mixed_speed.py --write`. The script exits with 1 when anything takes longer than its
target.

Medians of processor time on one thread; {versions}. Other machines differ by a factor of two or three.

{table(measured)}

The likelihood needs only the totals of each council and period, and with covariates their cross-products, so that a
fit takes as long for a million people as for a thousand once they are grouped. R (lme4 1.1.31 with pbkrtest 0.5.2)
took {R_SECONDS:.2f} s for the first row: {R_SECONDS / measured[0].found:,.0f} times as long, on another machine. With
decay, which lme4 does not have, the fit takes {1000 * decay:.1f} ms. The largest memory in use was {peak:.1f} GB, the
table of a million people in it.
"""


def main() -> None:
    """Measure, print, and judge, in an interpreter whose linear algebra keeps to one thread."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        sys.exit(subprocess.call([sys.executable, *sys.argv], env={**os.environ, **ONE_THREAD}))
    warnings.simplefilter("ignore", sg.StaggeredWarning)
    measured = rows()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(table(measured), f"largest memory {peak:.2f} GB", sep="\n")
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(measured, peak, decaying()), encoding="utf-8")
    sys.exit(int(any(row.ratio > 1 for row in measured) or peak > 1.0))


if __name__ == "__main__":
    main()
